#!/usr/bin/env bash
# Replaces the certificate and reloads the gate each second under HTTPS load: no failed request, the new certificate for
# new handshakes, and sessions from before a reload still resume.
#   scripts/acceptance/tls-reload.sh [SECONDS]
# PYTHON must have cryptography.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs wrk cc curl
needs_python cryptography

seconds=${1:-60}
read -r web up < <(free_ports 2)
compile upstream/upstream.c upstream
compile tls/load.c tls-load -lssl -lcrypto
pki ca authority
for i in $(seq 0 9); do pki server authority "web-$i" web.example localhost; done
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - name: web
    address: 127.0.0.1:$web
    protocol: https
    tls: { certificates: [{ chain: web.pem, key: web.key }] }
pools:
  - { name: app, endpoints: [127.0.0.1:$up] }
routes:
  - { name: all, listeners: [web], pool: app }
YAML

# take NUMBER: puts one of the ten certificates in place.
take() {
  cp "web-$(($1 % 10)).key" next.key && mv next.key web.key
  cp "web-$(($1 % 10)).pem" next.pem && mv next.pem web.pem
}
# announce: tells the clients which certificate they must see, and since when.
announce() { cp web.pem next-current.pem && mv next-current.pem current.pem; }
answers() { curl -sf --max-time 5 --cacert authority.pem -o /dev/null "https://localhost:$web/api/x"; }

take 0
announce
peer "$up" ./upstream "$up"
tell_machine
start_gate sluice.yaml
check "a request gets its reply" until_true 5 answers
echo "tls-reload: 32 kept connections and new ones for $seconds s, another certificate and a reload each second"
wrk -t1 -c32 -d"${seconds}s" --latency "https://localhost:$web/api/x" >wrk.txt &
loads=($!)
./tls-load request "$web" 0 2 "$seconds" >full.json &
loads+=($!)
"$PYTHON" "$HERE/tls_reload_client.py" "$web" "$seconds" >client.json &
loads+=($!)
CHILDREN+=("${loads[@]}")
: >resident.txt
for i in $(seq $((seconds - 1))); do
  sleep 1
  take "$i"
  kill -HUP "$GATE"
  announce
  resident "$GATE" >>resident.txt
done
for load in "${loads[@]}"; do wait "$load" || true; done
grep -E 'requests in|Requests/sec|50%|99%|Socket|Non-2xx' wrk.txt
cat full.json client.json
echo "resident KiB: first $(head -n 1 resident.txt), last $(tail -n 1 resident.txt)"

value() { json client.json "$1"; }
check "kept connections: no socket error and no other status" lacks wrk.txt 'Socket errors|Non-2xx'
check "new connections: none failed" contains full.json '"requests": [1-9][0-9]*, "errors": 0,'
check "the Python client: none failed" [ "$(value failed)" = 0 ]
check "new full handshakes are shown the new certificate" [ "$(value stale)" = 0 ]
check "many certificates were seen" holds "$(value certificates) >= ($seconds < 11 ? $seconds - 2 : 9)"
for version in 1.2 1.3; do
  old=$(value "oldTickets $version")
  check "TLS $version: all of $old sessions from before a reload resumed" \
    holds "$old > 0 && $(value "oldTicketsResumed $version") == $old"
done
if curl -sf --unix-socket admin.sock http://localhost/metrics >metrics.txt; then
  "$SLUICE" status --json --admin unix:admin.sock >status.json
  check "every reload was taken" [ "$(json status.json revision)" = "$seconds" ]
fi
check "the log has no other status" lacks access.jsonl '"status":[^2]'

echo "tls-reload: a certificate that is broken, and one that is gone"
fault_free() { lacks gate.err '"?(error|critical)"?|Fatal|fatal'; }
check "the gate reported no fault so far" fault_free
cp gate.err reloads.err
before=$(wc -c <gate.err)
echo "-----BEGIN CERTIFICATE-----" >web.pem
kill -HUP "$GATE"
complains() { tail -c +$((before + 1)) gate.err | grep -q 'web.pem'; }
check "the gate says which file is broken" until_true 5 complains
check "it still serves with the old certificate" answers
before=$(wc -c <gate.err)
rm web.pem
kill -HUP "$GATE"
check "the gate says which file is gone" until_true 5 complains
check "it still serves with the old certificate" answers
take 3
kill -HUP "$GATE"
subject() {
  openssl s_client -connect "127.0.0.1:$web" -servername web.example </dev/null 2>/dev/null |
    openssl x509 -noout -subject | grep -q "CN = web-3"
}
check "a good certificate is taken again" until_true 5 subject
# The complaints above were asked for.
: >gate.err
finish
