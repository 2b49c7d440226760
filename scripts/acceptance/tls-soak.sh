#!/usr/bin/env bash
# Memory under a modest load of everything at once, against one gate: HTTP and HTTPS on kept connections, full and
# resumed handshakes, X25519MLKEM768, connections that clients end by RST, 1 MiB bodies both ways, WebSocket, event
# streams, passthrough, TLS towards an upstream, Modbus with and without TLS. Each minute there is another certificate
# and configuration, the access log is rotated, `explain`, the ledger and the bill of materials are asked for. Resident
# memory grows by at most 10 % from the end of the second of six equal windows to the end of the last, and nothing fails
# that was not meant to.
#   scripts/acceptance/tls-soak.sh [SECONDS]
# PYTHON must have cryptography, pyOpenSSL and pymodbus.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs cc curl
needs_python cryptography OpenSSL pymodbus

seconds=${1:-3600}
windows=6
every=$((seconds < 720 ? (seconds + 11) / 12 : 60))
read -r web plain passthrough press secure_press remote_press up bodies demo device tls_device < <(free_ports 11)
compile upstream/upstream.c upstream
compile modbus/device.c device
pki ca authority
for i in $(seq 0 9); do pki server authority "web-$i" web.example localhost; done
pki server authority press press.example
pki server authority device device.example
pki client authority gate
pki client authority operator one
head -c 1M /dev/urandom >body

configure() {
  cat >next.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions, record: all, maximumSize: 64MiB } }
listeners:
  - name: web
    address: 127.0.0.1:$web
    protocol: https
    tls: { certificates: [{ chain: web.pem, key: web.key }] }
  - { name: plain, address: 127.0.0.1:$plain, protocol: http }
  - { name: passthrough, address: 127.0.0.1:$passthrough, protocol: tls, pool: gate }
  - name: press
    address: 127.0.0.1:$press
    protocol: modbus
    asset: press
    filters: [{ operations: { allow: [{ units: [1], classes: [read] }] } }]
  - name: secure-press
    address: 127.0.0.1:$secure_press
    protocol: modbus
    asset: press
    tls:
      certificates: [{ chain: press.pem, key: press.key }]
      clients: { verify: required, ca: authority.pem, crl: authority.crl }
    filters: [{ operations: { allow: [{ units: [1], classes: [read] }] } }]
  - name: remote-press
    address: 127.0.0.1:$remote_press
    protocol: modbus
    asset: remote-press
    filters: [{ operations: { allow: [{ units: [1], classes: [read] }] } }]
pools:
  - { name: app, endpoints: [127.0.0.1:$up], health: { path: /healthz } }
  - { name: bodies, endpoints: [127.0.0.1:$bodies] }
  - { name: demo, endpoints: [127.0.0.1:$demo] }
  - { name: gate, endpoints: [127.0.0.1:$web] }
  - name: secure                      # the gate itself; each request makes a connection
    endpoints: [127.0.0.1:$web]
    idleConnections: 0
    tls: { ca: authority.pem, serverName: web.example }
routes:
  - name: demo
    listeners: [web, plain]
    matches: [{ path: { exact: /events } }, { path: { exact: /ws } }]
    pool: demo
  - name: demo-aborted
    listeners: [web]
    matches: [{ path: { exact: /abort/ws } }]
    rewrite: { path: /ws }
    pool: demo
  - name: bodies
    listeners: [web, plain]
    matches: [{ path: { prefix: /bodies } }, { path: { prefix: /abort/bodies } }]
    pool: bodies
  - { name: secure, listeners: [plain], matches: [{ path: { prefix: /tls } }], pool: secure }
  - name: app
    listeners: [web, plain]
    filters: [{ headers: { set: { X-Configuration: "$1" }, replySet: { X-Configuration: "$1" } } }]
    pool: app
assets:
  - { name: press, protocol: modbus, address: 127.0.0.1:$device }
  - name: remote-press
    protocol: modbus
    address: 127.0.0.1:$tls_device
    tls: { ca: authority.pem, serverName: device.example, certificate: { chain: gate.pem, key: gate.key } }
YAML
  mv next.yaml sluice.yaml
}
# take NUMBER: puts one of the ten certificates in place.
take() {
  cp "web-$(($1 % 10)).key" next.key && mv next.key web.key
  cp "web-$(($1 % 10)).pem" next.pem && mv next.pem web.pem
}
answers() { curl -sf --max-time 5 --cacert authority.pem -o /dev/null "https://localhost:$web/api/x"; }

