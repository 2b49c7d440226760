#!/usr/bin/env bash
# Modbus through the gate: reads pass, a write outside the rules gets exception 01 and never reaches the device, and
# `sluice explain` says why, also after a restart. Then: latency while the web side is saturated.
#   scripts/acceptance/modbus.sh [SECONDS] [REPETITIONS]
# PYTHON must have pymodbus.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs mbpoll wrk cc curl

seconds=${1:-10}
repetitions=${2:-3}
read -r web up plc tank device press < <(free_ports 6)
compile upstream/upstream.c upstream
compile modbus/device.c device
compile modbus/load.c load
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - { name: web, address: 127.0.0.1:$web, protocol: http }
  - name: tank
    address: 127.0.0.1:$tank
    protocol: modbus
    asset: tank
    filters:
      - operations:
          allow:
            - { units: [1], classes: [read] }
            - { units: [1], functions: [6, 16], addresses: [100-119], values: 0-8500 }
  - name: press
    address: 127.0.0.1:$press
    protocol: modbus
    asset: press
    filters: [{ operations: { allow: [{ units: [1], classes: [read] }] } }]
pools:
  - { name: app, endpoints: [127.0.0.1:$up] }
routes:
  - { name: all, listeners: [web], pool: app }
assets:
  - { name: tank, protocol: modbus, address: 127.0.0.1:$plc }
  - { name: press, protocol: modbus, address: 127.0.0.1:$device }
YAML
peer "$plc" "$SLUICE" demo --only plc --port "$plc" --directory "$WORK"
peer "$up" ./upstream "$up"
peer "$device" ./device "$device"
start_gate sluice.yaml

echo "modbus: the guard"
check "pymodbus: reads and a write inside the rules pass, writes outside get exception 01" \
  "$PYTHON" "$HERE/modbus_client.py" "$tank"
poll() { mbpoll -m tcp -p "$tank" -a 1 -0 -1 -o 2 "$@"; }
poll -t 4 -r 100 -c 4 127.0.0.1 >read.txt 2>&1 || true
poll -t 4 -r 100 127.0.0.1 4321 >inside.txt 2>&1 || true
poll -t 4 -r 300 127.0.0.1 4322 >outside.txt 2>&1 || true
poll -t 4 -r 100 127.0.0.1 9999 >value.txt 2>&1 || true
poll -t 0 -r 2 127.0.0.1 1 >coil.txt 2>&1 || true
check "mbpoll reads" contains read.txt '^\[10[0-3]\]'
check "mbpoll writes inside the rules" contains inside.txt 'Written 1 references'
check "mbpoll: a write outside the addresses gets exception 01" contains outside.txt 'Illegal function'
check "mbpoll: a write outside the values gets exception 01" contains value.txt 'Illegal function'
check "mbpoll: a write of a coil gets exception 01" contains coil.txt 'Illegal function'
check "the device's log has the writes that passed" contains plc.log '"request":"06006410e1"'
# 4321 is 10e1; the refused ones: register 300 (012c), the values 4322 (10e2) and 9999 (270f), any coil.
check "the device never saw a refused one" lacks plc.log '"request":"(06012c|10012c|06....(270f|10e2)|05|0f)'
check "the device saw no exception of its own" lacks plc.log '"exception":[1-9]'

blocked=$(grep '"verdict":"block"' access.jsonl | grep -o '"id":"[^"]*"' | tail -n 1 | cut -d '"' -f 4)
explains() { "$SLUICE" explain "$blocked" --admin unix:admin.sock >"$1" 2>&1 && contains "$1" 'operations' && contains "$1" '[Bb]lock'; }
check "explain says why ($blocked)" explains before.txt
check "the gate stops" stop_gate
start_gate sluice.yaml
check "explain says why after a restart" explains after.txt
sed 's/^/    /' after.txt

tell_machine
echo "modbus: latency in µs, alone and beside wrk with 64 connections, $seconds s each, $repetitions times"
echo "  busy8: 8 clients that ask again at once; polls: 8 clients that ask 50 times a second each"
busy8() { ./load "$1" 8 "$seconds" >"$2"; }
polls() { "$PYTHON" "$HERE/clients.py" modbus "$1" "$seconds" >"$2"; }
busy8 "$press" warm.json
for i in $(seq "$repetitions"); do
  for kind in busy8 polls; do
    "$kind" "$device" "direct-$kind-$i.json"
    "$kind" "$press" "idle-$kind-$i.json"
  done
  wrk -t2 -c64 -d$((4 * seconds + 6))s "http://127.0.0.1:$web/x" >"wrk-$i.txt" &
  web_load=$!
  CHILDREN+=("$web_load")
  sleep 1
  for kind in busy8 polls; do
    "$kind" "$press" "loaded-$kind-$i.json"
    "$kind" "$device" "loaded-direct-$kind-$i.json"
  done
  wait "$web_load"
  for kind in busy8 polls; do
    for place in direct idle loaded-direct loaded; do
      printf '  %d %s %-13s %s\n' "$i" "$kind" "$place" "$(cat "$place-$kind-$i.json")"
    done
  done
  printf '  %d web           %s\n' "$i" "$(awk '/Requests\/sec/ { print $2 " requests/s" }' "wrk-$i.txt")"
done

check_p99 "the web load" "$repetitions"
finish
