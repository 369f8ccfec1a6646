#!/bin/sh
# What libtailback_preload.so costs programs that know nothing of it: each runs plainly and preloaded by turns; shown are the best of both and their ratio.
# A program that is not installed is left out.
#
#   tests/bench/locks/preload_pairs.sh [BUILD] [RUNS]
set -eu
build=${1:-build/release}
runs=${2:-5}
library=$(realpath "$build/lib/libtailback_preload.so")
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" 2> /dev/null; rm -rf "$folder"' EXIT

preloaded() { env "LD_PRELOAD=$library" "TAILBACK_FILE=$folder/%p.tailback" "$@"; }
# The greatest of the numbers in a file, one a line.
best() { sort -g "$1" | tail -n 1; }
show() { awk -v name="$1" -v plain="$(best "$folder/plain")" -v pre="$(best "$folder/preloaded")" \
  'BEGIN { printf "%-44s plain %12.0f/s   preloaded %12.0f/s   %.2fx\n", name, plain, pre, pre / plain }'; rm -f "$folder/plain" "$folder/preloaded"; }

# Requests a second of redis-benchmark, against a server that is started with or without the library.
redis() {
  port=7391
  $1 redis-server --port $port --save '' --appendonly no --daemonize no --logfile '' --dir "$folder" > /dev/null 2>&1 &
  server=$!
  until redis-cli -p $port ping > /dev/null 2>&1; do kill -0 "$server"; done
  redis-benchmark -p $port -q --csv -n 60000 -c 32 -P 8 -t get,set 2> /dev/null | sed -n 's/^"GET","\([0-9.]*\)".*/\1/p'
  redis-cli -p $port shutdown nosave > /dev/null 2>&1 || true
  wait "$server" || true
  server=
}

if command -v redis-server > /dev/null && command -v redis-benchmark > /dev/null; then
  for run in $(seq "$runs"); do
    redis env >> "$folder/plain"
    redis preloaded >> "$folder/preloaded"
  done
  show "redis GET"
else
  echo "redis-server or redis-benchmark is not installed: left out"
fi

# Items a second through Python's queue, whose every item takes a lock and wakes a condition.
cat > "$folder/items.py" <<'END'
import queue, threading, time
items, work = 40000, queue.Queue()
def drain():
    while work.get() is not None:
        pass
threads = [threading.Thread(target=drain) for _ in range(4)]
for thread in threads:
    thread.start()
begin = time.perf_counter()
for i in range(items):
    work.put(i)
for thread in threads:
    work.put(None)
for thread in threads:
    thread.join()
print(items / (time.perf_counter() - begin))
END
python=/usr/bin/python3
if test -x $python; then
  for run in $(seq "$runs"); do
    $python "$folder/items.py" >> "$folder/plain"
    preloaded $python "$folder/items.py" >> "$folder/preloaded"
  done
  show "python3 queue, 4 threads"
fi
