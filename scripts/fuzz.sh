#!/usr/bin/env bash
# Fuzzes parsers under the address sanitizer.
#   scripts/fuzz.sh SECONDS TARGET…
# Seeds and earlier crashers of the target FuzzModbus are in Fuzz/Corpus/modbus, and so on; what a run learns goes to
# .build-fuzz/corpus. An input that breaks a target is written beside the seeds, where the ordinary tests replay it.
set -euo pipefail

cd "$(dirname "$0")/.."
[ $# -ge 2 ] || {
  echo "usage: scripts/fuzz.sh SECONDS TARGET…" >&2
  exit 2
}
seconds=$1
shift

# The leak checker takes Swift's static tables for leaks, and the symboliser takes minutes over a Swift crash.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:symbolize=0}

failed=()
for target in "$@"; do
  echo "fuzz: building $target"
  swift build --package-path Fuzz --scratch-path .build-fuzz -c release --product "$target" \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -parse-as-library -Xswiftc -use-ld=lld
  name=${target#Fuzz}
  name=${name,,}
  mkdir -p ".build-fuzz/corpus/$name" "Fuzz/Corpus/$name"
  echo "fuzz: $target for $seconds s"
  if ! ".build-fuzz/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="Fuzz/Corpus/$name/" ".build-fuzz/corpus/$name" "Fuzz/Corpus/$name"; then
    failed+=("$target")
  fi
done

if [ ${#failed[@]} -gt 0 ]; then
  echo "fuzz: failed: ${failed[*]}; the inputs are in Fuzz/Corpus" >&2
  exit 1
fi
echo "fuzz: $# targets, $seconds s each, no crash"
