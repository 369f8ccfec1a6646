#!/usr/bin/env bash
# Builds tailback and passes all its tests on a bare Debian 12: installs the packages of tests/packages.txt (as root), then
# runs the whole suite plainly and under AddressSanitizer and UndefinedBehaviorSanitizer, and the concurrency tests under ThreadSanitizer.
#
#   tests/run.sh              everything
#   tests/run.sh PRESET …     only these presets (dev, asan-ubsan, tsan, release, clang)
#
# Safe to run twice. Ends with ctest's own summary of each preset; the exit status is 0 only when all passed.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

. tests/packages.sh
install_packages tests/run.sh

presets=("$@")
((${#presets[@]})) || presets=(dev asan-ubsan tsan)
# What failed is told again at the very end, with the last lines that each test printed: often only a log's tail is at hand.
failed=()
for preset in "${presets[@]}"; do
  say "$preset: building"
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset"
  say "$preset: testing"
  ctest --preset "$preset" -j "$(nproc)" || failed+=("$preset")
done
for preset in "${failed[@]}"; do
  say "$preset: what failed"
  awk -v most=40 '
    / Testing: / { count = 0 }
    { lines[count++] = $0 }
    /^Test Failed\./ {
      print lines[0]
      for (i = count > most ? count - most : 1; i < count; i++) print "  " lines[i]
    }' "build/$preset/Testing/Temporary/LastTest.log"
done
((${#failed[@]} == 0))
