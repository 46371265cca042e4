"""Whether `mixed_bfloat16` trains as Keras' policy of that name and PyTorch's autocast do: the losses of some seeds each.

    python benches/dtype_policies.py --toile PATH --data DIR [--python torch=PATH,keras=PATH] [--only dense|deeper|cnn] [--write]

Each net is trained from as many seeds in each library, in 32-bit floats and in bfloat16, from the same weights and in the same
order; what is compared is the running loss of the last epoch. Between libraries weights and order differ, and so do the means:
how much chance does, the spread over seeds says. Speeds are not looked at. The other arguments are listed by `--help`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from typing import Any

import page
import peers
import toile_runs

SEEDS = 5
IMAGES = 60_000


@dataclasses.dataclass(frozen=True)
class Work:
    """A net, the epochs that it is trained for, and the longest that a peer may take for all seeds."""

    model: str
    title: str
    epochs: int
    patience: float

    @property
    def arguments(self) -> list[str]:
        return ["--model", self.model, "--optimizer", "adam", "--batch-size", "256", "--epochs", str(self.epochs)]


WORKS = (
    Work("dense", "784-32-10", 8, 1_800),
    Work("deeper", "784-64-32-32-10", 8, 1_800),
    Work("cnn", "the CNN", 2, 7_200),
)

# The library, and what tells its script to compute in bfloat16.
LIBRARIES = (
    (next(peer for peer in peers.PEERS if peer.name == "torch"), "PyTorch", "autocast", ("--bf16",)),
    (
        next(peer for peer in peers.PEERS if peer.name == "keras-tensorflow"),
        "Keras on TensorFlow",
        "mixed_bfloat16",
        ("--dtype-policy", "mixed_bfloat16"),
    ),
)


def of_toile(work: Work, arguments: argparse.Namespace) -> dict[str, list[float]]:
    """The last running loss of each seed, by policy."""
    found = {}
    for policy in ("float32", "mixed_bfloat16"):
        study = toile_runs.Study(
            arguments.data,
            work.model,
            epochs=1 if arguments.trial else work.epochs,
            threads=arguments.threads,
            seeds=SEEDS,
            dtype_policy=policy,
        )
        runs = toile_runs.run(arguments.toile, study).runs
        found[f"toile, {policy}"] = [run["epochs"][-1]["loss"] for run in runs]
    return found


def of_peer(
    work: Work, arguments: argparse.Namespace, peer: peers.Peer, name: str, policy: str, more: tuple[str, ...]
) -> dict[str, list[float]]:
    found = {}
    for words, settings in (("float32", ()), (policy, more)):
        options = [
            *work.arguments,
            "--images",
            str(IMAGES),
            "--no-evaluation",
            "--threads",
            str(arguments.threads),
            *settings,
        ]
        options += ["--data", str(arguments.data)] if arguments.data else []
        points = [{"seed": 1 + seed} for seed in range(SEEDS)]
        if arguments.trial:
            options, points = [*options, "--trial"], points[:2]
        results = peers.run_points(peer, arguments.python, points, options, work.patience)
        found[f"{name}, {words}"] = [result["losses"][-1] for result in results]
    return found


def cell(losses: list[float] | None) -> str:
    if not losses:
        return "–"
    spread = f" ± {statistics.stdev(losses):.4f}" if len(losses) > 1 else ""
    return f"{statistics.mean(losses):.4f}{spread}"


def tables(results: dict[str, dict[str, list[float]]]) -> str:
    works = [work for work in WORKS if work.model in results]
    columns = list(dict.fromkeys(name for work in works for name in results[work.model]))
    rows = [[name, *(cell(results[work.model].get(name)) for work in works)] for name in columns]
    heads = [f"{work.title}, epoch {work.epochs}" for work in works]
    table = page.table([f"running training loss, {SEEDS} seeds: mean ± standard deviation", *heads], rows)
    return f"{table}\n\n{differences(results)}"


def differences(results: dict[str, dict[str, list[float]]]) -> str:
    """By how much bfloat16 moves the loss of a seed in each library, and how far seeds lie apart."""
    rows = []
    for work in WORKS:
        found = results.get(work.model, {})
        for name, policy in (("toile", "mixed_bfloat16"), *((title, policy) for _, title, policy, _ in LIBRARIES)):
            floats, halves = found.get(f"{name}, float32", []), found.get(f"{name}, {policy}", [])
            if len(floats) != len(halves) or len(floats) < 2:
                continue
            moved = [half - whole for whole, half in zip(floats, halves, strict=True)]
            mean, error = statistics.mean(moved), statistics.stdev(moved) / len(moved) ** 0.5
            rows.append([f"{work.title}: {name}", f"{mean:+.4f} ± {error:.4f}", f"{statistics.stdev(floats):.4f}"])
    head = ["by how much bfloat16 moves the loss", "mean over seeds ± standard error", "spread over seeds"]
    return page.table(head, rows)


def publish(content: dict[str, Any], place: page.Place) -> None:
    sentence = page.machine_sentence(content["machine"], content["data"])
    page.fill({"policies": f"{sentence}\n\n{tables(content['results'])}"}, place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers.add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("the folder of the images is needed: --data FOLDER")
    machine = page.machine(arguments.threads)
    merge = bool(arguments.only) and not arguments.trial
    if arguments.write and merge:
        page.require_same_machine("policies.json", machine)
    present, notes = peers.installed(arguments.python, tuple(library[0] for library in LIBRARIES))
    print(*notes, sep="\n")
    results: dict[str, dict[str, list[float]]] = {}
    for work in WORKS:
        if arguments.only and work.model not in arguments.only:
            continue
        results[work.model] = of_toile(work, arguments)
        for peer, name, policy, more in LIBRARIES:
            if peer not in present:
                continue
            try:
                results[work.model] |= of_peer(work, arguments, peer, name, policy, more)
            except peers.PeerError as error:
                if arguments.trial:
                    raise
                notes.append(f"{work.title}: {error}.")
        print(work.model, json.dumps(results[work.model]), flush=True)
    print(tables(results))
    data = toile_runs.Source(arguments.data).words
    content = {"machine": machine, "data": data, "results": results, "notes": notes}
    if arguments.write:
        with page.place(arguments.trial) as here:
            publish(page.save("policies.json", content, "results", merge, here), here)


if __name__ == "__main__":
    main()
