"""The peers as other scripts see them: which there are, whether their packages are installed, and how one is run.

Each runs in a process of its own and in the Python that is named for it (`--python torch=/path/to/python,keras=…`).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Peer:
    """A script with its arguments. `python` is the name under which `--python` gives its interpreter."""

    name: str
    title: str
    python: str
    packages: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    backend: str = ""
    dense_only: bool = False
    cnn_only: bool = False
    cnn_steps: int = 12


PEERS = (
    Peer("numpy", "NumPy by hand", "numpy", ("numpy",), dense_only=True),
    Peer("jax", "JAX", "jax", ("jax",)),
    Peer("torch", "PyTorch", "torch", ("torch",)),
    Peer("torch-bf16", "PyTorch, bf16", "torch", ("torch",), ("--bf16",), cnn_only=True),
    Peer("keras-jax", "Keras on JAX", "keras", ("keras", "jax"), backend="jax", cnn_steps=3),
    Peer("keras-tensorflow", "Keras on TensorFlow", "keras", ("keras", "tensorflow"), backend="tensorflow"),
    Peer(
        "keras-tensorflow-defaults",
        "the same, defaults",
        "keras",
        ("keras", "tensorflow"),
        ("--defaults",),
        "tensorflow",
        dense_only=True,
    ),
)
TITLES = {"toile": "toile"} | {peer.name: peer.title for peer in PEERS}


class PeerError(RuntimeError):
    """A peer ended with an error or took too long."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What every script that runs toile beside the peers takes."""
    parser.add_argument(
        "--toile", type=pathlib.Path, required=True, metavar="PATH", help="the toile binary, built with --release"
    )
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        metavar="DIR",
        help="a folder with Fashion-MNIST's IDX files [default: random pictures]",
    )
    parser.add_argument(
        "--python", type=pythons, default={}, metavar="PEER=PATH,…", help="interpreters of numpy, jax, torch, keras"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", default=[], metavar="KEY", help="only this part (may be repeated)")
    parser.add_argument("--trial", action="store_true", help="try the scripts on little: the numbers mean nothing")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the numbers into docs/performance and docs/performance.md; with --trial, into a copy of both",
    )


def pythons(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(",") if pair)


def installed(interpreters: dict[str, str], peers: tuple[Peer, ...] = PEERS) -> tuple[list[Peer], list[str]]:
    """The peers that can run here, and a note for each that cannot."""
    present, notes = [], []
    for peer in peers:
        if _has(interpreters.get(peer.python, sys.executable), peer.packages):
            present.append(peer)
        else:
            notes.append(f"{peer.title} is left out: {' or '.join(peer.packages)} is not installed.")
    return present, notes


def _has(python: str, packages: tuple[str, ...]) -> bool:
    code = f"import importlib.util as u, sys; sys.exit(any(u.find_spec(p) is None for p in {packages!r}))"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def start(
    peer: Peer, interpreters: dict[str, str], arguments: list[str], core: int | None = None
) -> subprocess.Popen[str]:
    """Starts a peer, on one core alone if that is said."""
    script = HERE / f"peer_{peer.python}.py"
    command = [interpreters.get(peer.python, sys.executable), str(script), *peer.arguments, *arguments]
    environment = os.environ | ({"KERAS_BACKEND": peer.backend} if peer.backend else {})
    pin: Callable[[], None] | None = None if core is None else lambda: os.sched_setaffinity(0, {core})
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=pin
    )


def finish(peer: Peer, process: subprocess.Popen[str], seconds: float) -> list[dict[str, Any]]:
    """The results that a started peer prints."""
    try:
        out, error = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise PeerError(f"{peer.title} took more than {seconds:.0f} s") from None
    if process.returncode != 0:
        last = error.strip().splitlines()[-1:] or ["it said nothing"]
        raise PeerError(f"{peer.title} ended with {process.returncode}: {last[0]}")
    return [json.loads(line) for line in out.splitlines() if line.startswith('{"peer"')]


def run_points(
    peer: Peer, interpreters: dict[str, str], points: list[dict[str, Any]], arguments: list[str], seconds: float
) -> list[dict[str, Any]]:
    """Several jobs in one process, so that it imports only once."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(points, file)
        file.flush()
        return finish(peer, start(peer, interpreters, ["--points", file.name, *arguments]), seconds)
