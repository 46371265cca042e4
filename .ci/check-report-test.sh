#!/usr/bin/env bash
# Breaks a good report in every way that check-report.sh should notice, and fails if it does not.
set -euo pipefail
cd "$(dirname "$0")"

[ $# = 1 ] || { echo "usage: $0 REPORT.html" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

./check-report.sh "$1"

broken() { # WHAT EXPECTED-MESSAGE SED-SCRIPT
    sed -E "$3" "$1" >"$work/broken.html"
    if cmp -s "$1" "$work/broken.html"; then echo "'$4' changed nothing" >&2; exit 1; fi
    if ./check-report.sh "$work/broken.html" >"$work/out" 2>&1; then
        echo "$4: not noticed" >&2
        exit 1
    fi
    grep -q -- "$2" "$work/out" || { cat "$work/out" >&2; echo "$4: noticed for another reason" >&2; exit 1; }
    echo "$4: noticed"
}

broken "$1" 'a figure without a picture' '0,/<figure>/s//<figure><\/figure><figure>/' 'an empty figure'
broken "$1" 'a figure of no size' 's/svg\{display:block/svg{display:none/' 'charts that are not shown'
broken "$1" 'cannot be decoded' '0,/base64,iVBORw0/s//base64,xxxxxxx/' 'a damaged image'
broken "$1" 'console' '0,/ d="M[0-9]+/s// d="MNaN/' 'NaN in a chart'
broken "$1" 'stands twice' 's/id="ranking-title"/id="summary-title"/' 'an id that stands twice'
broken "$1" 'a link to nowhere' 's/id="reading"/id="raeding"/' 'a link to nowhere'
broken "$1" "console" 's/<\/body>/<script>undefined_name()<\/script><\/body>/' 'a script'
broken "$1" 'its script did not run' "s/script-src 'sha256-/script-src 'sha256-A/" 'a script that the policy does not know'
broken "$1" "console" 's/<\/body>/<img src="https:\/\/example.org\/x.png" alt="x"><\/body>/' 'an image from the network'
broken "$1" 'wide on a screen' 's/<\/header>/<div style="width:3000px">x<\/div><\/header>/' 'a page that is too wide'
broken "$1" 'content security policy' 's/<meta http-equiv="Content-Security-Policy"/<meta name="x"/' 'a page without a policy'
