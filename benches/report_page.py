"""How quick a large report is in a browser: its size, its first picture, when it can be used, and how long a question takes.

    cargo run --release -p toile-report --example sample -- FOLDER many big
    python benches/report_page.py FOLDER [--write]

needs `pip install playwright` and Chromium. `--write` puts the table into docs/performance.md. A question is timed from the event to
the end of the layout after it, 40 times; the table tells the one that 95 % are within.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
from typing import TYPE_CHECKING, Any

import page
from browser import chromium, within

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = (("many", "200 runs of 100 epochs"), ("big", "10,000 trials"))
STARTS = 5
# Every question as JavaScript: a function of the place in a series, or null where the page has nothing to ask.
ASKED = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const table = all('main table').sort((a, b) => b.rows.length - a.rows.length).find((one) => one.tHead?.querySelector('button'));
  const input = table?.closest('.scroll').previousElementSibling?.querySelector('input');
  const svg = document.querySelector('#learning svg');
  const pins = all('#ranking button[data-pin]');
  const box = svg?.getBoundingClientRect();
  const asked = {
    filter: input && ((i) => { input.value = i % 2 ? 'adam' : ''; input.dispatchEvent(new Event('input')); }),
    sort: table && (() => table.tHead.querySelector('button').click()),
    hover: svg && ((i) => svg.dispatchEvent(new PointerEvent('pointermove', {
      bubbles: true, clientX: box.left + 50 + 6 * i, clientY: box.top + 90,
    }))),
    pin: pins.length ? ((i) => pins[i % 4].click()) : null,
  };
  const times = {};
  for (const [name, ask] of Object.entries(asked)) {
    if (!ask) continue;
    times[name] = Array.from({ length: 40 }, (_, i) => {
      const begin = performance.now();
      ask(i);
      document.body.offsetHeight;
      return performance.now() - begin;
    });
  }
  return times;
}"""
STARTED = """() => ({
  paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  usable: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
})"""


def measure(browser: Browser, file: pathlib.Path) -> dict[str, float | None]:
    starts, asked = [], {}
    for _ in range(STARTS):
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(file.resolve().as_uri())
        tab.wait_for_timeout(300)
        starts.append(tab.evaluate(STARTED))
        if len(starts) == STARTS:
            asked = tab.evaluate(ASKED)
        tab.close()
    found: dict[str, float | None] = {"bytes": file.stat().st_size}
    found |= {name: statistics.median(start[name] for start in starts) for name in ("paint", "usable")}
    return found | {name: within(asked[name]) if name in asked else None for name in ("filter", "sort", "hover", "pin")}


def table(results: dict[str, dict[str, float | None]]) -> str:
    rows = [
        ("MB", "bytes", 1e-6),
        ("ms to the first picture", "paint", 1.0),
        ("ms until it can be used", "usable", 1.0),
        ("ms for a filter", "filter", 1.0),
        ("ms for a column to sort", "sort", 1.0),
        ("ms for the numbers under the pointer", "hover", 1.0),
        ("ms for a pin", "pin", 1.0),
    ]
    lines = []
    for title, key, unit in rows:
        values = [found[key] for found in results.values()]
        lines.append([title, *("–" if value is None else page.number(unit * value) for value in values)])
    return page.table(["report.html", *(title for name, title in PAGES if name in results)], lines)


def publish(content: dict[str, Any], place: page.Place) -> None:
    """The part of the page."""
    sentence = page.machine_sentence(content["machine"], f"made-up records, in {content['browser']}, headless")
    page.fill({"report": f"{sentence}\n\n{table(content['results'])}"}, place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="with many.html and big.html")
    parser.add_argument("--trial", action="store_true", help="on a copy of the page that is not kept")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    with chromium() as browser:
        results = {name: measure(browser, arguments.folder / f"{name}.html") for name, _ in PAGES}
        content = {"machine": page.machine(1), "browser": f"Chromium {browser.version}", "results": results}
    print(table(results))
    if arguments.write:
        with page.place(arguments.trial) as here:
            page.save("report.json", content, "results", merge=False, place=here)
            publish(content, here)


if __name__ == "__main__":
    main()