# processor PID: hundredths of a second that it has used.
processor() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
# look: what the process holds now. RSS, Pss and anonymous memory in KiB, file descriptors, threads.
look() {
  local files=("/proc/$GATE/fd/"*) threads=("/proc/$GATE/task/"*)
  awk -v files="${#files[@]}" -v threads="${#threads[@]}" '
    /^Rss:/ { rss = $2 } /^Pss:/ { pss = $2 } /^Anonymous:/ { anonymous = $2 }
    END { print rss, pss, anonymous, files, threads }' "/proc/$GATE/smaps_rollup"
}
row() { printf '  %-8s %8s %9s %8s %8s %8s %6s %8s\n' "$@"; }
# record NAME MOST: a row of the table, and RSS into resident.txt.
record() {
  local rss pss anonymous files threads
  read -r rss pss anonymous files threads < <(look)
  echo "$rss" >>resident.txt
  echo "$anonymous" >>anonymous.txt
  row "$1" "$((SECONDS - began)) s" "$rss" "$2" "$pss" "$anonymous" "$files" "$threads"
}

# read_log FILE: keeps how many lines of each kind there were, and the lines that say that something went wrong. What
# clients broke off on purpose has a path of its own, or ends during the handshake on this listener.
read_log() {
  grep -oE '"kind":"[a-z]+"' "$1" >>kinds.txt || true
  grep -oE '"path":"/api/(resumed|hybrid-resumed)".*"resumed":true' "$1" | grep -oE '/api/[a-z-]+' >>resumed.txt || true
  grep -E '"kind":"(exchange|handshake)"' "$1" | grep -v '"path":"/abort/' | grep -vE '"status":(200|101)[,}]' |
    grep -vE '"listener":"web".*"failure":"closed during the handshake"' >>strange.jsonl || true
}
rotate() {
  [ ! -e access.old ] || read_log access.old
  mv access.jsonl access.old
  kill -USR1 "$GATE"
}
# ask: what an operator asks each minute; each answer that does not come is counted.
unanswered=0
ask() {
  local id
  # The last line may not be whole yet.
  id=$(tail -n 200 access.jsonl | sed '$d' | grep '"kind":"exchange"' | tail -n 1 | grep -oE '"id":"[^"]*"' |
    cut -d '"' -f 4)
  "$SLUICE" explain "$id" --admin unix:admin.sock >explained.txt || unanswered=$((unanswered + 1))
  "$SLUICE" tls ledger --json --admin unix:admin.sock >ledger.json || unanswered=$((unanswered + 1))
  "$SLUICE" tls cbom -o cbom.json --admin unix:admin.sock >cbom.txt || unanswered=$((unanswered + 1))
}
# renew NUMBER: what happens each minute.
renew() {
  ask
  rotate
  take "$1"
  configure "$1"
  kill -HUP "$GATE"
}

take 0
configure 0
peer "$up" ./upstream "$up"
peer "$bodies" "$PYTHON" "$HERE/bodies.py" "$bodies" "$WORK/body"
peer "$demo" "$SLUICE" demo --only web --port "$demo"
peer "$device" ./device "$device"
peer "$tls_device" "$PYTHON" "$HERE/tls_modbus.py" server "$tls_device"
start_gate sluice.yaml
check "a request gets its reply" until_true 5 answers

echo "tls-soak: $seconds s in $windows windows, another certificate and configuration each $every s; KiB"
: >resident.txt
: >strange.jsonl
: >resumed.txt
: >kinds.txt
began=$SECONDS
gate_before=$(processor "$GATE")
row window at resident most Pss anon files threads
record before -
: >resident.txt
: >anonymous.txt
"$PYTHON" "$HERE/tls_soak.py" "web=$web" "plain=$plain" "passthrough=$passthrough" "press=$press" \
  "secure-press=$secure_press" "remote-press=$remote_press" >load.json 2>load.err &
load=$!
CHILDREN+=("$load")
renewals=0
for window in $(seq "$windows"); do
  most=0
  until [ $((SECONDS - began)) -ge $((window * seconds / windows)) ]; do
    sleep 1
    now=$(resident "$GATE")
    [ "$now" -le "$most" ] || most=$now
    elapsed=$((SECONDS - began))
    # Not at the end of a window, whose figure is to be of a gate at its usual work.
    if [ "$elapsed" -ge $((renewals * every + every / 2)) ]; then
      renewals=$((renewals + 1))
      renew "$renewals"
    fi
    [ $((elapsed % 15)) != 0 ] || metric sluice_process_open_fds >/dev/null
  done
  record "$window" "$most"
