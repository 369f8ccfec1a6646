#!/bin/sh
# Reads generated dumps with tailback, panicparse (Debian package; where it is installed) and `grep -c`, in the same run.
#   compare.sh BIN_DIR [DUMPS_OF_THE_LARGE_FILE]      0: no large file; 34 dumps are 1 GB
set -eu
bin=$1; many=${2:-0}
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cpu() { /usr/bin/env bash -c 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>&1; } 2>&1' cpu "$@" | awk '{ print $1 + $2 }'; }
measure() {
  file=$1; peer=$2
  echo "== $file: $(wc -c < "$folder/$file") bytes"
  "$bin/sources_bench" "$folder/$file" | sed 's/^/tailback    /'
  ours=$(cpu "$bin/sources_bench" "$folder/$file")
  base=$(cpu grep -c '^goroutine' "$folder/$file")
  echo "grep -c     cpu $base s; tailback takes $(echo "$ours $base" | awk '{ printf "%.1f", $1 / ($2 + 0.001) }') times that"
  if [ "$peer" = yes ] && command -v panicparse >/dev/null; then
    theirs=$(cpu panicparse "$folder/$file")
    echo "panicparse  cpu $theirs s, $(echo "$theirs $ours" | awk '{ printf "%.0f", $1 / ($2 + 0.001) }') times tailback's"
  fi
}
"$bin/sources_generate" incident > "$folder/incident"; measure incident yes
"$bin/sources_generate" distinct 5000 > "$folder/distinct-5000"; measure distinct-5000 yes
"$bin/sources_generate" distinct 20000 > "$folder/distinct-20000"; measure distinct-20000 yes
if [ "$many" -gt 0 ]; then "$bin/sources_generate" incident "$many" > "$folder/many"; measure many no; fi
