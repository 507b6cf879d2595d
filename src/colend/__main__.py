"""The command `simulate`, also `python -m colend`: what `colend.cli` does, ended by Ctrl-C at any moment.

Nothing is imported here that takes time, so that a Ctrl-C right after the start is heard too.
"""

import io
import sys

from colend.interruption import INTERRUPTED, interruptible


def main() -> int:
    """Run the command with this process's arguments; returns the exit status.

    Text that the terminal's encoding lacks is replaced: it must not end what took hours.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    return interruptible(_command, _say)


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
