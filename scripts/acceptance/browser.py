"""Chromium against the demo's web peer behind the gate: browser.py PORT ADMIN-SOCKET. Prints one JSON object."""

import http.client
import json
import socket
import sys
import time

from playwright.sync_api import Error, sync_playwright

ECHO = """async (messages) => {
  const socket = new WebSocket(`ws://${location.host}/ws`);
  socket.binaryType = 'arraybuffer';
  window.open_socket = socket;
  await new Promise((done, failed) => { socket.onopen = done; socket.onerror = () => failed('not opened');
    setTimeout(() => failed('not opened in 5 s'), 5000); });
  const received = [];
  const all = new Promise((done, failed) => {
    socket.onmessage = event => {
      received.push(typeof event.data === 'string' ? event.data : Array.from(new Uint8Array(event.data)));
      if (received.length === messages.length) done();
    };
    socket.onclose = event => failed(`closed with ${event.code}`);
  });
  for (const message of messages) socket.send(typeof message === 'string' ? message : new Uint8Array(message));
  await all;
  return received;
}"""
CLOSE = """async () => {
  const socket = window.open_socket;
  if (socket.readyState !== WebSocket.OPEN) throw Error('not open');
  return await new Promise(done => { socket.onclose = event => done([event.code, event.wasClean]); socket.close(1000); });
}"""
EVENTS = """async (count) => {
  const source = new EventSource('/events');
  const times = [];
  await new Promise((done, failed) => {
    source.onmessage = () => { times.push(performance.now()); if (times.length === count) done(); };
    source.onerror = () => failed(`no events after ${times.length}`);
    setTimeout(() => failed(`${times.length} events in 10 s`), 10000);
  });
  source.close();
  return times;
}"""


class Admin(http.client.HTTPConnection):
  def __init__(self, path):
    super().__init__("localhost", timeout=5)
    self.path = path

  def connect(self):
    self.sock = socket.socket(socket.AF_UNIX)
    self.sock.settimeout(5)
    self.sock.connect(self.path)


def flows(path):
  admin = Admin(path)
  admin.request("GET", "/v1/flows")
  text = admin.getresponse().read().decode()
  admin.close()
  return text.lower().count('"websocket"')


def attempt(result, name, step):
  """Runs a step; what goes wrong is told under the step's name."""
  try:
    result[name] = step()
  except Error as error:
    result[name] = str(error).splitlines()[0]


def main():
  port, admin = sys.argv[1:3]
  result = {}
  messages = ["hello", "ünïcode ✓", "x" * 10000, list(range(256)), ""] + [f"message {n}" for n in range(200)]
  with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
      executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
    result["browser"] = browser.version
    page = browser.new_page()
    page.set_default_timeout(20000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    # Thrice, so that connections to the upstream have been used before; the page holds a WebSocket and events of its own.
    for _ in range(3):
      response = page.goto(f"http://127.0.0.1:{port}/", wait_until="domcontentloaded")
    page.wait_for_timeout(1500)
    result["page"] = response.status == 200 and not errors
    result["pageErrors"] = errors
    before = flows(admin)
    attempt(result, "echo", lambda: page.evaluate(ECHO, messages) == messages)
    during = flows(admin)
    attempt(result, "closed", lambda: page.evaluate(CLOSE) == [1000, True])
    end = time.monotonic() + 5
    while (after := flows(admin)) != before and time.monotonic() < end:
      time.sleep(0.1)
    result["flow"] = before >= 1 and during == before + 1 and after == before
    result["flows"] = [before, during, after]
    # One by one: a gate that held them back would deliver all at once.
    attempt(result, "events", lambda: (times := page.evaluate(EVENTS, 3))[2] - times[0] > 100)
    browser.close()
  print(json.dumps(result))


main()
