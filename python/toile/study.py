"""Studies from Python: the program does the work in a process of its own, and what it records is read here.

Nothing that was trained is lost if Python ends: the next `run` of the same study goes on.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from toile._native import folder_name, toml_section
from toile._progress import in_notebook, shown_lines
from toile._setting import plain
from toile.layers import Input, Rescaling
from toile.losses import Loss
from toile.optimizers import Optimizer

_Path = str | os.PathLike[str]


class StudyError(ValueError):
    """What the program says is wrong: with a study file, with data, with a name."""


def _program(arguments: Sequence[str], *, shows: bool = False, stdin: str | None = None) -> str:
    """Runs the program; returns what it prints.

    Raises:
        StudyError: It ends with an error, whose words these are.
        KeyboardInterrupt: It was stopped by Ctrl-C; what was recorded stays.
    """
    command = [sys.executable, "-m", "toile", *arguments]
    # A notebook has no terminal of its own: what the program wrote to one would stand where its server was started.
    in_cell = shows and in_notebook()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=None if shows and stdin is None and not in_cell else subprocess.PIPE,
        stderr=subprocess.STDOUT if in_cell else None if shows else subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # In a group of its own a terminal's Ctrl-C reaches it through this process alone: twice would mean not to wait.
        process_group=0,
    )
    try:
        if in_cell:
            out, error = "\n".join(shown_lines(process.stdout)), None
            process.wait()
        else:
            out, error = process.communicate(stdin)
    except BaseException:
        _stop(process)
        raise
    if process.returncode in (0, 3, 4):
        return out or ""
    if process.returncode == 130:
        raise KeyboardInterrupt
    words = (error or "").strip() or f"the program ended with {process.returncode}; its message stands above"
    raise StudyError(words)


def _stop(process: subprocess.Popen[str]) -> None:
    """Asks the program to put away what it is doing, and waits; a second Ctrl-C is passed on, and ends it at once."""
    while process.poll() is None:
        try:
            process.send_signal(signal.SIGINT)
            process.communicate()
        except KeyboardInterrupt:
            continue


def _json(table: Mapping[str, Any]) -> str:
    """A table of a study file as JSON.

    Raises:
        StudyError, TypeError: What no study file can hold.
    """
    try:
        text = json.dumps(table, default=_written, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise StudyError(f"a study holds finite numbers alone ({error}): {table!r}") from None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise StudyError(f"{text!r} is no Unicode text: {error}") from None
    return text


def _written(value: Any) -> str:
    """What JSON does not know."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Input | Rescaling):
        raise StudyError(
            f"a study's networks begin with its data, of which it knows shape and bytes; leave {value!r} out"
        )
    raise TypeError(f"a study holds no {type(value).__name__}: {value!r}")


def _spelled_out(value: Any) -> Any:
    """The same with all that classes of `toile` say beyond their own table: schedules, label smoothing, models."""
    if type(value).__module__.startswith("toile.") and hasattr(value, "count_params"):
        return {"layers": value.layers}
    if isinstance(value, Mapping):
        table = {name: _spelled_out(item) for name, item in value.items()}
        optimizer, loss = value.get("optimizer"), value.get("loss")
        if isinstance(optimizer, Optimizer) and optimizer.schedule is not None:
            _add(table, "schedule", optimizer.schedule, optimizer)
        if isinstance(loss, Loss) and loss.label_smoothing != 0:
            _add(table, "label_smoothing", loss.label_smoothing, loss)
        return table
    if isinstance(value, list | tuple):
        for item in value:
            extra = getattr(item, "schedule", None) or getattr(item, "label_smoothing", 0)
            if isinstance(item, Optimizer | Loss) and extra:
                raise StudyError(
                    f"{item!r} in a list: a list has no place for its {'schedule' if isinstance(item, Optimizer) else 'label_smoothing'}; "
                    "write runs of their own"
                )
        return [_spelled_out(item) for item in value]
    return value


def _add(table: dict[str, Any], name: str, value: Any, owner: Any) -> None:
    if table.get(name) is not None:
        raise StudyError(f"`{name}` is said twice: by {owner!r} and beside it")
    table[name] = value


