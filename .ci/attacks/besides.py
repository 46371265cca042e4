"""What held besides: two at once, copies of a folder at work, real data with one pixel changed, edits that reuse a name."""

import gzip
import os
import pathlib
import shutil
import signal
import subprocess
import time

from .ground import Crashed, Lost, Skipped, row
from .kills import cut, flip
from .same import difference, outcome
from .texts import HEAD, LONG, NIGHT, RUNS, SMALL

BESIDES = {}


def besides(function):
    BESIDES[function.__name__.replace("_", " ")] = function
    return function


@besides
def a_second_process_is_refused(ground, chance):
    two_at_once(ground, "o")


@besides
def a_second_process_through_a_link_is_refused(ground, chance):
    two_at_once(ground, "link")


def two_at_once(ground, out):
    with ground.place(NIGHT) as place:
        first = place.start_run()
        place.wait_for_store()
        place.path("link").symlink_to("o")
        first.send(signal.SIGSTOP)  # so that it cannot end meanwhile
        second = place.run(out)
        first.send(signal.SIGCONT)
        if second.code == 0 or "error" not in second.err:
            raise Lost(f"a second process on the same folder: code {second.code}")
        if first.end().code != 0:
            raise Lost("the first process was disturbed")
        place.same()


@besides
def the_lock_is_deleted_and_a_second_process_started(ground, chance):
    """Both work; no number is given twice, and the end is the same."""
    with ground.place(LONG) as place:
        first = place.start_run()
        place.wait_for_store()
        place.path("o/.lock").unlink()
        second = place.start_run()
        for child in (first, second):
            said = child.end(90)
            if said.code != 0:
                raise Lost(f"code {said.code}: {said.last()}")
        # Both write the report at their end, in any order: what counts is what the store holds.
        place.toile("report", "o")
        place.same()


@besides
def a_copy_of_a_folder_at_work_goes_on(ground, chance):
    with ground.place(LONG) as place:
        child = place.start_run()
        place.wait_for_store()
        time.sleep(chance.random() * ground.seconds(LONG))
        subprocess.run(["cp", "-r", "o", "copy"], cwd=place.root, capture_output=True)
        child.end()
        place.path("copy/.lock").unlink(missing_ok=True)
        place.goes_on("copy")


@besides
def reports_beside_a_running_study(ground, chance):
    """Never half a file."""
    with ground.place(NIGHT) as place:
        child = place.start_run()
        place.wait_for_store()
        while child.alive():
            said = place.toile("report", "o", "--out", "elsewhere")
            if said.code == 0 and not place.path("elsewhere/report.html").read_text().rstrip().endswith("</html>"):
                raise Lost("half a report")
        child.end()
        place.same()


@besides
def sigterm_within_a_large_batch(ground, chance):
    layers = "{ conv2d = { filters = 32, kernel_size = [3, 3] } }, " * 2
    text = HEAD.replace(
        "layers = [{ dense = { units = 12, activation", "layers = [" + layers + "'flatten', { dense = { units = 512, activation", 1
    )
    with ground.place(text + '\n[[runs]]\nname = "big"\noptimizer = "adam"\nepochs = 500\nbatch_size = 240\n') as place:
        child = place.start_run()
        place.wait_for(lambda: "start" in child.said()[1])
        child.send(signal.SIGTERM)
        said = child.end(40)
        if said.code not in (0, 130):
            raise Lost(f"code {said.code}: {said.last()}")


@besides
def a_report_is_the_same_bytes_in_another_zone_locale_and_year(ground, chance):
    with ground.place() as place:
        shutil.copytree(ground.finished(), place.path("o"))
        reports = [file for file in place.path("o").iterdir() if file.suffix in (".html", ".md", ".json", ".csv")]
        before = {file.name: file.read_bytes() for file in reports}
        place.toile("report", "o", shim={"ATTACK_CLOCK": "90000000:1"}, TZ="Asia/Kolkata", LC_ALL="de_DE.UTF-8", LANG="tr_TR.UTF-8")
        changed = [name for name, bytes_ in before.items() if place.path("o").joinpath(name).read_bytes() != bytes_]
        if changed or len(before) < 5:
            raise Lost(f"other bytes: {changed}")


@besides
def links_at_report_files_are_replaced(ground, chance):
    with ground.place() as place:
        shutil.copytree(ground.finished(), place.path("o"))
        for name in ("report.html", "report.md", "results.json", "results.csv", "trials.csv"):
            place.path(name + ".precious").write_text("precious")
            place.path("o").joinpath(name).unlink()
            place.path("o").joinpath(name).symlink_to(place.path(name + ".precious"))
        place.toile("report", "o")
        if any(file.read_text() != "precious" for file in place.root.glob("*.precious")):
            raise Lost("a link was followed, and the file behind it overwritten")
        place.same()


@besides
def an_edit_that_reuses_a_name_keeps_the_older_weights(ground, chance):
    with ground.place() as place:
        shutil.copytree(ground.finished(), place.path("o"))
        before = {file.read_bytes() for file in place.path("o").glob("runs/*/weights.safetensors")}
        place.path("study.toml").write_text(
            SMALL.replace("learning_rate = 0.05", "learning_rate = 0.06").replace("units = 12", "units = 13")
        )
        if place.run().code != 0:
            raise Lost("the edited study does not run")
        after = {file.read_bytes() for file in place.path("o").glob("runs/*/weights.safetensors")}
        if before - after:
            raise Lost(f"{len(before - after)} older files of weights are gone")


