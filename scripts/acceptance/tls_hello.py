"""ClientHellos in pieces, client certificates by name, revocation. Ends with 1 when something is wrong.

tls_hello.py pieces PORT                  a.example and b.example, the hello in 1, 2, 50 pieces and byte by byte
tls_hello.py proxied PORT                 the same behind PROXY protocol headers, version 1 and 2
tls_hello.py names PORT                   client certificates: each name has its own authority
tls_hello.py revoked PORT GATE-PID        a resumed session whose certificate was revoked meanwhile

A piece is sent when the gate has read the one before: its kernel acknowledged it and the gate's receive queue is empty.
In the folder: authority.pem, for-a and for-b with .pem and .key, and so on; see tls-hello.sh.
"""

import fcntl
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import termios
import time

from OpenSSL import SSL

HERE = os.path.dirname(os.path.abspath(__file__))
V1 = b"PROXY TCP4 198.51.100.7 203.0.113.1 50001 443\r\n"
V1_IPV6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 50002 443\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
wrong = 0


def check(text, good, more=""):
  global wrong
  wrong += not good
  print(f"    {'pass' if good else 'FAIL'}  {text}" + (f": {more}" if more and not good else ""), flush=True)


def v2(family, addresses, values=b""):
  body = addresses + values
  return SIGNATURE + bytes([0x21, family]) + struct.pack(">H", len(body)) + body


def v2_ipv4(values=b""):
  addresses = socket.inet_aton("198.51.100.8") + socket.inet_aton("203.0.113.1") + struct.pack(">HH", 50003, 443)
  return v2(0x11, addresses, values)


def v2_ipv6():
  pton = socket.inet_pton
  addresses = pton(socket.AF_INET6, "2001:db8::8") + pton(socket.AF_INET6, "2001:db8::1")
  return v2(0x21, addresses + struct.pack(">HH", 50004, 443))


def unread(local, remote):
  """Bytes that the gate's socket holds unread; None when there is no such socket (yet, or any more)."""
  pattern = re.compile(
    rb" 0100007F:%04X 0100007F:%04X [0-9A-F]{2} [0-9A-F]{8}:([0-9A-F]{8}) " % (remote, local))
  with open("/proc/net/tcp", "rb") as table:
    match = pattern.search(table.read())
  return int(match[1], 16) if match else None


def wait_until_read(connection):
  local, remote = connection.getsockname()[1], connection.getpeername()[1]
  end = time.monotonic() + 5
  while time.monotonic() < end:
    queued = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0]
    if queued == 0 and unread(local, remote) in (0, None):
      return
  raise TimeoutError("a piece was not read in 5 s")


