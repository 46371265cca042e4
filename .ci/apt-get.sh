#!/usr/bin/env bash
# Installs packages of Debian, as root or by sudo, and says nothing.
#   .ci/apt-get.sh PACKAGE...
set -euo pipefail

sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
