"""Ctrl-C ends the process soon and says so once, whatever the program makes of KeyboardInterrupt."""

import signal
import subprocess
import sys
import time

import pytest

# A program that is given Ctrl-C in the middle of what stands for it.
PROGRAM = """
import sys, time
from colend.interruption import interruptible

def program():
    {body}
    return 0

sys.exit(interruptible(program, lambda: print("interrupted", file=sys.stderr, flush=True)))
"""
SLEEP = "time.sleep(60)"
WORK = f"print('at work', flush=True); {SLEEP}"
BODIES = {
    "goes its way": WORK,
    "puts in order": f"try: {WORK}\n    finally: print('in order', flush=True)",
    "swallowed": f"try: {WORK}\n    except KeyboardInterrupt: {SLEEP}",
    "another error": f"try: {WORK}\n    except KeyboardInterrupt: raise ImportError('half a module') from None",
    "in a finaliser": f"class Last:\n        def __del__(self): {WORK}\n    Last()\n    {SLEEP}",
}


def start(body, before=None):
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )
    assert program.stdout.readline() == "at work\n"
    return program


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_it_ends_soon_with_130_and_says_so_once(body):
    program = start(body)
    began = time.monotonic()
    program.send_signal(signal.SIGINT)
    time.sleep(0.1)
    program.send_signal(signal.SIGINT)  # the impatient change nothing
    printed, errors = program.communicate(timeout=10)
    assert time.monotonic() - began < 2.0
    assert program.returncode == 130
    assert errors == "interrupted\n"
    assert ("in order" in printed) == ("in order" in body)


def test_a_program_that_was_started_to_hear_no_interrupt_hears_none():
    program = start(WORK.replace("60", "0.5"), lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    program.send_signal(signal.SIGINT)
    assert program.communicate(timeout=10) == ("", "")
    assert program.returncode == 0
