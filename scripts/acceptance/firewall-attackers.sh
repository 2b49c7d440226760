#!/usr/bin/env bash
# sqlmap and wapiti against a shop that is open to them, behind the core rule set at paranoia level 2. In detect mode,
# of the requests whose payload holds anything but letters, digits and spaces at least 99 % are scored, and the rest
# are listed. In block mode sqlmap finds nothing.
#   scripts/acceptance/firewall-attackers.sh [REQUESTS]
# REQUESTS bounds each of the two runs of sqlmap, 2,000 unless said. RULES names other rules than the installed set.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs curl sqlmap wapiti
REQUESTS=${1:-2000}
RULES=${RULES:-crs}
[ "$RULES" = crs ] || RULES=$(cd "$OLDPWD" && realpath "$RULES")
export HOME=$WORK

attack() { "$PYTHON" "$HERE/firewall_attack.py" "$@"; }

# configure MODE
configure() {
  cat >"$1.yaml" <<YAML
admin: { address: unix:admin.sock }
logs:
  access: { path: $1-access.jsonl }
  decisions: { directory: $1-decisions }
listeners:
  - { name: web, address: "127.0.0.1:$gate", protocol: http }
pools:
  - { name: shop, endpoints: ["127.0.0.1:$shop"] }
routes:
  - name: shop
    listeners: [web]
    matches: [{ path: { prefix: / } }]
    filters:
      - firewall: { rules: "$RULES", mode: $1, paranoia: 2 }
    pool: shop
YAML
}

# bounded SECONDS LIMIT TOOL…: runs a tool against a relay of LIMIT connections; how many came is in CONNECTIONS.
bounded() {
  local port pid
  port=$(free_ports 1)
  rm -f count
  peer_quietly "$port" "$2"
  pid=$PEER
  URL="http://localhost:$port"
  "${@:3}" "$1" "$2"
  CONNECTIONS=$(cat count 2>/dev/null || echo 0)
  kill "$pid" 2>/dev/null || true
}
# `peer` would look for the port with a connection that counts.
peer_quietly() {
  "$PYTHON" "$HERE/firewall_attack.py" relay "$1" "$gate" "$2" count >>peers.log 2>&1 &
  PEER=$!
  CHILDREN+=("$PEER")
  until_true 10 bound "$1"
}
bound() { grep -qi ":$(printf '%04x' "$1") 00000000:0000 0A" /proc/net/tcp; }

agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

# with_sqlmap SECONDS LIMIT: five targets share the time and the connections.
with_sqlmap() {
  local end=$((SECONDS + $1)) number=0 target options
  for target in "/part?number=7" "/find?word=pump" "/login" "/stock?number=7&place=hall" "/sheet?name=pump"; do
    number=$((number + 1))
    options=()
    [ "$target" != /login ] || options=(--data "user=ann&password=secret")
    [ "${target%%\?*}" != /stock ] || options=(--cookie "basket=7")
    [ $SECONDS -lt $end ] || break
    attack run $((end - SECONDS)) count "$2" sqlmap --url "$URL$target" "${options[@]}" --batch --level 2 --risk 1 \
      --disable-coloring --flush-session --output-dir "sqlmap-$mode" --user-agent "$agent" --timeout 10 --retries 1 \
      >"sqlmap-$mode-$number.log" 2>&1 || true
  done
}

# with_wapiti SECONDS LIMIT: the modules that need no server of their own on the internet.
with_wapiti() {
  attack run $(($1 + 60)) count "$2" wapiti --url "$URL/" --scope folder --max-scan-time "$1" --user-agent "$agent" \
    --module "sql,blindsql,xss,permanentxss,exec,file,crlf,redirect" --flush-session --no-bugreport \
    --store-session wapiti --store-config wapiti --format json --output wapiti.json >wapiti.log 2>&1 || true
}

identified() { cat sqlmap-"$1"-*.log | grep -c "identified the following injection point" || true; }

read -r gate shop < <(free_ports 2)
# Not by the function: its shell would be ended, and not what it runs.
peer "$shop" "$PYTHON" "$HERE/firewall_attack.py" app "$shop" shop.jsonl

echo "detect mode"
mode=detect
configure $mode
start_gate $mode.yaml
# What the shop's own pages send scores nothing, so that a score below is a payload's.
for target in / "/part?number=7" "/stock?number=7" "/find?word=pump" "/sheet?name=pump"; do
  curl -sf -A "$agent" -o own.html "http://localhost:$gate$target"
done
curl -sf -A "$agent" -o own.html -d "user=ann&password=secret" "http://localhost:$gate/login"
until_true 5 test -s detect-access.jsonl
check "the shop's own requests score nothing" lacks detect-access.jsonl '"score":[1-9]'
: >shop.jsonl
bounded 300 "$REQUESTS" with_sqlmap
echo "  sqlmap: $CONNECTIONS requests, $(identified $mode) of 5 pages found open"
check "sqlmap came with no more than $REQUESTS requests" holds "$CONNECTIONS <= $REQUESTS && $CONNECTIONS > 100"
check "sqlmap finds what is open when nothing is blocked" holds "$(identified $mode) >= 2"
bounded 150 4000 with_wapiti
found=$(json wapiti.json vulnerabilities | grep -o "'level'" | wc -l)
echo "  wapiti: $CONNECTIONS connections, found $found weak places"
check "wapiti attacked" contains shop.jsonl 'etc/passwd'
stop_gate
attack score shop.jsonl detect-access.jsonl unscored.txt | tee score.json
check "at least 99 % of the hostile requests are scored" holds "$(json score.json percent) >= 99"
echo "  not scored:"
sed 's/^/  /' unscored.txt

echo "block mode"
mode=block
configure $mode
start_gate $mode.yaml
bounded 300 "$REQUESTS" with_sqlmap
echo "  sqlmap: $CONNECTIONS requests, $(grep -c '"status":403' block-access.jsonl) refused"
check "sqlmap came with no more than $REQUESTS requests" holds "$CONNECTIONS <= $REQUESTS && $CONNECTIONS > 100"
check "sqlmap finds nothing" holds "$(identified $mode) == 0"
for path in part find login; do
  check "it tried what is open: /$path" contains block-access.jsonl "\"path\":\"/$path\".*\"status\":403"
done
finish
