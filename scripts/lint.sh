#!/usr/bin/env bash
# Formatting of Swift and mistakes in shell scripts. `--fix` formats the Swift files instead.
set -euo pipefail

cd "$(dirname "$0")/.."
swift_paths=(Package.swift Sources Tests Fuzz/Package.swift)
[ -d Fuzz/Sources ] && swift_paths+=(Fuzz/Sources)

if [ "${1:-}" = --fix ]; then
  exec swift format format --in-place --parallel --recursive "${swift_paths[@]}"
fi

swift format lint --strict --parallel --recursive "${swift_paths[@]}"
echo "lint: swift format: clean"
if command -v shellcheck >/dev/null; then
  shellcheck scripts/*.sh scripts/acceptance/*.sh .ci/run
  echo "lint: shellcheck: clean"
else
  echo "lint: shellcheck is not installed, shell scripts were not checked"
fi
