#!/usr/bin/env bash
# Whether every script of benches/ runs to its end, on little: the data as a folder that our own code makes and, where
# TOILE_DATA_DIR is set, by name. Libraries that are not installed are named and left out.
#   .ci/benches.sh TOILE    needs cargo, python3 with venv, and a package index; TOILE_VENV names a ready-made venv
set -euo pipefail
cd "$(dirname "$0")/.."
toile=${1:?the program, built with --release}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
venv=${TOILE_VENV:-$work/venv}
[ -d "$venv" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check numpy ruff==0.17.6 playwright
# The module, where the wheel was made just now.
for wheel in dist/toile_lab-*.whl; do
    [ ! -e "$wheel" ] || "$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
done
export PYTHON="$venv/bin/python" PYTHONDONTWRITEBYTECODE=1
cargo build --quiet --workspace --example objective --example sample
objective=${CARGO_TARGET_DIR:-target}/debug/examples/objective

"$PYTHON" - benches/*.py .ci/*.py <<'CHECK'
import pathlib
import sys

for name in sys.argv[1:]:
    compile(pathlib.Path(name).read_text(), name, "exec")
CHECK
"$venv/bin/ruff" check --quiet --no-cache benches
"$venv/bin/ruff" format --check --quiet --no-cache benches

tried=()
# Runs a script. What it prints is shown only if it fails; which libraries are absent is shown always.
try() {
    local script=$1 begin=$SECONDS command=("benches/$1")
    shift
    [[ $script == *.sh ]] || command=("$PYTHON" "benches/$script")
    if ! "${command[@]}" "$@" >"$work/words" 2>&1; then
        cat "$work/words" >&2
        echo "failed: benches/$script $*" >&2
        exit 1
    fi
    tried+=("$script")
    echo "$script, $((SECONDS - begin)) s"
    grep -E 'not installed|left out' "$work/words" | sed 's/^[- ]*/    /' | sort -u || true
}

# Every script that reads data and is called by no other, on this folder.
try_on() {
    echo "data: $1"
    try search.py "$toile" "$objective" --data "$1" --trial
    for peer in peer_numpy.py peer_jax.py peer_torch.py peer_keras.py peer_toile.py peer_sklearn.py; do
        try "$peer" --data "$1" --trial
    done
}

try images.py "$work/images"
try_on "$work/images"
try measure_all.sh "$toile" "$work/images" "" --trial
tried+=(shapes.py compare.py scaling.py) # which it calls
if [ -n "${TOILE_DATA_DIR:-}" ]; then
    try_on "$TOILE_DATA_DIR/fashion-mnist"
    try compare.py --toile "$toile" --data "$TOILE_DATA_DIR/fashion-mnist" --trial --write
fi
try optuna_storage.py --trial
try dtype_policies.py --toile "$toile" --data "$work/images" --trial --write
try python_fit.py --toile "$toile" --data "$work/images" --trial --write
command -v chromium >/dev/null || .ci/apt-get.sh chromium
"${CARGO_TARGET_DIR:-target}/debug/examples/sample" "$work/samples" many big
.ci/check-report.sh "$work/samples/many.html"
try report_page.py "$work/samples" --trial --write
try live_views.py "$toile" --trial --write
try page.py --trial
try pictures.py "$toile" --data "$work/images" --trial

# Modules of the scripts above.
tried+=(browser.py common.py drawing.py nets.py peers.py toile_runs.py)
for script in benches/*.py benches/*.sh; do
    [[ " ${tried[*]} " == *" ${script#benches/} "* ]] || { echo "$script is not tried by $0" >&2; exit 1; }
done
