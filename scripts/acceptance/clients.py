"""Clients of the acceptance scripts; each prints one JSON line.

clients.py probe PORT SECONDS          50 requests a second on ten connections, each tenth on a new one: latency in ms
clients.py upload PORT RATE SECONDS    one request whose body comes at RATE bytes a second
clients.py watch PORT SECONDS          sockets of clients from 127.0.0.1 that the server at PORT holds
clients.py modbus PORT SECONDS         8 Modbus clients, each reads ten registers 50 times a second: latency in µs
clients.py memory PID SECONDS          VmRSS of a process, each 0.2 s, until standard input ends
clients.py options PID PORT            options of the socket that the process has for a new connection to PORT
"""

import ctypes
import gc
import json
import os
import re
import select
import socket
import sys
import time

GOOD_CLIENT = "127.0.0.2"
INTERVAL = 0.02
CONNECTIONS = 10
PIDFD_GETFD = 438  # the number of the system call on every architecture
TCP_NOTSENT_LOWAT = 25


def connect(port):
  connection = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(GOOD_CLIENT, 0))
  connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
  return connection


def read_reply(connection):
  """Reads one reply with Content-Length; its status."""
  data = b""
  while b"\r\n\r\n" not in data:
    more = connection.recv(65536)
    if not more:
      raise ConnectionError("closed")
    data += more
  head, _, body = data.partition(b"\r\n\r\n")
  length = int(re.search(rb"content-length: *(\d+)", head, re.IGNORECASE).group(1))
  while len(body) < length:
    more = connection.recv(65536)
    if not more:
      raise ConnectionError("closed")
    body += more
  return int(head.split(b" ", 2)[1])


def percentile(values, share):
  return round(values[min(len(values) - 1, int(len(values) * share))] * 1000, 3)


def probe(port, seconds):
  request = b"GET /probe HTTP/1.1\r\nHost: good.example\r\n\r\n"
  connections = [connect(port) for _ in range(CONNECTIONS)]
  latencies, errors, reasons = [], 0, set()
  gc.disable()
  start = time.perf_counter()
  for number in range(int(seconds / INTERVAL)):
    due = start + number * INTERVAL
    wait = due - time.perf_counter()
    # What an earlier request took too long counts for the ones behind it; a late wake-up of the client does not.
    if wait > 0:
      time.sleep(wait)
      due = time.perf_counter()
    slot = number % CONNECTIONS
    try:
      if number // CONNECTIONS % CONNECTIONS == slot:
        connections[slot].close()
        connections[slot] = connect(port)
      connections[slot].sendall(request)
      if read_reply(connections[slot]) != 200:
        raise ConnectionError("status")
      latencies.append(time.perf_counter() - due)
    except OSError as error:
      errors += 1
      reasons.add(str(error))
      connections[slot].close()
      try:
        connections[slot] = connect(port)
      except OSError as again:
        reasons.add(str(again))
  latencies.sort()
  result = {"requests": len(latencies), "errors": errors}
  if latencies:
    result |= {"p50": percentile(latencies, 0.5), "p99": percentile(latencies, 0.99), "max": percentile(latencies, 1)}
  else:
    result |= {"p50": 1e9, "p99": 1e9, "max": 1e9}
  return result | ({"reasons": sorted(reasons)} if reasons else {})


