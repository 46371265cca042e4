#!/usr/bin/env bash
# The databases under searches: the store's tests on a PostgreSQL of their own, a database of an earlier version that
# workers go on with, and Python's Optuna 5.0.0 with its dashboard on files and servers that toile shares with it.
#   .ci/databases.sh        needs cargo, python3 with venv, and a package index; TOILE_VENV names a ready-made venv
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
# The server's user must be able to enter it.
chmod 755 "$work"
port=$((20000 + RANDOM % 20000))
address=$(.ci/postgres.sh start "$work/postgres" "$port")
trap '.ci/postgres.sh stop "$work/postgres" "$port"; .ci/postgres.sh stop "$work/tls" "$((port + 1))"; rm -rf "$work"' EXIT
encrypted=$(.ci/postgres.sh start "$work/tls" "$((port + 1))" tls)

# Of all crates at once: with some of them alone, dependencies would have other features, and be compiled again.
TOILE_TEST_POSTGRES=$address TOILE_TEST_POSTGRES_TLS=$encrypted cargo test --workspace --quiet --test all -- \
    storage:: server:: runner::shared search::asked

venv=${TOILE_VENV:-$work/venv}
if [ ! -d "$venv" ] && ! python3 -m venv "$venv" 2>/dev/null; then
    .ci/apt-get.sh python3-venv
    rm -rf "$venv"
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check \
    optuna==5.0.0 optuna-dashboard==0.21.0 plotly scikit-learn psycopg2-binary
cargo build --quiet --workspace --example optuna
"$venv/bin/python" .ci/optuna-roundtrip.py "${CARGO_TARGET_DIR:-target}/debug/examples/optuna" "$address"
