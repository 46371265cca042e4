"""Puts the table of `toile bench --shapes` into docs/performance.md: how far each shape of a product is from the machine's peak.

python benches/shapes.py --toile target/release/toile --write
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess

import page


def measure(toile: pathlib.Path) -> str | None:
    """What the command prints, or nothing if this toile does not have it."""
    done = subprocess.run([str(toile), "bench", "--shapes"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def part(printed: str) -> str:
    """A Markdown table as it is, anything else as the terminal shows it."""
    is_markdown = any(line.startswith("| ---") for line in printed.splitlines())
    return printed if is_markdown else f"```\n{printed.strip(chr(10))}\n```"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toile", type=pathlib.Path, required=True, metavar="PATH")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    printed = measure(arguments.toile)
    if printed is None:
        print(f"{arguments.toile} has no `bench --shapes`: the page keeps what it has")
        return
    print(printed)
    if arguments.write:
        page.fill({"shapes": part(printed)})


if __name__ == "__main__":
    main()
