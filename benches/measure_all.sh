#!/bin/sh
# Measures toile beside its peers and writes that into docs/performance.md: about 13 minutes on two cores with all peers.
#
#   benches/measure_all.sh TOILE DATA [PEER=PYTHON,... [--trial]]
#
# TOILE is the binary of `cargo build --release`, DATA a folder with Fashion-MNIST's IDX files. PYTHON names the interpreters in
# which the peers are installed, for example torch=/path/to/python,keras=/path/to/python; a peer that is not there is left out.
# PYTHON in the environment is the one that runs these scripts and any peer without one of its own; it needs NumPy.
# `--trial` tries all of it on little, and writes to a copy of the page that is not kept. Nothing else should run meanwhile.
set -eu
[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
benches=$(dirname "$0")
python=${PYTHON:-python3}
"$python" "$benches/shapes.py" --toile "$1" --write ${4:-}
"$python" "$benches/compare.py" --toile "$1" --data "$2" --python "${3:-}" --write ${4:-}
"$python" "$benches/scaling.py" --toile "$1" --python "${3:-}" --write ${4:-}
