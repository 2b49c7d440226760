#!/usr/bin/env bash
# Modbus beside a firewall that inspects forms of 1 MiB: the plant's latency stays what it was.
#   scripts/acceptance/firewall-modbus.sh [SECONDS] [REPETITIONS]
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs wrk cc curl

seconds=${1:-10}
repetitions=${2:-3}
read -r web up device press < <(free_ports 4)
compile upstream/upstream.c upstream
compile modbus/device.c device
compile modbus/load.c load
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - { name: web, address: 127.0.0.1:$web, protocol: http }
  - name: press
    address: 127.0.0.1:$press
    protocol: modbus
    asset: press
    filters: [{ operations: { allow: [{ units: [1], classes: [read] }] } }]
pools: [{ name: app, endpoints: [127.0.0.1:$up] }]
routes:
  - name: all
    listeners: [web]
    filters: [{ firewall: { rules: crs, requestBody: { limit: 4MiB, fieldsLimit: 4MiB }, timeBudget: 10s } }]
    pool: app
assets: [{ name: press, protocol: modbus, address: 127.0.0.1:$device }]
YAML
"$PYTHON" - <<'PY'
words = "garden window silver meadow paper orange bridge summer quiet river marble cotton lantern harbour".split()
text = "note="
while len(text) < 1 << 20:
    text += words[len(text) % len(words)] + "+"
open("form", "w").write(text[:1 << 20])
open("form.lua", "w").write("""
wrk.method = "POST"
wrk.body = io.open("form"):read("*a")
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["User-Agent"] = "Mozilla/5.0"
wrk.headers["Accept"] = "*/*"
""")
PY
peer "$up" ./upstream "$up"
peer "$device" ./device "$device"
start_gate sluice.yaml

form() { curl -s -o reply.txt -w '%{http_code}' -A Mozilla/5.0 --data-binary "$1" "http://127.0.0.1:$web/x"; }
check "a form of 1 MiB passes" [ "$(form @form)" = 200 ]
{ cat form && printf '%s' '<script>alert(1)</script>'; } >attack
check "one with an attack behind it does not" [ "$(form @attack)" = 403 ]

tell_machine
echo "latency in µs, alone and beside wrk with 8 connections that send forms of 1 MiB, $seconds s each, $repetitions times"
busy8() { ./load "$press" 8 "$seconds" >"$1"; }
polls() { "$PYTHON" "$HERE/clients.py" modbus "$press" "$seconds" >"$1"; }
busy8 warm.json
for i in $(seq "$repetitions"); do
  for kind in busy8 polls; do "$kind" "idle-$kind-$i.json"; done
  wrk -t1 -c8 -s form.lua -d$((2 * seconds + 3))s "http://127.0.0.1:$web/x" >"wrk-$i.txt" &
  web_load=$!
  CHILDREN+=("$web_load")
  sleep 1
  for kind in busy8 polls; do "$kind" "loaded-$kind-$i.json"; done
  wait "$web_load"
  for kind in busy8 polls; do
    for place in idle loaded; do printf '  %d %s %-6s %s\n' "$i" "$kind" "$place" "$(cat "$place-$kind-$i.json")"; done
  done
  printf '  %d web          %s\n' "$i" "$(awk '/Requests\/sec/ { print $2 " forms/s" }' "wrk-$i.txt")"
done

check_p99 "the firewall's work" "$repetitions"
finish
