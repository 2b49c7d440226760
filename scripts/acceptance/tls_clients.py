"""TLS clients of many kinds: tls_clients.py PORT NAME. Asks for /NAME once; ends with 1 when that fails.

NAME is one of: python; pyopenssl; chromium; or curl_cffi-PROFILE, where `chrome`, `firefox`, `safari` and `edge` stand
for the newest profile that the package has. authority.pem must have signed the gate's certificate.

tls_clients.py report NAME… reads access.jsonl and prints what each negotiated.
tls_clients.py value NAME KEY prints one value, such as tls.group, of its line.
tls_clients.py profiles FAMILY… prints the newest curl_cffi profile of each.
"""

import json
import re
import socket
import ssl
import sys


def python(port, path):
  context = ssl.create_default_context(cafile="authority.pem")
  with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="localhost") as tls:
    tls.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
    return tls.recv(4096).startswith(b"HTTP/1.1 200")


def pyopenssl(port, path):
  from OpenSSL import SSL
  context = SSL.Context(SSL.TLS_CLIENT_METHOD)
  context.load_verify_locations("authority.pem")
  context.set_verify(SSL.VERIFY_PEER, lambda *arguments: bool(arguments[-1]))
  plain = socket.create_connection(("127.0.0.1", port))
  tls = SSL.Connection(context, plain)
  tls.set_tlsext_host_name(b"localhost")
  tls.set_connect_state()
  tls.do_handshake()
  tls.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
  good = tls.recv(4096).startswith(b"HTTP/1.1 200")
  tls.shutdown()
  plain.close()
  return good


def profile(family):
  """The newest profile of a family, such as `chrome150`; a name that has digits is one already."""
  if re.search(r"\d", family):
    return family
  from curl_cffi.requests import BrowserType
  found = [(int(match[1]), each.value) for each in BrowserType
           if (match := re.fullmatch(family + r"(\d{2,3})a?", each.value))]
  return max(found)[1]


def curl_cffi(port, path, name):
  from curl_cffi import requests
  reply = requests.get(f"https://localhost:{port}{path}", impersonate=profile(name), verify="authority.pem", timeout=10)
  return reply.status_code == 200


def chromium(port, path):
  from playwright.sync_api import sync_playwright
  with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
      executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
    # The authority is the test's own; Chromium's store is not ours to change.
    page = browser.new_context(ignore_https_errors=True).new_page()
    reply = page.goto(f"https://localhost:{port}{path}", wait_until="domcontentloaded", timeout=20000)
    version = browser.version
    browser.close()
  print(f"    chromium {version}")
  return reply.status == 200


def lines():
  """The newest log line of each path."""
  found = {}
  with open("access.jsonl", encoding="utf-8") as log:
    for text in log:
      line = json.loads(text)
      if line.get("path"):
        found[line["path"]] = line
  return found


def value(line, key):
  for part in key.split("."):
    line = line.get(part, {}) if isinstance(line, dict) else {}
  return line if not isinstance(line, dict) else ""


def report(names):
  found = lines()
  print(f"  {'client':24s} {'version':8s} {'group':16s} {'cipher':40s} ja4")
  for name in names:
    line = found.get("/" + name, {})
    cells = [value(line, f"tls.{key}") for key in ("version", "group", "cipher", "ja4")]
    print("  {:24s} {:8s} {:16s} {:40s} {}".format(name, *(cell or "-" for cell in cells)))


def main():
  match sys.argv[1:]:
    case ["report", *names]:
      report(names)
    case ["value", name, key]:
      print(value(lines().get("/" + name, {}), key))
    case ["profiles", *families]:
      print(*(profile(family) for family in families))
    case [port, name]:
      family = name.removeprefix("curl_cffi-")
      known = {"python": python, "pyopenssl": pyopenssl, "chromium": chromium}
      good = curl_cffi(int(port), "/" + name, family) if family != name else known[name](int(port), "/" + name)
      sys.exit(0 if good else 1)
    case _:
      sys.exit(__doc__)


main()
