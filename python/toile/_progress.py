"""The lines that `fit` prints."""

from __future__ import annotations

import sys
from collections.abc import Mapping

_SHOWN = ("loss", "accuracy", "val_loss", "val_accuracy")


class EpochLines:
    """One line per epoch; in a terminal or a notebook it moves while the epoch goes on."""

    def __init__(self, verbose: int | str, epochs: int) -> None:
        if verbose == "auto":
            is_terminal = sys.stdout is not None and sys.stdout.isatty()
            verbose = 1 if is_terminal or "ipykernel" in sys.modules else 2
        if not isinstance(verbose, int) or verbose not in (0, 1, 2):
            raise ValueError(f'verbose: expected 0, 1, 2 or "auto", found {verbose!r}')
        if sys.stdout is None:
            # A program without a console, such as pythonw.
            verbose = 0
        self._verbose, self._epochs, self._width = verbose, epochs, 0

    def batch(self, epoch: int, batch: int, n_batches: int, loss: float) -> None:
        """A batch was trained on."""
        if self._verbose == 1:
            self._over(f"epoch {epoch}/{self._epochs}  {100 * batch // n_batches:3} %  loss of the batch {loss:.4f}")

    def epoch(self, epoch: int, numbers: Mapping[str, float], seconds: float) -> None:
        """An epoch has ended, so many seconds after the beginning."""
        if self._verbose == 0:
            return
        shown = "  ".join(f"{name} {numbers[name]:.4f}" for name in _SHOWN if name in numbers)
        line = f"epoch {epoch}/{self._epochs}  {seconds:.1f} s  {shown}"
        if self._verbose == 1:
            self._over(line)
            self._width = 0
        else:
            sys.stdout.write(line)
        sys.stdout.write("\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Ends a line that has moved."""
        if self._width:
            sys.stdout.write("\n")
            self._width = 0

    def _over(self, line: str) -> None:
        sys.stdout.write("\r" + line.ljust(self._width))
        sys.stdout.flush()
        self._width = len(line)
