#!/usr/bin/env python3
"""Watches a study in a real terminal (tmux) as people do, and kills it meanwhile.

    .ci/watch.py TOILE

Says what does not hold. Needs tmux and no data: the images are drawn.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

STUDY = """
[study]
name = "watched"
question = "What is seen of it?"
data = "drawn-garments"
validation_split = 0.1
seed = 7

[models.dense]
layers = [{ dense = { units = 64, activation = "relu" } }, { dense = { units = 10, activation = "softmax" } }]

[defaults]
model = "dense"
batch_size = 32

[[runs]]
name = "short"
optimizer = "adam"
epochs = 2

[[runs]]
name = "long"
optimizer = "adam"
epochs = 1000

[[runs]]
name = "longer"
optimizer = "sgd"
epochs = 1000
"""

# No step may take longer; nothing here is a measurement.
PATIENCE = 90
SOCKET = f"toile-watch-{os.getpid()}"


def tmux(*args: str) -> str:
    return subprocess.run(["tmux", "-L", SOCKET, *args], check=True, capture_output=True, text=True).stdout


def screen(*args: str) -> str:
    return tmux("capture-pane", "-p", "-t", "w", *args)


def wait_for(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            shown = subprocess.run(["tmux", "-L", SOCKET, "capture-pane", "-p", "-t", "w"], capture_output=True, text=True)
            sys.exit(f"watch.py: not so after {PATIENCE} s: {what}\n{shown.stdout}")
        time.sleep(0.2)
    print(f"  {what}")


def shows(*words: str) -> Callable[[], bool]:
    return lambda: all(word in screen() for word in words)


def keys(*keys: str) -> None:
    tmux("send-keys", "-t", "w", *keys)


def is_alive(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def main() -> None:
    toile = str(Path(sys.argv[1]).resolve())
    if shutil.which("tmux") is None:
        sys.exit("watch.py: tmux is not installed")
    folder = Path(tempfile.mkdtemp())
    (folder / "study.toml").write_text(STUDY)
    place = folder / "results"
    log = (folder / "log").open("wb")
    study = subprocess.Popen([toile, "run", "study.toml", "--out", str(place)], cwd=folder, stdout=log, stderr=log)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PS1": "ready$ ", "NO_COLOR": ""}
    shell = ["bash", "--norc", "--noprofile", "-i"]
    subprocess.run(
        ["tmux", "-L", SOCKET, "-f", "/dev/null", "new-session", "-d", "-s", "w", "-x", "80", "-y", "24", *shell],
        check=True,
        env=environment,
        cwd=folder,
    )
    try:
        watch(toile, place, study, folder)
    finally:
        if is_alive(study):
            study.kill()
        study.wait()
        subprocess.run(["tmux", "-L", SOCKET, "kill-server"], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
    print("watch.py: all holds")


def watch(toile: str, place: Path, study: subprocess.Popen[bytes], folder: Path) -> None:
    command = f"{toile} watch {place}"
    wait_for("there is a store", lambda: (place / "store.sqlite").is_file())

    print("on a terminal of 80 x 24")
    keys(command, "Enter")
    wait_for("a run is under way, and how long it will take", shows("watched", "running", " left", "/3 runs"))
    keys("?")
    wait_for("help", shows("leave this view; the study goes on"))
    keys("Escape")
    keys("2")
    wait_for("the runs", shows("Runs: 3", "longer"))
    keys("/", "q", "l", "o", "n", "g")
    wait_for("keys typed into the filter do nothing else", shows("/ qlong_"))
    keys("Escape")
    for width, height in ((200, 60), (40, 12), (30, 8), (80, 24)):
        tmux("resize-window", "-t", "w", "-x", str(width), "-y", str(height))
        wait_for(f"resized to {width} x {height}", shows("watched", "Runs: 3" if height > 10 else "left"))
    assert re.search(r"\x1b\[[0-9;]*38;5;", screen("-e")), "no colours"

    print("leaving leaves the study alone")
    keys("C-z")
    wait_for("Ctrl-Z gives the shell", shows("Stopped", "ready$"))
    keys("fg", "Enter")
    wait_for("fg comes back", shows("Runs: 3"))
    keys("q")
    wait_for("q gives the terminal back, with a summary", shows("watched: running", "ready$"))
    assert is_alive(study), "the view ended the study"
    keys(command, "Enter")
    wait_for("it is watched again", shows("Ranking"))
    for name in ("TERM", "HUP", "INT"):
        viewer = subprocess.run(["pgrep", "-n", "-f", f"^{re.escape(command)}$"], capture_output=True, text=True).stdout
        os.kill(int(viewer), getattr(signal, f"SIG{name}"))
        wait_for(f"SIG{name} gives the terminal back", lambda: screen().rstrip().endswith("ready$"))
        keys("clear; stty -a | grep -o ' icanon\\| echo '", "Enter")
        wait_for("keys are shown again", shows("icanon", "echo"))
        keys(f"clear; {command}", "Enter")
        wait_for("and again", shows("Ranking"))
    assert is_alive(study), "a signal to the view ended the study"

    print("without colours, without a terminal")
    keys("q")
    wait_for("left", lambda: screen().rstrip().endswith("ready$"))
    keys(f"clear; NO_COLOR=1 {command}", "Enter")
    wait_for("NO_COLOR is watched", shows("Ranking"))
    assert "38;5;" not in screen("-e"), "there are colours"
    keys("q")
    for prefix, suffix in (("TERM=dumb ", ""), ("", " | cat")):
        # Lines until somebody interrupts.
        keys(f"clear; {prefix}{command}{suffix}", "Enter")
        wait_for(f"`{prefix}watch{suffix}` prints lines", shows("watched: running", "longer has begun"))
        keys("C-c")
        wait_for("Ctrl-C ends it", lambda: screen().rstrip().endswith("ready$"))
    lines = subprocess.run(["timeout", "-s", "INT", "5", toile, "watch", str(place)], capture_output=True).stdout
    assert lines and b"\x1b" not in lines, lines
    keys("clear", "Enter")

    print("the study is killed while it is watched")
    keys(command, "Enter")
    wait_for("it is watched", shows("Ranking", "running"))
    # Into a file: of a fast study more has happened than a pipe holds that nobody reads.
    said = folder / "events"
    events = subprocess.Popen([toile, "watch", str(place), "--json"], stdout=said.open("wb"))
    study.kill()
    study.wait()
    wait_for("the view says so", shows("stopped at", "nobody is working on it"))
    keys("q")
    wait_for("the terminal is given back", lambda: screen().rstrip().endswith("ready$"))
    wait_for("and so do the events", lambda: b'"stopped"' in said.read_bytes())
    events.send_signal(signal.SIGINT)
    events.wait(PATIENCE)
    read = [json.loads(line) for line in said.read_bytes().splitlines()]
    assert read[0]["event"] == "study", read[0]
    assert any(event["event"] == "state" and event["state"] == "stopped" for event in read), read[-5:]
    print(f"  {len(read)} events of JSON, the last state is stopped")

    print("beside the training, in one program")
    own = f"{toile} run study.toml --out own"
    keys(f"clear; {own} --dashboard", "Enter")
    wait_for("it is on the screen", shows("Ranking", "longer", "running"))
    keys("q")
    wait_for("q gives lines, and the study goes on", shows("the study goes on", "of 3 runs", " left"))
    keys("C-c")
    wait_for("Ctrl-C stops it", shows("interrupted after", "ready$"))
    keys(f"clear; {own} --dashboard", "Enter")
    wait_for("it goes on", shows("Ranking", "running"))
    keys("C-c")
    wait_for("Ctrl-C asks", shows("Stop the study?"))
    keys("Escape")
    wait_for("Esc goes on", shows("Ranking", "running"))
    keys("C-c", "s")
    wait_for("the study is stopped, and what was said meanwhile stands there", shows("stopping after the current batch", "interrupted after", "ready$"))
    keys(f"clear; {own} --dashboard > out 2> err; wc -c out; tail -n 1 err", "Enter")
    wait_for("without a screen", lambda: "without effect" in (folder / "err").read_text() if (folder / "err").exists() else False)
    keys("C-c")
    wait_for("it is interrupted", shows("interrupted after", "ready$"))

    print("the terminal goes away")
    keys(command, "Enter")
    wait_for("it is watched", shows("Ranking"))
    tmux("kill-server")
    viewers = ["pgrep", "-f", f"^{re.escape(command)}$"]
    wait_for("the view ends", lambda: subprocess.run(viewers, capture_output=True).returncode == 1)


if __name__ == "__main__":
    main()
