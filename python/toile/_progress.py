"""What is shown while something trains: lines, one line that moves, or one output of a notebook that is drawn anew."""

from __future__ import annotations

import html
import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any

_SHOWN = ("loss", "accuracy", "val_loss", "val_accuracy")
# Lines of an output of a notebook; of more the first are left out.
_MOST_LINES = 40
# Seconds between two drawings of the same output.
_PAUSE = 0.1


def in_notebook() -> bool:
    """Whether this is a cell of a notebook, whose outputs can be drawn anew."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class Output:
    """One output of a notebook: lines, and below them a bar. It is shown at once, and drawn anew in its place."""

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._lines: list[str] = []
        self._left_out = 0
        self._bar: tuple[float, str] | None = None
        self._drawn: float | None = None

    def line(self, text: str) -> None:
        """Adds a line."""
        self._lines.append(text)
        if len(self._lines) > _MOST_LINES:
            self._left_out += len(self._lines) - _MOST_LINES
            del self._lines[:-_MOST_LINES]
        self._draw()

    def bar(self, part: float, text: str) -> None:
        """Moves the bar: a part of 1, and what stands beside it."""
        self._bar = part, text
        if self._drawn is None or time.monotonic() - self._drawn >= _PAUSE:
            self._draw()

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar = None
            self._draw()

    def _draw(self) -> None:
        from IPython.display import display, update_display

        begun = self._drawn is not None
        self._drawn = time.monotonic()
        (update_display if begun else display)(self._bundle(), raw=True, display_id=self._id)

    def _bundle(self) -> dict[str, str]:
        lines = ([f"… {self._left_out} lines before"] if self._left_out else []) + self._lines
        drawn = f"<pre>{html.escape(chr(10).join(lines))}</pre>" if lines else ""
        if self._bar is not None:
            part, text = self._bar
            drawn += f'<progress value="{part:.3f}" max="1"></progress> <code>{html.escape(text)}</code>'
            lines = [*lines, text]
        return {"text/plain": "\n".join(lines), "text/html": drawn}


class EpochLines:
    """One line per epoch; in a terminal it moves while the epoch goes on, and in a notebook a bar does."""

    def __init__(self, verbose: int | str, epochs: int) -> None:
        notebook = in_notebook()
        if verbose == "auto":
            is_terminal = sys.stdout is not None and sys.stdout.isatty()
            verbose = 1 if is_terminal or notebook else 2
        if not isinstance(verbose, int) or verbose not in (0, 1, 2):
            raise ValueError(f'verbose: expected 0, 1, 2 or "auto", found {verbose!r}')
        if sys.stdout is None:
            # A program without a console, such as pythonw.
            verbose = 0
        self._verbose, self._epochs, self._width = verbose, epochs, 0
        self._output = Output() if notebook and verbose == 1 else None

    def batch(self, epoch: int, batch: int, n_batches: int, loss: float) -> None:
        """A batch was trained on."""
        if self._verbose != 1:
            return
        part = batch / n_batches
        line = f"epoch {epoch}/{self._epochs}  {int(100 * part):3} %  loss of the batch {loss:.4f}"
        if self._output is not None:
            self._output.bar(part, line)
        else:
            self._over(line)

    def epoch(self, epoch: int, numbers: Mapping[str, float], seconds: float) -> None:
        """An epoch has ended, so many seconds after the beginning."""
        shown = "  ".join(f"{name} {numbers[name]:.4f}" for name in _SHOWN if name in numbers)
        self.say(f"epoch {epoch}/{self._epochs}  {seconds:.1f} s  {shown}")

    def say(self, line: str) -> None:
        """Shows a line."""
        if self._output is not None:
            self._output.line(line)
        elif self._verbose == 1:
            self._over(line)
            self._width = 0
            print()
        elif self._verbose == 2:
            print(line)
        if self._verbose:
            sys.stdout.flush()

    def tell(self, line: str) -> None:
        """Shows what a callback was asked to say, whether epochs are shown or not."""
        if self._verbose:
            self.say(line)
        else:
            print(line)

    def close(self) -> None:
        """Ends a line that has moved."""
        if self._output is not None:
            self._output.close()
        elif self._width:
            print()
            self._width = 0

    def _over(self, line: str) -> None:
        sys.stdout.write("\r" + line.ljust(self._width))
        sys.stdout.flush()
        self._width = len(line)


def shown_lines(stream: Any) -> list[str]:
    """Shows the lines of a program in an output of a notebook while they come; returns them."""
    output, lines = Output(), []
    for line in stream:
        lines.append(line.rstrip("\n"))
        output.line(lines[-1])
    return lines
