#!/usr/bin/env bash
# Runs a command beside a real Postgres server, whose address is in POSTBACK_POSTGRES: started from the installed
# binaries on a free loopback port, in a temporary folder, and gone afterwards.
#
#   tests/services.sh cargo test -p postback-store --locked
set -euo pipefail

binaries="$(pg_config --bindir 2>/dev/null || true)"
[ -x "$binaries/initdb" ] || binaries="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)"
[ -x "$binaries/initdb" ] || {
    echo 'services.sh: no Postgres server is installed' >&2
    exit 1
}

folder="$(mktemp -d)"
# Postgres does not run as root.
as_owner=()
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as_owner=(runuser -u postgres --)
fi
stop() {
    [ ! -x "$folder/control" ] || "$folder/control" --mode immediate stop || true
    rm -rf "$folder"
}
trap stop EXIT

"${as_owner[@]}" "$binaries/initdb" --pgdata "$folder/data" --username postgres --auth trust \
    --encoding UTF8 --locale C --no-sync >/dev/null
# A free port; if it is taken meanwhile, the server does not start, and that is told.
port="$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')"
cat >>"$folder/data/postgresql.conf" <<CONFIGURATION
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
max_connections = 300
CONFIGURATION

# Starts and stops it; a test does so too.
cat >"$folder/control" <<CONTROL
#!/bin/sh
cd $folder
exec ${as_owner[*]} $binaries/pg_ctl --pgdata $folder/data --log $folder/log "\$@" >/dev/null
CONTROL
chmod +x "$folder/control"
"$folder/control" --wait start || {
    cat "$folder/log" >&2
    exit 1
}

export POSTBACK_POSTGRES_CONTROL="$folder/control"
export POSTBACK_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
"$@"
