#!/bin/sh
# How long after a ring has closed its dump is taken: the longest wait in the finding of deadlock_service, the writer's, in milliseconds.
#
#   tests/bench/locks/deadlock_latency.sh [BUILD] [RUNS]
set -eu
build=${1:-build/release}
runs=${2:-9}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Runs the service until the breach is announced, then prints the longest wait that its file shows.
measure() {
  file=$1
  shift
  mkfifo "$folder/said"
  "$@" > "$folder/said" 2>&1 &
  service=$!
  while read -r line; do case $line in *"breach of 'deadlock'"*) break ;; esac; done < "$folder/said"
  kill -9 "$service"
  wait "$service" 2> /dev/null || true
  rm "$folder/said"
  "$build/bin/tailback" analyze --format json "$file" |
    sed -n '/"findings"/,$ s/.*"oldest_wait_seconds": *\([0-9.e-]*\).*/\1/p' | head -n 1
  rm -f "$file"*
}

summary() {
  sort -g "$folder/$1" | awk -v name="$1" '{ a[NR] = $1 * 1000 } END { printf "%-12s median %.1f ms, longest %.1f ms of %d runs\n", name, a[int((NR + 1) / 2)], a[NR], NR }'
}

for run in $(seq "$runs"); do
  measure "$folder/i.tailback" "$build/bin/deadlock_service" --threads 200 --instrumented --dumps 0 --file "$folder/i.tailback" >> "$folder/instrumented"
  measure "$folder/p.tailback" env "LD_PRELOAD=$(realpath "$build/lib/libtailback_preload.so")" "TAILBACK_FILE=$folder/p.tailback" TAILBACK_TRIGGERS=deadlock \
    "$build/bin/deadlock_service" --threads 200 --bare >> "$folder/preloaded"
done
summary instrumented
summary preloaded
