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
    command = _wrk_command(bench, connections, seconds, script)
    return _wrk_sample(_run(command + [f"http://127.0.0.1:{port}{path}"], seconds, bench))


class WrkOverTLS:
    """The same over HTTPS, in the background: what is measured must begin after its handshakes."""

    def __init__(self, bench, port, path, connections, seconds):
        # By name: wrk would send an address as the server name, which RFC 6066 does not allow.
        command = _wrk_command(bench, connections, seconds) + [f"https://localhost:{port}{path}"]
        settings = os.path.join(tools.HERE, "tls", "openssl.cnf")
        bench.commands[f"load of {bench.scenario}"] = f"OPENSSL_CONF={settings} {shlex.join(command)}"
        self._timeout = seconds + 30
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                         env=dict(os.environ, OPENSSL_CONF=settings))

    def sample(self):
        try:
            output, _ = self._process.communicate(timeout=self._timeout)
        except subprocess.TimeoutExpired:
            raise LoadError("wrk did not end in time")
        return _wrk_sample(output)

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def upstream_count(bench):
    """How many requests the upstream has answered so far."""
    with socket.create_connection(("127.0.0.1", bench.upstream_port), 5) as connection:
        connection.sendall(b"GET /count HTTP/1.1\r\nHost: upstream\r\n\r\n")
        reply = connection.recv(4096)
        head, _, body = reply.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200") or not body.isdigit():
            raise LoadError("the upstream does not tell its count")
        return int(body)


def _wrk_command(bench, connections, seconds, script=None):
    command = ["taskset", "-c", str(bench.load_cpu), tools.find("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s",
               "--latency", "--timeout", "10s"]
    for name, value in BROWSER_HEADERS.items():
        command += ["-H", f"{name}: {value}"]
    if script:
        command += ["-s", os.path.join(tools.HERE, "lua", script)]
    return command


def _wrk_sample(output):
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


def handshakes(bench, port, connections, seconds, groups):
    """Full handshakes, each with one request and then closed. OpenSSL's own client for X25519; pyOpenSSL's in several
    processes for what Debian's OpenSSL does not know."""
    pinned = ["taskset", "-c", str(bench.load_cpu)]
    if groups == "X25519MLKEM768":
        command = pinned + tools.script("tls/handshakes.py") + [port, connections, seconds]
    else:
        command = pinned + [tools.compiled("tls-load"), "request", port, 0, connections, seconds, groups]
    sample = _json_of(_run([str(part) for part in command], seconds, bench))
    require_negotiated(sample, groups)
    return {key: figure for key, figure in sample.items() if not isinstance(figure, str)}


def require_negotiated(sample, groups):
    """Raises LoadError when a sample of TLS load says that something else than the scenario's was negotiated."""
    wanted = f"TLSv1.3 TLS_AES_128_GCM_SHA256 {groups}".lower()
    if sample["errors"] and sample["reason"]:
        raise LoadError(f"{sample['errors']} failed, the first: {sample['reason']}")
    if sample["negotiated"].lower() != wanted:
        raise LoadError(f"negotiated `{sample['negotiated']}` instead of `{wanted}`")


def negotiated_once(bench, port, groups):
    """One TLS request, so that a wrong set-up is not measured."""
    if groups == "X25519MLKEM768":
        handshakes(bench, port, 1, 0.2, groups)
        return
    command = [tools.compiled("tls-load"), "request", str(port), "1", "1", "5", groups]
    require_negotiated(_json_of(_run(command, 5, bench)), groups)


def modbus(bench, port, connections, seconds):
    """Function 3 reads, one in flight per connection."""
    command = ["taskset", "-c", str(bench.load_cpu), tools.compiled("modbus-load"), port, connections, seconds]
    return _json_of(_run([str(part) for part in command], seconds, bench))


def prepared(bench, port, connections, seconds, path):
    """The requests of a file in turn, over kept connections; ends when all that were begun are answered."""
    command = ["taskset", "-c", str(bench.load_cpu), tools.compiled("http-load"), port, connections, seconds, path]
    sample = _json_of(_run([str(part) for part in command], seconds + 120, bench))
    reason = sample.pop("reason")
    if sample["errors"]:
        raise LoadError(f"{sample['errors']} failed, the first: {reason}")
    return sample


def _json_of(output):
    try:
        return json.loads(output)
    except ValueError:
        raise LoadError(f"the load said `{output[-300:].strip()}`")


def _run(command, seconds, bench):
    bench.commands[f"load of {bench.scenario}"] = shlex.join(command)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
    except subprocess.TimeoutExpired:
        raise LoadError(f"`{shlex.join(command)}` did not end in time")
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


class IdleTLSConnections:
    """The same over TLS, each after one exchange; a process of its own keeps them."""

    def __init__(self, bench, port, count, groups):
        command = ["taskset", "-c", str(bench.load_cpu), tools.compiled("tls-load"), "idle", str(port), str(count), "8",
                   "60", groups]
        bench.commands[f"load of {bench.scenario}"] = shlex.join(command)
        self.errors, self._groups = 0, groups
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._process.stdout.readline() != "open\n":
            self.close()
            raise LoadError("the load could not open its connections")

    def closed(self):
        """Ends them all; how many the other side had closed."""
        output, _ = self._process.communicate(timeout=30)
        sample = _json_of(output)
        require_negotiated(sample, self._groups)
        self.errors = sample["errors"]
        return sample["closed"]

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
