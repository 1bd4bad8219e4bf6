#!/usr/bin/env bash
# Runs a command with a Postgres server and a Redis server, whose addresses are in POSTBACK_POSTGRES
# and POSTBACK_REDIS. They are started from the installed binaries on free loopback ports, in a
# temporary folder, and stopped afterwards.
#
#   tests/services.sh cargo test -p postback-store --locked
set -euo pipefail

binaries="$(pg_config --bindir 2>/dev/null || true)"
[ -x "$binaries/initdb" ] || binaries="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)"
[ -x "$binaries/initdb" ] || {
    echo 'services.sh: no Postgres server is installed' >&2
    exit 1
}

command -v redis-server >/dev/null || {
    echo 'services.sh: no Redis server is installed' >&2
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
    [ ! -x "$folder/redis-control" ] || "$folder/redis-control" stop || true
    rm -rf "$folder"
}
trap stop EXIT

"${as_owner[@]}" "$binaries/initdb" --pgdata "$folder/data" --username postgres --auth trust \
    --encoding UTF8 --locale C --no-sync >/dev/null
# If another process takes the port, the server does not start, and this script prints its log.
free_port() {
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}
port="$(free_port)"
cat >>"$folder/data/postgresql.conf" <<CONFIGURATION
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
max_connections = 300
CONFIGURATION

# Starts and stops the server; a test does so too.
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

redis_port="$(free_port)"
cat >"$folder/redis.conf" <<CONFIGURATION
bind 127.0.0.1
port $redis_port
dir $folder
daemonize yes
pidfile $folder/redis.pid
logfile $folder/redis.log
databases 512
save ""
appendonly yes
appendfsync always
maxmemory-policy noeviction
CONFIGURATION

# Starts and kills the server; a test does so too.
cat >"$folder/redis-control" <<CONTROL
#!/bin/sh
case "\$1" in
start)
    redis-server $folder/redis.conf >/dev/null
    tries=0
    until redis-cli -p $redis_port ping 2>/dev/null | grep -q PONG; do
        tries=\$((tries + 1))
        [ "\$tries" -lt 100 ] || exit 1
        sleep 0.1
    done
    ;;
stop)
    [ -f $folder/redis.pid ] || exit 0
    process="\$(cat $folder/redis.pid)"
    rm $folder/redis.pid
    kill -9 "\$process"
    tries=0
    while redis-cli -p $redis_port ping >/dev/null 2>&1; do
        tries=\$((tries + 1))
        [ "\$tries" -lt 100 ] || exit 1
        sleep 0.05
    done
    ;;
esac
CONTROL
chmod +x "$folder/redis-control"
"$folder/redis-control" start || {
    cat "$folder/redis.log" >&2
    exit 1
}

export POSTBACK_REDIS_CONTROL="$folder/redis-control"
export POSTBACK_REDIS="redis://127.0.0.1:$redis_port"
export POSTBACK_POSTGRES_CONTROL="$folder/control"
export POSTBACK_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
"$@"
