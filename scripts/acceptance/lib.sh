# Shared by the acceptance scripts: a temporary folder, peers that end with the script, checks that are counted.
# shellcheck shell=bash
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
SLUICE=$(realpath "${SLUICE:-$ROOT/.build/release/sluice}")
PYTHON=${PYTHON:-python3}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/sluice-acceptance.XXXXXX")
GATE=
PASSED=0
FAILED=0
CHILDREN=()

end_children() {
  local status=$? pid
  trap - EXIT INT TERM
  for pid in "${CHILDREN[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${CHILDREN[@]}"; do
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  if [ -n "${KEEP:-}" ]; then echo "kept: $WORK"; else rm -rf "$WORK"; fi
  exit "$status"
}
trap end_children EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$WORK"

# needs TOOL…: ends with 2 when one is not installed.
needs() {
  local tool
  for tool in "$SLUICE" "$PYTHON" "$@"; do
    command -v "$tool" >/dev/null || {
      echo "acceptance: \`$tool\` is not there (see scripts/acceptance/README.md)" >&2
      exit 2
    }
  done
}

# check TEXT COMMAND…: counts whether the command succeeds.
check() {
  local text=$1
  shift
  if "$@"; then
    PASSED=$((PASSED + 1))
    echo "  pass  $text"
  else
    FAILED=$((FAILED + 1))
    echo "  FAIL  $text"
  fi
}

# holds EXPRESSION: an awk expression over numbers.
holds() { awk "BEGIN { exit !($1) }"; }

# contains FILE PATTERN, lacks FILE PATTERN: for `check`; lacks fails too when there is no such file.
contains() { grep -Eq -- "$2" "$1"; }
lacks() { [ -r "$1" ] && ! grep -Eq -- "$2" "$1"; }

# json FILE KEY: a value of a JSON file; nothing when there is none.
json() {
  "$PYTHON" -c 'import json,sys
try: print(json.load(open(sys.argv[1]))[sys.argv[2]])
except (OSError, ValueError, KeyError): pass' "$@"
}

# free_ports COUNT: loopback ports that nobody listens on, on one line.
free_ports() {
  "$PYTHON" -c 'import socket,sys
all=[socket.socket() for _ in range(int(sys.argv[1]))]
for s in all: s.bind(("127.0.0.1",0))
print(*[s.getsockname()[1] for s in all])' "$1"
}

# until_true SECONDS COMMAND…: waits until the command succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# peer PORT COMMAND…: starts a server in the background and waits for its port; its pid is in PEER.
peer() {
  local port=$1
  shift
  "$@" >>peers.log 2>&1 &
  PEER=$!
  CHILDREN+=("$PEER")
  until_true 10 listens "$port" || {
    echo "acceptance: \`$*\` does not listen on $port" >&2
    exit 1
  }
}

# start_gate CONFIGURATION: runs the gate and waits until it serves; its pid is in GATE.
start_gate() {
  : >gate.out
  "$SLUICE" run -c "$1" >>gate.out 2>>gate.err &
  GATE=$!
  CHILDREN+=("$GATE")
  until_true 10 contains gate.out '"event":"ready"' || {
    cat gate.err >&2
    exit 1
  }
}

# stop_gate: drains it; the exit status is the gate's.
stop_gate() {
  local pid=$GATE status=0
  GATE=
  kill -TERM "$pid"
  wait "$pid" || status=$?
  local left=() other
  for other in "${CHILDREN[@]}"; do [ "$other" = "$pid" ] || left+=("$other"); done
  CHILDREN=("${left[@]}")
  return "$status"
}

# resident PID: KiB. metric NAME: the sum of the gate's metric. The admin socket is admin.sock in the folder.
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
metric() {
  curl -s --unix-socket admin.sock http://localhost/metrics |
    awk -v name="$1" '$1 ~ "^" name "([{]|$)" { sum += $NF } END { printf "%d\n", sum }'
}

# compile SOURCE NAME [LIBRARY…]: one of the benchmark's C programs.
compile() { cc -O2 -o "$WORK/$2" "$ROOT/Benchmarks/$1" "${@:3}"; }

# pki WORD…: see tls_pki.py. needs_python MODULE…: ends with 2 when PYTHON lacks one.
pki() { "$PYTHON" "$HERE/tls_pki.py" "$@"; }
needs_python() {
  local module
  for module in "$@"; do
    "$PYTHON" -c "import $module" 2>/dev/null || {
      echo "acceptance: \`$PYTHON\` has no \`$module\` (see scripts/acceptance/README.md)" >&2
      exit 2
    }
  done
}

# logged COUNT PATTERN: whether the access log has at least so many lines that match; waits for them.
logged() { until_true 5 logged_now "$@"; }
logged_now() { [ "$(grep -Ec -- "$2" access.jsonl)" -ge "$1" ]; }

# tell_machine: how busy others keep the processors; figures of a busy machine say little.
tell_machine() {
  local busy
  busy=$( (head -n 1 /proc/stat; sleep 2; head -n 1 /proc/stat) |
    awk '{ all = 0; for (i = 2; i <= NF; i++) all += $i; idle = $5 + $6
           if (NR == 2) printf "%d", 100 - 100 * (idle - before_idle) / (all - before); before = all; before_idle = idle }')
  echo "machine: $(nproc) processors, $busy % busy before the start"
  [ "$busy" -le 10 ] || echo "machine: NOT QUIET, latencies below say little"
}

finish() {
  if [ -n "$GATE" ]; then
    check "the gate ends by itself with status 0" stop_gate
    check "the gate reports no fault of its own" lacks gate.err '"?(error|critical)"?|Fatal|fatal'
  fi
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" = 0 ]
}

# check_p99 BESIDE REPETITIONS: the latency in loaded-KIND-N.json beside that in idle-KIND-N.json, for clients that are busy
# and clients that poll. The bound comes from the quietest idle run, so that a noisy one does not loosen it.
check_p99() {
  local kind idle bound loaded i
  for kind in busy8 polls; do
    idle=$(for i in $(seq "$2"); do json "idle-$kind-$i.json" p99us; done | sort -n | head -n 1)
    bound=$((2 * idle > 2000 ? 2 * idle : 2000))
    for i in $(seq "$2"); do
      loaded=$(json "loaded-$kind-$i.json" p99us)
      check "$kind, $i: p99 beside $1, $loaded µs, stays below $bound µs" [ "$loaded" -lt "$bound" ]
      check "$kind, $i: no error" [ "$(json "idle-$kind-$i.json" errors)$(json "loaded-$kind-$i.json" errors)" = 00 ]
    done
  done
}
