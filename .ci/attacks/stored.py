"""What is stored: bits, cuts, zeroed sectors, values falsified by SQL, files of a finished folder. Nothing is believed."""

import os
import shutil
import sqlite3

from .ground import Lost, row
from .kills import cut, flip, zeroed
from .same import difference, outcome, results


def finished_copy(place):
    shutil.copytree(place.ground.finished(), place.path("o"))
    return place.path("o/store.sqlite")


def not_believed(place):
    """`verify` and `report`, each with code 0, stand for the numbers that were written; `run` makes them again."""
    verified = place.toile("verify", "o")
    reported = place.toile("report", "o")
    expected, found = results(place.ground.finished()), None
    if reported.code == 0:
        found = results(place.path("o"))
        if found != expected:
            raise Lost(f"`report` believes: {difference(expected, found)}")
    said = place.run()
    if said.code == 0:
        place.same()
    elif "error" not in said.err:
        raise Lost(f"`run` ends with {said.code} without a reason: {said.last()}")
    return verified, reported, said


BYTES = [("bit", flip)] * 240 + [("cut", cut)] * 60 + [("zeroed", zeroed)] * 40


@row("store", "store.sqlite: bits flipped, cuts, zeroed sectors; `verify`, `report`, `run` each", sample=36, full=BYTES)
def store(ground, chance, damage):
    with ground.place() as place:
        damage[1](finished_copy(place), chance)
        not_believed(place)


def sqlite_of_another(file):
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE cats (name TEXT)")


def link_to_nowhere(file):
    file.unlink()
    file.symlink_to("/nowhere/at/all")


def pipe(file):
    file.unlink()
    os.mkfifo(file)


def folder(file):
    file.unlink()
    file.mkdir()


OTHERS = {
    "empty": lambda file: file.write_bytes(b""),
    "text": lambda file: file.write_text("name = 'x'\n" * 1000),
    "header alone": lambda file: file.write_bytes(file.read_bytes()[:100]),
    "zeros": lambda file: file.write_bytes(bytes(245_760)),
    "noise after the header": lambda file: file.write_bytes(file.read_bytes()[:100] + os.urandom(245_660)),
    "somebody's database": sqlite_of_another,
    "folder": folder,
    "pipe": pipe,
    "link to nowhere": link_to_nowhere,
}


@row("other-store", "another file in place of store.sqlite", sample=9, full=[*OTHERS])
def other_store(ground, chance, name):
    with ground.place() as place:
        OTHERS[name](finished_copy(place))
        not_believed(place)


