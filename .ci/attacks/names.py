"""Names and folders as strangers choose them: control characters, path tricks, formulas, markup."""

import base64
import csv
import hashlib
import json
import pathlib
import re

from .ground import Lost, row
from .inputs import no_escapes, refused
from .texts import RUNS, SMALL

NAMES = [
    "../../x",
    "/any/where",
    "..",
    ".",
    "a/b",
    "a\\b",
    "con",
    "nul",
    "-",
    "--help",
    "~",
    "$HOME",
    "`id`",
    ";id",
    "%s%n",
    "x" * 255,
    "ü" * 120,
]
NAMES += [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1-1",
    "@SUM(1)",
    "\t=1",
    "a,b",
    'a"b',
    "a'b",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "\x1b[2J",
    "\x1b]0;t\x07",
    "\x07",
    "\x7f",
    "\u009b2J",
]
NAMES += [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title><script>",
    "&lt;",
    "&#x3c;",
    "javascript:alert(1)",
    "]]>",
    "{{7*7}}",
    "| a | b |",
    "](http://x)",
]
NAMES += [
    "\u202etxt",
    "\u2028",
    "\u200b",
    "\ufeffx",
    "\U0001f600",
    "é",
    "e\u0301",
    " x",
    "x ",
    " ",
    "null",
    "true",
    "1e5",
    "0x10",
    "NaN",
    "'; DROP TABLE trials;--",
    "#",
    "x#y?z",
    "a%2fb",
]


def check_names(place, said):
    """Nothing outside of the folder; JSON that can be read; no formula, no raw markup, no control characters."""
    no_escapes(said)
    outside = {file.name for file in place.root.iterdir()} - {"o", "data", "study.toml", "cache", "home"}
    outside = [name for name in outside if not re.fullmatch(r"(out|err)-\d+", name)]
    if outside:
        raise Lost(f"written outside of the folder: {outside}")
    for file in place.path("o").rglob("*.csv"):
        for cells in csv.reader(file.read_text().splitlines()):
            bad = [cell for cell in cells if re.match(r"[=+@\t\r-]", cell) and not re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?|-inf|-", cell)]
            if bad:
                raise Lost(f"a formula in {file.name}: {bad}")
    json.loads(place.path("o/results.json").read_text())
    check_page(place.path("o/report.html").read_text())


def check_page(page):
    """The one script of a report is the one that its policy names by its hash; no name adds another, or a picture."""
    policy = re.findall(r"script-src 'sha256-([^']+)'", page[: page.find("<body")])
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    if len(policy) != 1 or hashes != policy or len(re.findall(r"<script", page, re.IGNORECASE)) != 1:
        raise Lost(f"scripts in report.html: {hashes}, and its policy names {policy}")
    if re.search(r"<img src=x|onerror=alert\(1\)>", page):
        raise Lost("markup in report.html")


@row(
    "names",
    "names (control characters, path tricks, formulas, markup) as study, run, search",
    sample=21,
    full=[(name, n) for name in NAMES for n in range(3)],
)
def names(ground, chance, attempt):
    name, where = attempt
    quoted = json.dumps(name).replace("\\/", "/").replace("\x7f", "\\u007f")
    text = SMALL.replace("epochs = 10", "epochs = 1").replace(['"attacked"', '"Adam"', '"joint"'][where], quoted)
    with ground.place(text) as place:
        said = place.run()
        if said.code == 0:
            check_names(place, said)
            check_names(place, place.toile("report", "o"))
        else:
            refused(said, name)
            no_escapes(said)


OUTS = [
    "file:results",
    "file:results?vfs=unix-none",
    ":memory:",
    "-",
    "--",
    "a b",
    "ü",
    "x?y",
    "x#y",
    "a%20b",
    "./././o",
    "o/../p",
    "deep/er/and/deeper",
    "o/",
    "x" * 255,
    "~",
    "$HOME",
    "*",
    "a\nb",
    ".",
    "..",
    "",
    "/dev/null",
    "/dev/full",
    "/proc/x",
    "data",
    "study.toml",
]


@row("outs", "odd --out", sample=14, full=OUTS)
def outs(ground, chance, out):
    """The records lie in the folder of this name, or it is refused."""
    with ground.place(RUNS) as place:
        said = place.toile("run", "study.toml", f"--out={out}")
        if said.code != 0:
            return refused(said, out)
        where = place.root / pathlib.Path(out)
        if not (where / "store.sqlite").is_file():
            raise Lost(f"code 0, and there is no {where}/store.sqlite")
        place.same(out)
        return None