done
used=$(($(processor "$GATE") - gate_before))
peers=0
for pid in "${CHILDREN[@]}"; do
  [ "$pid" = "$GATE" ] || [ "$pid" = "$load" ] || peers=$((peers + $(processor "$pid")))
done
took=$((SECONDS - began))
kill -TERM "$load"
wait "$load" || true
sleep 5
record after -
cat load.err
[ ! -e access.old ] || read_log access.old
read_log access.jsonl

"$PYTHON" - <<'PYTHON'
import json
load = json.load(open("load.json"))
print("tls-soak: what went well")
for name, count in load["done"].items():
  print(f"  {count:8d}  {name}")
print("tls-soak: what failed:", load["failed"] or "nothing")
for name, count in load["failures"].items():
  print(f"  {count:8d}  {name}; the first: {load['reasons'][name]}")
PYTHON
value() { json load.json "$1"; }
count() { "$PYTHON" -c 'import json, sys; print(json.load(open("load.json"))["done"].get(sys.argv[1], 0))' "$1"; }
echo "tls-soak: lines of the access log: $(sort kinds.txt | uniq -c | tr -s ' \n' ' ')"
echo "tls-soak: $renewals reloads; groups of the hybrid client: $(value groups)"
awk -v gate="$used" -v peers="$peers" -v clients="$(value processor)" -v took="$took" 'BEGIN {
  printf "tls-soak: of one processor, the gate used %.1f %%, the clients %.1f %%, the servers %.1f %%\n",
    gate / took, 100 * clients / took, peers / took }'

check "no request, handshake or poll failed" [ "$(value failed)" = 0 ]
for kind in "HTTPS requests, kept" "HTTP requests, kept" "HTTP requests to a TLS upstream" "full handshakes" \
  "resumed handshakes" "full handshakes, X25519MLKEM768" "resumed handshakes, X25519MLKEM768" \
  "passthrough connections" "1 MiB down" "1 MiB up" "WebSocket messages over HTTPS" "WebSocket messages over HTTP" \
  "event streams" "Modbus polls" "Modbus polls over TLS" "Modbus polls to a TLS device" \
  "Modbus writes that were blocked" "aborted: hello" "aborted: answer" "aborted: handshake" "aborted: request" \
  "aborted: download" "aborted: upload" "aborted: websocket" "aborted: passthrough"; do
  [ "$(count "$kind")" -gt 0 ] || check "there was one of: $kind" false
done
check "the log tells of nothing that was not meant" [ ! -s strange.jsonl ]
head -n 5 strange.jsonl
check "the log has every resumed handshake as resumed" [ "$(wc -l <resumed.txt)" = \
  $(($(count "resumed handshakes") + $(count "resumed handshakes, X25519MLKEM768"))) ]
hybrid=$(($(count "full handshakes, X25519MLKEM768") + $(count "resumed handshakes, X25519MLKEM768")))
check "the hybrid client had X25519MLKEM768 each time" [ "$(value groups)" = "{'X25519MLKEM768': $hybrid}" ]
check "clients saw the certificates change" holds "$(value certificates) >= ($renewals < 9 ? $renewals : 10)"
"$SLUICE" status --json --admin unix:admin.sock >status.json
check "every reload was taken" [ "$(json status.json revision)" = $((renewals + 1)) ]
check "explain, ledger and bill of materials were there each time" [ "$unanswered" = 0 ]
check "the logs lost nothing" \
  [ "$(metric sluice_telemetry_access_lines_dropped_total)$(metric sluice_telemetry_decisions_lost_total)" = 00 ]

second=$(sed -n 2p resident.txt)
last=$(sed -n "${windows}p" resident.txt)
# growth FILE: what changed from the second window to the last.
growth() {
  awk -v last="$windows" 'NR == 2 { second = $1 } NR == last {
    printf "%d after window 2, %d after window %d (%+.1f %%)", second, $1, last, 100 * ($1 - second) / second }' "$1"
}
echo "tls-soak: resident KiB: $(growth resident.txt)"
echo "tls-soak: of it anonymous: $(growth anonymous.txt)"
check "memory grows by at most 10 % from the second window to the last" holds "$last <= $second * 1.10"
check "the gate still answers" answers
finish
