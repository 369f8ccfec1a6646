# To be sourced: installs packages of tests/packages.txt by name.
#
#   install_packages PROGRAM [build]    all of them, or only those that building takes (lines that don't say `tests`)

missing_packages() {
  local package
  for package in $(if [ "${1:-}" = build ]; then grep -v '#.*tests' tests/packages.txt; else cat tests/packages.txt; fi | sed 's/#.*//'); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

install_packages() {
  local program=$1 missing
  mapfile -t missing < <(missing_packages "${2:-}")
  ((${#missing[@]})) || return 0
  printf '\n== installing %s\n' "${missing[*]}"
  [ "$(id -u)" = 0 ] || { echo "$program: needs root to install packages; install them by hand: apt-get install ${missing[*]}" >&2; exit 2; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