def pieces_of(data, count):
  """`count` pieces of about the same length; 0: single bytes."""
  count = min(count or len(data), len(data))
  edges = [len(data) * number // count for number in range(count + 1)]
  return [data[start:end] for start, end in zip(edges, edges[1:])]


def in_pieces(port, name, count, version, prefix=b"", path=b"/pieces"):
  """Shakes hands with the first bytes in pieces; the certificate's name, the status and the number of pieces."""
  context = SSL.Context(SSL.TLS_CLIENT_METHOD)
  context.set_max_proto_version(version)
  context.load_verify_locations("authority.pem")
  context.set_verify(SSL.VERIFY_PEER, lambda *arguments: bool(arguments[-1]))
  tls = SSL.Connection(context, None)
  tls.set_tlsext_host_name(name.encode())
  tls.set_connect_state()
  with socket.create_connection(("127.0.0.1", port), 5) as plain:
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
      tls.do_handshake()
    except SSL.WantReadError:
      pass
    pieces = pieces_of(prefix + tls.bio_read(65536), count)
    for piece in pieces:
      plain.sendall(piece)
      if len(pieces) > 1:
        wait_until_read(plain)
    over(plain, tls, tls.do_handshake)
    shown = tls.get_peer_certificate().get_subject().CN
    over(plain, tls, lambda: tls.sendall(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (path, name.encode())))
    reply = over(plain, tls, lambda: tls.recv(65536))
  return shown, reply[9:12].decode(), len(pieces)


def over(plain, tls, step):
  """Does a step, with what it wants read and written."""
  while True:
    try:
      result = step()
      want = False
    except SSL.WantReadError:
      want = True
    try:
      plain.sendall(tls.bio_read(1 << 20))
    except SSL.WantReadError:
      pass
    if not want:
      return result
    data = plain.recv(65536)
    if not data:
      raise ConnectionError("closed by the gate")
    tls.bio_write(data)


def attempt_pieces(text, wanted, *arguments, **more):
  try:
    shown, status, count = in_pieces(*arguments, **more)
    check(f"{text}, {count} piece{'s' * (count > 1)}", (shown, status) == (wanted, "200"), f"{shown}, status {status}")
  except (OSError, SSL.Error) as error:
    check(text, False, repr(error))


def pieces(port):
  for version, title in ((SSL.TLS1_3_VERSION, "1.3, with ML-KEM"), (SSL.TLS1_2_VERSION, "1.2")):
    for name in "a.example", "b.example":
      for count in 1, 2, 50, 0:
        attempt_pieces(f"TLS {title}: {name}", name, port, name, count, version)


def proxied(port):
  # ALPN, authority, and a value of no known type.
  values = b"\x01\0\x08http/1.1" + b"\x02\0\x09a.example" + b"\xee\0\x03abc"
  headers = {
    "v1": (V1, "198.51.100.7"), "v1 IPv6": (V1_IPV6, "2001:db8::7"), "v2": (v2_ipv4(), "198.51.100.8"),
    "v2 with TLVs": (v2_ipv4(values), "198.51.100.8"), "v2 IPv6": (v2_ipv6(), "2001:db8::8"),
  }
  expected = {}
  for title, (header, client) in headers.items():
    for name in "a.example", "b.example":
      for count in 1, 2, 50, 0:
        path = f"/proxied-{len(expected)}"
        expected[path] = client
        attempt_pieces(f"PROXY {title}: {name}", name, port, name, count, SSL.TLS1_3_VERSION, header, path.encode())
  end, missing = time.monotonic() + 5, expected
  while missing and time.monotonic() < end:
    with open("access.jsonl", encoding="utf-8") as log:
      lines = log.read().splitlines()
    missing = {path: client for path, client in expected.items()
               if not any(f'"path":"{path}"' in line and f'"client":"{client}"' in line for line in lines)}
    time.sleep(0.1)
  check("the log has the clients of the headers", not missing, f"missing {missing}")
  for title, header in (("none", b""), ("a broken one", b"PROXY TCP9 x\r\n"), ("the start of one", b"PROXY ")):
    try:
      answer = in_pieces(port, "a.example", 1, SSL.TLS1_3_VERSION, header)
      check(f"{title} instead of the header is refused", False, str(answer))
    except (OSError, SSL.Error):
      check(f"{title} instead of the header is refused", True)


class Client:
  """A client of one version with one certificate, or none."""

  def __init__(self, port, certificate, version):
    self.port = port
    self.context = ssl.create_default_context(cafile="authority.pem")
    self.context.minimum_version = self.context.maximum_version = version
    if certificate:
      self.context.load_cert_chain(certificate + ".pem", certificate + ".key")

  def get(self, name, session=None, host=None):
    """(status or what went wrong, whether resumed, session)."""
    try:
      plain = socket.create_connection(("127.0.0.1", self.port), 5)
      with self.context.wrap_socket(plain, server_hostname=name, session=session) as tls:
        tls.sendall(b"GET /x HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (host or name).encode())
        reply = tls.recv(65536)
        while reply and tls.recv(65536):
          pass
        return reply[9:12].decode() or "closed", tls.session_reused, tls.session
    except OSError as error:
      return getattr(error, "reason", None) or str(error), False, None


VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def names(port):
  for title, version in VERSIONS.items():
    for name in "a.example", "b.example":
      for certificate in "for-a", "for-b", "stranger", None:
        said = Client(port, certificate, version).get(name)[0]
        right = certificate == "for-" + name[0]
        check(f"TLS {title}: {name} {'accepts' if right else 'refuses'} {certificate or 'no certificate'} ({said})",
              said == "200" if right else not said.isdigit(), said)
    said = Client(port, "for-a", version).get("a.example", host="b.example")[0]
    check(f"TLS {title}: a request for b.example on a connection for a.example gets 421", said == "421", said)


def revoked(port, pid):
  clients = {}
  for title, version in VERSIONS.items():
    for kind in "lost", "kept":
      client = Client(port, f"{kind}-{title}", version)
      before = [client.get("a.example") for _ in range(4)]
      resumed = client.get("a.example", before[0][2])
      check(f"TLS {title}: {kind}: a session resumes before", resumed[:2] == ("200", True), str(resumed[:2]))
      clients[title, kind] = client, [each[2] for each in before[1:]]
  subprocess.run([sys.executable, os.path.join(HERE, "tls_pki.py"), "crl", "ca-a", "lost-1.2", "lost-1.3"], check=True)
  os.kill(pid, signal.SIGHUP)
  end = time.monotonic() + 5
  while clients["1.3", "lost"][0].get("a.example")[0] == "200" and time.monotonic() < end:
    time.sleep(0.1)
  for (title, kind), (client, sessions) in clients.items():
    good = kind == "kept"
    full = client.get("a.example")[0]
    check(f"TLS {title}: {kind}: a full handshake is {'accepted' if good else 'refused'} ({full})",
          full == "200" if good else not full.isdigit(), full)
    for session in sessions:
      said, reused, _ = client.get("a.example", session)
      check(f"TLS {title}: {kind}: an old session is {'served' if good else 'refused'} ({said}, resumed: {reused})",
            said == "200" if good else not said.isdigit(), said)


def main():
  kinds = {"pieces": pieces, "proxied": proxied, "names": names, "revoked": revoked}
  if len(sys.argv) < 3 or sys.argv[1] not in kinds:
    sys.exit(__doc__)
  kinds[sys.argv[1]](*map(int, sys.argv[2:]))
  sys.exit(1 if wrong else 0)


main()
