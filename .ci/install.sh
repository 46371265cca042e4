#!/usr/bin/env bash
# What later steps of .ci/run need of Debian and of Python's index, all at once, while the compiler works. Each of them installs what it
# lacks by itself too: nothing here needs to succeed.
#   .ci/install.sh VENV    VENV is the folder for what computes exports, made if it is not there
set -uo pipefail
cd "$(dirname "$0")/.."

packages=()
command -v chromium >/dev/null || packages+=(chromium)
command -v pdflatex >/dev/null || packages+=(texlive-latex-recommended texlive-pictures)
ls /usr/lib/postgresql/*/bin >/dev/null 2>&1 || packages+=(postgresql)
python3 -c "import ensurepip" 2>/dev/null || packages+=(python3-venv)
if [ ${#packages[@]} -gt 0 ]; then
    .ci/apt-get.sh "${packages[@]}"
fi
.ci/check-exports.py --install "$1"
