"""Puts the table of `toile bench --shapes` into docs/performance.md: how far each shape of a product is from the machine's peak.

python benches/shapes.py --toile target/release/toile --write
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import tempfile
from typing import Any

import page

TRIAL_SECONDS = 0.001  # for each line


def measure(toile: pathlib.Path, trial: bool) -> tuple[str, dict[str, Any]]:
    """What the command prints and what it writes."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "shapes.json"
        command = [str(toile), "bench", "--shapes", "--json", str(file)]
        if trial:
            command += ["--seconds", str(TRIAL_SECONDS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout, json.loads(file.read_text())


def factor(family: dict[str, Any]) -> str:
    """How far the slowest shape of a family is behind the fastest."""
    slowest = min(family["rows"], key=lambda row: row["ratio_to_best"])
    behind = 1 / slowest["ratio_to_best"]
    return (
        f"- {family['title']}: all within a factor of {behind:.1f} of the fastest; the slowest is `{slowest['name']}`, "
        f"at {slowest['percent_of_peak']:.0f} % of the machine's peak."
    )


def part(printed: str, document: dict[str, Any]) -> str:
    """The factors in words, and the tables as the terminal shows them."""
    factors = "\n".join(factor(family) for family in document["shapes"])
    return f"{factors}\n\n```\n{printed.strip(chr(10))}\n```"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toile", type=pathlib.Path, required=True, metavar="PATH")
    parser.add_argument("--trial", action="store_true", help="almost no time for each line: the numbers mean nothing")
    parser.add_argument(
        "--write", action="store_true", help="put the table into docs/performance.md; with --trial, into a copy of it"
    )
    arguments = parser.parse_args()
    measured = measure(arguments.toile, arguments.trial)
    print(measured[0])
    if arguments.write:
        with page.place(arguments.trial) as place:
            page.fill({"shapes": part(*measured)}, place)


if __name__ == "__main__":
    main()
