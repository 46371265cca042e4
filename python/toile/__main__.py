"""The program: ``toile`` where the package is installed, and ``python -m toile``. Both do the same."""

import signal
import sys

from toile._native import run


def main() -> int:
    """Runs the program with the arguments of this process and returns its exit code."""
    # Python's own handler of Ctrl-C waits for Python's next instruction, which comes when the program has ended.
    # The program has handlers of its own, and where it has none, Ctrl-C ends it at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run(["toile", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
