#!/usr/bin/env bash
# Modbus/TCP Security: pymodbus over TLS through the gate to a plain device, with client certificates that have no role,
# one, two, an empty or oversize one, one of the wrong type, and raw bytes in its place; then from a plain client
# through the gate to a device that speaks TLS.
#   scripts/acceptance/tls-modbus.sh
# PYTHON must have cryptography and pymodbus.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs curl
needs_python cryptography pymodbus

read -r secure plain device tls_device < <(free_ports 4)
pki ca authority
pki ca elsewhere
pki server authority press press.example
pki server authority device device.example
pki client authority gate
pki client elsewhere client-stranger one
kinds=(none one two empty oversize printable raw)
for kind in "${kinds[@]}"; do pki client authority "client-$kind" "$kind"; done
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - name: secure
    address: 127.0.0.1:$secure
    protocol: modbus
    asset: press
    tls:
      certificates: [{ chain: press.pem, key: press.key }]
      clients: { verify: required, ca: authority.pem, crl: authority.crl }
    filters: [{ operations: { allow: [{ units: [1], classes: [read] }] } }]
  - name: plain
    address: 127.0.0.1:$plain
    protocol: modbus
    asset: secure-press
    filters: [{ operations: { allow: [{ units: [1], classes: [read] }] } }]
assets:
  - { name: press, protocol: modbus, address: 127.0.0.1:$device }
  - name: secure-press
    protocol: modbus
    address: 127.0.0.1:$tls_device
    tls: { ca: authority.pem, serverName: device.example, certificate: { chain: gate.pem, key: gate.key } }
YAML
peer "$device" "$PYTHON" "$HERE/tls_modbus.py" device "$device"
peer "$tls_device" "$PYTHON" "$HERE/tls_modbus.py" server "$tls_device"
start_gate sluice.yaml

client() { "$PYTHON" "$HERE/tls_modbus.py" "$@" >said.txt 2>&1; }
refused() {
  local status=0
  client "$@" || status=$?
  [ "$status" = 3 ]
}
new_failure() { logged $((failures + 1)) '"kind":"handshake".*"listener":"secure".*"failure":"[^"]+"'; }
count_failures() { failures=$(grep -c '"kind":"handshake".*"listener":"secure"' access.jsonl || true); }
last() { tail -n 1 access.jsonl | grep -oE "\"($1)\":(\"[^\"]*\"|[0-9]+)" | tr '\n' ' '; }

echo "tls-modbus: the client's leg"
for kind in none one; do
  check "role $kind: a read passes and a write is blocked" client client "$secure" "$kind"
  check "role $kind: the log names the client" logged 2 "\"kind\":\"operation\".*CN=client-$kind"
  printf '    %-10s %s %s\n' "$kind" "$(tail -n 1 said.txt)" "$(last 'principal|role|modbusRole|group|verdict')"
done
for kind in two empty oversize printable raw; do
  count_failures
  check "role $kind: refused" refused client "$secure" "$kind"
  check "role $kind: the log says why" new_failure
  printf '    %-10s %s %s\n' "$kind" "$(tail -n 1 said.txt)" "$(last 'principal|failure|detail')"
done
count_failures
check "a client of another authority: refused" refused client "$secure" stranger
check "a client of another authority: the log says why" new_failure
count_failures
check "no certificate: refused" refused none "$secure"
check "no certificate: the log says why" new_failure
pki crl authority client-one
kill -HUP "$GATE"
check "a revoked certificate: refused after a reload" until_true 10 refused client "$secure" one
check "one that is not revoked: accepted" client client "$secure" none
check "the log says revoked" logged 1 '"kind":"handshake".*"failure":"[^"]*revoked'

echo "tls-modbus: the device's leg"
check "a plain client reads through the gate from a device with TLS" client plain "$plain"
check "the log has what that leg negotiated" logged 1 '"listener":"plain".*"upstreamTls":\{[^}]*"version":"1\.3"'
last 'asset|group|version|cipher' | sed 's/^/    /' || true
echo
finish
