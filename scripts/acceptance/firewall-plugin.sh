#!/usr/bin/env bash
# The plugins of a core rule set: the three files of one made here are loaded at their places, by `sluice firewall
# check` and by a running gate. A plugin with a mistake leaves what was in force.
#   scripts/acceptance/firewall-plugin.sh
# RULES names the folder of a core rule set; the installed one unless said.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
RULES=${RULES:+$(cd "$OLDPWD" && realpath "$RULES")}
needs curl
[ -n "$RULES" ] || [ -d /usr/share/modsecurity-crs/rules ] || {
  echo "acceptance: the package \`modsecurity-crs\` is not there (see scripts/acceptance/README.md)" >&2
  exit 2
}

# The layout of a release, in which only `plugins` is new.
mkdir -p crs/plugins
if [ -n "$RULES" ]; then
  cp -r "$RULES/rules" crs/rules
  cp "$RULES"/crs-setup.conf* crs/
else
  cp -r /usr/share/modsecurity-crs/rules crs/rules
  cp /etc/modsecurity/crs/crs-setup.conf crs/
fi
"$SLUICE" firewall check --rules crs/ --json >plain.json 2>check.err
plain=$(json plain.json rules)

# Before: takes the field `note` of /press/ out of the rules against SQL injection, if the configuration says so.
# After: sees the score that the core rule set came to.
cat >crs/plugins/press-config.conf <<'CONF'
SecAction "id:9599000,phase:1,pass,nolog,setvar:'tx.press-plugin_enabled=1',setvar:'tx.press-plugin_path=/press/'"
CONF
cat >crs/plugins/press-before.conf <<'CONF'
SecRule TX:press-plugin_enabled "@eq 0" "id:9599001,phase:1,pass,nolog,skipAfter:END-PRESS"
SecRule REQUEST_FILENAME "@beginsWith %{tx.press-plugin_path}" \
  "id:9599100,phase:1,pass,nolog,ctl:ruleRemoveTargetByTag=attack-sqli;ARGS:note"
SecMarker "END-PRESS"
CONF
cat >crs/plugins/press-after.conf <<'CONF'
SecRule ARGS:part "@streq recalled" \
  "id:9599200,phase:2,deny,status:410,log,msg:'The part was recalled',severity:NOTICE"
CONF

read -r gate backend < <(free_ports 2)
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - { name: web, address: "127.0.0.1:$gate", protocol: http }
pools:
  - { name: backend, endpoints: ["127.0.0.1:$backend"] }
routes:
  - name: all
    listeners: [web]
    matches: [{ path: { prefix: / } }]
    filters:
      - firewall: { rules: crs/ }
    pool: backend
YAML
peer "$backend" "$SLUICE" firewall backend --listen "127.0.0.1:$backend"

# answers STATUS PATH [FIELD…]: whether a form with these fields gets that status.
answers() {
  local status=$1 path=$2 field fields=()
  shift 2
  for field in "$@"; do fields+=(--data-urlencode "$field"); done
  [ "$(curl -s -o reply -w '%{http_code}' --get "${fields[@]}" "http://localhost:$gate$path")" = "$status" ]
}
# refuses FILE WORD…: whether that subcommand fails; what it says goes to the file.
refuses() { ! "$SLUICE" "${@:2}" >/dev/null 2>"$1"; }
attack="note=1' OR '1'='1"

"$SLUICE" firewall check --rules crs/ --json >check.json 2>check.err
count=$(json check.json rules)
echo "rules: $plain without the plugin, $count with it"
check "\`firewall check\` counts the plugin's rules" holds "$count == $plain + 4"
start_gate sluice.yaml
check "the rules after see a request" answers 410 / part=recalled
check "the rules before leave the field out" answers 200 /press/7 "$attack"
check "elsewhere it is looked at" answers 403 /lathe/7 "$attack"
check "other fields are looked at" answers 403 /press/7 "other=1' OR '1'='1"

sed -i 's/press-plugin_enabled=1/press-plugin_enabled=0/' crs/plugins/press-config.conf
"$SLUICE" reload --admin unix:admin.sock >reload.out
check "its configuration switches it off by a reload" answers 403 /press/7 "$attack"

echo 'SecRule ARGS "@nothing" "id:9599201,phase:2,pass"' >>crs/plugins/press-after.conf
check "\`firewall check\` refuses a mistake" refuses check.err firewall check --rules crs/
check "and names its place" contains check.err 'press-after.conf:3:'
check "a reload refuses it too" refuses reload.err reload --admin unix:admin.sock
check "and the gate's own log names its place" contains gate.err 'press-after.conf:3:'
check "what was in force stays" answers 410 / part=recalled
: >gate.err
finish
