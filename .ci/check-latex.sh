#!/usr/bin/env bash
# Compiles LaTeX that toile wrote with pdflatex, and fails with a clear message on anything that LaTeX complains of: an error,
# an undefined control sequence, a missing character, a reference to nowhere, a line that runs off the page. DIR is the folder
# that holds `report.tex`, or one .tex file. Installs TeX Live by apt-get if it is absent; where that cannot be, it says so, and
# the Rust tests alone (crates/report/tests/latex.rs) hold.
set -euo pipefail

[ $# = 1 ] || { echo "usage: $0 DIR|FILE.tex" >&2; exit 2; }
source=$(realpath -e -- "$1") || { echo "$0: there is no $1" >&2; exit 2; }
if [ -d "$source" ]; then
    [ -f "$source/report.tex" ] || { echo "$source: there is no report.tex" >&2; exit 2; }
    file=report.tex
else
    file=$(basename "$source")
fi

if ! command -v pdflatex >/dev/null; then
    if ! "$(dirname "$0")/apt-get.sh" texlive-latex-recommended texlive-pictures; then
        echo "$source: NOT COMPILED: pdflatex is not here and could not be installed; only the Rust tests on LaTeX hold" >&2
        exit 0
    fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -d "$source" ]; then cp -r "$source"/. "$work"; else cp "$source" "$work"; fi
cd "$work"
fail() { echo "$source: $*" >&2; exit 1; }

# Tables that go over pages know the widths of their columns in the third run.
for _ in 1 2 3; do
    timeout 300 pdflatex -no-shell-escape -interaction=nonstopmode -halt-on-error -file-line-error "$file" >"$work/.pdflatex" 2>&1 ||
        { grep -A 6 -m 3 -E '^!|^[^ ]+:[0-9]+: ' "$work/.pdflatex" >&2 || tail -20 "$work/.pdflatex" >&2; fail "pdflatex stopped"; }
done

log=$work/${file%.tex}.log
if grep -E -A 2 '^!|^[^ ]+:[0-9]+: |Undefined control sequence|Missing character|LaTeX Error|There were undefined references|multiply-defined' \
    "$log" >&2; then
    fail "LaTeX complains of the above"
fi
# 3 pt, a millimetre, cannot be seen.
if grep -E -A 3 'Overfull \\hbox \(([3-9]|[0-9]{2,})[0-9]*\.' "$log" >&2; then
    fail "the above runs off the page"
fi
echo "$source: $(sed -n 's/^Output written on .*(\([0-9]* pages*\).*/\1/p' "$log"), nothing that LaTeX complains of"
