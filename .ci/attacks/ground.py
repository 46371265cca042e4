"""The ground of the attack: places of their own, bounded children, and what an undisturbed run gives."""

import atexit
import contextlib
import errno
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from .same import difference, outcome
from .texts import SMALL, write_data

HERE = pathlib.Path(__file__).resolve().parent
KILOBYTE, MEGABYTE = 1 << 10, 1 << 20


class Crashed(Exception):
    """The program ended by a signal, panicked, or did not end."""


class Lost(Exception):
    """Something is lost, other than it should be, or was believed."""


class Skipped(Exception):
    """This machine cannot do it; the reason."""


class Said:
    """How a child ended, and what it said."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def last(self):
        return (self.err.strip() or self.out.strip())[-300:].replace("\n", " | ")


class Child:
    """A child in a group of its own, its output in files; bounded in memory, and in time by `end`."""

    def __init__(self, place, args, shim=None, memory=3000, limit=None, stdout="", stderr="", without=(), user=None, **more):
        self.place, self.began = place, time.time()
        number = place.number()
        self.files = [place.root / f"out-{number}", place.root / f"err-{number}"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(place.path("home")), "XDG_CACHE_HOME": str(place.path("cache"))}
        environment["MALLOC_ARENA_MAX"] = "2"  # the limit of memory is one of addresses
        environment.update({key: str(value) for key, value in more.items()})
        environment = {key: value for key, value in environment.items() if key not in without}
        if shim is not None:
            place.log = place.root / f"shim-{number}"
            environment.update(LD_PRELOAD=str(place.ground.shim()), ATTACK_LOG=str(place.log), **{k: str(v) for k, v in shim.items()})
        bounds = f"ulimit -c 0; ulimit -v {memory * KILOBYTE}; {limit or ':'}; "
        command = ["/bin/sh", "-c", bounds + f'exec "$@"{stdout}{stderr}', "sh", str(place.ground.toile), *map(str, args)]
        with open(self.files[0], "wb") as to, open(self.files[1], "wb") as to_err:
            streams = {"stdin": subprocess.DEVNULL, "stdout": to, "stderr": to_err}
            self.process = subprocess.Popen(command, cwd=place.root, env=environment, start_new_session=True, user=user, **streams)
        place.children.append(self)

    def alive(self):
        return self.process.poll() is None

    def send(self, what):
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, what)

    def said(self):
        return [file.read_text(errors="backslashreplace") for file in self.files]

    def kill(self):
        self.send(signal.SIGKILL)
        self.process.wait()

    def end(self, seconds=60, signals=()):
        """Waits for the end; a panic or a signal that is not one of `signals` is a crash."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Crashed(f"hung for {seconds} s: {' '.join(self.said())[-300:]}") from None
        said = Said(code, *self.said(), time.time() - self.began)
        if (
            (code < 0 and -code not in signals)
            or code > 130
            or code == 101
            or "panicked at" in said.err
            or "toile itself broke" in said.err
        ):
            raise Crashed(f"code {code}: {said.last()}")
        return said


class Place:
    """A folder in which one attempt happens."""

    def __init__(self, ground, root, text, data):
        self.ground, self.root, self.text, self.children, self.count, self.log = ground, root, text, [], 0, None
        self.root.mkdir()
        self.root.chmod(0o755)
        if text is not None:
            (self.root / "study.toml").write_text(text)
        if data:
            shutil.copytree(ground.root / "data", self.root / "data")

    def number(self):
        self.count += 1
        return self.count

    def path(self, name):
        return self.root / name

    def start(self, *args, **how):
        return Child(self, args, **how)

    def toile(self, *args, seconds=60, signals=(), **how):
        return self.start(*args, **how).end(seconds, signals)

    def run(self, out="o", **how):
        return self.toile("run", "study.toml", "--out", out, **how)

    def start_run(self, out="o", **how):
        return self.start("run", "study.toml", "--out", out, **how)

    def wait_for(self, what, seconds=30):
        """Waits for a condition; the children are slow on a machine that is busy."""
        until = time.time() + seconds
        while not what():
            if time.time() > until:
                raise Crashed("nothing was begun: " + self.children[-1].said()[1][-300:])
            time.sleep(0.002)

    def wait_for_store(self, out="o"):
        """Until the database is there and written to."""
        log = self.path(out) / "store.sqlite-wal"
        self.wait_for(lambda: log.exists() and log.stat().st_size > 100_000)

    def stopped_run(self, within):
        """A run that stands still after up to so many seconds: it can be continued, and cannot end meanwhile."""
        child = self.start_run()
        self.wait_for_store()
        time.sleep(within)
        child.send(signal.SIGSTOP)
        return child

    def goes_on(self, out="o", seconds=120, **how):
        """The same command ends well, and what it leaves is what an undisturbed run leaves."""
        said = self.run(out, seconds=seconds, **how)
        if said.code != 0:
            raise Lost(f"the same command does not go on, code {said.code}: {said.last()}")
        self.same(out)
        litter = [str(file) for file in self.path(out).rglob("*.part")]
        if litter:
            raise Lost(f"left over: {litter}")
        return said

    def same(self, out="o"):
        expected, found = self.ground.undisturbed(self.text), outcome(self.path(out))
        if expected != found:
            raise Lost(f"other results: {difference(expected, found)}")

    def faulty_run(self, call, chance, error, **more):
        """A run in which the n-th call of a kind fails, or kills if the error is 0; earlier where there are fewer calls."""
        n = chance.randint(1, self.ground.calls(self.text)[call])
        while True:
            child = self.start_run(shim={"ATTACK_CALL": call, "ATTACK_FROM": n, "ATTACK_ERROR": error, **more})
            said = child.end(signals=() if error else (signal.SIGKILL,))
            if "fired" in self.log.read_text():
                return said, child
            if n == 1:
                raise Crashed(f"no {call} was made")
            n //= 2
            shutil.rmtree(self.path("o"))


