"""Kills, signals, power cuts, damaged write-ahead logs: what had been told as done is done, and the rest goes on."""

import re
import shutil
import signal
import time

from .ground import Lost, row
from .texts import LONG, NIGHT, SMALL


def told_as_done(child):
    return set(re.findall(r"^done    (.*?): \d+ epoch", child.said()[1], re.MULTILINE))


def begun(said):
    return set(re.findall(r"^start   (.*)$", said.err, re.MULTILINE))


def goes_on_with_the_rest(place, done, **how):
    """As an undisturbed run, and nothing that was told as done is trained again."""
    again = begun(place.goes_on(**how)) & done
    if again:
        raise Lost(f"told as done and trained again: {sorted(again)}")


def disturbed(ground, chance, text, disturb, times=1):
    """A run that is disturbed at random moments; then the same command."""
    with ground.place(text) as place:
        done, delay = set(), chance.random() * ground.seconds(text)
        for turn in range(times):
            child = place.start_run()
            time.sleep(delay)
            while turn == 0 and not child.alive():  # too late is no attack
                child.end()
                shutil.rmtree(place.path("o"))
                delay /= 2
                child = place.start_run()
                time.sleep(delay)
            disturb(child)
            child.end(signals=range(1, 32))  # before its handler is there, any signal ends it
            done |= told_as_done(child)
            delay = chance.random() * ground.seconds(text)
        goes_on_with_the_rest(place, done)


@row("kill", "kill -9 at a random moment, one to three times", sample=24, full=182)
def kill(ground, chance, index):
    disturbed(ground, chance, LONG, lambda child: child.send(signal.SIGKILL), times=1 + index % 3)


@row("term", "SIGTERM, SIGINT at a random moment", sample=6, full=24)
def term(ground, chance, index):
    disturbed(ground, chance, LONG, lambda child: child.send([signal.SIGTERM, signal.SIGINT][index % 2]))


SIGNALS = [
    [name, *rest]
    for name, *rest in (
        ["SIGINT", "SIGINT"],
        ["SIGTERM", "SIGTERM"],
        ["SIGINT", "SIGKILL"],
        ["SIGHUP"],
        ["SIGQUIT"],
        ["SIGUSR1"],
        ["SIGPIPE"],
        ["SIGSTOP", "SIGCONT"],
    )
    for _ in range(3)
]


@row("signals", "SIGINT twice, SIGTERM twice, SIGINT + SIGKILL, SIGHUP, SIGQUIT, SIGUSR1, SIGPIPE", sample=8, full=SIGNALS)
def signals(ground, chance, names):
    def send(child):
        for name in names:
            child.send(getattr(signal, name))
            time.sleep(chance.random() * 0.02)

    disturbed(ground, chance, LONG, send)


CALLS = ["fsync", "pwrite", "write", "rename", "open", "ftruncate", "unlink", "fcntl"]


@row("kill-at", "SIGKILL at the n-th fsync, pwrite, write, rename, open, ftruncate, unlink, fcntl", sample=32, full=133)
def kill_at(ground, chance, index):
    call = CALLS[index % len(CALLS)]
    with ground.place() as place:
        child = place.faulty_run(call, chance, 0)[1]
        goes_on_with_the_rest(place, told_as_done(child))


def image_of(child, disk):
    """The disk as the power would leave it: read until two readings are equal, while the process stands still."""
    child.send(signal.SIGSTOP)
    before, now = None, disk.read_bytes()
    while before != now:
        before, now = now, disk.read_bytes()
    return now


@row("power", "power cut: the block device copied while the process is stopped, mounted, gone on", sample=6, full=40)
def power(ground, chance, index):
    mode = ["data=ordered", "data=journal", "data=writeback"][index % 3]
    delay = chance.random() * ground.seconds(SMALL) * 1.5
    if not ground.may_mount():
        return power_of_a_folder(ground, delay)
    with ground.place() as place:
        disk, target = ground.disk(place.path("disk"), "24M"), place.path("mounted")
        with ground.mounted(disk, target, "-o", f"loop,{mode}"):
            child = place.start_run("mounted/o")
            time.sleep(delay)
            image, done = image_of(child, disk), told_as_done(child)
            child.kill()
        place.path("after").write_bytes(image)
        with ground.mounted(place.path("after"), target, "-o", f"loop,{mode}"):
            goes_on_with_the_rest(place, done, out="mounted/o")
    return None


def power_of_a_folder(ground, delay):
    """Where no disk can be mounted: the folder of a stopped process, what is written last copied first."""
    with ground.place() as place:
        child = place.start_run("before")
        time.sleep(delay)
        child.send(signal.SIGSTOP)
        done = told_as_done(child)
        for name in ("store.sqlite-wal", "store.sqlite", "runs"):
            what, target = place.path("before") / name, place.path("o") / name
            target.parent.mkdir(exist_ok=True)
            if what.is_dir():
                shutil.copytree(what, target)
            elif what.exists():
                shutil.copy(what, target)
        child.kill()
        goes_on_with_the_rest(place, done)
    return "no disk may be mounted here: the folder was copied instead"


def flip(file, chance):
    bytes_ = bytearray(file.read_bytes())
    if bytes_:
        bytes_[chance.randrange(len(bytes_))] ^= 1 << chance.randrange(8)
        file.write_bytes(bytes_)


def cut(file, chance):
    file.write_bytes(file.read_bytes()[: chance.randrange(file.stat().st_size + 1)])


def zeroed(file, chance):
    """A sector that the disk lost."""
    bytes_ = bytearray(file.read_bytes())
    at = chance.randrange(len(bytes_) // 512 + 1) * 512
    bytes_[at : at + 512] = bytes(len(bytes_[at : at + 512]))
    file.write_bytes(bytes_)


DAMAGES = [("store.sqlite-wal", how) for how in (cut, flip, zeroed, lambda file, _: file.unlink())]
DAMAGES += [("store.sqlite-shm", lambda file, _: file.unlink())]


@row("wal", "kill, then WAL cut, flipped, zeroed, deleted, or -shm deleted", sample=10, full=43)
def wal(ground, chance, index):
    """What the log loses is trained again; it is never half believed."""
    name, damage = DAMAGES[index % len(DAMAGES)]
    with ground.place(LONG) as place:
        child = place.start_run()
        place.wait_for_store()
        time.sleep(chance.random() * ground.seconds(LONG) / 2)
        child.kill()
        file = place.path("o") / name
        if file.exists() and file.stat().st_size:
            damage(file, chance)
        place.goes_on()


@row("freeze", "SIGSTOP for 3 s at a lease of 1 s", sample=2, full=4, slow=True)
def freeze(ground, chance, index):
    with ground.place(LONG) as place:
        child = place.stopped_run(chance.random() * 0.2)
        time.sleep(3)
        child.send(signal.SIGCONT)
        child.end()
        place.goes_on()


@row("long", "kills within long trainings (checkpoints), threads and instruction set changed", sample=3, full=6, slow=True)
def long(ground, chance, index):
    with ground.place(NIGHT) as place:
        for threads, isa in ((1, "portable"), (3, "avx2")):
            child = place.start("run", "study.toml", "--out", "o", "--threads", threads, TOILE_ISA=isa)
            time.sleep(0.2 + chance.random() * ground.seconds(NIGHT) / 2)
            child.kill()
            if "does not have the instruction set" in child.said()[1]:
                continue
        place.goes_on(seconds=400, TOILE_ISA="portable" if index % 2 else "")  # portable is slow
