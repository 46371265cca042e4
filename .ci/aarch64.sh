#!/usr/bin/env bash
# The engine on a processor that is not here: compiled for aarch64 Linux and run under emulation (QEMU). The random streams, and each
# kernel against its naive twin, on NEON and in plain Rust with the same bits.
#   .ci/aarch64.sh [--whole]    --whole leaves out no test of the kernels, and holds trainings against the hashes stored on x86-64
# Installs the compiler and the emulator where they are missing. What an emulator cannot show: speed, and a weaker order of memory.
set -euo pipefail
cd "$(dirname "$0")/.."
system=aarch64-unknown-linux-gnu

if ! command -v qemu-aarch64 >/dev/null || ! command -v aarch64-linux-gnu-gcc >/dev/null; then
    .ci/apt-get.sh qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
fi
rustup --quiet target add "$system"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tests=(cargo test --quiet --target "$system")
"${tests[@]}" -p toile-rng
if [ "${1:-}" != --whole ]; then
    # All but three of great sizes, which take as long as all others together.
    "${tests[@]}" -p toile-kernels --lib -- --skip large_call --skip many_channels_keep --skip cutting_the_images
    exit 0
fi
"${tests[@]}" -p toile-kernels --lib

# The test that holds trainings against the stored hashes starts itself, which an emulated program cannot: what it starts, then.
grep -v -e '^#' -e '^mixed_bfloat16 ' crates/nn/tests/golden/hashes.txt >"$work/stored"
for isa in neon portable; do
    TOILE_TEST_ISA=$isa "${tests[@]}" -p toile-nn --test all determinism::child -- --ignored --nocapture >"$work/$isa"
    sed -n 's/^hash: //p' "$work/$isa" | diff "$work/stored" -
    echo "$isa: the $(wc -l <"$work/stored") stored hashes"
done
said() { grep -E '^(hash|floats|normal|layers): ' "$1"; }
said "$work/neon" >"$work/said"
said "$work/portable" | diff "$work/said" -

# And those of mixed_bfloat16, by the ways of multiplying that go with them.
sed -n 's/^mixed_bfloat16 //p' crates/nn/tests/golden/hashes.txt >"$work/stored-bfloat16"
for way in neon portable; do
    TOILE_TEST_PRODUCT_WAY=$way "${tests[@]}" -p toile-nn --test all bfloat16::ways::child -- --ignored --nocapture >"$work/bfloat16"
    sed -n 's/^hash: //p' "$work/bfloat16" | diff "$work/stored-bfloat16" -
    echo "$way: the $(wc -l <"$work/stored-bfloat16") stored hashes of mixed_bfloat16"
done
