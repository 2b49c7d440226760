"""An upstream with large bodies: bodies.py PORT FILE.

GET …/length, …/chunked   FILE, framed so
PUT …/sink                reads the body, answers with its digest, its length and how it was framed
PUT …/slow-sink           the same at 20 MB/s
"""

import hashlib
import http.server
import json
import os
import sys
import time

BLOCK = 256 << 10
SLOW = 20_000_000


class Peer(http.server.BaseHTTPRequestHandler):
  protocol_version = "HTTP/1.1"
  rbufsize = BLOCK

  def do_GET(self):
    with open(sys.argv[2], "rb") as body:
      self.send_response(200)
      self.send_header("Content-Type", "application/octet-stream")
      if not self.path.endswith("/chunked"):
        self.send_header("Content-Length", str(os.fstat(body.fileno()).st_size))
        self.end_headers()
        self.wfile.flush()
        self.connection.sendfile(body)
        return
      self.send_header("Transfer-Encoding", "chunked")
      self.end_headers()
      while block := body.read(BLOCK):
        self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
      self.wfile.write(b"0\r\n\r\n")

  def blocks(self):
    length = self.headers["Content-Length"]
    if length is not None:
      left = int(length)
      while left:
        block = self.rfile.read(min(BLOCK, left))
        if not block:
          raise ConnectionError("cut")
        left -= len(block)
        yield block
      return
    while size := int(self.rfile.readline().split(b";")[0], 16):
      yield self.rfile.read(size)
      self.rfile.readline()
    self.rfile.readline()

  def do_PUT(self):
    if self.headers["Expect"]:
      self.send_response_only(100)
      self.end_headers()
    digest, length, start = hashlib.sha256(), 0, time.monotonic()
    for block in self.blocks():
      digest.update(block)
      length += len(block)
      if self.path.endswith("/slow-sink"):
        time.sleep(max(0, start + length / SLOW - time.monotonic()))
    framing = "chunked" if self.headers["Content-Length"] is None else "length"
    reply = json.dumps({"digest": digest.hexdigest(), "length": length, "framing": framing}).encode()
    self.send_response(200)
    self.send_header("Content-Length", str(len(reply)))
    self.end_headers()
    self.wfile.write(reply)

  def handle_expect_100(self):
    return True

  def log_message(self, *_):
    pass


class Server(http.server.ThreadingHTTPServer):
  def handle_error(self, *_):
    pass


Server(("127.0.0.1", int(sys.argv[1])), Peer).serve_forever()
