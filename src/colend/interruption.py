"""Ctrl-C ends the command soon, whatever the program is at."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

INTERRUPTED = 130  # exit status
_SECONDS_TO_UNWIND = 1.0


def interruptible(command: Callable[[], int], say: Callable[[], object]) -> int:
    """What `command` returns; at the first Ctrl-C, `say` and the end of the process with status 130.

    KeyboardInterrupt lets `command` put its things in order, for a second at most. It cannot be relied on: NumPy
    swallows one in forty (where C asks Python which array function to call), others come out of an import as another
    error, and compiled code hears none. The process then ends at once, since to tear down an interpreter with compiled
    code in it takes half a second of the processor, and more where others want it too.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return command()  # started to hear no Ctrl-C, as by nohup
    heard, told = os.pipe()
    interrupted, ending = threading.Event(), threading.Lock()

    def interrupt(*_) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would only stop the putting in order
        sys.unraisablehook = lambda _: None
        interrupted.set()
        raise KeyboardInterrupt

    def watch() -> None:
        while os.read(heard, 1) != bytes([signal.SIGINT]):  # written as the signal comes, whatever Python is at
            pass
        time.sleep(_SECONDS_TO_UNWIND)
        end()

    def end() -> None:
        with ending:  # whoever comes second waits until the process is gone
            try:
                say()
            finally:
                os._exit(INTERRUPTED)

    threading.Thread(target=watch, daemon=True).start()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    try:
        signal.signal(signal.SIGINT, interrupt)
        return command()
    finally:
        if interrupted.is_set():
            end()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done, and Python on its way out
