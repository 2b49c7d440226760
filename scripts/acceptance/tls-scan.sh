#!/usr/bin/env bash
# testssl.sh, sslscan and sslyze against the default configuration: no weakness of severity MEDIUM or more.
#   scripts/acceptance/tls-scan.sh
# PYTHON must have cryptography and sslyze. The test's own authority is given to the tools; what they say of the test's
# certificate is left out, by a list in tls_scan.py.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs testssl sslscan cc curl
needs_python cryptography sslyze

read -r web up < <(free_ports 2)
compile upstream/upstream.c upstream
pki ca authority
pki server authority web
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
peer "$up" ./upstream "$up"
start_gate sluice.yaml

echo "tls-scan: testssl.sh, sslscan and sslyze, some minutes"
# testssl.sh ends with the number of its findings.
timeout 900 testssl --quiet --color 0 --warnings batch --ip 127.0.0.1 --add-ca authority.pem \
  --jsonfile scan.testssl.json "https://localhost:$web/" </dev/null >scan.testssl.txt 2>&1 || true
timeout 300 sslscan --no-colour --xml=scan.sslscan.xml "localhost:$web" >scan.sslscan.txt 2>&1
timeout 300 "$PYTHON" -m sslyze --certinfo_ca_file authority.pem --json_out scan.sslyze.json "localhost:$web" \
  >scan.sslyze.txt 2>&1 || true
sed -n '/COMPLIANCE/,$p' scan.sslyze.txt
if [ -n "${REPORTS:-}" ]; then
  mkdir -p "$REPORTS"
  cp scan.* "$REPORTS"
fi
check "no weakness is reported" "$PYTHON" "$HERE/tls_scan.py"
answers() { curl -sf --max-time 5 --cacert authority.pem -o /dev/null "https://localhost:$web/api/x"; }
check "the gate still answers" answers
finish
