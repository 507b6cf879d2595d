"""The command `simulate`, also `python -m colend`: what `colend.cli` does, ended by Ctrl-C at any moment, whatever
becomes of its standard output.

Nothing is imported here that takes time, so that a Ctrl-C right after the start is heard too.
"""

import io
import sys

from colend.interruption import INTERRUPTED, interruptible
from colend.streams import take_over

_FAILED = 1  # colend.arguments.FAILED


def main() -> int:
    """Run the command with this process's arguments; returns the exit status.

    Errors and progress that cannot be written are dropped. What cannot be written to standard output was asked for: a
    line says so, and the status is not 0. Text that an output's encoding lacks is replaced: it must not end what took
    hours.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    output, _ = take_over()
    try:
        status = interruptible(_command, _say)
    except SystemExit as left:  # by argparse
        status = left.code if isinstance(left.code, int) else 0
    output.flush()
    if output.error:
        print(f"simulate: standard output cannot be written: {output.error}", file=sys.stderr)
        status = status or _FAILED
    return status


def _command() -> int:
    from colend.cli import main

    return main()


def _say() -> None:
    """As `colend.arguments.complain` would; but what is not imported yet cannot be, from another thread."""
    words = "interrupted; finished runs are kept, the same command goes on"
    if "--json" in sys.argv[1:]:
        print(f'{{"status": {INTERRUPTED}, "errors": ["{words}"]}}', flush=True)
    else:
        print(f"simulate: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
