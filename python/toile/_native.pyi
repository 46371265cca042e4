"""What the compiled part offers."""

from collections.abc import Sequence

__version__: str

def run(args: Sequence[str]) -> int:
    """Runs the program with these arguments, the first of which is its own name, and returns its exit code."""
