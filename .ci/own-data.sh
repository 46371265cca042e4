#!/usr/bin/env bash
# The lines of docs/own-data.md, as they stand there: from a folder of pictures to ONNX Runtime, Keras and PyTorch, which
# must give the recorded accuracy.
#
#     .ci/own-data.sh TOILE [VENV]
#
# TOILE is the program; VENV a folder for the Python packages, made if it is not there. The pictures are drawn garments, some of them as JPEG.
set -euo pipefail
toile=$(realpath "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
venv=${2:-$work/venv}

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    numpy pillow onnxruntime keras jax torch safetensors

# Folders of pictures, a class each, as a user has them: 60 PNG and 20 JPEG files, and what a file manager leaves there.
cd "$work"
"$toile" data convert drawn-garments --to folders --out all >/dev/null
"$venv/bin/python" - <<'PYTHON'
import pathlib
import shutil

from PIL import Image

for folder in sorted(pathlib.Path("all/train").iterdir()):
    own = pathlib.Path("pictures") / folder.name
    own.mkdir(parents=True)
    for i, file in enumerate(sorted(folder.glob("*.png"))[:80]):
        if i % 4 == 0:
            Image.open(file).convert("L").save(own / f"{file.stem}.jpg", quality=95)
        else:
            shutil.copy(file, own)
pathlib.Path("pictures/.DS_Store").write_bytes(b"\0\0\0\1Bud1")
PYTHON
rm -rf all

mkdir bin
ln -s "$toile" bin/toile
PATH=$work/bin:$venv/bin:$PATH
# The lines between ```sh and ```, of which there is one block.
sed -n '/^```sh$/,/^```$/p' "$here/docs/own-data.md" | sed '1d;$d' >lines.sh
[ "$(wc -l <lines.sh)" = 10 ] || { echo "docs/own-data.md: expected one block of ten lines of shell" >&2; exit 1; }
bash -euo pipefail -x lines.sh | tee said
# Every program's accuracy, and the recorded one, are the same number.
"$venv/bin/python" - <<'PYTHON'
import json
import re

said = open("said").read()
found = re.findall(r"^(?:ONNX Runtime|Keras|PyTorch) ([0-9.]+)$", said, re.M)
runs = json.load(open("out/results.json"))["runs"]
run = next(run for run in runs if run["name"] == "CNN")
recorded = run["final"]["test_accuracy"]
assert len(found) == 3, f"{len(found)} accuracies of 3:\n{said}"
for accuracy in found:
    assert abs(float(accuracy) - recorded) < 5e-7, f"{accuracy}, recorded is {recorded}"
assert recorded > 0.5, f"{recorded}: the network learned nothing"
print(f"ONNX Runtime, Keras and PyTorch: {recorded}, the recorded accuracy")
PYTHON
