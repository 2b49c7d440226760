"""Modest load of many kinds at once, until SIGTERM: tls_soak.py PORTS.

PORTS is NAME=PORT for each of: web (https), plain (http), passthrough (tls), press, secure-press and
remote-press (modbus). Each kind has a rate of its own, and one that falls behind does not catch up. Prints one JSON
object: how often each kind went well, how often it failed and why, what the clients were shown, and the seconds.

An aborted connection ends by RST on purpose, at one of several places in turn; it fails when it does not get that far.
authority.pem must have signed the gate's certificates, `body` is what the upstream of /bodies sends.
"""

import collections
import hashlib
import http.client
import itertools
import json
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

from OpenSSL import SSL

TIMEOUT = 20
SERVER_NAME = "web.example"
REGISTERS = bytes([1, 3, 20]) + b"".join(register.to_bytes(2, "big") for register in range(100, 110))
ERRORS = (OSError, ValueError, http.client.HTTPException, SSL.Error)

ports = {}
stop = threading.Event()
lock = threading.Lock()
done, failed, reasons = collections.Counter(), collections.Counter(), {}
certificates, groups = set(), collections.Counter()
addresses = itertools.cycle(f"127.0.0.{number}" for number in range(2, 66))


def connect(listener):
  connection = socket.create_connection(("127.0.0.1", ports[listener]), TIMEOUT, source_address=(next(addresses), 0))
  connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
  return connection


def client_context(version=None, certificate=None):
  context = ssl.create_default_context(cafile="authority.pem")
  if version:
    context.minimum_version = context.maximum_version = version
  if certificate:
    context.load_cert_chain(certificate + ".pem", certificate + ".key")
  return context


def connect_tls(listener, context, name=SERVER_NAME, session=None):
  plain = connect(listener)
  try:
    return context.wrap_socket(plain, server_hostname=name, session=session)
  except BaseException:
    plain.close()
    raise


def get(path, more=""):
  return f"GET {path} HTTP/1.1\r\nHost: {SERVER_NAME}\r\n{more}\r\n".encode()


def read_to_end(receive):
  """One reply that the connection's end ends; what it got must be all of it."""
  data = bytearray()
  while part := receive(65536):
    data += part
  head, _, body = bytes(data).partition(b"\r\n\r\n")
  if not head.startswith(b"HTTP/1.1 200 ") or len(body) != 1024:
    raise ValueError(f"reply {head[:40]!r} with {len(body)} bytes")


def once(listener, path, context, session=None):
  """A connection with one request: its session, and whether it was resumed."""
  with connect_tls(listener, context, session=session) as tls:
    tls.sendall(get(path, "Connection: close\r\n"))
    read_to_end(tls.recv)
    shown = hashlib.sha256(tls.getpeercert(binary_form=True)).digest()
    with lock:
      certificates.add(shown)
    return tls.session, tls.session_reused


class Kept(http.client.HTTPConnection):
  """An HTTP connection that is kept, to one of the listeners."""

  def __init__(self, listener, context=None):
    super().__init__(SERVER_NAME)
    self.listener, self.context = listener, context

  def connect(self):
    self.sock = connect_tls(self.listener, self.context) if self.context else connect(self.listener)

  def ask(self, method, path, status=200, **more):
    self.request(method, path, **more)
    reply = self.getresponse()
    body = reply.read()
    if reply.status != status:
      raise ValueError(f"status {reply.status}")
    return body


class Requests:
  """Requests on kept connections in turn; each connection is replaced after some time."""

  USES = 500

  def __init__(self, listener, count, path):
    self.path = path
    context = client_context() if listener == "web" else None
    self.connections = [Kept(listener, context) for _ in range(count)]
    self.number = 0

  def step(self):
    self.number += 1
    connection = self.connections[self.number % len(self.connections)]
    if self.number % self.USES == 0:
      connection.close()
    if len(connection.ask("GET", self.path)) != 1024:
      raise ValueError("length of the reply")

  def reset(self):
    for connection in self.connections:
      connection.close()