FALSE = [
    "UPDATE toile_epoch SET val_loss = val_loss * 2 WHERE epoch = 2",
    "UPDATE toile_epoch SET val_accuracy = 0.99",
    "UPDATE toile_epoch SET epoch = 9223372036854775807 WHERE epoch = 3",
    "DELETE FROM toile_epoch WHERE epoch = 2",
    "DELETE FROM toile_epoch",
    "UPDATE toile_evidence SET accuracy = 1.0",
    "UPDATE toile_evidence SET loss = -1",
    "DELETE FROM toile_evidence",
    "DELETE FROM toile_evidence WHERE part = 'validation'",
    "UPDATE toile_evidence SET part = 'other' WHERE part = 'validation'",
    "UPDATE toile_evidence SET losses = zeroblob(length(losses))",
    "UPDATE toile_evidence SET losses = x''",
    "UPDATE toile_evidence SET predictions = x'00'",
    "UPDATE toile_evidence SET predictions = zeroblob(length(predictions))",
    "UPDATE toile_evidence SET confidences = zeroblob(length(confidences))",
    "UPDATE toile_run SET seed = -5",
    "UPDATE toile_run SET name = 'Eve'  WHERE name = 'Adam'",
    "UPDATE toile_run SET model = 'modml'",
    "UPDATE toile_run SET plan = replace(plan, '0.001', '0.002')",
    "UPDATE toile_run SET plan = '{}'",
    "UPDATE toile_run SET summary = replace(summary, '832', '833')",
    "UPDATE toile_run SET published = '{\"test_accuracy\": 0.5}'",
    "UPDATE toile_run SET note = 'false'",
    "UPDATE toile_run SET folder = '../../outside'",
    "UPDATE toile_run SET folder = 'runs/elsewhere'",
    "UPDATE toile_run SET folder = '/tmp/outside-of-the-attack'",
    "UPDATE toile_run SET position = 7",
    "UPDATE toile_training SET seed = -5",
    "UPDATE toile_training SET weights_sha256 = 'abc'",
    "UPDATE toile_training SET parameters = 1",
    "UPDATE toile_study SET test_labels = replace(test_labels, x'00', x'FF')",
    "UPDATE toile_study SET test_labels = zeroblob(length(test_labels))",
    "UPDATE toile_study SET question = '<script>alert(1)</script>'",
    "UPDATE toile_study SET data = '{}'",
    "UPDATE toile_search SET record = replace(record, 'median', 'nop')",
    "UPDATE toile_search SET record = '{}'",
    "UPDATE trial_values SET value = 0.123",
    "UPDATE trial_intermediate_values SET intermediate_value = 0.5 WHERE step = 1",
    "UPDATE trial_params SET param_value = 0.05 WHERE param_name LIKE '%learning_rate'",
    "UPDATE trials SET number = 1",
    "UPDATE trials SET number = number + 100",
    "DELETE FROM trial_params",
    "DELETE FROM trial_values",
    "UPDATE toile_trial SET checksum = NULL",
    "UPDATE toile_run SET checksum = NULL, seed = seed + 1",
    "UPDATE toile_run SET evidence_checksum = NULL",
    "DELETE FROM toile_evidence WHERE part = 'test'",
    "UPDATE toile_opening SET run_id = 'f' || opening_id",
    "UPDATE toile_training SET ended = NULL",
    "DROP TABLE toile_epoch",
]


@row("sql", "store.sqlite falsified by SQL", sample=14, full=FALSE)
def sql(ground, chance, statement):
    with ground.place() as place:
        database = sqlite3.connect(finished_copy(place))
        with database:
            # What a stranger does who knows the triggers.
            for (trigger,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'toile%once'"
            ).fetchall():
                database.execute(f"DROP TRIGGER {trigger}")
            database.execute(statement)
        database.close()
        verified, reported, _ = not_believed(place)
        if verified.code == 0 and reported.code != 0:
            raise Lost("`verify` finds nothing, and `report` refuses")
        if place.path("../outside").exists() or os.path.exists("/tmp/outside-of-the-attack"):
            raise Lost("something was written outside of the folder")


def same_size_noise(file):
    file.write_bytes(os.urandom(file.stat().st_size))


CHANGES = {
    "deleted": lambda file: file.unlink(),
    "emptied": lambda file: file.write_bytes(b""),
    "noise": same_size_noise,
    "folder": folder,
    "pipe": pipe,
    "link to nowhere": link_to_nowhere,
    "link to a device": lambda file: (file.unlink(), file.symlink_to("/dev/full")),
}
FILES = ["report.html", "report.md", "results.json", "results.csv", "trials.csv", "runs/adam-seed-3/history.csv"]
FILES += ["runs/adam-seed-3/weights.safetensors", "runs/momentum-seed-3/weights.safetensors", "runs", ".lock"]
ATTEMPTS = [(name, change) for name in FILES for change in CHANGES if name != "runs" or change != "noise"]


@row("files", "files of a finished folder deleted, emptied, replaced by folders, pipes, devices, links", sample=18, full=ATTEMPTS)
def files(ground, chance, attempt):
    name, change = attempt
    with ground.place() as place:
        finished_copy(place)
        file = place.path("o") / name
        if file.is_dir():
            shutil.rmtree(file)
            file.write_bytes(b"")
        CHANGES[change](file)
        verified = place.toile("verify", "o")
        if ("weights" in name or name == "runs") and verified.code == 0:
            raise Lost(f"`verify` does not notice: {name} {change}")
        place.toile("report", "o")
        said = place.run()
        if said.code == 0:
            place.same()
        elif "error" not in said.err:
            raise Lost(f"`run` ends with {said.code} without a reason: {said.last()}")
        if said.code == 0 and outcome(place.path("o"))["weights"] != ground.undisturbed()["weights"]:
            raise Lost("code 0, and the weights are not there")
