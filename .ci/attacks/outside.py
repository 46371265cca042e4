"""What is around: hostile servers, terminals, streams that are closed or full, places, clocks."""

import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

from .ground import Crashed, Lost, row
from .inputs import no_escapes
from .texts import RUNS, SMALL

SECRET = "hush4711"


def message(kind, content=b"", size=None):
    return kind + struct.pack(">I", len(content) + 4 if size is None else size) + content


WELCOME = message(b"R", struct.pack(">I", 0)) + message(b"K", bytes(8)) + message(b"Z", b"I")
NOTICE = message(b"N", b"SNOTICE\0MI am here\0\0")
RUDE = message(b"E", b"SFATAL\0C28000\0M\x1b[2J\x1b]0;owned\x07 no\0\0")


def drip(line, bytes_, seconds):
    for byte in bytes_:
        line.sendall(bytes([byte]))
        time.sleep(seconds)


def endless(line):
    while True:
        line.sendall(NOTICE)
        time.sleep(0.05)


def keep(line):
    time.sleep(120)


def after_login(then):
    def speak(line):
        line.sendall(WELCOME)
        line.recv(10_000)
        then(line)

    return speak


# After the connection was taken and its first message read; what this leaves is closed.
SERVERS = {
    "never answers": keep,
    "closes": lambda line: None,
    "garbage": lambda line: (line.sendall(os.urandom(10_000)), keep(line)),
    "speaks HTTP": lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "announces 2 GB": lambda line: (line.sendall(message(b"R", size=2_000_000_000) + bytes(1_000_000)), keep(line)),
    "announces less than nothing": lambda line: (line.sendall(b"R" + struct.pack(">i", -5)), keep(line)),
    "a byte in half a second": lambda line: drip(line, message(b"R", bytes(200)), 0.5),
    "notices without end": endless,
    "silent after the login": after_login(keep),
    "closes after the login": after_login(lambda line: None),
    "announces 2 GB after the login": after_login(
        lambda line: (line.sendall(message(b"D", size=2_000_000_000) + bytes(1_000_000)), keep(line))
    ),
    "garbage after the login": after_login(lambda line: (line.sendall(os.urandom(10_000)), keep(line))),
    "an error with escapes": lambda line: line.sendall(RUDE),
    "asks for the password in the clear": lambda line: (line.sendall(message(b"R", struct.pack(">I", 3))), keep(line)),
    "a salt of nothing": lambda line: (line.sendall(message(b"R", struct.pack(">I", 5))), keep(line)),
    "another kind of login": lambda line: line.sendall(message(b"R", struct.pack(">I", 9999))),
}


class Server:
    """One hostile server on the loopback; remembers whether it saw the password."""

    def __init__(self, speak):
        self.speak, self.saw = speak, b""
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(line,), daemon=True).start()

    def answer(self, line):
        try:
            with line:
                line.settimeout(60)
                first = line.recv(10_000)
                if first[4:8] == struct.pack(">I", 80877103):  # asks for encryption
                    line.sendall(b"N")
                    first = line.recv(10_000)
                self.speak(line)
                line.settimeout(0.1)
                self.saw += line.recv(10_000)
        except OSError:
            pass


COMMANDS = {
    "worker": lambda url: ["worker", "study.toml", "--storage", url],
    "trials": lambda url: ["trials", url],
    "report": lambda url: ["report", url, "--out", "o"],
    "verify": lambda url: ["verify", url],
    "run": lambda url: ["run", "study.toml", "--out", "o", "--storage", url],
}
# The first two commands with each server, the others with some.
VISITS = [(server, command) for server in SERVERS for command in ("worker", "trials")]
VISITS += [(server, command) for server in [*SERVERS][::4] for command in ("report", "verify", "run")]


@row("servers", "hostile servers (never answer, announce 2 GB, garbage, silent after login, …)", sample=44, full=VISITS, slow=True)
def servers(ground, chance, visit):
    """Something is said within 15 s; what only reads ends by itself within 75 s; the first SIGTERM ends what waits."""
    name, command = visit
    server = Server(SERVERS[name])
    with ground.place(RUNS) as place:
        url = f"postgres://toile:{SECRET}@127.0.0.1:{server.port}/d"
        child = place.start(*COMMANDS[command](url), memory=1000)
        waits = command in ("worker", "run")
        until = time.time() + (15 if waits else 75)
        while child.alive() and time.time() < until and not (waits and child.said()[1]):
            time.sleep(0.05)
        if child.alive() and not waits:
            raise Crashed(f"`{command}` waits for ever for a server that {name}")
        if child.alive() and not child.said()[1]:
            raise Crashed(f"`{command}` says nothing in 15 s")
        child.send(signal.SIGTERM)
        said = child.end(20, signals=(signal.SIGTERM,) if not waits else ())
        no_escapes(said)
        if said.code == 0:
            raise Lost("code 0")
        if SECRET in said.out + said.err or SECRET.encode() in server.saw:
            raise Lost("the password is shown, or was sent in the clear")
    server.socket.close()


