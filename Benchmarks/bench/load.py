"""Makes the load and reads off what it saw. Every function returns requests, seconds, rps, p50us, p99us, errors."""

import json
import os
import re
import resource
import select
import shlex
import socket
import subprocess

from . import tools

BROWSER_HEADERS = {
    "Host": "bench.example",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-US,en;q=0.5",
    "Cookie": "session=0123456789abcdef0123456789abcdef; theme=dark",
}
_UNITS = {"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6}


class LoadError(Exception):
    """Load that could not be made."""


def wrk(bench, port, path, connections, seconds, script=None):
    """Closed-loop HTTP load over kept connections."""
    command = ["taskset", "-c", str(bench.load_cpu), tools.find("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s",
               "--latency", "--timeout", "10s"]
    for name, value in BROWSER_HEADERS.items():
        command += ["-H", f"{name}: {value}"]
    if script:
        command += ["-s", os.path.join(tools.HERE, "lua", script)]
    output = _run(command + [f"http://127.0.0.1:{port}{path}"], seconds, bench)
    total = re.search(r"(\d+) requests in ([\d.]+)(\w+)", output)
    if not total:
        raise LoadError(f"wrk: {output[-300:]}")
    errors = sum(int(number) for line in re.findall(r"Socket errors:.*", output) for number in re.findall(r"\d+", line))
    errors += sum(int(number) for number in re.findall(r"Non-2xx or 3xx responses: (\d+)", output))
    return {
        "requests": int(total[1]),
        "seconds": _micros(total[2] + total[3]) / 1e6,
        "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]),
        "p50us": _micros(re.search(r"(?m)^\s+50%\s+(\S+)", output)[1]),
        "p99us": _micros(re.search(r"(?m)^\s+99%\s+(\S+)", output)[1]),
        "errors": errors,
    }


def modbus(bench, port, connections, seconds):
    """Function 3 reads, one in flight per connection."""
    command = ["taskset", "-c", str(bench.load_cpu), tools.compiled("modbus-load"), port, connections, seconds]
    output = _run([str(part) for part in command], seconds, bench)
    try:
        return json.loads(output)
    except ValueError:
        raise LoadError(f"modbus-load: {output[-300:]}")


def _run(command, seconds, bench):
    bench.commands[f"load of {bench.scenario}"] = shlex.join(command)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
    except subprocess.TimeoutExpired:
        raise LoadError(f"{os.path.basename(command[3])} did not end in time")
    return done.stdout + done.stderr


def _micros(text):
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if not match:
        raise LoadError(f"wrk: can't read `{text}` as a time")
    return float(match[1]) * _UNITS[match[2]]


def raise_file_limit():
    """As many open files as the system allows this process and its children; returns the number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


_REQUEST = ("GET /api/item?id=42 HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in BROWSER_HEADERS.items())
            + "\r\n").encode()


def request(connection, body=1024):
    """One GET on an open socket; whether the whole reply came and is 200."""
    connection.sendall(_REQUEST)
    reply = b""
    while True:
        _, separator, rest = reply.partition(b"\r\n\r\n")
        if separator and not reply.startswith(b"HTTP/1.1 200"):
            return False
        if separator and len(rest) >= body:
            return True
        chunk = connection.recv(65536)
        if not chunk:
            return False
        reply += chunk


class IdleConnections:
    """Connections that are opened and then do nothing; with `requests`, each after one exchange."""

    def __init__(self, port, count, requests):
        self.sockets, self.errors = [], 0
        for _ in range(count):
            try:
                connection = socket.create_connection(("127.0.0.1", port), 5)
                self.sockets.append(connection)
                if requests and not request(connection):
                    self.errors += 1
            except OSError:
                self.errors += 1

    def closed(self):
        """How many the other side has closed meanwhile."""
        poll = select.poll()
        for each in self.sockets:
            poll.register(each, select.POLLIN | select.POLLRDHUP)
        return len(poll.poll(0))

    def close(self):
        for each in self.sockets:
            each.close()
