"""The walk of docs/python.md and the programs of examples/ run as they stand."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent


def run(tmp_path: pathlib.Path, *command: str) -> str:
    """Runs a program in a folder of its own."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_walk(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    text = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 8
    (tmp_path / "walk.py").write_text("\n".join(blocks), encoding="utf-8")
    assert "no argument `kernel_constraint`" in run(tmp_path, "walk.py")


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*.py")))
def test_an_example(name: str, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    assert run(tmp_path, str(ROOT / "examples" / name)).strip()