def upload(port, rate, seconds):
  size, sent = rate * seconds, 0
  start = time.monotonic()
  connection = connect(port)
  try:
    connection.sendall(b"POST /upload HTTP/1.1\r\nHost: good.example\r\nContent-Length: %d\r\n\r\n" % size)
    while sent < size:
      block = min(rate // 4, size - sent)
      connection.sendall(b"u" * block)
      sent += block
      readable, _, _ = select.select([connection], [], [], 0.25)
      if readable and sent < size:
        break
    status = read_reply(connection)
  except OSError as error:
    status = str(error)
  return {"status": status, "sent": sent, "seconds": round(time.monotonic() - start, 1)}


def watch(port, seconds):
  """`gone`: seconds until the server held none of them again (-1: never); `orphans`: closed, bytes still to be sent."""
  pattern = re.compile(
    rb" 0100007F:%04X 0100007F:[0-9A-F]{4} ([0-9A-F]{2}) ([0-9A-F]{8}):[0-9A-F]{8} \S+ \S+ +\d+ +\d+ (\d+) " % port)
  start = time.monotonic()
  most, gone, left, orphans, queued, half = 0, -1.0, 0, 0, 0, -1.0
  while (now := time.monotonic() - start) < seconds:
    with open("/proc/net/tcp", "rb") as table:
      found = pattern.findall(table.read())
    held = sum(inode != b"0" for _, _, inode in found)
    # FIN_WAIT1, LAST_ACK and CLOSING without an owner: the process closed them, the kernel still has bytes for them.
    closed = [int(queue, 16) for state, queue, inode in found if inode == b"0" and state in (b"04", b"09", b"0B")]
    if held >= most:
      most = held
    if len(closed) >= orphans:
      orphans, queued = len(closed), sum(closed)
    left = held
    # slowhttptest opens one connection of its own now and then, to see whether the server still answers.
    if held > 1:
      gone = -1.0
    elif gone < 0 and most > 1:
      gone = now
    if held > most / 2:
      half = -1.0
    elif half < 0 and most > 1:
      half = now
    time.sleep(0.5)
  return {"most": most, "half": round(half, 1), "gone": round(gone, 1), "left": left, "orphans": orphans,
          "orphanBytes": queued}


def modbus(port, seconds):
  connections = []
  for _ in range(8):
    connections.append(socket.create_connection(("127.0.0.1", port), timeout=5))
    connections[-1].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
  latencies, errors, number = [], 0, 0
  gc.disable()
  start = time.perf_counter()
  while (due := start + number / 400) < start + seconds:
    wait = due - time.perf_counter()
    if wait > 0:
      time.sleep(wait)
      due = time.perf_counter()
    transaction = (number & 0xFFFF).to_bytes(2, "big")
    connection = connections[number % len(connections)]
    connection.sendall(transaction + bytes([0, 0, 0, 6, 1, 3, 0, 100, 0, 10]))
    reply = b""
    while len(reply) < 29 and (more := connection.recv(64)):
      reply += more
      if reply[7:8] not in (b"", b"\x03"):
        break
    latencies.append(time.perf_counter() - due)
    errors += reply != transaction + bytes([0, 0, 0, 23, 1, 3, 20]) + b"".join(
      register.to_bytes(2, "big") for register in range(100, 110))
    number += 1
  latencies.sort()
  return {"requests": number, "errors": errors, "p50us": round(percentile(latencies, 0.5) * 1000),
          "p99us": round(percentile(latencies, 0.99) * 1000)}


def memory(pid, seconds):
  samples = []
  end = time.monotonic() + seconds
  while time.monotonic() < end:
    with open(f"/proc/{pid}/status") as status:
      samples.append(int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)))
    if select.select([sys.stdin], [], [], 0.2)[0]:
      break
  return {"samples": len(samples), "first": samples[0], "most": max(samples), "last": samples[-1]}


def accepted(process, number, client):
  """The process's socket with this descriptor when its peer is the client, else None."""
  descriptor = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, number, 0)
  if descriptor < 0:
    return None
  candidate = socket.socket(fileno=descriptor)
  try:
    if candidate.getpeername() == client:
      return candidate
  except OSError:
    pass
  candidate.close()
  return None


def options(pid, port):
  with connect(port) as connection:
    connection.sendall(b"GET /probe HTTP/1.1\r\nHost: good.example\r\n\r\n")
    read_reply(connection)
    process = os.pidfd_open(pid)
    for number in map(int, os.listdir(f"/proc/{pid}/fd")):
      if not os.readlink(f"/proc/{pid}/fd/{number}").startswith("socket:"):
        continue
      found = accepted(process, number, connection.getsockname())
      if found:
        with found:
          return {
            "noDelay": found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),
            "notSentLowWater": found.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT)}
  raise SystemExit("the process has no such socket")


def main():
  kinds = {"probe": probe, "upload": upload, "watch": watch, "modbus": modbus, "memory": memory, "options": options}
  if len(sys.argv) < 3 or sys.argv[1] not in kinds:
    sys.exit(__doc__)
  print(json.dumps(kinds[sys.argv[1]](*map(int, sys.argv[2:]))))


main()
