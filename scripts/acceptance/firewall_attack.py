"""Peers and tools of firewall-attackers.sh. Everything listens on the loopback address alone.

firewall_attack.py app PORT LOG                       a shop made to be broken into; what it was sent goes to LOG
firewall_attack.py relay PORT TO LIMIT COUNT          relays LIMIT connections at most; their number goes to COUNT
firewall_attack.py run SECONDS COUNT LIMIT WORD…      runs a tool until it ends, in time and within LIMIT
firewall_attack.py score LOG ACCESS UNSCORED          which of the requests in LOG were scored: one JSON line
"""

import collections
import html
import http.server
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse

PAGE = """<!doctype html><title>Spare parts</title><h1>Spare parts</h1>
<ul><li><a href="/part?number=7">Part 7</a><li><a href="/stock?number=7">Stock of part 7</a>
<li><a href="/sheet?name=pump">Data sheet</a><li><a href="/find?word=pump">Find pumps</a></ul>
<form method="post" action="/login">
<input name="user"><input name="password" type="password"><input type="submit"></form>
"""
SHEETS = {"pump": "A pump moves water", "valve": "A valve stops water"}
KNOWN = {"/", "/part", "/stock", "/sheet", "/find", "/login"}
# What wapiti fills fields with that it does not attack.
FILLING = {"Letm3in_"}


def database():
  base = sqlite3.connect("file:shop?mode=memory&cache=shared", uri=True, check_same_thread=False)
  base.executescript(
      "create table if not exists parts (number integer, name text, price integer);"
      "create table if not exists users (user text, password text);")
  if not base.execute("select 1 from parts").fetchone():
    base.executemany("insert into parts values (?, ?, ?)", [(7, "pump", 120), (8, "valve", 40), (9, "pipe", 12)])
    base.execute("insert into users values ('ann', 'secret')")
    base.commit()
  return base


class Shop(http.server.BaseHTTPRequestHandler):
  """Never use any of this: values go into statements, pages and paths as they come."""

  protocol_version = "HTTP/1.1"
  base = None
  log = None
  folder = None
  lock = threading.Lock()

  def answer(self):
    body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("latin-1")
    parts = urllib.parse.urlsplit(self.path)
    query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True, encoding="latin-1", separator="&")
    form = urllib.parse.parse_qsl(body, keep_blank_values=True, encoding="latin-1", separator="&")
    crumbs = (self.headers.get("cookie") or "").split(";")
    cookies = [crumb.strip().partition("=")[::2] for crumb in crumbs if crumb.strip()]
    path = urllib.parse.unquote(parts.path, encoding="latin-1")
    with self.lock:
      self.log.write(json.dumps({
          "id": self.headers.get("x-request-id"), "method": self.command, "target": self.path, "path": path,
          "body": body,
          "values": [list(pair) for pair in query + form + cookies]}) + "\n")
      self.log.flush()
    try:
      with self.lock:
        status, text = self.page(path, dict(query), dict(form))
    except sqlite3.Error as problem:
      status, text = 500, f"<h1>Error</h1><p>sqlite3.OperationalError: {problem}</p>"
    page = text.encode("latin-1", "replace")
    self.send_response(status)
    self.send_header("Content-Type", "text/html; charset=iso-8859-1")
    self.send_header("Content-Length", str(len(page)))
    self.end_headers()
    if self.command != "HEAD":
      self.wfile.write(page)

  do_GET = do_POST = do_HEAD = do_PUT = answer

  def page(self, path, query, form):
    if path == "/":
      return 200, PAGE
    if path == "/part":
      rows = self.base.execute(f"select name, price from parts where number = {query.get('number', '7')}").fetchall()
      return 200, "<h1>Part</h1>" + "".join(f"<p>{html.escape(str(name))} {price}</p>" for name, price in rows)
    if path == "/stock":
      # Sound, so that a tool has to try all that it knows.
      rows = self.base.execute("select name from parts where number = ?", (query.get("number", "7"),)).fetchall()
      return 200, "<h1>Stock</h1>" + "".join(f"<p>{name}</p>" for (name,) in rows)
    if path == "/find":
      word = query.get("word", "")
      rows = self.base.execute(f"select name from parts where name like '%{word}%'").fetchall()
      return 200, f"<h1>Results for {word}</h1>" + "".join(f"<p>{html.escape(str(name))}</p>" for (name,) in rows)
    if path == "/sheet":
      name = query.get("name", "pump").partition("\0")[0]
      if name in SHEETS:
        return 200, f"<pre>{SHEETS[name]}</pre>"
      try:
        with open(os.path.join(self.folder, name), encoding="latin-1") as file:
          return 200, f"<pre>{file.read(65536)}</pre>"
      except OSError as problem:
        return 404, f"<h1>Not found</h1><p>{problem.strerror}</p>"
    if path == "/login":
      user, password = form.get("user", ""), form.get("password", "")
      row = self.base.execute(f"select user from users where user = '{user}' and password = '{password}'").fetchone()
      return (200, f"<h1>Welcome {row[0]}</h1>") if row else (200, f"<h1>No</h1><p>There is no {user}.</p>")
    return 404, "<h1>Not found</h1>"

  def log_message(self, *_):
    pass


