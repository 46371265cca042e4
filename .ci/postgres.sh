#!/usr/bin/env bash
# A PostgreSQL server of its own for tests, on a private port, without a password, on this machine only.
#   .ci/postgres.sh start DIR PORT   makes a cluster in DIR if there is none, starts it and prints its address
#   .ci/postgres.sh stop DIR PORT    stops it at once; DIR stays
#   .ci/postgres.sh restart DIR PORT stops it as a crash would and starts it again
# Installs PostgreSQL where it is missing. The server refuses to run as root: there it runs as the user `postgres`.
set -euo pipefail

command=${1:?start, stop or restart}
dir=${2:?a directory}
port=${3:?a port}

sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
find_binaries() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
bin=$(find_binaries)
if [ -z "$bin" ] && command -v pg_ctl >/dev/null; then
    bin=$(dirname "$(command -v pg_ctl)")
fi
if [ -z "$bin" ]; then
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends postgresql >/dev/null
    bin=$(find_binaries)
fi

as_server() {
    if [ "$(id -u)" = 0 ]; then
        # From a directory that this user may enter.
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

start() {
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown postgres: "$dir"
    if [ ! -f "$dir/data/PG_VERSION" ]; then
        as_server "$bin/initdb" --auth=trust --username=toile --encoding=UTF8 --locale=C "$dir/data" >/dev/null
    fi
    as_server "$bin/pg_ctl" --wait --silent --log="$dir/log" --pgdata="$dir/data" \
        --options="-p $port -k $dir -c listen_addresses=127.0.0.1 -c max_connections=200" start >/dev/null
    echo "postgres://toile@127.0.0.1:$port/postgres"
}

stop() {
    as_server "$bin/pg_ctl" --wait --silent --pgdata="$dir/data" --mode="$1" stop >/dev/null
}

dir=$(realpath -m "$dir")
case $command in
    start) start ;;
    stop) stop fast ;;
    restart) stop immediate && start ;;
    *) echo "$0: start, stop or restart, not $command" >&2; exit 2 ;;
esac
