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

missing_packages() {
  local package
  for package in $(sed 's/#.*//' tests/packages.txt); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

mapfile -t missing < <(missing_packages)
if ((${#missing[@]})); then
  say "installing ${missing[*]}"
  [ "$(id -u)" = 0 ] || { echo "tests/run.sh: needs root to install packages; install them by hand: apt-get install ${missing[*]}" >&2; exit 2; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

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
