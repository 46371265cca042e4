#!/usr/bin/env python3
"""Watches studies in a real browser from their first second to their end, as `toile watch --web` and `toile run --web` serve them.

    .ci/check-live.py TOILE [FOLDER]    FOLDER keeps screenshots; needs Debian's chromium and the module playwright, which
                                        it installs into an environment of its own if it is absent

What must hold: the page at the end has the text of report.html; what a reader did (scroll, focus, an open fold, a filter, a
pause) survives; each state is told; nothing stands on the console; several tabs hold one stream.
"""

import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOILE = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else sys.exit(__doc__)
PACKAGES = ["playwright", "axe-playwright-python"]
# Far longer than anything takes here: a wait that comes to it has found a fault.
LONG = 90

try:
    import axe_playwright_python
    from playwright.sync_api import sync_playwright
except ImportError:
    venv = Path(os.environ.get("TOILE_LIVE_VENV", tempfile.mkdtemp(prefix="toile-live-"))) / "venv"
    if os.environ.get("TOILE_LIVE_AGAIN"):
        raise
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
    os.execve(venv / "bin/python", [str(venv / "bin/python"), *sys.argv], {**os.environ, "TOILE_LIVE_AGAIN": "1"})

RUNS = 8
STUDY = """
[study]
name = "{name}"
question = "Does the page follow </script><script>alert(1)</script> {{{{ 7*7 }}}}?"
data = "../data"
validation_split = 0.2
seed = 7

[models.dense]
layers = ["flatten", {{ dense = {{ units = 512, activation = "relu" }} }}, {{ dense = {{ units = 4, activation = "softmax" }} }}]

[defaults]
batch_size = 16
epochs = {epochs}
"""
RUN = """
[[runs]]
name = "{name}"
model = "dense"
optimizer = {{ sgd = {{ learning_rate = {rate} }} }}
"""


class Fault(Exception):
    pass


def require(holds, what):
    if not holds:
        raise Fault(what)


def until(what, holds, seconds=LONG):
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        require(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.03)


def write_data(folder, n):
    """Images of 16 x 16 with one bright quarter per class, drawn by this program."""
    folder.mkdir()
    noise = random.Random(1)
    for part, n in [("train", n), ("t10k", 200)]:
        labels = bytes(noise.randrange(4) for _ in range(n))
        images = bytearray()
        for label in labels:
            pixels = bytearray(noise.randbytes(256))
            for i in range(256):
                bright = i // 16 // 8 * 2 + i % 16 // 8 == label
                pixels[i] = 60 + pixels[i] // 2 if bright else pixels[i] // 2
            images += pixels
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, n, 16, 16) + images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, n) + labels)


