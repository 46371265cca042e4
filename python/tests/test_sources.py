"""The two workspaces of Cargo stay alike: the module's own and the one of the program."""

import pathlib
import tomllib

import pytest

PYTHON = pathlib.Path(__file__).parent.parent
ROOT = PYTHON.parent


def read(path: pathlib.Path) -> dict:
    return tomllib.loads(path.read_text())


def test_they_have_one_version() -> None:
    assert (
        read(PYTHON / "Cargo.toml")["package"]["version"]
        == read(ROOT / "Cargo.toml")["workspace"]["package"]["version"]
    )


def test_what_both_lock_has_the_same_version() -> None:
    def locked(path: pathlib.Path) -> dict:
        versions: dict = {}
        for package in read(path)["package"]:
            versions.setdefault(package["name"], set()).add(package["version"])
        return versions

    ours, theirs = locked(PYTHON / "Cargo.lock"), locked(ROOT / "Cargo.lock")
    both = ours.keys() & theirs.keys()
    assert "toile" in both and len(both) > 100
    other = {name: (ours[name], theirs[name]) for name in both if not ours[name] <= theirs[name]}
    assert other == {}, (
        "bring python/Cargo.lock up to date: cargo update --manifest-path python/Cargo.toml -p NAME --precise VERSION"
    )


def test_what_both_release_is_compiled_alike() -> None:
    ours, theirs = (read(folder / "Cargo.toml")["profile"]["release"] for folder in (PYTHON, ROOT))
    packages, their_packages = ours.pop("package"), theirs.pop("package")
    assert ours == theirs
    for folder in sorted((ROOT / "crates").iterdir()):
        name = "toile" if folder.name == "toile" else f"toile-{folder.name}"
        default = {key: theirs[key] for key in ("opt-level", "overflow-checks")}
        assert packages.pop(name) == default | their_packages.pop(name, {}), f"[profile.release.package.{name}]"
    # The tests of the program are built of more than the program is.
    locked = {package["name"] for package in read(PYTHON / "Cargo.lock")["package"]} | {"*"}
    assert packages == {name: settings for name, settings in their_packages.items() if name in locked}


@pytest.mark.parametrize("name", ["LICENSE-APACHE", "LICENSE-MIT"])
def test_the_licences_are_those_of_the_project(name: str) -> None:
    assert (PYTHON / name).read_bytes() == (ROOT / name).read_bytes()
