"""The parts of docs/performance.md that are made from measurements, and the machine that they were made on.

    python benches/page.py            # makes them again from docs/performance/*.json, without measuring
    python benches/page.py --trial    # the same on a copy, and nothing is kept

A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; the text around it is written by hand and stays.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Place:
    """The page, and the folder with its numbers and drawings."""

    page: pathlib.Path
    folder: pathlib.Path


DOCS = Place(ROOT / "docs" / "performance.md", ROOT / "docs" / "performance")


@contextlib.contextmanager
def place(trial: bool) -> Iterator[Place]:
    """The project's own page, or in a trial a copy of it that is removed afterwards."""
    if not trial:
        yield DOCS
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Place(pathlib.Path(folder) / DOCS.page.name, pathlib.Path(folder) / DOCS.folder.name)
        shutil.copy(DOCS.page, copy.page)
        shutil.copytree(DOCS.folder, copy.folder)
        yield copy


def fill(parts: dict[str, str], place: Place) -> None:
    """Replaces the named parts of the page."""
    page = place.page
    text = page.read_text()
    for name, part in parts.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if begin not in text or end not in text:
            raise SystemExit(f"{page} has no place for {name!r}: it needs the lines {begin} and {end}")
        before, _, rest = text.partition(begin)
        after = rest.partition(end)[2]
        text = f"{before}{begin}\n\n{part.strip()}\n\n{end}{after}"
    page.write_text(text)


def save(name: str, content: dict[str, Any], rows: str, merge: bool, place: Place) -> dict[str, Any]:
    """Keeps measurements; `merge` adds the rows to those that are there (see `require_same_machine`)."""
    file = place.folder / name
    if merge and file.exists():
        before = json.loads(file.read_text())
        notes = [*before.get("notes", []), *content.get("notes", [])]
        content = before | {rows: before[rows] | content[rows], "notes": notes}
    place.folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return content


def require_same_machine(name: str, machine: dict[str, Any]) -> None:
    """Ends the process if `save` could not merge: to be asked before minutes are spent on measuring."""
    file = DOCS.folder / name
    if file.exists() and json.loads(file.read_text())["machine"] != machine:
        raise SystemExit(f"{file} is of another machine or day: measure all of it, without --only")


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table; the first column is text, the others numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Three digits that count, without a power of ten: 0.0321, 9.71, 1,240."""
    if value >= 100:
        return f"{value:,.0f}"
    digits = 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:.{digits}f}"


def times(ratio: float) -> str:
    return f"{ratio:,.0f} ×" if ratio >= 9.95 else f"{ratio:.1f} ×" if ratio >= 1.05 else f"{ratio:.2f} ×"


def machine(threads: int) -> dict[str, Any]:
    """What the numbers depend on."""
    cpu = _cpu_info()
    sets = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX-512 BF16", "amx_bf16": "AMX BF16"}
    flags = cpu.get("flags", "").split()
    return {
        "processor": cpu.get("model name") or platform.processor() or platform.machine(),
        "vendor": f"{cpu.get('vendor_id', '?')}, family {cpu.get('cpu family', '?')}, model {cpu.get('model', '?')}",
        "instruction_sets": [title for flag, title in sets.items() if flag in flags],
        "virtual": "hypervisor" in flags,
        "cores": os.cpu_count(),
        "threads": threads,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "date": datetime.date.today().isoformat(),
    }


def _cpu_info() -> dict[str, str]:
    try:
        first = pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}


def machine_sentence(machine: dict[str, Any], data: str) -> str:
    """The machine in one paragraph."""
    day = datetime.date.fromisoformat(machine["date"])
    kind = "a virtual machine with " if machine["virtual"] else ""
    return (
        f"Measured on {day.day} {day:%B %Y} on {kind}{machine['cores']} cores of an {machine['processor']} "
        f"({machine['vendor']}; {', '.join(machine['instruction_sets']) or 'no vector sets known'}), {machine['memory_gib']} GiB, "
        f"{machine['system']}, with {machine['threads']} thread{'' if machine['threads'] == 1 else 's'}, on {data}."
    )


def rebuild(place: Place) -> None:
    """Makes every part whose measurements are there."""
    import compare
    import dtype_policies
    import live_views
    import python_fit
    import report_page
    import scaling

    parts = (
        (compare, "compare.json"),
        (dtype_policies, "policies.json"),
        (live_views, "watching.json"),
        (python_fit, "python.json"),
        (report_page, "report.json"),
        (scaling, "scaling.json"),
    )
    for module, name in parts:
        if (place.folder / name).exists():
            module.publish(json.loads((place.folder / name).read_text()), place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trial", action="store_true", help="on a copy of the page that is not kept")
    with place(parser.parse_args().trial) as here:
        rebuild(here)


if __name__ == "__main__":
    main()