class Place:
    def __init__(self, root, name, epochs, rates):
        self.folder = root / name
        self.folder.mkdir()
        runs = "".join(RUN.format(name=f"Rate {rate}", rate=rate) for rate in rates)
        (self.folder / "study.toml").write_text(STUDY.format(name=name, epochs=epochs) + runs)
        self.result = self.folder / "result"
        self.processes = []

    def start(self, *args):
        process = subprocess.Popen(
            [TOILE, *args], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
        self.processes.append(process)
        return process

    def run(self, *more):
        return self.start("run", "study.toml", "--out", "result", "--threads", "1", *more)

    def watch(self):
        until("a store", (self.result / "store.sqlite").exists)
        process = self.start("watch", "result", "--web")
        return process, address(process)

    def end(self):
        for process in self.processes:
            process.kill()
            process.communicate()


def address(process):
    line = process.stdout.readline().strip()
    is_address = line.startswith("http://127.0.0.1:") and line.endswith("/")
    require(is_address, f"no address: {line!r} {'' if is_address else process.stderr.read()}")
    return line


class Page:
    """A page that is watched: what it said on the console, and what state it told."""

    def __init__(self, context, url):
        self.console = []
        self.asked = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url)

    def js(self, words, *args):
        return self.page.evaluate(words, *args)

    def state(self):
        return self.js("document.getElementById('live').dataset.state")

    def text(self, name):
        return self.js("name => document.getElementById('live-' + name).textContent", name)

    def wait_for_state(self, *states):
        return until(f"state {states}, but {self.state()}: {self.text('text')}", lambda: self.state() in states)

    def reads_aloud(self, state):
        """What axe finds in the page as it is: nothing."""
        if not self.js("typeof axe !== 'undefined'"):
            self.js((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text())
        found = self.js("async () => (await axe.run()).violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html).slice(0, 3).join(' '))")
        require(not found, f"axe finds in the state {state}: {found}")

    def clean(self, server=None):
        require(server is None or server.poll() is None, f"the server has ended: {server and server.poll()}")
        require(not self.console, f"on the console: {self.console}")


# The words of a page, without the strip, without what its scripts offer; folds are opened, as `innerText` leaves out what is hidden.
WORDS = """() => {
  document.querySelectorAll('details').forEach((details) => { details.open = true; });
  const copy = document.body.cloneNode(true);
  copy.querySelectorAll('#live, script, noscript, .asking, .seek, .pin').forEach((element) => element.remove());
  return copy.textContent.replace(/\\s+/g, '');
}"""


def words_of_file(context, path):
    page = context.new_page()
    page.goto(path.as_uri())
    words = page.evaluate(WORDS)
    page.close()
    return words


def at_the_end(context, place, page):
    live, file = page.js(WORDS), words_of_file(context, place.result / "report.html")
    if live != file:
        at = next((i for i, (a, b) in enumerate(zip(live, file)) if a != b), min(len(live), len(file)))
        raise Fault(f"the page at the end differs: {live[at - 60 : at + 80]!r}, the file {file[at - 60 : at + 80]!r}")


def from_begin_to_end(context, root, shots):
    """A study that another process runs, in two tabs; what a reader does meanwhile survives."""
    place = Place(root, "whole", 48, [0.01 * i for i in range(1, RUNS + 1)])
    run = place.run()
    server, url = place.watch()
    first = Page(context, url)
    states = {first.state()}
    until("the first epochs", lambda: states.add(first.state()) or first.js("!!document.querySelector('#runs svg')"))
    second = Page(context, url)
    ids = lambda: first.js("[...document.querySelectorAll('main > *')].map((element) => element.id)")
    until("a run's article", lambda: first.js("!!document.getElementById('run-8')"))

    # A fold is opened, a region has the focus, and the reader looks at the third run.
    first.js("""() => {
      const article = document.getElementById('run-3');
      const fold = article.querySelector('details'); fold.open = true;
      window.foldName = fold.querySelector('summary').textContent;
      const region = article.querySelector('.scroll'); region.focus({ preventScroll: true });
      article.scrollIntoView({ behavior: 'instant' }); scrollBy({ top: -120, behavior: 'instant' });
    }""")
    place_of_run = lambda: first.js("document.getElementById('run-3').getBoundingClientRect().top")
    # What was never shown has no size of its own yet; it gets one in the frames that follow.
    for _ in range(3):
        time.sleep(0.3)
        first.js("""() => {
          document.getElementById('run-3').scrollIntoView({ behavior: 'instant' }); scrollBy({ top: -120, behavior: 'instant' });
        }""")
    time.sleep(0.3)
    top = place_of_run()
    require(0 < top < 800, f"the third run was not brought into view, but to {top}")
    renewed = """() => { window.renewed = new Set(); document.addEventListener('toile-renewed', (event) => renewed.add(event.detail.id)); }"""
    first.js(renewed)
    can_filter = "toile-renewed" in (ROOT / "crates/report/templates/explore.js").read_text()
    if can_filter:
        until("a filter", lambda: first.js("!!document.querySelector('#ranking .asking input')"))
        first.js("() => { const input = document.querySelector('#ranking .asking input'); input.value = 'Rate'; input.dispatchEvent(new Event('input')); }")
    else:
        print("WARNING: explore.js does not know `toile-renewed`: that a filter survives was NOT tested")
    until("the third run in new words", lambda: first.js("renewed.has('run-3') && renewed.has('ranking')"))
    # Others may come before it: a run that ends has more to show.
    folds = first.js("[...document.querySelectorAll('#run-3 details')].map((fold) => [fold.querySelector('summary').textContent, fold.open])")
    require([first.js("foldName"), True] in folds, f"the open fold {first.js('foldName')!r} was closed: {folds}")
    require(first.js("document.activeElement === document.querySelector('#run-3 .scroll')"), "the focus was lost")
    # The page holds its place in the frames that follow, to a third of a line: boxes have fractions of pixels.
    time.sleep(1)
    now = place_of_run()
    require(abs(now - top) < 8, f"what was looked at moved from {top} to {now}")
    if can_filter:
        require(first.js("document.querySelector('#ranking .asking input')?.value") == "Rate", "a filter was lost")

    # Paused, nothing moves; gone on, nothing is missing.
    second.page.click("#live-pause")
    second.js(renewed)
    frozen, seen = second.js(WORDS), first.js("renewed.clear()")
    until("news in the other tab", lambda: first.js("renewed.size > 2"))
    require(second.js(WORDS) == frozen and second.js("renewed.size") == 0, "a paused page moved")
    second.page.click("#live-pause")

    for page in (first, second):
        until(f"the end, but {page.state()}", lambda: states.add(page.state()) or page.state() == "finished")
    require(run.wait() == 0, run.stderr.read() if run.returncode else "")
    until("the end in the table", lambda: "8 of 8 runs" in first.text("progress"))
    at_the_end(context, place, first)
    at_the_end(context, place, second)
    require("running" in states, f"states: {states}")
    require(first.text("said").startswith("Finished") or first.text("said") == "" or LONG, "the end was not announced")
    streams = sum("/events?" in url for page in (first, second) for url in page.asked)
    require(streams == 1, f"{streams} streams for two tabs")
    require(len(ids()) == len(set(ids())), f"ids: {ids()}")
    with first.page.expect_download() as download:
        first.page.click("#live a")
    saved = Path(download.value.path()).read_text()
    require(saved == (place.result / "report.html").read_text(), "the saved moment is not the report")
    first.reads_aloud("finished")
    for width, height in [(1280, 800), (768, 1024), (390, 844)]:
        first.page.set_viewport_size({"width": width, "height": height})
        first.js("scrollTo(0, 0)")
        wide = first.js("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        require(wide[0] <= wide[1] + 1, f"{wide[0]} wide on a screen of {width}")
        shots and first.page.screenshot(path=shots / f"finished-{width}.png")
    first.clean(server)
    second.clean(server)
    place.end()
    until("the banner", lambda: not first.js("document.getElementById('live-link').hidden"))
    return states


def killed_and_gone(context, root, shots):
    """kill -9 of the study is told, it goes on, the store goes away and comes back, the link goes away."""
    place = Place(root, "killed", 4000, [0.01, 0.02])
    run = place.run()
    _, url = place.watch()
    page = Page(context, url)
    page.wait_for_state("running")
    shots and page.page.screenshot(path=shots / "running.png")
    page.reads_aloud("running")
    run.send_signal(signal.SIGKILL)
    page.wait_for_state("stopped")
    require("nobody is working on it" in page.text("text"), page.text("text"))
    page.reads_aloud("stopped")
    shots and page.page.screenshot(path=shots / "stopped.png")
    again = place.run()
    page.wait_for_state("running")
    again.send_signal(signal.SIGSTOP)
    page.wait_for_state("stalled")
    require("No news for " in page.text("text"), page.text("text"))
    page.reads_aloud("stalled")
    again.send_signal(signal.SIGCONT)
    page.wait_for_state("running")
    again.send_signal(signal.SIGKILL)
    page.wait_for_state("stopped")

    before = page.js("document.querySelector('main').textContent.length")
    store = place.result / "store.sqlite"
    store.rename(store.with_name("elsewhere"))
    store.write_bytes(b"this is no database, but its file is large enough to be looked at" * 50)
    until("trouble", lambda: not page.js("document.getElementById('live-trouble').hidden"))
    require(page.js("document.querySelector('main').textContent.length") > before / 2, "the last good view is gone")
    shots and page.page.screenshot(path=shots / "trouble.png")
    page.reads_aloud("trouble")
    store.unlink()
    store.with_name("elsewhere").rename(store)
    until("no trouble", lambda: page.js("document.getElementById('live-trouble').hidden"))
    page.clean()
    place.end()
    until("the banner", lambda: not page.js("document.getElementById('live-link').hidden"))
    require("trying again" in page.text("link") and "UTC" in page.text("link"), page.text("link"))
    page.reads_aloud("gone")
    shots and page.page.screenshot(path=shots / "gone.png")


def beside_the_training(context, root, shots):
    """`toile run --web`: the page of the process that trains has the last word before that ends; failed runs are told."""
    place = Place(root, "beside", 40, ["1e30", 0.05])
    run = place.run("--web")
    page = Page(context, address(run))
    page.wait_for_state("failed")
    require(run.wait() == 3, f"{run.returncode}: {run.stderr.read() if run.returncode != 3 else ''}")
    require("1 failed" in page.text("progress"), page.text("progress"))
    page.reads_aloud("failed")
    at_the_end(context, place, page)
    shots and page.page.screenshot(path=shots / "failed.png")
    place.end()


def begins_with_nothing(context, root, shots):
    """A folder of which nothing is recorded yet: the page says so, and begins with the study."""
    place = Place(root, "nothing", 400, [0.01])
    made = place.run()
    until("a store", (place.result / "store.sqlite").exists)
    until("a plan", lambda: made.poll() is not None or subprocess.run([TOILE, "report", "result", "--out", "x"], cwd=place.folder, capture_output=True).returncode == 0)
    made.kill()
    made.wait()
    _, url = place.watch()
    page = Page(context, url)
    page.wait_for_state("empty", "stopped")
    require(page.js("document.querySelector('h1').textContent") != "", "no heading")
    page.reads_aloud("empty")
    place.run()
    page.wait_for_state("running", "beginning", "finished")
    page.clean()
    place.end()


def main():
    begun = time.monotonic()
    shots = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    shots and shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as browsers:
        root = Path(folder)
        write_data(root / "data", 4000)
        browser = browsers.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for colours, part in [
            ("light", from_begin_to_end),
            ("dark", killed_and_gone),
            ("light", beside_the_training),
            ("light", begins_with_nothing),
        ]:
            context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=colours)
            try:
                found = part(context, root, shots)
            except Fault as fault:
                for page in context.pages:
                    shots and page.screenshot(path=shots / "fault.png")
                sys.exit(f"{part.__name__}: {fault}")
            print(f"{part.__name__}: holds {sorted(found) if found else ''}({time.monotonic() - begun:.0f} s)")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
