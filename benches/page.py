"""The parts of docs/performance.md that are made from measurements, and the machine that they were made on.

    python benches/page.py            # makes them anew from docs/performance/*.json, without measuring

A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; the text around it is written by hand and stays.
"""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import platform
from collections.abc import Iterable
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
FOLDER = ROOT / "docs" / "performance"


def fill(parts: dict[str, str], page: pathlib.Path = PAGE) -> None:
    """Replaces the named parts of the page."""
    text = page.read_text()
    for name, part in parts.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if begin not in text or end not in text:
            raise SystemExit(f"{page} has no place for {name!r}: it needs the lines {begin} and {end}")
        before, _, rest = text.partition(begin)
        after = rest.partition(end)[2]
        text = f"{before}{begin}\n\n{part.strip()}\n\n{end}{after}"
    page.write_text(text)


def save(name: str, content: dict[str, Any], rows: str, merge: bool) -> dict[str, Any]:
    """Keeps measurements; `merge` adds the rows of this one to those that the same machine measured on the same day."""
    file = FOLDER / name
    if merge and file.exists():
        before = json.loads(file.read_text())
        if before["machine"] != content["machine"]:
            raise SystemExit(f"{file} is of another machine or day: measure all of it, without --only")
        content = before | {rows: before[rows] | content[rows], "notes": [*before["notes"], *content["notes"]]}
    FOLDER.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return content


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
        f"{machine['system']}, with {machine['threads']} threads, on {data}."
    )


def rebuild() -> None:
    """Makes every part whose measurements are there."""
    import compare
    import scaling

    for module, name in ((compare, "compare.json"), (scaling, "scaling.json")):
        if (FOLDER / name).exists():
            module.publish(json.loads((FOLDER / name).read_text()))


if __name__ == "__main__":
    rebuild()
