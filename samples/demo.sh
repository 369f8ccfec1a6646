#!/usr/bin/env bash
# The main job, from nothing to the answer, on a bare Debian 12 (as root): installs what building takes, builds the release, lets
# samples/deadlock_service deadlock and record itself, and analyzes the incident file.
#
#   samples/demo.sh [THREADS]     threads of the service (2000; the modelled incident had 47905)
#
# Safe to run twice; everything it makes is in build/demo. What it measures of the machine it does not change.
set -euo pipefail
cd "$(dirname "$0")/.."

threads=${1:-2000}
[[ $threads =~ ^[0-9]+$ ]] || { echo "samples/demo.sh: '$threads' is no number of threads" >&2; exit 2; }
build=build/demo
file=$build/incident.tailback
say() { printf '\n== %s\n' "$*"; }

. tests/packages.sh
install_packages samples/demo.sh build

say "building the release in $build"
# A warning of a compiler that we do not know must not keep anyone from the demonstration.
cmake --preset release -B "$build" -DTAILBACK_BUILD_TESTS=OFF -DTAILBACK_BUILD_BENCHMARKS=OFF -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF >/dev/null
cmake --build "$build" --target tailback deadlock_service

say "a service with $threads threads deadlocks and records itself (some ten seconds)"
rm -f "$file" "$file"-wal "$file"-shm "$file".spool
"$build"/bin/deadlock_service --threads "$threads" --file "$file"

say "tailback analyze $file"
"$build"/bin/tailback analyze "$file"

say "more to try"
cat <<END
  $build/bin/tailback analyze $file --format json | jq '.findings[0]'
  sqlite3 $file 'SELECT * FROM stack_group LIMIT 10'
  $build/bin/goes_wrong    (cmake --build $build --target goes_wrong; ten other ways to go wrong)
END
