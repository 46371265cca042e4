#!/usr/bin/env bash
# Makes the wheel: dist/toile_lab-VERSION-cp311-abi3-manylinux_….whl, with the program and the module, for Python 3.11 and later.
#
#     python/build-wheel.sh [VENV]
#
# Needs Rust, a C compiler, python3 with venv and a package index. VENV is a folder for the tools, made if it is not there. What is
# compiled goes into Cargo's target folder of the project, where the program's own release build finds most of what it needs, and the other way round.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${1:-${CARGO_TARGET_DIR:-$PWD/target}/wheel-tools}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

[ -x "$tools/bin/python" ] || python3 -m venv "$tools"
"$tools/bin/python" -m pip install --quiet --disable-pip-version-check maturin==1.16.0 auditwheel==6.8.2

# An older wheel must not be taken for this one.
rm -f dist/toile_lab-*.whl
"$tools/bin/maturin" build --release --locked --quiet --manifest-path python/Cargo.toml --out dist
wheel=$(echo dist/toile_lab-*.whl)

# The tag in the name is a promise about the systems that it runs on: what auditwheel finds in it must be that, or older.
"$tools/bin/python" - "$wheel" <<'PYTHON'
import json
import pathlib
import re
import subprocess
import sys
import zipfile

wheel = pathlib.Path(sys.argv[1])
found = re.fullmatch(r"toile_lab-[0-9.]+-cp311-abi3-manylinux_(\d+)_(\d+)_\w+\.whl", wheel.name)
if not found:
    sys.exit(f"{wheel}: expected toile_lab-VERSION-cp311-abi3-manylinux_X_Y_MACHINE.whl")
audit = subprocess.run(
    [sys.executable, "-m", "auditwheel", "show", str(wheel)], capture_output=True, text=True, check=True
)
tag = re.search(r'consistent with the following platform tag:\s*"manylinux_(\d+)_(\d+)_', re.sub(r"\s+", " ", audit.stdout))
if not tag or tuple(map(int, tag.groups())) > tuple(map(int, found.groups())):
    sys.exit(f"{wheel}: auditwheel does not find its name's tag in it\n{audit.stdout}{audit.stderr}")
with zipfile.ZipFile(wheel) as content:
    unpacked = sum(part.file_size for part in content.infolist())
print(f"{wheel}: {wheel.stat().st_size / 1e6:.1f} MB, installed {unpacked / 1e6:.1f} MB; auditwheel: manylinux_{tag[1]}_{tag[2]}")
PYTHON