FULL = {
    "stdout closed": {"stdout": " >&-"},
    "stderr closed": {"stderr": " 2>&-"},
    "both closed": {"stdout": " >&-", "stderr": " 2>&-"},
    "stdin closed": {"stdout": " <&-"},
    "all closed": {"stdout": " <&- >&-", "stderr": " 2>&-"},
    "stdout full": {"stdout": " >/dev/full"},
    "stderr full": {"stderr": " 2>/dev/full"},
    "both full": {"stdout": " >/dev/full", "stderr": " 2>/dev/full"},
    "no HOME": {"without": ("HOME", "XDG_CACHE_HOME")},
    "a HOME that is not there": {"HOME": "/nowhere/at/all", "XDG_CACHE_HOME": "/nowhere/cache"},
    "no PATH": {"without": ("PATH",)},
    **{f"TERM={term}": {"TERM": term} for term in ("", "dumb", "xterm-256color", "no-such", "x" * 5000)},
    **{f"COLUMNS={columns}": {"COLUMNS": columns} for columns in ("0", "1", "10000", "-5", "99999999999999999999")},
    **{f"TZ={zone}": {"TZ": zone} for zone in ("America/New_York", "Asia/Kolkata", "no/such", ":/etc/passwd", "x" * 5000)},
    **{f"LC_ALL={locale}": {"LC_ALL": locale, "LANG": locale} for locale in ("de_DE.UTF-8", "tr_TR.UTF-8", "ar_EG", "C", "no_SUCH")},
    **{
        f"{name}={value}": {name: value}
        for name, value in (
            ("NO_COLOR", "1"),
            ("RUST_BACKTRACE", "full"),
            ("TOILE_STORAGE", ""),
            ("TOILE_DATA_DIR", ""),
            ("TMPDIR", "/nowhere"),
        )
    },
}
THREADS = {f"{threads} threads": threads for threads in (1, 2, 3, 16, 64)}
WIDTHS = {f"a terminal of {columns} columns": columns for columns in (0, 1, 7, 20, 80, 10_000)}
READERS = {f"the reader leaves after {count} bytes": count for count in (0, 1, 100)}


def on_a_terminal(place, columns):
    """On a pseudo terminal of this width; its output is read to the end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [str(place.ground.toile), "run", "study.toml", "--out", "o"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(place.path("home")), "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=place.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)

    def read():
        try:
            while os.read(ours, 65_536):
                pass
        except OSError:
            pass

    threading.Thread(target=read, daemon=True).start()
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Crashed("hung on a terminal") from None


def cut_off(place, count):
    """The reader of the output leaves after so many bytes."""
    command = [str(place.ground.toile), "run", "study.toml", "--out", "o"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(place.path("home"))}
    process = subprocess.Popen(
        command, cwd=place.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    process.stdout.read(count)
    process.stdout.close()
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Crashed("hung after its reader left") from None


@row(
    "streams",
    "streams closed, full, cut off; TERM, COLUMNS, zones, locales, no HOME, threads, terminals of 0 to 10,000 columns",
    sample=20,
    full=[*FULL, *THREADS, *WIDTHS, *READERS],
)
def streams(ground, chance, name):
    with ground.place() as place:
        if name in WIDTHS:
            code = on_a_terminal(place, WIDTHS[name])
        elif name in READERS:
            code = cut_off(place, READERS[name])
        elif name in THREADS:
            code = place.toile("run", "study.toml", "--out", "o", "--threads", THREADS[name]).code
        else:
            code = place.run(**FULL[name]).code
        if code < 0 or code == 101:
            raise Crashed(f"code {code}")
        if code == 0:
            place.same()
        place.goes_on()


YEAR = 31_557_600
CLOCKS = [("2 years back", -2 * YEAR, 1), ("50 years back", -50 * YEAR, 1), ("1970", None, 1), ("14 years ahead", 14 * YEAR, 1)]
CLOCKS += [
    ("a thousand times as fast", 0, 1000),
    ("a hundred times as slow", 0, 0.01),
    ("backwards", 0, -1),
    ("before 1970", -100 * YEAR, 1),
]
CLOCKS += [("the last second of 9999", 253_402_300_799, 1), ("in the year 300000", 9_400_000_000_000, 1)]


@row(
    "clocks",
    "clocks: years back and ahead, 1970, the end of 9999, fast, slow, backwards, set between kill and resume",
    sample=10,
    full=CLOCKS,
)
def clocks(ground, chance, clock):
    name, offset, rate = clock
    if offset is None:
        offset = -int(time.time())
    if offset > 1e11:
        offset -= int(time.time())
    with ground.place() as place:
        child = place.start_run(shim={"ATTACK_CLOCK": f"{offset}:{rate}"})
        time.sleep(chance.random() * ground.seconds(SMALL))
        child.kill()
        place.goes_on(shim={"ATTACK_CLOCK": f"{offset}:{rate}"})
        place.goes_on()