class Ground:
    """Where the attack happens; all is gone afterwards."""

    def __init__(self, toile, seed, full):
        memory = pathlib.Path("/dev/shm")
        # Most attempts are about what a process leaves, not about a disk: in memory they are quick.
        base = memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2000 * MEGABYTE else None
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="toile-attack-", dir=base))
        self.root.chmod(0o755)
        self.toile = self.root / "toile"
        shutil.copy(toile, self.toile)
        self.toile.chmod(0o755)
        self.seed, self.full, self.known, self.count, self.mounts = seed, full, {}, 0, []
        self.attempt = None
        self.lock, self.counting = threading.RLock(), threading.Lock()
        write_data(self.root / "data")
        atexit.register(self.clear)

    def clear(self):
        for mount in reversed(self.mounts):
            subprocess.run(["umount", "-l", mount], capture_output=True)
        shutil.rmtree(self.root, ignore_errors=True)

    def shim(self):
        with self.lock:
            if "shim" not in self.known:
                target = self.root / "shim.so"
                subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", target, HERE / "shim.c", "-ldl"], check=True)
                self.known["shim"] = target
            return self.known["shim"]

    @contextlib.contextmanager
    def place(self, text=SMALL, data=True):
        with self.counting:
            self.count += 1
            root = self.root / f"place-{self.count}"
        place = Place(self, root, text, data)
        try:
            yield place
        finally:
            for child in place.children:
                child.kill()
            shutil.rmtree(root, ignore_errors=True)

    def remember(self, key, make):
        """Made once, by one thread."""
        with self.lock:
            if key not in self.known:
                self.known[key] = make()
            return self.known[key]

    def finished(self, text=SMALL):
        """A folder that an undisturbed run has left."""

        def make():
            folder = self.root / f"finished-{len(self.known)}"
            place = Place(self, folder, text, data=True)
            said = place.run(seconds=300)
            if said.code != 0:
                raise Crashed(f"the undisturbed run ended with {said.code}: {said.last()}")
            self.known["seconds", text] = said.seconds
            return folder / "o"

        return self.remember(("finished", text), make)

    def undisturbed(self, text=SMALL):
        return self.remember(("outcome", text), lambda: outcome(self.finished(text)))

    def seconds(self, text):
        """How long the undisturbed run takes; measured now, for the load changes."""
        self.finished(text)
        return self.known["seconds", text]

    def calls(self, text=SMALL):
        """How many calls of each kind an undisturbed run makes."""

        def make():
            with self.place(text) as place:
                if place.run(shim={}).code != 0:
                    raise Crashed("the run that counts system calls failed")
                pairs = [line.split() for line in place.log.read_text().splitlines()]
                return {name: int(number) for name, number in pairs}

        return self.remember(("calls", text), make)

    def may_mount(self):
        """Whether small disks can be had here: a file with a file system, and one in memory."""

        def make():
            trial = self.root / "trial"
            for size, what in (("1M", "tmpfs"), ("24M", None)):
                try:
                    if what is None:
                        what = self.disk(trial.with_name("trial.disk"), size)
                    with self.mounted(what, trial, *(["-t", "tmpfs"] if what == "tmpfs" else ["-o", "loop"])):
                        pass
                except (OSError, subprocess.CalledProcessError, Skipped):
                    return False
            return True

        return self.remember("mount", make)

    def disk(self, file, size):
        """A file that is a disk with an empty ext4."""
        subprocess.run(["truncate", "-s", size, file], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-F", file], check=True, capture_output=True)
        return file

    @contextlib.contextmanager
    def mounted(self, what, where, *options):
        where.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *options, what, where], capture_output=True, text=True)
        if done.returncode:
            raise Skipped(f"mount: {done.stderr.strip()}")
        self.mounts.append(where)
        try:
            yield where
        finally:
            if subprocess.run(["umount", where], capture_output=True).returncode:
                subprocess.run(["umount", "-l", where], capture_output=True)
            self.mounts.remove(where)

    def remount(self, where, options):
        subprocess.run(["mount", "-o", f"remount,{options}", where], check=True)


ROWS = []


def row(name, text, sample, full=None, slow=False):
    """A row of the table. `sample` and `full` are numbers of attempts, or `full` is the list of what to attempt."""

    def keep(function):
        items = full if isinstance(full, list) else list(range(full or sample))
        ROWS.append({"name": name, "text": text, "sample": sample, "items": items, "slow": slow, "attempt": function})
        return function

    return keep


def errors(*names):
    return [(name, getattr(errno, name)) for name in names]
