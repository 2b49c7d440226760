"""New TLS connections while the gate reloads: tls_reload_client.py PORT SECONDS. Prints one JSON line.

Ten times a second: a full handshake with one request, and a resumed one with a session that is older than the latest
reload; TLS 1.2 and 1.3 take turns. A full handshake must be shown the certificate in `current.pem`, whose time of
change is that of the reload, unless that is less than half a second ago. authority.pem must have signed it.
"""

import collections
import hashlib
import json
import os
import socket
import ssl
import sys
import time

GRACE = 0.5
OLDEST = 30


class Side:
  """One version's context, its sessions and what was counted."""

  def __init__(self, port, version):
    self.port = port
    self.context = ssl.create_default_context(cafile="authority.pem")
    self.context.minimum_version = self.context.maximum_version = version
    self.sessions = collections.deque()
    self.counts = collections.Counter()
    self.served, self.reasons = set(), []

  def exchange(self, session=None):
    """A connection with one request: its session, whether it was resumed, the certificate."""
    plain = socket.create_connection(("127.0.0.1", self.port), 5)
    with self.context.wrap_socket(plain, server_hostname="web.example", session=session) as tls:
      tls.sendall(b"GET /api/x HTTP/1.1\r\nHost: web.example\r\nConnection: close\r\n\r\n")
      reply = b""
      while part := tls.recv(65536):
        reply += part
      if not reply.startswith(b"HTTP/1.1 200"):
        raise ValueError(f"reply {reply[:40]!r}")
      return tls.session, tls.session_reused, tls.getpeercert(binary_form=True)

  def attempt(self, kind, step):
    self.counts["requests"] += 1
    try:
      return step()
    except (OSError, ValueError) as error:
      self.counts["failed"] += 1
      self.reasons.append(f"{kind}: {error}")
      return None

  def full(self):
    changed = os.stat("current.pem").st_mtime
    with open("current.pem") as file:
      wanted = ssl.PEM_cert_to_DER_cert(file.read())
    began = time.time()
    result = self.attempt("full handshake", self.exchange)
    if not result:
      return
    session, resumed, shown = result
    self.counts["full"] += 1
    self.counts["unwantedResumption"] += resumed
    self.served.add(hashlib.sha256(shown).digest())
    unchanged = os.stat("current.pem").st_mtime == changed
    if shown != wanted and began - changed > GRACE and unchanged:
      self.counts["stale"] += 1
    if session and session.has_ticket:
      self.sessions.append((began, session))

  def resume(self):
    """With the newest session from before the latest reload."""
    reloaded = os.stat("current.pem").st_mtime
    now = time.time()
    if now - reloaded < GRACE / 2:
      return
    while self.sessions and self.sessions[0][0] < now - OLDEST:
      self.sessions.popleft()
    older = [entry for entry in self.sessions if entry[0] < reloaded - 0.1]
    if not older:
      return
    # A ticket of TLS 1.3 is for one use.
    self.sessions.remove(older[-1])
    result = self.attempt("resumed handshake", lambda: self.exchange(older[-1][1]))
    if result:
      self.counts["oldTickets"] += 1
      self.counts["oldTicketsResumed"] += result[1]


def main():
  port, seconds = int(sys.argv[1]), float(sys.argv[2])
  sides = {"1.2": Side(port, ssl.TLSVersion.TLSv1_2), "1.3": Side(port, ssl.TLSVersion.TLSv1_3)}
  end = time.monotonic() + seconds
  while time.monotonic() < end:
    for side in sides.values():
      side.full()
      side.resume()
    time.sleep(0.1)
  names = ("requests", "failed", "full", "unwantedResumption", "stale", "oldTickets", "oldTicketsResumed")
  out = {name: sum(side.counts[name] for side in sides.values()) for name in names}
  for version, side in sides.items():
    out[f"oldTickets {version}"] = side.counts["oldTickets"]
    out[f"oldTicketsResumed {version}"] = side.counts["oldTicketsResumed"]
  out["certificates"] = len(set().union(*(side.served for side in sides.values())))
  out["reasons"] = sorted(set(reason for side in sides.values() for reason in side.reasons))[:5]
  print(json.dumps(out))


main()
