#!/usr/bin/env bash
# A PostgreSQL server of its own for tests, on a private port, without a password, on this machine only.
#   .ci/postgres.sh start DIR PORT   makes a cluster in DIR if there is none, starts it and prints its address
#   .ci/postgres.sh start DIR PORT tls   the same with TLS: a root certificate of its own, one for `localhost`, and the
#                                    users `ann` (password pa55, TLS only) and `carl` (without TLS only)
#   .ci/postgres.sh stop DIR PORT    stops it at once; DIR stays
#   .ci/postgres.sh restart DIR PORT stops it as a crash would and starts it again
# Installs PostgreSQL where it is missing. The server refuses to run as root: there it runs as the user `postgres`.
set -euo pipefail

command=${1:?start, stop or restart}
dir=${2:?a directory}
port=${3:?a port}
kind=${4:-plain}

find_binaries() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
bin=$(find_binaries)
if [ -z "$bin" ] && command -v pg_ctl >/dev/null; then
    bin=$(dirname "$(command -v pg_ctl)")
fi
if [ -z "$bin" ]; then
    "$(dirname "$0")/apt-get.sh" postgresql
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

# `root.crt` has signed `data/server.crt`, which is for `localhost` and no other name.
make_certificates() (
    as_server openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=toile test root" -days 30 \
        -keyout "$dir/root.key" -out "$dir/root.crt" 2>/dev/null
    as_server openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$dir/data/server.key" \
        -out "$dir/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' | as_server tee "$dir/server.ext" >/dev/null
    as_server openssl x509 -req -in "$dir/server.csr" -CA "$dir/root.crt" -CAkey "$dir/root.key" -CAcreateserial \
        -days 30 -extfile "$dir/server.ext" -out "$dir/data/server.crt" 2>/dev/null
    as_server chmod 600 "$dir/data/server.key"
)

make_tls_users() {
    as_server tee "$dir/data/pg_hba.conf" >/dev/null <<'END'
hostssl   all ann  all scram-sha-256
hostnossl all carl all trust
hostnossl all ann,carl all reject
hostssl   all carl all reject
local     all all trust
host      all toile all trust
END
    as_server "$bin/pg_ctl" --wait --silent --pgdata="$dir/data" reload >/dev/null
    as_server "$bin/psql" -q -h "$dir" -p "$port" -U toile postgres <<'END' >/dev/null
CREATE USER ann PASSWORD 'pa55' SUPERUSER; CREATE USER carl SUPERUSER;
END
}

start() {
    local options="" is_new=""
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown postgres: "$dir"
    if [ ! -f "$dir/data/PG_VERSION" ]; then
        as_server "$bin/initdb" --auth=trust --username=toile --encoding=UTF8 --locale=C "$dir/data" >/dev/null
        is_new=yes
    fi
    if [ "$kind" = tls ]; then
        [ -f "$dir/root.crt" ] || make_certificates
        options="-c ssl=on"
    fi
    as_server "$bin/pg_ctl" --wait --silent --log="$dir/log" --pgdata="$dir/data" \
        --options="-p $port -k $dir -c listen_addresses=127.0.0.1 -c max_connections=200 $options" start >/dev/null
    if [ "$kind" = tls ]; then
        [ -z "$is_new" ] || make_tls_users
        echo "postgres://toile@localhost:$port/postgres?sslrootcert=$dir/root.crt"
    else
        echo "postgres://toile@127.0.0.1:$port/postgres"
    fi
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