@besides
def passwords_are_never_shown(ground, chance):
    with ground.place() as place:
        for url in (
            "postgres://u:hush@127.0.0.1:1/d",
            "postgres://u:hush@[::1/d",
            "postgresql://u:hush@127.0.0.1:1/d?x=y",
            "postgres://u:hush@/d?port=x",
        ):
            for command in (["trials", url], ["report", url], ["verify", url]):
                said = place.toile(*command, seconds=90)
                if "hush" in said.out + said.err:
                    raise Lost(f"the password is shown by {command[0]}")
                if said.code == 0:
                    raise Lost(f"{command[0]}: code 0")


def real_data():
    folder = os.environ.get("TOILE_DATA_DIR")
    folder = pathlib.Path(folder) / "fashion-mnist" if folder else None
    if not folder or not folder.is_dir():
        raise Skipped("no real data: TOILE_DATA_DIR does not name them")
    return folder


def unpacked(file):
    bytes_ = file.read_bytes()
    return gzip.decompress(bytes_) if file.suffix == ".gz" else bytes_


def fashion(ground, change):
    """The real data set with something changed, without network: refused."""
    with ground.place(SMALL.replace("./data", "fashion-mnist").replace("units = 4", "units = 10"), data=False) as place:
        target = place.path("sets/fashion-mnist")
        target.mkdir(parents=True)
        for file in real_data().iterdir():
            if "ubyte" in file.name:
                (target / file.name.removesuffix(".gz")).write_bytes(unpacked(file))
        change(target)
        said = place.toile(
            "run",
            "study.toml",
            "--out",
            "o",
            "--data-dir",
            "sets",
            PATH="/nowhere",
            http_proxy="http://127.0.0.1:1",
            https_proxy="http://127.0.0.1:1",
        )
        if said.code == 0:
            raise Lost("changed data are taken for Fashion-MNIST")
        if "error" not in said.err or "help: the last" in said.err:
            raise Lost(f"refused for another reason: {said.last()}")


def one_byte(name):
    def change(folder):
        file = folder / name
        bytes_ = bytearray(file.read_bytes())
        bytes_[len(bytes_) // 2] ^= 1
        file.write_bytes(bytes_)

    return change


def exchanged(folder):
    for part in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        (folder / f"train-{part}").rename(folder / "kept")
        (folder / f"t10k-{part}").rename(folder / f"train-{part}")
        (folder / "kept").rename(folder / f"t10k-{part}")


CHANGES = {
    "Fashion-MNIST, one pixel": one_byte("train-images-idx3-ubyte"),
    "Fashion-MNIST, one label": one_byte("t10k-labels-idx1-ubyte"),
    "Fashion-MNIST, cut": lambda folder: os.truncate(folder / "train-images-idx3-ubyte", 1_000_000),
    "Fashion-MNIST, empty": lambda folder: os.truncate(folder / "t10k-images-idx3-ubyte", 0),
    "Fashion-MNIST, a file missing": lambda folder: (folder / "train-labels-idx1-ubyte").unlink(),
    "Fashion-MNIST, train and test exchanged": exchanged,
}
BESIDES.update({name: lambda ground, chance, change=change: fashion(ground, change) for name, change in CHANGES.items()})


def damaged_cache(ground, chance, damage):
    """What is decoded in the cache is checked when it is read, and mended."""
    text = RUNS.replace("./data", "fashion-mnist").replace("units = 4", "units = 10").replace("batch_size = 32", "batch_size = 2048")
    with ground.place(text, data=False) as place:
        real_data()
        how = {"TOILE_DATA_DIR": os.environ["TOILE_DATA_DIR"]}
        first = place.run("first", seconds=120, **how)
        files = [file for file in place.path("cache").rglob("*") if file.is_file() and "decoded" in str(file)]
        if first.code != 0 or not files:
            raise Crashed(f"there is no decoded cache: {first.last()}")
        for file in files:
            damage(file, chance)
        said = place.run("second", seconds=30, **how)
        if said.code == 0:
            one, other = outcome(place.path("first")), outcome(place.path("second"))
            if one != other:
                raise Lost(f"a damaged cache is believed: {difference(one, other)}")


def enlarged(file, chance):
    with open(file, "ab") as end:
        end.write(b"\0" * 1000)


def pipe(file, chance):
    file.unlink()
    os.mkfifo(file)


DAMAGES = {"flipped": flip, "cut": cut, "enlarged": enlarged, "emptied": lambda file, _: file.write_bytes(b""), "a pipe": pipe}
BESIDES.update(
    {
        f"the decoded cache {name}": lambda ground, chance, damage=damage: damaged_cache(ground, chance, damage)
        for name, damage in DAMAGES.items()
    }
)


@row("besides", "two at once, copies, links, edits, passwords, Fashion-MNIST changed, decoded cache damaged", sample=99, full=[*BESIDES])
def held_besides(ground, chance, name):
    BESIDES[name](ground, chance)
