#!/usr/bin/env bash
# An HTTP route and a Modbus asset under one set of policies, changed while traffic runs: the next request and the next
# operation follow it, files with a mistake change nothing, and `sluice explain` names the policy.
#   scripts/acceptance/access.sh [ROUNDS]
# PYTHON must have pymodbus.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs curl
needs_python pymodbus

rounds=${1:-20}
read -r web up plc press < <(free_ports 4)
mkdir -p policies entities
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
policies: [policies/*.cedar]
entities: [entities/*.json]
zones: [{ name: packaging, purdue: 1 }, { name: control-room, networks: [127.0.0.0/8] }]
listeners:
  - { name: web, address: 127.0.0.1:$web, protocol: http }
  - { name: press, address: 127.0.0.1:$press, protocol: modbus, asset: press-1, filters: [{ access: {} }] }
pools: [{ name: app, endpoints: [127.0.0.1:$up] }]
routes: [{ name: recipes, listeners: [web], zone: packaging, pool: app, filters: [{ access: {} }] }]
assets:
  - name: press-1
    protocol: modbus
    address: 127.0.0.1:$plc
    zone: packaging
    points: [{ name: force, table: holding, addresses: 100-103 }, { name: mode, table: holding, addresses: 110 }]
YAML
cat >entities/site.json <<'JSON'
[{ "uid": { "type": "Client", "id": "127.0.0.1" }, "attrs": {}, "parents": [{ "type": "Group", "id": "operators" }] },
 { "uid": { "type": "Point", "id": "press-1/force" }, "attrs": { "maximum": 8500 }, "parents": [] },
 { "uid": { "type": "Point", "id": "press-1/mode" }, "attrs": {}, "parents": [{ "type": "Group", "id": "safety" }] }]
JSON
cat >policies/always.cedar <<'CEDAR'
@id("room-reads") @reason("the control room may look")
permit (principal in Zone::"control-room", action in Action::"read", resource in Zone::"packaging");

@id("mode-is-local") @reason("the mode is set at the machine")
forbid (principal, action in Action::"write", resource in Group::"safety");
CEDAR
cat >open.cedar <<'CEDAR'
@id("operators-write")
permit (principal in Group::"operators", action in Action::"write", resource in Zone::"packaging")
unless { context has maximumValue && !(resource has maximum && context.maximumValue <= resource.maximum) };
CEDAR
echo '// Nobody writes now.' >closed.cedar
sed 's/context.maximumValue <=/context.maximum <=/' open.cedar >wrong.cedar

# Each appears whole.
policies() { cp "$1.cedar" next && mv next policies/shift.cedar; }
reload() { "$SLUICE" reload --admin unix:admin.sock >reload.out 2>reload.err; }
refuses_reload() { ! reload; }
status() { curl -s -o reply -D fields.txt -w '%{http_code}' -X "$1" "http://127.0.0.1:$web/recipes/7"; }
answers() { [ "$(status "$1")" = "$2" ]; }
write() { [ "$("$PYTHON" "$HERE/access_client.py" write "$press" "$1" "$2")" = "$3" ]; }
reads() { [ "$("$PYTHON" "$HERE/access_client.py" read "$press" "$1")" = 0 ]; }
explain() { "$SLUICE" explain "$1" --admin unix:admin.sock >explained.txt; }
request_id() { tr -d '\r' <fields.txt | awk 'tolower($1) == "x-request-id:" { print $2 }'; }
operation_id() {
  until_true 5 grep -q "$1" access.jsonl
  grep "$1" access.jsonl | tail -n 1 | grep -oE '"id":"[^"]*"' | cut -d'"' -f4
}

policies closed
peer "$plc" "$SLUICE" demo --only plc --port "$plc" --directory "$WORK"
peer "$up" "$SLUICE" firewall backend --listen "127.0.0.1:$up"
takes() { "$SLUICE" check -c sluice.yaml >check.out 2>check.err; }
refuses() { ! takes; }
check "\`sluice check\` takes the policies" takes
start_gate sluice.yaml

echo "access: one set of policies for both sides"
check "a GET passes" answers GET 200
explain "$(request_id)" || true
check "\`explain\` names the policy that allowed it, and its place" \
  contains explained.txt 'access room-reads|policies/always.cedar:1:1'
check "a PUT gets 403" answers PUT 403
explain "$(request_id)" || true
check "\`explain\` says that none permits it, and which came nearest" contains explained.txt 'no policy permits it'
check "pymodbus reads" reads 100
check "pymodbus: a write gets exception 01" write 100 50 1
policies open
check "a reload takes other policies" reload
check "the next PUT passes" answers PUT 200
check "the next write passes" write 100 51 0
check "a write past the bound of the point gets exception 01" write 100 9000 1
explain "$(operation_id '"values":"9000"')" || true
check "\`explain\` names the clause" contains explained.txt 'operators-write.*unless'
check "a write to a point that is forbidden gets exception 01" write 110 1 1
explain "$(operation_id '"target":"holding-register 110"')" || true
check "\`explain\` names the policy and its reason" contains explained.txt 'the mode is set at the machine'

echo "access: files with a mistake"
policies wrong
check "a reload refuses them" refuses_reload
check "with file, line and column" contains reload.err 'policies/shift.cedar:3:[0-9]+: .*maximum'
check "\`sluice check\` refuses them" refuses
check "what was in force stays for requests" answers PUT 200
check "what was in force stays for operations" write 100 52 0
printf '[{ "uid": { "type": "Point", "id": "press-1/force" }, "attrs": { "maximum": "high" }, "parents": [] }]' \
  >entities/wrong.json
policies open
check "entities of the wrong type are refused, too" refuses_reload
check "with their place" contains reload.err 'entities/wrong.json:1:'
rm entities/wrong.json
: >gate.err

echo "access: $rounds changes while traffic runs"
"$PYTHON" "$HERE/access_client.py" traffic "$web" "$press" >traffic.txt 2>traffic.err &
traffic=$!
CHILDREN+=("$traffic")
until_true 10 test -s traffic.txt
follows=0
for round in $(seq "$rounds"); do
  if [ $((round % 2)) = 1 ]; then side=closed put=403 code=1; else side=open put=200 code=0; fi
  policies "$side"
  if [ $((round % 3)) = 0 ]; then kill -HUP "$GATE"; else reload; fi
  # With the signal it is not known when the change is there; with the admin API it is there when it answers.
  if [ $((round % 3)) = 0 ]; then until_true 10 answers PUT "$put"; fi
  if answers PUT "$put" && write 101 "$round" "$code"; then follows=$((follows + 1)); fi
done
check "the next request and the next operation follow each change" [ "$follows" = "$rounds" ]
kill -TERM "$traffic" || true
ended=0
wait "$traffic" || ended=$?
cat traffic.err
check "kept connections see nothing but allowed and refused" [ "$ended" = 0 ]
check "they saw both policies" bash -c "grep -q '^200 200 0 0' traffic.txt && grep -q '^403 200 1 0' traffic.txt"
echo "  $(wc -l <traffic.txt) rounds of traffic"
check "no refused write reached the device" bash -c "! grep -Eq '06006e0001|060064(2328|0032)' plc.log"

echo "access: after a restart"
policies open
id=$(operation_id '"target":"holding-register 110"')
check "the gate ends by itself" stop_gate
start_gate sluice.yaml
explain "$id" || true
check "\`explain\` still names the policy" contains explained.txt 'mode-is-local'
finish