class Bodies(Requests):
  """1 MiB down or up, with Content-Length and chunked, over HTTPS and HTTP; each byte counts."""

  def __init__(self, upload):
    self.upload, self.number = upload, 0
    with open("body", "rb") as file:
      self.body = file.read()
    self.digest = hashlib.sha256(self.body).hexdigest()
    self.connections = [Kept("web", client_context()), Kept("plain")]

  def step(self):
    self.number += 1
    connection, framing = self.connections[self.number % 2], ("length", "chunked")[self.number // 2 % 2]
    if not self.upload:
      digest = hashlib.sha256(connection.ask("GET", "/bodies/" + framing)).hexdigest()
    elif framing == "length":
      digest = json.loads(connection.ask("PUT", "/bodies/sink", body=self.body))["digest"]
    else:
      parts = (self.body[at:at + 50000] for at in range(0, len(self.body), 50000))
      digest = json.loads(connection.ask("PUT", "/bodies/sink", body=parts, encode_chunked=True,
                                         headers={"Transfer-Encoding": "chunked"}))["digest"]
    if digest != self.digest:
      raise ValueError("the body was changed")


class Handshakes:
  """A full handshake each time, or resumed ones; TLS 1.2 and 1.3 take turns."""

  USES = 30

  def __init__(self, resume, listener="web", path="/api/full"):
    self.resume, self.listener, self.path, self.number = resume, listener, path, 0
    self.contexts = [client_context(version) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)]
    self.sessions = [None, None]

  def step(self):
    self.number += 1
    side = self.number % 2
    if not self.resume or self.number // 2 % self.USES == 0:
      self.sessions[side] = None
    session = self.sessions[side]
    found, resumed = once(self.listener, self.path if session or not self.resume else "/api/full",
                          self.contexts[side], session)
    if resumed != (session is not None):
      raise ValueError("not resumed" if session else "resumed without a session")
    if self.resume:
      self.sessions[side] = found
      return None if session else "full handshakes"
    return None

  def reset(self):
    self.sessions = [None, None]


class Hybrid:
  """X25519MLKEM768; two of three with the session before."""

  def __init__(self):
    self.context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    self.context.load_verify_locations("authority.pem")
    self.context.set_verify(SSL.VERIFY_PEER, lambda *arguments: bool(arguments[-1]))
    self.session, self.number = None, 0

  def step(self):
    self.number += 1
    if self.number % 3 == 0:
      self.session = None
    session = self.session
    with connect("web") as plain:
      # The library wants a socket that blocks.
      plain.settimeout(None)
      for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        plain.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", TIMEOUT, 0))
      tls = SSL.Connection(self.context, plain)
      tls.set_tlsext_host_name(SERVER_NAME.encode())
      if session:
        tls.set_session(session)
      tls.set_connect_state()
      tls.do_handshake()
      tls.sendall(get("/api/hybrid-resumed" if session else "/api/hybrid", "Connection: close\r\n"))

      def receive(most):
        try:
          return tls.recv(most)
        except SSL.ZeroReturnError:
          return b""
      read_to_end(receive)
      with lock:
        groups[tls.get_group_name()] += 1
      self.session = tls.get_session()
      tls.shutdown()
    return "resumed handshakes, X25519MLKEM768" if session else None

  def reset(self):
    self.session = None


class Aborts:
  """Connections that end by RST: see `ends`."""

  def __init__(self):
    self.context = client_context()
    self.ends = itertools.cycle([self.hello, self.answer, self.handshake, self.request, self.download, self.upload,
                                 self.websocket, self.passthrough])

  def step(self):
    end = next(self.ends)
    connection = end()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return f"aborted: {end.__name__}"

  def hello(self):
    outgoing = ssl.MemoryBIO()
    tls = self.context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=SERVER_NAME)
    try:
      tls.do_handshake()
    except ssl.SSLWantReadError:
      pass
    connection = connect("web")
    connection.sendall(outgoing.read())
    return connection

  def answer(self):
    connection = self.hello()
    if not connection.recv(1):
      raise ValueError("closed")
    return connection

  def handshake(self):
    return connect_tls("web", self.context)

  def request(self):
    tls = self.handshake()
    tls.sendall(get("/abort/request"))
    return tls

  def download(self):
    tls = self.handshake()
    tls.sendall(get("/abort/bodies/length"))
    got = 0
    while got < 300000 and (part := tls.recv(65536)):
      got += len(part)
    if got < 300000:
      raise ValueError("closed")
    return tls

  def upload(self):
    tls = self.handshake()
    tls.sendall(f"PUT /abort/bodies/sink HTTP/1.1\r\nHost: {SERVER_NAME}\r\nContent-Length: 1000000\r\n\r\n".encode())
    tls.sendall(bytes(300000))
    return tls

  def websocket(self):
    return WebSocket.open("web", self.context, "/abort/ws")

  def passthrough(self):
    return connect_tls("passthrough", self.context)

  def reset(self):
    pass


