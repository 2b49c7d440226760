#!/usr/bin/env bash
# ClientHellos in 1, 2 and 50 pieces and byte by byte, with and without the PROXY protocol, land on the right context;
# two names on one port take client certificates of different authorities; a resumed session whose certificate was
# revoked meanwhile is refused.
#   scripts/acceptance/tls-hello.sh
# PYTHON must have cryptography and pyOpenSSL.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs cc curl
needs_python cryptography OpenSSL

read -r sni proxied clients up < <(free_ports 4)
compile upstream/upstream.c upstream
for authority in authority ca-a ca-b elsewhere; do pki ca "$authority"; done
for name in a b; do pki server authority "$name.example" "$name.example"; done
pki client ca-a for-a
pki client ca-b for-b
pki client elsewhere stranger
for name in lost-1.2 lost-1.3 kept-1.2 kept-1.3; do pki client ca-a "$name"; done
certificates='[{ chain: a.example.pem, key: a.example.key }, { chain: b.example.pem, key: b.example.key }]'
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - { name: sni, address: 127.0.0.1:$sni, protocol: https, tls: { certificates: $certificates } }
  - name: proxied
    address: 127.0.0.1:$proxied
    protocol: https
    proxyProtocol: true
    trustedProxies: [127.0.0.0/8]
    tls: { certificates: $certificates }
  - name: clients
    address: 127.0.0.1:$clients
    protocol: https
    tls:
      certificates: $certificates
      names:
        - { host: a.example, clients: { verify: required, ca: ca-a.pem, crl: ca-a.crl } }
        - { host: b.example, clients: { verify: required, ca: ca-b.pem } }
pools:
  - { name: app, endpoints: [127.0.0.1:$up] }
routes:
  - { name: all, listeners: [sni, proxied, clients], pool: app }
YAML
peer "$up" ./upstream "$up"
start_gate sluice.yaml

hello() { "$PYTHON" "$HERE/tls_hello.py" "$@"; }
check "every piecewise hello gets the certificate of its name" hello pieces "$sni"
check "so behind the PROXY protocol, and nothing else is taken there" hello proxied "$proxied"
check "each name takes its own authority's clients alone" hello names "$clients"
check "the log has the refused certificates" logged 4 '"kind":"handshake".*"listener":"clients".*"failure":"[^"]+"'
check "a revoked certificate is refused, resumed or not" hello revoked "$clients" "$GATE"
check "the log says revoked" logged 2 '"kind":"handshake".*"failure":"[^"]*revoked'
grep '"kind":"handshake"' access.jsonl | grep -o '"failure":"[^"]*"' | sort | uniq -c | sed 's/^/    /' || true
finish