def app(port, log):
  Shop.base = database()
  Shop.folder = os.path.join(os.getcwd(), "sheets")
  os.makedirs(Shop.folder, exist_ok=True)
  with open(log, "a", encoding="utf-8") as Shop.log:
    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Shop).serve_forever()


def pump(source, sink):
  try:
    while data := source.recv(65536):
      sink.sendall(data)
  except OSError:
    pass
  for end, how in ((source, socket.SHUT_RD), (sink, socket.SHUT_WR)):
    try:
      end.shutdown(how)
    except OSError:
      pass


def both_ways(client, to):
  with client, socket.create_connection(("127.0.0.1", to)) as gate:
    back = threading.Thread(target=pump, args=(gate, client), daemon=True)
    back.start()
    pump(client, gate)
    back.join()


def relay(port, to, limit, count):
  server = socket.create_server(("127.0.0.1", int(port)), backlog=64)
  for number in range(1, int(limit) + 1):
    client, _ = server.accept()
    with open(count + ".new", "w", encoding="ascii") as file:
      file.write(f"{number}\n")
    os.replace(count + ".new", count)
    threading.Thread(target=both_ways, args=(client, int(to)), daemon=True).start()
  server.close()
  signal.pause()


def connections(count):
  try:
    with open(count, encoding="ascii") as file:
      return int(file.read())
  except (OSError, ValueError):
    return 0


def run(seconds, count, limit, *words):
  end = time.monotonic() + float(seconds)
  tool = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)

  def stop(*_):
    for sign in (signal.SIGTERM, signal.SIGKILL):
      if tool.poll() is None:
        os.killpg(tool.pid, sign)
        try:
          tool.wait(5)
        except subprocess.TimeoutExpired:
          pass

  signal.signal(signal.SIGTERM, lambda *_: (stop(), sys.exit(143)))
  while tool.poll() is None:
    if time.monotonic() > end or connections(count) >= int(limit):
      time.sleep(2)  # The last replies.
      stop()
      break
    time.sleep(0.1)


def payload(request):
  """What a request holds beside what the shop's own pages would send: values, names, and paths that it doesn't have."""
  found = [text for pair in request["values"] for text in pair]
  if request["path"] not in KNOWN:
    found.append(request["path"].strip("/"))
  return [text for text in found if text not in FILLING and re.search(r"[^A-Za-z0-9 ]", text)]


def counts(match):
  """Whether a rule scored on what a payload is in, not on the tool's fields and methods or the shop's answer."""
  places = ("REQUEST_HEADERS", "REQUEST_METHOD", "REQUEST_PROTOCOL", "RESPONSE_")
  return match["score"] > 0 and not match["target"].startswith(places)


def score(log, access, unscored):
  points = {}
  with open(access, encoding="utf-8") as lines:
    for line in lines:
      entry = json.loads(line)
      matches = [finding["match"] for finding in entry.get("trace", []) if "match" in finding]
      points[entry["id"]] = sum(match["score"] for match in matches if counts(match))
  total = hostile = hits = words = 0
  missed = collections.Counter()
  with open(log, encoding="utf-8") as lines:
    for line in lines:
      request = json.loads(line)
      total += 1
      found = payload(request)
      points_of = points.get(request["id"], 0)
      if not found:
        words += points_of > 0
        continue
      hostile += 1
      if points_of > 0:
        hits += 1
      else:
        missed[f"{request['method']} {request['path']}  " + "  ".join(json.dumps(text) for text in found)] += 1
  with open(unscored, "w", encoding="utf-8") as file:
    file.writelines(f"{number:4} × {text}\n" for text, number in missed.most_common())
  print(json.dumps({
      "requests": total, "hostile": hostile, "scored": hits, "unscored": hostile - hits,
      "percent": round(100 * hits / hostile, 3) if hostile else 0, "wordsScored": words}))


if __name__ == "__main__":
  {"app": app, "relay": relay, "run": run, "score": score}[sys.argv[1]](*sys.argv[2:])
