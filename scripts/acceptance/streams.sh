#!/usr/bin/env bash
# Chromium's WebSocket and server-sent events through the gate; bodies of 1 GiB both ways with flat memory.
#   scripts/acceptance/streams.sh [MIB]
# PYTHON must have playwright.
# shellcheck source=scripts/acceptance/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs chromium curl sha256sum

mebibytes=${1:-1024}
read -r web demo bodies < <(free_ports 3)
cat >sluice.yaml <<YAML
admin: { address: unix:admin.sock }
logs: { access: { path: access.jsonl }, decisions: { directory: decisions } }
listeners:
  - { name: web, address: 127.0.0.1:$web, protocol: http }
pools:
  - { name: demo, endpoints: [127.0.0.1:$demo] }
  - { name: bodies, endpoints: [127.0.0.1:$bodies] }
routes:
  - { name: page, listeners: [web], pool: demo }
  - { name: bodies, listeners: [web], matches: [{ path: { prefix: /bodies } }], pool: bodies }
YAML
head -c "${mebibytes}M" /dev/urandom >body
digest=$(sha256sum <body | cut -d ' ' -f 1)
peer "$demo" "$SLUICE" demo --only web --port "$demo"
peer "$bodies" "$PYTHON" "$HERE/bodies.py" "$bodies" "$WORK/body"
start_gate sluice.yaml

echo "streams: Chromium"
"$PYTHON" "$HERE/browser.py" "$web" "$WORK/admin.sock" >browser.json 2>browser.err || true
cat browser.json browser.err
saw() { [ "$(json browser.json "$1")" = True ]; }
check "the page loads" saw page
check "WebSocket: text and binary messages come back as they were sent" saw echo
check "WebSocket: the flow is registered, and gone after the close" saw flow
check "WebSocket: a close by the client is answered with its code" saw closed
check "server-sent events arrive one by one" saw events

echo "streams: $mebibytes MiB"
url="http://127.0.0.1:$web/bodies"
# watched NAME COMMAND…: samples the gate's memory beside the command.
watched() {
  local name=$1 status=0 sampler start
  shift
  mkfifo "$name.end"
  "$PYTHON" "$HERE/clients.py" memory "$GATE" 120 <"$name.end" >"$name.memory" &
  sampler=$!
  exec 3>"$name.end"
  start=$(date +%s%N)
  "$@" || status=$?
  echo $((($(date +%s%N) - start) / 1000000)) >"$name.ms"
  exec 3>&-
  wait "$sampler"
  return "$status"
}
flat() { holds "$(json "$1.memory" most) <= $(json "$1.memory" first) + 16384"; }
tell() { echo "  $1: $(cat "$1.ms") ms, resident KiB $(cat "$1.memory")"; }

# The first pass warms buffers up, so that the next ones start from a process that has worked.
curl -sS "$url/length" -o /dev/null
for framing in length chunked; do
  download() { curl -sS --fail --max-time 120 "$url/$framing" | sha256sum | cut -d ' ' -f 1 >"download-$framing.digest"; }
  check "download, $framing: ends well" watched "download-$framing" download
  tell "download-$framing"
  check "download, $framing: every byte is right" [ "$(cat "download-$framing.digest")" = "$digest" ]
  check "download, $framing: memory is flat (16 MiB)" flat "download-$framing"

  options=()
  [ "$framing" = length ] || options=(-H 'Transfer-Encoding: chunked')
  upload() { curl -sS --fail --max-time 120 "${options[@]}" -T body "$url/sink" >"upload-$framing.json"; }
  check "upload, $framing: ends well" watched "upload-$framing" upload
  tell "upload-$framing"
  check "upload, $framing: every byte is right" [ "$(json "upload-$framing.json" digest)" = "$digest" ]
  check "upload, $framing: it arrived as $framing" [ "$(json "upload-$framing.json" framing)" = "$framing" ]
  check "upload, $framing: memory is flat (16 MiB)" flat "upload-$framing"
done

slow_download() {
  local status=0
  curl -sS --limit-rate 20M --max-time 6 "$url/length" -o /dev/null 2>/dev/null || status=$?
  [ "$status" = 28 ]
}
check "a client that takes 20 MB/s of a fast upstream is served at its rate" watched slow-download slow_download
tell slow-download
check "… with flat memory (16 MiB)" flat slow-download
slow_upload() {
  local status=0
  curl -sS --max-time 6 -T body "$url/slow-sink" -o /dev/null 2>/dev/null || status=$?
  [ "$status" = 28 ]
}
check "an upstream that takes 20 MB/s of a fast client is served at its rate" watched slow-upload slow_upload
tell slow-upload
check "… with flat memory (16 MiB)" flat slow-upload
finish
