#!/usr/bin/env bash
# Whether every crate can be packed for a registry, and whether the program is sound Rust on systems that are not here.
#   .ci/packages.sh [--whole | --systems]    --whole compiles each package from what is in it alone, and has the compiler look at every crate
#                                            for other systems, which takes some minutes; --systems does the latter alone
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target=${CARGO_TARGET_DIR:-target}

if [ "${1:-}" != --systems ]; then
    verify=--no-verify
    [ "${1:-}" != --whole ] || verify=
    # What is not committed yet may be packed too: this looks at the packages, and publishes none.
    # shellcheck disable=SC2086
    cargo package --workspace --quiet --allow-dirty $verify
    packed=$(cargo metadata --no-deps --format-version 1 | grep -o '"name":"toile[a-z-]*","version":"[^"]*"' | sort -u |
        sed 's/"name":"\([^"]*\)","version":"\([^"]*\)"/\1-\2.crate/')
    for file in $packed; do
        [ -s "$target/package/$file" ] || { echo "$file was not packed" >&2; exit 1; }
    done
    echo "$(wc -w <<<"$packed") crates can be packed"
fi

[ -n "${1:-}" ] || exit 0

# No C compiler for them is needed to check: SQLite's and ring's objects are empty files.
cat >"$work/cc" <<'CC'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -o) : >"$2" ;;
    -Fo*) : >"${1#-Fo}" ;;
    esac
    shift
done
CC
cat >"$work/ar" <<'AR'
#!/bin/sh
for word in "$@"; do
    case $word in
    -out:*) : >"${word#-out:}" ;;
    *.a | *.lib) : >"$word" ;;
    esac
done
AR
chmod +x "$work/cc" "$work/ar"
systems=()
for system in aarch64-unknown-linux-gnu aarch64-apple-darwin x86_64-pc-windows-msvc; do
    if rustup target add "$system" >"$work/log" 2>&1; then
        systems+=(--target "$system")
        name=${system//-/_}
        export "CC_$name=$work/cc" "AR_$name=$work/ar"
    else
        echo "WARNING: $system was NOT tried: the standard library for it cannot be fetched from here."
    fi
done
if [ ${#systems[@]} -gt 0 ]; then
    # The compiler's own warnings are faults; what Clippy finds depends on the system by sizes and the like.
    cargo clippy --quiet --workspace "${systems[@]}" -- -D warnings -A clippy::all
    echo "checked, every crate: ${systems[*]//--target/}"
fi
