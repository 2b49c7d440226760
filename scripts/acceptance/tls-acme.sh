#!/usr/bin/env bash
# Certificates from Pebble, an ACME server that we did not write, by both challenges: the gate serves at once with a
# certificate of its own, with the real one soon after, and with the one on disk after a restart.
#   scripts/acceptance/tls-acme.sh
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs pebble pebble-challtestsrv openssl curl

read -r plain web api dns names_api directory < <(free_ports 6)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.pem -days 2 \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat >pebble.json <<JSON
{ "pebble": { "listenAddress": "127.0.0.1:$directory", "managementListenAddress": "127.0.0.1:$api",
  "certificate": "$WORK/server.pem", "privateKey": "$WORK/server.key", "httpPort": $plain, "tlsPort": $web } }
JSON
pebble-challtestsrv -dns01 "127.0.0.1:$dns" -http01 "" -https01 "" -tlsalpn01 "" -defaultIPv6 "" \
  -management "127.0.0.1:$names_api" >names.log 2>&1 &
CHILDREN+=("$!")
PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=20 pebble -strict -config pebble.json -dnsserver "127.0.0.1:$dns" \
  >pebble.log 2>&1 &
CHILDREN+=("$!")

cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
acme:
  directory: https://localhost:$directory/dir
  termsOfServiceAgreed: true
  ca: server.pem
  state: acme
  certificates:
    - { names: [gate.plant.example, www.plant.example], challenge: http-01 }
    - { names: [hmi.plant.example], challenge: tls-alpn-01 }
listeners:
  - { name: plain, address: 127.0.0.1:$plain, protocol: http }
  - name: web
    address: 127.0.0.1:$web
    protocol: https
    tls: { certificates: [{ acme: gate.plant.example }, { acme: hmi.plant.example }] }
routes:
  - { name: upgrade, listeners: [plain], redirect: { scheme: https, status: 308 } }
  - { name: all, listeners: [web], respond: { body: "served\n" } }
YAML

# issuer NAME: who vouches for the certificate that is shown for a name.
issuer() {
  openssl s_client -connect "127.0.0.1:$web" -servername "$1" </dev/null 2>/dev/null | openssl x509 -noout -issuer
}
is_pebbles() { issuer "$1" | grep -q Pebble; }
valid() { "$SLUICE" status --json --admin unix:admin.sock | grep -o '"state":"valid"' | wc -l; }
both_are_valid() { [ "$(valid)" = 2 ]; }

until_true 10 curl -fso /dev/null --cacert server.pem "https://localhost:$directory/dir"
start_gate sluice.yaml
check "the gate serves before any certificate is there" \
  curl -fsko /dev/null --resolve "gate.plant.example:$web:127.0.0.1" "https://gate.plant.example:$web/"
check "both orders end well" until_true 60 both_are_valid
"$SLUICE" status --admin unix:admin.sock | sed 's/^/    /'
for name in gate.plant.example www.plant.example hmi.plant.example; do
  check "$name is shown with a certificate of the authority" until_true 5 is_pebbles "$name"
done
curl -fsk "https://127.0.0.1:$api/roots/0" >root.pem
curl -fsk "https://127.0.0.1:$api/intermediates/0" >>root.pem
check "a client that trusts the authority is served" \
  curl -fso /dev/null --cacert root.pem --resolve "gate.plant.example:$web:127.0.0.1" "https://gate.plant.example:$web/"
check "the proof is gone" \
  [ "$(curl -so /dev/null -w '%{http_code}' "http://127.0.0.1:$plain/.well-known/acme-challenge/x")" = 308 ]
check "keys are for their owner alone" [ -z "$(find acme -type f -name '*key*' -not -perm 0600)" ]
first=$(issuer gate.plant.example)
stop_gate
start_gate sluice.yaml
check "after a restart the certificate is there at once" [ "$(issuer gate.plant.example)" = "$first" ]
check "the ledger has both" \
  [ "$("$SLUICE" tls ledger --json --admin unix:admin.sock | grep -o 'acme/certificates/[a-z]*' | sort -u | wc -l)" = 2 ]
finish