def _study_text(tables: Mapping[str, Any]) -> str:
    """A dictionary as a study file: its tables and lists of tables as sections."""
    sections: list[str] = []

    def section(path: list[str], table: Any, one_of_several: bool = False) -> None:
        if not isinstance(table, Mapping):
            head = ".".join(path)
            head = f"[[{head}]]" if one_of_several else f"[{head}]"
            raise StudyError(f"`{head}`: expected a table (a dictionary), found {table!r}")
        sections.append(toml_section(path, one_of_several, _json(table)))

    for name, value in tables.items():
        if value is None:
            continue
        if name == "models" and isinstance(value, Mapping):
            for model, table in value.items():
                section([name, model], table)
        elif isinstance(value, Mapping):
            section([name], value)
        elif isinstance(value, list | tuple):
            for table in value:
                section([name], table, one_of_several=True)
        else:
            raise StudyError(f"`{name}`: expected a table or a list of tables, found {value!r}")
    return "\n".join(sections)


class Study:
    """A study: models, runs, searches and the data that they are trained on.

    Args:
        text: A study file's text, as docs/study-file.md describes it.
    """

    def __init__(self, text: str, *, name: str = "study.toml", folder: _Path | None = None) -> None:
        if not isinstance(text, str):
            raise TypeError(
                f"Study: expected a study file's text, found a {type(text).__name__}; `Study.from_dict` takes tables"
            )
        self.text = text
        self._name = name
        self._folder = pathlib.Path(folder) if folder is not None else None

    @classmethod
    def from_file(cls, path: _Path) -> Study:
        """The study of a file. Relative paths in it start at the file's folder.

        Raises:
            OSError: It cannot be read.
            StudyError: It is no text in UTF-8.
        """
        path = pathlib.Path(path)
        try:
            return cls(path.read_text(encoding="utf-8"), name=path.name, folder=path.parent)
        except UnicodeDecodeError as error:
            raise StudyError(f"`{path}` is no text in UTF-8: {error}") from None

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> Study:
        """The study of a dictionary with the tables of a study file: `study`, `models`, `defaults`, `runs`, `searches` and so on.

        Layers, optimizers (with their schedules), losses and callbacks of `toile` may stand in it, and a `Sequential` for a model,
        whose layers it takes. What is None is left out. Relative paths start at the current folder.

        Raises:
            StudyError, TypeError: What no study file can hold. The study itself is checked by `plan` and `run`.
        """
        if not isinstance(tables, Mapping):
            raise TypeError(f"from_dict: expected a dictionary, found a {type(tables).__name__}")
        return cls(_study_text(plain(_spelled_out(tables))))

    @classmethod
    def built_in(cls, name: str) -> Study:
        """A study that comes with toile: `fashion-mnist`, `quick`, `drawn-garments`."""
        with tempfile.TemporaryDirectory() as place:
            file = pathlib.Path(place) / "study.toml"
            _program(["init", f"--from={name}", "--", str(file)])
            return cls(file.read_text(encoding="utf-8"), name=f"{name}.toml")

    @contextlib.contextmanager
    def _file(self) -> Any:
        """The study file: the user's own, or one that lies where its data do."""
        if self._folder is not None and (self._folder / self._name).is_file():
            file = self._folder / self._name
            if file.read_text(encoding="utf-8") == self.text:
                yield file
                return
        # Paths in it are meant from the current folder.
        handle, name = tempfile.mkstemp(suffix=".toml", prefix=".study-", dir=self._folder or pathlib.Path.cwd())
        file = pathlib.Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(self.text)
            yield file
        finally:
            file.unlink(missing_ok=True)

    def plan(self) -> str:
        """What would be trained, and what it takes; nothing is trained.

        Raises:
            StudyError: All that is wrong with the study.
        """
        with self._file() as file:
            return _program(["plan", "--no-timing", "--", str(file)])

    def run(
        self,
        out: _Path | None = None,
        *,
        progress: bool = True,
        threads: int | None = None,
        seeds: int | None = None,
        only: Sequence[str] = (),
        open_test: bool = False,
    ) -> Results:
        """Trains what is still to be trained, and returns what is recorded.

        Args:
            out: The study's folder; `results/NAME` if not given.
            progress: Whether the program shows its lines: in the terminal, or in the cell of a notebook.
            threads: Threads, 1 to 1024; all processors if not given. The results do not depend on it.
            seeds: How often every run is repeated, whatever the study says: 1 to 1000.
            only: Runs and searches that are trained: names, or one name.
            open_test: Opens the test part of complete runs although others are still to be trained; the record says so.

        Raises:
            StudyError: What the program refuses.
            KeyboardInterrupt: Ctrl-C; the next `run` goes on.
        """
        folder = pathlib.Path(out) if out is not None else pathlib.Path("results") / self._folder_name()
        only = [only] if isinstance(only, str) else only
        arguments = [f"--out={folder}"]
        arguments += ["--threads", str(threads)] if threads is not None else []
        arguments += ["--seeds", str(seeds)] if seeds is not None else []
        arguments += [f"--only={name}" for name in only]
        arguments += ["--open-test"] if open_test else []
        with self._file() as file:
            _program(["run", *arguments, "--", str(file)], shows=progress)
        return Results(folder)

    def _folder_name(self) -> str:
        try:
            name = tomllib.loads(self.text)["study"]["name"]
        except (tomllib.TOMLDecodeError, KeyError, TypeError):
            name = ""
        return folder_name(str(name))


