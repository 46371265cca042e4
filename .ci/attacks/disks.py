"""Disks and other programs: faults at the n-th call, full disks, limits, rights, a folder that vanishes, a lock that is held."""

import errno
import shutil
import signal
import sqlite3
import time

from .ground import Lost, errors, row
from .texts import NIGHT

FAULTS = {
    "pwrite": errors("ENOSPC", "EIO", "EDQUOT"),
    "write": errors("ENOSPC", "EIO", "EDQUOT"),
    "fsync": errors("EIO", "ENOSPC"),
    "pread": errors("EIO"),
    "open": errors("EACCES", "EROFS", "EMFILE"),
    "rename": errors("EIO", "EACCES", "ENOSPC"),
    "ftruncate": errors("EIO", "ENOSPC"),
    "fcntl": errors("ENOLCK", "EAGAIN", "EACCES", "EIO"),
    "unlink": errors("EPERM", "EIO"),
    "mkdir": errors("ENOSPC", "EACCES"),
}
PLACES = [(call, *error) for call, numbers in FAULTS.items() for error in numbers]


def ended_well_or_told(place, said, out="o"):
    """Code 0 and everything there, or another code with a reason; the advice is never to throw sound results away."""
    if said.code == 0:
        place.same(out)
    elif "error" not in said.err:
        raise Lost(f"code {said.code} without a reason: {said.last()}")
    if "move it away" in said.err or "is damaged" in said.err:
        raise Lost(f"a sound store is called damaged: {said.last()}")


@row(
    "fault",
    "faults injected at the n-th call: ENOSPC, EIO, EDQUOT, EROFS, EACCES, ENOLCK, EPERM, EAGAIN",
    sample=48,
    full=[(n, *PLACES[n % len(PLACES)]) for n in range(282)],
)
def fault(ground, chance, attempt):
    _, call, _, number = attempt
    one_fault(ground, chance, call, number)


def one_fault(ground, chance, call, number):
    with ground.place() as place:
        said, _ = place.faulty_run(call, chance, number)
        ended_well_or_told(place, said)
        place.goes_on()


@row("unlock", "a lock of the database that the system does not give back: EIO, ENOLCK at the n-th", sample=6, full=132)
def unlock(ground, chance, index):
    one_fault(ground, chance, "unlock", [errno.EIO, errno.ENOLCK][index % 2])


@row("faults-on", "the same from the n-th call on: EROFS, EDQUOT, EIO, ENOSPC", sample=8, full=25)
def faults_on(ground, chance, index):
    call, name = [("pwrite", "EDQUOT"), ("fsync", "EIO"), ("open", "EROFS"), ("write", "ENOSPC"), ("pwrite", "ENOSPC")][index % 5]
    number = dict(errors(name))[name]
    with ground.place() as place:
        said, _ = place.faulty_run(call, chance, number, ATTACK_TO=10**9)
        log = place.path("o/store.sqlite-wal")
        # Code 0 is right only where all was in the log, and what failed was to copy the log into the database at the end.
        if said.code == 0 and call == "pwrite" and not (log.exists() and log.stat().st_size):
            raise Lost(f"code 0, although no {call} succeeds from some moment on")
        ended_well_or_told(place, said)
        place.goes_on()


@row("full", "full disk (tmpfs of 8 kB to 1.2 MB)", sample=8, full=36)
def full(ground, chance, index):
    size = chance.randint(8, 1200)
    if not ground.may_mount():
        with ground.place() as place:
            ended_well_or_told(place, place.faulty_run("pwrite", chance, errno.ENOSPC, ATTACK_TO=10**9)[0])
            place.goes_on()
        return "no disk may be mounted here: writing failed with ENOSPC instead"
    with ground.place() as place, ground.mounted("tmpfs", place.path("disk"), "-t", "tmpfs", "-o", f"size={size}k") as disk:
        said = place.run("disk/o")
        if said.code == 0:
            place.same("disk/o")
        elif "error" not in said.err:
            raise Lost(f"code {said.code} without a reason: {said.last()}")
        ground.remount(disk, "size=64m")
        place.goes_on("disk/o")
    return None


LIMITS = [f"ulimit -f {blocks}" for blocks in (1, 8, 50, 200, 500, 700, 900)] + [f"ulimit -n {handles}" for handles in (8, 10, 14, 20)]


@row("limits", "quota by `ulimit -f`, few file handles", sample=6, full=LIMITS)
def limits(ground, chance, limit):
    with ground.place() as place:
        said = place.run(limit=limit)
        # A loader that finds no handle left has its own code, and says so.
        if said.code not in (0, 127) and not said.err.strip():
            raise Lost(f"code {said.code} without a reason")
        if said.code == 0:
            place.same()
        place.goes_on()


@row("rights", "another user, rights taken away in mid-run", sample=2, full=6)
def rights(ground, chance, index):
    with ground.place(NIGHT) as place:
        shutil.chown(place.root, 65534, 65534)
        place.root.chmod(0o777)
        child = place.start_run(user=65534)
        place.wait_for_store()
        folder = place.path("o") / ["", "runs"][index % 2]
        folder.mkdir(exist_ok=True)
        folder.chmod(0o500)
        said = child.end()
        folder.chmod(0o777)
        if said.code == 0:
            place.same()
        elif "error" not in said.err:
            raise Lost(f"code {said.code} without a reason: {said.last()}")
        place.goes_on(user=65534)


def remove_database(place):
    for file in place.path("o").glob("store.sqlite*"):
        file.unlink()


def replace_database(place):
    shutil.copy(place.path("o/store.sqlite"), place.path("o/copy"))
    place.path("o/copy").rename(place.path("o/store.sqlite"))


FATES = {
    "database deleted": remove_database,
    "database alone deleted": lambda place: place.path("o/store.sqlite").unlink(),
    "folder deleted": lambda place: shutil.rmtree(place.path("o"), ignore_errors=True),
    "folder moved": lambda place: place.path("o").rename(place.path("moved")),
    "database moved": lambda place: place.path("o/store.sqlite").rename(place.path("o/elsewhere.sqlite")),
    "another in its place": replace_database,
    "moved, another in its place": lambda place: (place.path("o").rename(place.path("moved")), place.path("o").mkdir()),
}


@row(
    "vanish",
    "folder deleted, moved, database deleted in mid-run: an error",
    sample=7,
    full=[*FATES, "folder deleted", "folder moved", "database deleted", "folder moved"],
)
def vanish(ground, chance, fate):
    with ground.place(NIGHT) as place:
        child = place.stopped_run(chance.random() * 0.1)
        if not child.alive():
            raise Lost("the study ended before anything could vanish")
        FATES[fate](place)
        child.send(signal.SIGCONT)
        said = child.end()
        if said.code == 0:
            raise Lost(f"code 0, although {fate} in mid-run")
        shutil.rmtree(place.path("o"), ignore_errors=True)
        place.goes_on()
        if place.path("moved/store.sqlite").exists():
            place.goes_on("moved")


@row("lock", "another program holds a write lock for 5 or 25 s", sample=2, full=6, slow=True)
def lock(ground, chance, index):
    with ground.place(NIGHT) as place:
        child = place.start_run()
        place.wait_for_store()
        time.sleep(chance.random() * 0.1)
        with_lock = sqlite3.connect(place.path("o/store.sqlite"), isolation_level=None, timeout=30)
        with_lock.execute("BEGIN IMMEDIATE")
        time.sleep(25 if ground.full and index % 2 else 5)
        with_lock.execute("ROLLBACK")
        with_lock.close()
        ended_well_or_told(place, child.end(120))
        place.goes_on()
