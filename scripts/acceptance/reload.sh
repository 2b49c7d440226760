#!/usr/bin/env bash
# Reloads the gate each second under 64 busy connections: no failed request, no dropped connection, flat memory.
#   scripts/acceptance/reload.sh [SECONDS]
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs wrk cc curl

seconds=${1:-60}
read -r web up < <(free_ports 2)
compile upstream/upstream.c upstream
peer "$up" ./upstream "$up"

configure() {
  cat >next.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - { name: web, address: 127.0.0.1:$web, protocol: http }
pools:
  - { name: app, endpoints: [127.0.0.1:$up] }
routes:
  - name: all
    listeners: [web]
    pool: app
    filters: [{ headers: { set: { X-Configuration: "$1" }, replySet: { X-Configuration: "$1" } } }]
YAML
  mv next.yaml sluice.yaml
}

answers_with() { curl -s -D - -o /dev/null "http://127.0.0.1:$web/x" | grep -qi "^x-configuration: $1"; }

configure 0
tell_machine
start_gate sluice.yaml
echo "reload: 64 connections for $seconds s, a reload each second"
accepted=$(metric sluice_connections_accepted_total)
wrk -t2 -c64 -d"${seconds}s" --latency "http://127.0.0.1:$web/api/x" >wrk.txt &
load=$!
CHILDREN+=("$load")
: >resident.txt
for i in $(seq $((seconds - 1))); do
  sleep 1
  configure "$i"
  kill -HUP "$GATE"
  resident "$GATE" >>resident.txt
done
wait "$load"
accepted=$(($(metric sluice_connections_accepted_total) - accepted))
grep -E 'requests in|Requests/sec|50%|99%|Socket|Non-2xx' wrk.txt

"$SLUICE" status --json --admin unix:admin.sock >status.json
third=$((seconds / 3))
early=$(head -n $((2 * third)) resident.txt | tail -n "$third" | sort -n | tail -n 1)
late=$(tail -n "$third" resident.txt | sort -n | tail -n 1)
dropped=$(metric sluice_telemetry_access_lines_dropped_total)
bad=$(grep -vc '"status":200' access.jsonl || true)
logged=$(grep -c '"status":200' access.jsonl || true)
requests=$(awk '/requests in/ { print $1 }' wrk.txt)
echo "connections $accepted, resident KiB: middle third $early, last third $late; lines $logged + $dropped dropped"
check "wrk saw no socket error and no other status" lacks wrk.txt 'Socket errors|Non-2xx'
# wrk opens one connection before the test, to see whether the address answers.
check "each of wrk's 64 connections was accepted once" [ "$accepted" = 65 ]
check "the access log has no other status" [ "$bad" = 0 ]
check "the access log has every request, or counts what it dropped" holds "$logged + $dropped >= $requests"
check "the last configuration is in force" until_true 5 answers_with $((seconds - 1))
check "every reload was taken" [ "$(json status.json revision)" = "$seconds" ]
check "memory is flat: at most 5 % + 2 MiB between the middle and the last third" holds "$late <= $early * 1.05 + 2048"
finish
