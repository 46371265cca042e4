"""Log-log drawings as SVG, by hand: a line for each peer, its name at the line's end, readable on light and on dark.

The file brings both sets of colours, and its own ground, so that it can stand on any page.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 590, 58, 386
LABEL_GAP = 17.0

# Okabe and Ito's colours, which differ for colour-blind eyes, darkened or lightened where the ground asks for it.
COLOURS = {
    "toile": ("#c8450c", "#ff8552"),
    "numpy": ("#0072b2", "#56a8e0"),
    "jax": ("#00805c", "#2cc79a"),
    "torch": ("#b0508a", "#e58cc0"),
    "keras-jax": ("#8a6d00", "#d9b13b"),
    "keras-tensorflow": ("#55606b", "#a7b3bf"),
}


@dataclasses.dataclass(frozen=True)
class Line:
    """One peer's points, ascending in x."""

    key: str
    title: str
    points: Sequence[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Scale:
    """From a value to its place, logarithmically."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + part * (self.end - self.start)


def draw(title: str, x_title: str, y_title: str, lines: Sequence[Line]) -> str:
    """The whole drawing."""
    values = [y for line in lines for _, y in line.points]
    xs = sorted({x for line in lines for x, _ in line.points})
    x = Scale(xs[0], xs[-1], LEFT + 14, RIGHT - 14)
    y = Scale(min(values) / 1.25, max(values) * 1.25, BOTTOM, TOP)
    parts = [
        _opening(title, x_title),
        _grid(y),
        _x_axis(xs, x),
        f'<text x="{LEFT - 52}" y="26" class="title">{escape(title)}</text>',
        f'<text x="{LEFT - 52}" y="45" class="soft">{escape(y_title)}</text>',
        f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 42}" text-anchor="middle">{escape(x_title)}</text>',
        *(_line(line, x, y) for line in sorted(lines, key=lambda line: line.key == "toile")),
        *_labels(lines, x, y),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _opening(title: str, x_title: str) -> str:
    light = "".join(f".{key}{{--c:{pair[0]}}}" for key, pair in COLOURS.items())
    dark = "".join(f".{key}{{--c:{pair[1]}}}" for key, pair in COLOURS.items())
    style = (
        ":root{--ground:#fff;--ink:#1f2328;--soft:#59636e;--grid:#e3e6ea}"
        f"{light}"
        "@media(prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#e6edf3;--soft:#9aa4af;--grid:#262c34}"
        f"{dark}}}"
        "text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:var(--ink)}"
        ".title{font-size:15px;font-weight:600}.soft,.tick{fill:var(--soft)}.tick{font-size:12px}"
        ".grid{stroke:var(--grid)}.line{stroke:var(--c);stroke-width:1.8;fill:none;stroke-linejoin:round}"
        ".toile.line{stroke-width:3.4}.dot{fill:var(--c)}.name{fill:var(--c)}.toile.name{font-weight:700}"
        ".lead{stroke:var(--c);stroke-width:1;opacity:.55}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(title)} by {escape(x_title)}">\n<style>{style}</style>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" style="fill:var(--ground)"/>'
    )


def _grid(y: Scale) -> str:
    lines = []
    for value in _ticks(y.low, y.high):
        at = f"{y(value):.1f}"
        lines.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{at}" y2="{at}" class="grid"/>')
        lines.append(
            f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end" class="tick">{_seconds(value)}</text>'
        )
    return "\n".join(lines)


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten, with 2 and 5 between them where the axis is short."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 300 else (1,)
    every = [step * 10.0**decade for decade in decades for step in steps]
    return [value for value in every if low <= value <= high]


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 1 else f"{value:.{-math.floor(math.log10(value) + 1e-9)}f} s"


def _x_axis(xs: Sequence[float], x: Scale) -> str:
    parts = [f'<line x1="{LEFT}" x2="{RIGHT}" y1="{BOTTOM}" y2="{BOTTOM}" style="stroke:var(--soft)"/>']
    for value in xs:
        at = f"{x(value):.1f}"
        parts.append(f'<line x1="{at}" x2="{at}" y1="{BOTTOM}" y2="{BOTTOM + 5}" style="stroke:var(--soft)"/>')
        parts.append(f'<text x="{at}" y="{BOTTOM + 20}" text-anchor="middle" class="tick">{value:,.0f}</text>')
    return "\n".join(parts)


def _line(line: Line, x: Scale, y: Scale) -> str:
    places = [(x(a), y(b)) for a, b in line.points]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    radius = 4 if line.key == "toile" else 2.8
    dots = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius}" class="{line.key} dot"/>' for a, b in places)
    return f'<polyline points="{path}" class="{line.key} line"/>{dots}'


def _labels(lines: Sequence[Line], x: Scale, y: Scale) -> list[str]:
    """The names at the right, moved apart where their lines end close together."""
    ends = sorted(((y(line.points[-1][1]), line) for line in lines), key=lambda end: end[0])
    places = spread([end for end, _ in ends], LABEL_GAP, TOP, BOTTOM)
    labels = []
    for (end, line), place in zip(ends, places, strict=True):
        start = x(line.points[-1][0]) + 7
        labels.append(
            f'<line x1="{start:.1f}" y1="{end:.1f}" x2="{RIGHT + 14}" y2="{place:.1f}" class="{line.key} lead"/>'
        )
        labels.append(f'<text x="{RIGHT + 19}" y="{place + 4:.1f}" class="{line.key} name">{escape(line.title)}</text>')
    return labels


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Ascending places, moved as little as a downward and an upward pass need to keep `gap` between them within the bounds."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap if moved else low))
    for at in reversed(range(len(moved))):
        moved[at] = min(moved[at], moved[at + 1] - gap if at + 1 < len(moved) else high)
    return moved
