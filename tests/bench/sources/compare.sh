#!/usr/bin/env bash
# Reads generated inputs with tailback, `grep -c '^goroutine'` and panicparse (Debian package; left out where it is not installed), by turns in one run,
# and prints for each the least CPU time of all turns, MB/s of it, the most memory, and how many times tailback's time it took.
#   compare.sh BIN_DIR [TURNS] [LIMIT_SECONDS] [DUMPS_OF_THE_LARGE_FILE]       5 turns, 60 s of CPU for a peer, 38 dumps: 1 GB
# BIN_DIR has sources_bench and sources_generate; `tailback analyze`, the whole way to the report, is measured too where it is there.
set -euo pipefail
bin=$1 turns=${2:-5} limit=${3:-60} many=${4:-38}
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT

# turn NAME COMMAND…: one more turn; the output goes to a file, as grep stops at the first match when it writes to /dev/null.
# The command alone is timed, from its start to its end. Its memory is looked at in a turn of its own, the first.
limited() { (ulimit -t "$limit"; exec "$@" > "$folder/out" 2> "$folder/err"); }
turn() {
  local name=$1; shift
  [ -e "$folder/$name.late" ] && return
  local status=0 TIMEFORMAT='%3U %3S'
  { time limited "$@" || status=$?; } 2> "$folder/cpu"
  if [ "$status" = 152 ] || [ "$status" = 137 ]; then touch "$folder/$name.late"; return; fi  # SIGXCPU, SIGKILL
  if [ "$status" != 0 ]; then echo "$name failed: $(tail -1 "$folder/err")" >&2; exit 1; fi
  [ -e "$folder/$name.memory" ] || /usr/bin/time -o "$folder/$name.memory" -f '%M' "$@" > "$folder/out" 2> "$folder/err"
  tail -1 "$folder/cpu" >> "$folder/$name.times"  # before it, where a peer was killed, stands what the shell says of that
}
# The reader's own account: its processor time until all is read, without the shell's fork before it and the end of the process.
account() {
  sed -n 's/.* cpu \([0-9.]*\) s.*/\1/p' "$folder/reader.said" | sort -n | head -1 |
    awk -v bytes="$1" '{ printf "  %-18s %8.3f s %8.0f MB/s\n", "reader, by itself", $1, bytes / 1e6 / $1 }'
}
row() {
  local name=$1 bytes=$2 ours=$3
  if [ -e "$folder/$name.late" ]; then printf '  %-18s > %s s (stopped), more than %.0f times\n' "$name" "$limit" "$(echo "$limit $ours" | awk '{ print $1 / $2 }')"; return; fi
  [ -e "$folder/$name.times" ] || return 0
  awk -v name="$name" -v bytes="$bytes" -v ours="$ours" -v memory="$(cat "$folder/$name.memory")" '{ t = $1 + $2; if (NR == 1 || t < least) least = t }
    END { if (least < 0.001) least = 0.001; printf "  %-18s %8.3f s %8.0f MB/s %7.0f MB %8.2f times\n", name, least, bytes / 1e6 / least, memory / 1024, least / ours }' "$folder/$name.times"
}
# measure TITLE PEERS GENERATOR_ARGUMENTS…
measure() {
  local title=$1 peers=$2; shift 2
  local file=$folder/input bytes goroutines pattern='^goroutine'
  [ "$1" = prefixed ] && pattern='F goroutine'
  rm -f "$folder"/*.times "$folder"/*.said "$folder"/*.memory "$folder"/*.late
  "$bin/sources_generate" "$@" > "$file"
  bytes=$(stat -c %s "$file"); goroutines=$(grep -c 'goroutine [0-9]* \[' "$file" || true)
  printf '%s: %s (%.1f MB, %s goroutines)\n' "$title" "$*" "$(echo "$bytes" | awk '{ print $1 / 1e6 }')" "$goroutines"
  for _ in $(seq "$turns"); do
    turn reader "$bin/sources_bench" "$file"
    cat "$folder/out" >> "$folder/reader.said"
    [ -x "$bin/tailback" ] && [ "$peers" != none ] && turn analyze "$bin/tailback" analyze "$file"
    [ "$peers" != none ] && turn grep grep -c "$pattern" "$file"
    if [ "$peers" = all ] && command -v panicparse > /dev/null; then turn panicparse panicparse "$file"; fi
  done
  local ours; ours=$(awk '{ t = $1 + $2; if (NR == 1 || t < least) least = t } END { print least < 0.001 ? 0.001 : least }' "$folder/reader.times")
  account "$bytes"
  for name in reader analyze grep panicparse; do row "$name" "$bytes" "$ours"; done
  rm -f "$file"
}
measure 'one dump of the incident' all incident 1
measure 'the same in a container log' grep prefixed 1
for count in 2000 5000 10000 20000; do measure 'distinct stacks' all distinct "$count"; done
for count in 10000 47905; do measure 'jstack' none jstack "$count"; done
for count in 10000 47905; do measure 'gdb' none gdb "$count"; done
turns=$((turns < 3 ? turns : 3))
if [ "$many" -gt 0 ]; then
  measure 'many dumps' grep incident "$many"
  measure 'a log without a dump' none log 1024
fi