class Results:
    """What a study's folder holds."""

    def __init__(self, folder: _Path) -> None:
        self.folder = pathlib.Path(folder)
        self._tables: dict[str, Any] = {}

    def _table(self, name: str) -> Any:
        """One of the tables as a DataFrame, read once."""
        if not self._tables:
            import pandas

            with tempfile.TemporaryDirectory() as place:
                tables = pathlib.Path(place) / "tables"
                _program(["export", "--format=csv", f"--out={tables}", "--", str(self.folder)])
                self._tables = {file.stem: pandas.read_csv(file) for file in sorted(tables.glob("*.csv"))}
        if name not in self._tables:
            raise StudyError(f"the study has no {name}: it has {', '.join(self._tables)}")
        return self._tables[name].copy()

    def frame(self) -> Any:
        """A row per training: settings, seed, numbers of all parts (pandas)."""
        return self._table("runs")

    def epochs(self) -> Any:
        """A row per epoch of each training (pandas)."""
        return self._table("epochs")

    def trials(self) -> Any:
        """A row per trial of the searches (pandas)."""
        return self._table("trials")

    def verdict(self, a: str, b: str) -> dict[str, Any]:
        """Which of two runs is better, equivalent or undecided, with all that it rests on: what `toile compare --json` says.

        Raises:
            StudyError: There is no run of such a name, or the runs cannot be compared.
        """
        return json.loads(_program(["compare", "--json", "--", str(self.folder), str(a), str(b)]))

    def findings(self) -> Any:
        """What is to be said of the runs: what overfits, what has not converged."""
        return json.loads(_program(["findings", "--json", "--", str(self.folder)]))

    def json(self) -> dict[str, Any]:
        """Everything, as docs/results-json.md describes it.

        Raises:
            StudyError: The folder has no results yet.
        """
        file = self.folder / "results.json"
        if not file.is_file():
            raise StudyError(
                f"there is no `{file}`: `toile run` writes it when it ends, `toile report` from what is recorded"
            )
        return json.loads(file.read_text(encoding="utf-8"))

    def report(self, path: _Path) -> pathlib.Path:
        """Writes the report as one HTML file.

        Raises:
            StudyError: A file is there already, or there is no folder for it, or the study has no results.
        """
        path = pathlib.Path(path)
        if path.exists():
            raise StudyError(f"`{path}` is there already; remove it, or take another name")
        if not path.parent.is_dir():
            raise StudyError(f"there is no folder `{path.parent}` for `{path.name}`; make it first")
        _program(["report", "--", str(self.folder)])
        shutil.copyfile(self.folder / "report.html", path)
        return path

    def _repr_html_(self) -> str:
        """The table of runs, for notebooks."""
        place = html.escape(str(self.folder))
        return f"<p>toile results in <code>{place}</code></p>{self.frame().to_html(index=False, max_rows=50)}"

    def __repr__(self) -> str:
        return f"Results({str(self.folder)!r})"


def judge(records: Mapping[str, Any] | _Path, *, claims: _Path | None = None) -> dict[str, Any]:
    """What results of any framework show: groups, comparisons, claims, findings.

    Args:
        records: Plain records as docs/judge.md describes them: a dictionary, or a file.
        claims: A study file whose claims are weighed.

    Raises:
        StudyError: The records are not as described.

    >>> from toile import judge
    >>> runs = [
    ...     {"name": name, "seed": seed, "test": {"accuracy": accuracy + seed / 1000}}
    ...     for name, accuracy in (("mine", 0.91), ("theirs", 0.90))
    ...     for seed in range(3)
    ... ]
    >>> told = judge({"format": 1, "n_test": 10_000, "classes": 10, "runs": runs})
    >>> told["verdicts"][0]["verdict"], told["groups"]
    ('better', [['mine'], ['theirs']])
    """
    arguments = ["--json"] + ([f"--claims={claims}"] if claims is not None else [])
    if isinstance(records, Mapping):
        return json.loads(_program(["judge", *arguments, "--", "-"], stdin=json.dumps(plain(records))))
    if not isinstance(records, str | os.PathLike):
        raise TypeError(f"judge: expected records as a dictionary, or a file; found a {type(records).__name__}")
    return json.loads(_program(["judge", *arguments, "--", str(records)]))
