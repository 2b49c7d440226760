#!/usr/bin/env bash
# A thousand slow clients, four ways: a good client hardly notices, they are gone within 20 s, an honest slow upload
# survives. The limits are the defaults.
#   scripts/acceptance/slow-clients.sh [CONNECTIONS] [RATE]
# RATE is how many of them come in a second: all at once unless said.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs slowhttptest cc curl
ulimit -n "$(ulimit -Hn)"

connections=${1:-1000}
rate=${2:-$connections}
read -r web up good < <(free_ports 3)
compile upstream/upstream.c upstream
peer "$up" ./upstream "$up"
# The good client has an upstream of its own: what is measured is the gate, not the queue of the upstream under attack.
peer "$good" ./upstream "$good"
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - { name: web, address: 127.0.0.1:$web, protocol: http }
pools:
  - { name: app, endpoints: [127.0.0.1:$up] }
  - { name: good, endpoints: [127.0.0.1:$good] }
routes:
  - { name: good, listeners: [web], matches: [{ path: { exact: /probe } }], pool: good }
  - { name: all, listeners: [web], pool: app }
YAML
start_gate sluice.yaml
tell_machine

# Good clients come from 127.0.0.2, so that the attackers' sockets can be told apart.
"$PYTHON" "$HERE/clients.py" probe "$web" 15 >idle.json
idle=$(json idle.json p99)
bound=$(awk "BEGIN { print ($idle * 2 > 5) ? $idle * 2 : 5 }")
echo "idle: $(cat idle.json); bound $bound ms"

# attack NAME OPTION…: runs slowhttptest with the options beside a good client and an honest upload.
attack() {
  local name=$1 upload probe watch attacker before
  shift
  before=$(metric sluice_connections_accepted_total)
  "$PYTHON" "$HERE/clients.py" upload "$web" 2000 30 >"$name.upload" &
  upload=$!
  sleep 2
  slowhttptest "$@" -c "$connections" -r "$rate" -l 30 -p 3 -v 1 -g -o "$name" >"$name.txt" 2>&1 &
  attacker=$!
  "$PYTHON" "$HERE/clients.py" watch "$web" $((24 + connections / rate)) >"$name.watch" &
  watch=$!
  "$PYTHON" "$HERE/clients.py" probe "$web" 20 >"$name.probe" &
  probe=$!
  CHILDREN+=("$upload" "$attacker" "$watch" "$probe")
  wait "$probe" "$watch" "$upload" || true
  kill -TERM "$attacker" 2>/dev/null || true
  wait "$attacker" 2>/dev/null || true
  echo "$name: slowhttptest $*"
  echo "  probe  $(cat "$name.probe")"
  echo "  watch  $(cat "$name.watch")"
  echo "  upload $(cat "$name.upload"); resident $(resident "$GATE") KiB"
  check "$name: the attack took place" holds "$(json "$name.watch" most) >= $connections * 0.95"
  # With RATE, the last of them came that much later than the first.
  check "$name: they are gone within 20 s" \
    holds "0 < $(json "$name.watch" gone) && $(json "$name.watch" gone) <= 20 + $connections / $rate - 1"
  check "$name: the kernel holds at most 64 KiB for each after that" \
    holds "$(json "$name.watch" orphanBytes) <= $connections * 65536"
  check "$name: a good client's p99 stays below $bound ms" holds "$(json "$name.probe" p99) < $bound"
  check "$name: no request of the good client failed" [ "$(json "$name.probe" errors)" = 0 ]
  check "$name: the honest upload got 200" [ "$(json "$name.upload" status)" = 200 ]
  check "$name: every connection was accepted" \
    holds "$(metric sluice_connections_accepted_total) - $before >= $connections"
}

"$PYTHON" "$HERE/clients.py" options "$GATE" "$web" >options.json
echo "options of an accepted socket: $(cat options.json)"
check "nothing that is written to a client waits for more" [ "$(json options.json noDelay)" = 1 ]
check "the kernel takes at most 64 KiB that are not sent yet" [ "$(json options.json notSentLowWater)" = 65536 ]

url="http://127.0.0.1:$web"
attack head -H -i 10 -x 24 -t GET -u "$url/x"
attack body -B -i 10 -s 8192 -x 10 -u "$url/x"
attack read-1MiB -X -w 512 -y 1024 -n 5 -z 32 -k 3 -u "$url/big"
attack read-1KiB -X -w 1 -y 512 -n 1 -z 5 -k 1 -u "$url/x"
attack read-pipelined -X -w 1 -y 512 -n 1 -z 5 -k 10 -u "$url/x"
finish
