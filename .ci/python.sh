#!/usr/bin/env bash
# The wheel: made by its one command, installed into an environment that holds nothing else, its program beside the one that Cargo
# built, a small training by both, and the tests of `python/tests`.
#   .ci/python.sh TOILE    needs cargo, python3 with venv, node (or pyright fetches one), and a package index
set -euo pipefail
cd "$(dirname "$0")/.."
cargos=$(realpath "${1:?the program, built with --release}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! python3 -m venv "$work/venv" 2>/dev/null; then
    .ci/apt-get.sh python3-venv
    rm -rf "$work/venv"
    python3 -m venv "$work/venv"
fi

python/build-wheel.sh "$work/tools"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check dist/toile_lab-*.whl
python=$work/venv/bin/python
said=$("$work/venv/bin/toile" --version)
echo "$said"
[ "$("$python" -m toile --version)" = "$said" ]
# It was compiled for release just now, from this checkout.
grep -qF "(commit $(git rev-parse --short=9 HEAD), instruction set " <<<"$said"

# The same study, the same bits, whoever started the program.
study=(quick --only SGD)
[ -n "${TOILE_DATA_DIR:-}" ] || study=(drawn-garments --only Linear)
hashes() { grep -o '"weights_sha256": "[^"]*"' "$1/results.json"; }
"$cargos" run "${study[@]}" --out "$work/cargo" >/dev/null 2>&1
"$work/venv/bin/toile" run "${study[@]}" --out "$work/wheel" >/dev/null 2>&1
hashes "$work/cargo" >"$work/hash"
hashes "$work/wheel" | cmp - "$work/hash"
echo "the same bits: $(cat "$work/hash")"

"$work/venv/bin/pip" install --quiet --disable-pip-version-check pytest==9.2.0 ruff==0.17.6 mypy pyright==1.1.414 pandas scikit-learn onnxruntime ipython optuna==5.0.0 keras jax
# Networks are exchanged with Keras, on the smallest of its backends.
KERAS_BACKEND=jax TOILE_PROGRAM=$cargos PYTHONDONTWRITEBYTECODE=1 "$work/venv/bin/pytest" -q -p no:cacheprovider --import-mode=importlib --rootdir "$work" python/tests
"$work/venv/bin/ruff" check --quiet --no-cache --config python/ruff.toml python examples
"$work/venv/bin/ruff" format --check --quiet --no-cache --config python/ruff.toml python examples
"$work/venv/bin/mypy" --config-file python/mypy.ini --cache-dir "$work/mypy" python/toile
# It is a program of Node.js.
if ! command -v node >/dev/null; then
    echo "WARNING: node is not here: the stubs were NOT checked by pyright, only by mypy."
    exit 0
fi
# From the folder of the package, so that it is `toile` and not `python.toile` beside the installed one.
(cd python && "$work/venv/bin/pyright" --pythonpath "$python" --level error toile)
