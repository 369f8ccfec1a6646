#!/bin/bash
# How servers that know nothing of libtailback_preload.so fare under it: each is loaded plainly and preloaded by turns, with lock events; shown are the best of both,
# how each ended, and what `tailback analyze` and `tailback replay locks` say of every file. A server that is not installed is left out.
#
#   [TAILBACK_LOCK_EVENTS=full] tests/bench/locks/preload_servers.sh [BUILD] [RUNS]
set -u
build=$(realpath "${1:-build/release}")
runs=${2:-5}
port=7392
folder=$(mktemp -d)
chmod 755 "$folder"
server=
trap 'test -z "$server" || kill "$server" 2> /dev/null; rm -rf "$folder"' EXIT
export PATH=$PATH:/usr/sbin:/usr/lib/postgresql/15/bin

preload=(env "LD_PRELOAD=$build/lib/libtailback_preload.so" "TAILBACK_LOCK_EVENTS=${TAILBACK_LOCK_EVENTS:-last}")

cat > "$folder/memcached.py" <<'END'
import socket, sys, threading, time
def work(n):
    connection = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
    answers = connection.makefile('rb')
    for i in range(n):
        connection.sendall(b'set k%d 0 0 100\r\n%s\r\nget k%d\r\n' % (i % 1000, b'x' * 100, i % 1000))
        for line in range(4):
            answers.readline()
begin = time.time()
threads = [threading.Thread(target=work, args=(5000,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(40000 / (time.time() - begin))
END

head -c 20000 /dev/urandom > "$folder/file"
cat > "$folder/nginx.conf" <<END
worker_processes 2; daemon off; pid $folder/nginx.pid; error_log $folder/error.log;
thread_pool default threads=8;
events { worker_connections 256; }
http { access_log off; server { listen 127.0.0.1:$port; root $folder; location / { sendfile off; aio threads; directio 1; } } }
END

# PostgreSQL refuses to run as root.
as_postgres=()
mkdir "$folder/database"
if [ "$(id -u)" = 0 ]; then
  as_postgres=(setpriv --reuid postgres --regid postgres --clear-groups)
  chown postgres "$folder/database"
fi

# start NAME [ENV...]: becomes the server.
start() {
  name=$1
  shift
  case $name in
    redis) exec "$@" redis-server --port $port --bind 127.0.0.1 --save '' --appendonly no --dir "$folder" ;;
    memcached) exec "$@" memcached -u "$(id -un)" -l 127.0.0.1 -p $port -t 4 ;;
    nginx) exec "$@" nginx -c "$folder/nginx.conf" -e "$folder/error.log" ;;
    postgres) exec "${as_postgres[@]}" "$@" postgres -D "$folder/database/data" -p $port -k "$folder/database" -c listen_addresses=127.0.0.1 -c fsync=off ;;
  esac
}

# Requests a second.
load() {
  case $1 in
    redis) redis-benchmark -p $port -n 20000 -c 20 -t set,get --csv | sed -n 's/^"GET","\([0-9.]*\)".*/\1/p' ;;
    memcached) python3 "$folder/memcached.py" $port ;;
    nginx) wrk -t1 -c16 -d4 "http://127.0.0.1:$port/file" | sed -n 's/^Requests.sec: *//p' ;;
    postgres)
      until pg_isready -q -h 127.0.0.1 -p $port; do kill -0 "$server" || return; done
      test -e "$folder/filled" || pgbench -h 127.0.0.1 -p $port -U postgres -i -s 1 -q postgres > "$folder/filled" 2>&1
      pgbench -h 127.0.0.1 -p $port -U postgres -S -c 4 -j 2 -T 4 -n postgres | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
      ;;
  esac 2> /dev/null
}

# serve NAME SIGNAL [ENV...]: starts, loads and ends the server, and prints the rate.
serve() {
  name=$1 signal=$2
  shift 2
  (start "$name" "$@") > "$folder/out" 2>&1 &
  server=$!
  until (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 "$server" 2> /dev/null || { cat "$folder/out" >&2; break; }; done
  load "$name"
  kill "-$signal" "$server"
  wait "$server" 2> /dev/null
  status=$?
  server=
  echo "$name: ended with status $status" >&2
}

# pairs NAME PROGRAM SIGNAL
pairs() {
  command -v "$2" > /dev/null || { echo "$2 is not installed: left out"; return; }
  rm -f "$folder"/plain "$folder"/preloaded
  for run in $(seq "$runs"); do
    file=$folder/database/$1-$run.tailback
    serve "$1" "$3" env >> "$folder/plain" 2> "$folder/ends"
    serve "$1" "$3" "${preload[@]}" "TAILBACK_FILE=$file" "TAILBACK_PROGRAM=$2" >> "$folder/preloaded" 2>> "$folder/ends"
    sort -u "$folder/ends"
    test -e "$file" || { echo "$1: no file"; continue; }
    "$build/bin/tailback" analyze "$file" > "$folder/report" 2>&1
    echo "$1: analyze exits with $?; $(head -n 1 "$folder/report")"
    "$build/bin/tailback" replay locks predict "$file" --exit-code > "$folder/report" 2>&1
    echo "$1: replay locks exits with $?; $(grep -E '^DEADLOCK|^No deadlock' "$folder/report" | sort | uniq -c | tr -s ' \n' ' ')"
    grep -A2 '^Bound' "$folder/report"
  done
  awk -v name="$1" -v plain="$(sort -g "$folder/plain" | tail -n 1)" -v preloaded="$(sort -g "$folder/preloaded" | tail -n 1)" \
    'BEGIN { printf "%-44s plain %12.0f/s   preloaded %12.0f/s   %.2fx\n", name, plain, preloaded, plain ? preloaded / plain : 0 }'
}

pairs redis redis-server TERM
pairs memcached memcached TERM
pairs nginx nginx TERM
if command -v initdb > /dev/null; then
  (cd "$folder/database" && "${as_postgres[@]}" initdb -D "$folder/database/data" -A trust -U postgres > /dev/null)
fi
pairs postgres postgres INT
