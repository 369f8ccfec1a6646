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
status=0
for preset in "${presets[@]}"; do
  say "$preset: building"
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset"
  say "$preset: testing"
  ctest --preset "$preset" -j "$(nproc)" || status=1
done
exit $status
