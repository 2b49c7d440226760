#!/usr/bin/env bash
# Installs what Sluice needs from Debian, and only what is missing.
#   scripts/setup.sh build|tests|bench
# `tests` and `bench` also make a Python environment in .build-tests/venv or .build-bench/venv.
set -euo pipefail

cd "$(dirname "$0")/.."
purpose=${1:-build}
list=scripts/packages/$purpose.txt
requirements=scripts/packages/$purpose-python.txt
oldest_swift=6.2

fail() {
  echo "setup: $1" >&2
  exit 1
}

install_packages() {
  local run=(env DEBIAN_FRONTEND=noninteractive)
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo; run as root: apt-get install $*"
    run=(sudo "${run[@]}")
  fi
  if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    echo "setup: reading the package lists (apt-get update)"
    "${run[@]}" apt-get update -q
  fi
  echo "setup: installing $*"
  if ! "${run[@]}" apt-get install -qy --no-install-recommends "$@"; then
    echo "setup: trying once more with fresh package lists (apt-get update)"
    "${run[@]}" apt-get update -q
    "${run[@]}" apt-get install -qy --no-install-recommends "$@"
  fi
}

[ -f "$list" ] || fail "unknown purpose \`$purpose\`; one of: build, tests, bench"
mapfile -t wanted < <(sed 's/#.*//' "$list" | tr -s ' \t' '\n' | sed '/^$/d')

if command -v dpkg-query >/dev/null; then
  missing=()
  for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null || true)
    grep -qx installed <<<"$status" || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    install_packages "${missing[@]}" </dev/null
  fi
else
  echo "setup: no dpkg here; Sluice needs what Debian calls: ${wanted[*]}"
fi

if [ "$purpose" = build ]; then
  command -v swift >/dev/null || fail "no \`swift\` on the path; install Swift $oldest_swift or later from swift.org"
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
  [ -n "$version" ] || fail "\`swift --version\` does not answer; is the toolchain made for this system?"
  if [ "$(printf '%s\n' "$oldest_swift" "$version" | sort -V | head -n 1)" != "$oldest_swift" ]; then
    fail "Swift $version is too old; install Swift $oldest_swift or later from swift.org"
  fi
fi

if [ -f "$requirements" ]; then
  environment=.build-$purpose/venv
  if ! cmp -s "$requirements" "$environment/installed.txt"; then
    echo "setup: making $environment with $(tr '\n' ' ' <"$requirements")"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --no-input -r "$requirements"
    cp "$requirements" "$environment/installed.txt"
  fi
fi