class WebSocket:
  """Messages that come back, on a connection that is closed and opened again after some of them."""

  MESSAGES = 30

  def __init__(self, listener):
    self.listener = listener
    self.context = client_context() if listener == "web" else None
    self.connection, self.number = None, 0

  @staticmethod
  def open(listener, context, path):
    connection = connect_tls(listener, context) if context else connect(listener)
    connection.sendall(get(path, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
      if not (part := connection.recv(1)):
        raise ValueError("closed")
      head += part
    if not head.startswith(b"HTTP/1.1 101 "):
      raise ValueError(f"reply {head[:40]!r}")
    return connection

  def frame(self, opcode, text):
    """Sends one and reads the one that must come back."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
    self.connection.sendall(bytes([0x80 | opcode, 0x80 | len(text)]) + mask + masked)
    wanted = bytes([0x80 | opcode, len(text)]) + text
    if (got := receive_exactly(self.connection, len(wanted))) != wanted:
      raise ValueError(f"frame {got!r}")

  def step(self):
    if not self.connection:
      self.connection = self.open(self.listener, self.context, "/ws")
    self.number += 1
    self.frame(1, f"message {self.number}".encode())
    if self.number % self.MESSAGES == 0:
      self.frame(8, (1000).to_bytes(2, "big"))
      self.reset()

  def reset(self):
    if self.connection:
      self.connection.close()
    self.connection = None


class Events:
  """Server-sent events: three of a stream that would go on."""

  def __init__(self):
    self.context = client_context()

  def step(self):
    with connect_tls("web", self.context) as tls:
      tls.sendall(get("/events"))
      data = b""
      while data.count(b"data: ") < 3:
        if not (part := tls.recv(65536)):
          raise ValueError("closed")
        data += part
      if not data.startswith(b"HTTP/1.1 200 "):
        raise ValueError(f"reply {data[:40]!r}")

  def reset(self):
    pass


class Polls:
  """Modbus: ten registers each time, a write that must get exception 01 now and then."""

  def __init__(self, listener, count, uses, context=None):
    self.listener, self.uses, self.context = listener, uses, context
    self.connections, self.number = [None] * count, 0

  def step(self):
    self.number += 1
    slot = self.number % len(self.connections)
    if self.number % self.uses == 0 and self.connections[slot]:
      self.connections[slot].close()
      self.connections[slot] = None
    if not self.connections[slot]:
      self.connections[slot] = (
        connect_tls(self.listener, self.context, "press.example") if self.context else connect(self.listener))
    blocked = self.number % 25 == 0
    transaction = (self.number & 0xFFFF).to_bytes(2, "big")
    self.connections[slot].sendall(
      transaction + (bytes([0, 0, 0, 6, 1, 6, 0, 5, 0, 5]) if blocked else bytes([0, 0, 0, 6, 1, 3, 0, 100, 0, 10])))
    reply = bytes([1, 0x86, 1]) if blocked else REGISTERS
    wanted = transaction + bytes([0, 0, 0, len(reply)]) + reply
    got = receive_exactly(self.connections[slot], 9)
    got += b"" if got[7] & 0x80 else receive_exactly(self.connections[slot], len(wanted) - 9)
    if got != wanted:
      raise ValueError(f"reply {got!r}")
    return "Modbus writes that were blocked" if blocked else None

  def reset(self):
    for slot, connection in enumerate(self.connections):
      if connection:
        connection.close()
      self.connections[slot] = None


def receive_exactly(connection, length):
  data = b""
  while len(data) < length:
    part = connection.recv(length - len(data))
    if not part:
      raise ValueError(f"closed after {data!r}")
    data += part
  return data


def run(name, rate, kind):
  due = time.monotonic()
  while not stop.wait(max(0, due - time.monotonic())):
    due = max(due + 1 / rate, time.monotonic())
    try:
      counted = kind.step() or name
      with lock:
        done[counted] += 1
    except ERRORS as error:
      kind.reset()
      with lock:
        failed[name] += 1
        reasons.setdefault(name, f"{time.strftime('%H:%M:%S')} {type(error).__name__}: {error}")
  kind.reset()


def main():
  ports.update((name, int(port)) for name, port in (word.split("=") for word in sys.argv[1:]))
  role = client_context(certificate="operator")
  kinds = [
    ("HTTPS requests, kept", 40, Requests("web", 8, "/api/kept")),
    ("HTTP requests, kept", 20, Requests("plain", 4, "/api/plain")),
    ("HTTP requests to a TLS upstream", 2, Requests("plain", 1, "/tls/x")),
    ("full handshakes", 5, Handshakes(False)),
    ("resumed handshakes", 5, Handshakes(True, path="/api/resumed")),
    ("full handshakes, X25519MLKEM768", 5, Hybrid()),
    ("passthrough connections", 2, Handshakes(False, "passthrough", "/api/passthrough")),
    ("aborted", 8, Aborts()),
    ("1 MiB down", 1.5, Bodies(False)),
    ("1 MiB up", 1.5, Bodies(True)),
    ("WebSocket messages over HTTPS", 3, WebSocket("web")),
    ("WebSocket messages over HTTP", 3, WebSocket("plain")),
    ("event streams", 0.2, Events()),
    ("Modbus polls", 25, Polls("press", 4, 200)),
    ("Modbus polls over TLS", 10, Polls("secure-press", 2, 20, role)),
    ("Modbus polls to a TLS device", 2, Polls("remote-press", 1, 60)),
  ]
  threads = [threading.Thread(target=run, args=kind) for kind in kinds]
  signal.signal(signal.SIGTERM, lambda *_: stop.set())
  began = time.monotonic()
  for thread in threads:
    thread.start()
  stop.wait()
  for thread in threads:
    thread.join()
  used = os.times()
  print(json.dumps({
    "done": dict(sorted(done.items())), "failed": sum(failed.values()), "failures": failed, "reasons": reasons,
    "certificates": len(certificates), "groups": groups, "seconds": round(time.monotonic() - began),
    "processor": round(used.user + used.system, 1)}, indent=1))


main()
