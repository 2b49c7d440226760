"""The firewall's scenarios: requests like an application's, which no rule may mind and which the rules see whole."""

import json
import os
import random
import socket
import time
import urllib.parse

from . import load, machine, tools
from .peers import FIREWALLS
from .processes import cpu_account
from .scenarios import Scenario

PEERS = ("nginx", "sluice") + tuple(FIREWALLS)
#: Found by both rule sets at the lowest paranoia level.
ATTACK = "<script>alert('1')</script>"
_SEED = 20261127
_WORDS = (
    "garden window silver meadow paper orange bridge summer quiet river marble cotton lantern harbour velvet copper "
    "yellow forest cabin autumn pepper violin basket almond winter canyon ribbon saddle timber walnut").split()


class FirewallScenario(Scenario):
    """One kind of request, again and again. `make(random, attack)` gives a method, a target, a content type and a body;
    `variants`: how many different ones there are. `attack` stands in the last value that the rules look at."""

    def __init__(self, name, title, make, connections=8, variants=1):
        super().__init__(name, title, "firewall", "http_port", connections, peers=PEERS)
        self._make = make
        self._variants = variants
        self._path = None

    def measure(self, bench, peer, seconds, warm_up):
        self._prepare(bench)
        check(bench, self._make, FIREWALLS.get(peer.name))
        peer.wait_until_quiet()
        self._load_once(bench, warm_up)
        cpu, account = peer.cpu_seconds(), cpu_account(bench.proxy_cpu)
        started = time.monotonic()
        sample = self._load_once(bench, seconds)
        elapsed = time.monotonic() - started
        used = peer.cpu_seconds() - cpu
        busy, total = (now - before for now, before in zip(cpu_account(bench.proxy_cpu), account))
        if sample["requests"] == 0:
            sample["errors"] += 1
        return dict(
            sample, cpuMicros=used * 1e6 / max(sample["requests"], 1), coreShare=used / elapsed,
            othersShare=max(0.0, busy / max(total, 1) - used / elapsed), rssMiB=peer.pss_mib())

    def baseline_of(self, peer):
        return FIREWALLS.get(peer, self.baseline)

    def _load_once(self, bench, seconds):
        return load.prepared(bench, bench.http_port, self.connections, seconds, self._path)

    def _prepare(self, bench):
        """Writes the requests once for all peers and rounds."""
        if self._path:
            return
        self._path = os.path.join(bench.directory, f"{self.name}.requests")
        source = random.Random(_SEED)
        with open(self._path, "wb") as file:
            for _ in range(self._variants):
                request = _request(*self._make(source), source if self._variants > 1 else None)
                file.write(b"%d\n" % len(request) + request)


class StartScenario(Scenario):
    """From the start of the process to the first answer with all rules at work. `is_cached`: what an earlier start has
    kept is there."""

    def __init__(self, name, title, is_cached):
        super().__init__(name, title, "starts", "http_port", 1, peers=PEERS)
        self._is_cached = is_cached
        self._cached = set()

    def start(self, bench, peer, cache=None):
        if not self._is_cached:
            return super().start(bench, peer, bench.fresh_directory("cache"))
        if peer.name not in self._cached:
            child = super().start(bench, peer)
            try:
                check(bench, _get, FIREWALLS.get(peer.name))
                child.wait_until_quiet()
            finally:
                child.stop()
            self._cached.add(peer.name)
        return super().start(bench, peer)

    def measure(self, bench, peer, seconds, warm_up):
        check(bench, _get, FIREWALLS.get(peer.name))
        ready, cpu = time.monotonic() - peer.started, peer.cpu_seconds()
        quiet = peer.wait_until_quiet() - peer.started
        return {
            "requests": 1, "errors": 0, "rssMiB": peer.pss_mib(), "readyMillis": ready * 1e3,
            "readyCPUMillis": cpu * 1e3, "quietMillis": max(quiet, ready) * 1e3,
            "quietCPUMillis": peer.cpu_seconds() * 1e3,
        }

    def baseline_of(self, peer):
        return FIREWALLS.get(peer, self.baseline)

    def cost(self, sample):
        return sample.get("readyMillis")

    @property
    def cost_unit(self):
        return "ms to the first answer"


def check(bench, make, is_firewall):
    """Raises LoadError unless a request is answered 200 and, by a firewall, one with an attack 403: then what is
    measured is what is meant."""
    wanted = [("", 200)] + ([(ATTACK, 403)] if is_firewall else [])
    for attack, status in wanted:
        got = _status(bench, _request(*make(random.Random(_SEED), attack)))
        if got != status:
            raise load.LoadError(f"{'an attack' if attack else 'a request'} is answered {got} instead of {status}")


def _status(bench, request):
    with socket.create_connection(("127.0.0.1", bench.http_port), 120) as connection:
        connection.sendall(request)
        line = connection.makefile("rb").readline(1024).split()
    return int(line[1]) if len(line) > 1 and line[1].isdigit() else 0


def _request(method, target, content_type, body, source=None):
    """The bytes of a request; with `source` its session is one of its own."""
    headers = dict(load.BROWSER_HEADERS)
    if source:
        headers["Cookie"] = f"session={source.getrandbits(128):032x}; theme=dark"
    if body is not None:
        headers.update({"Content-Type": content_type, "Content-Length": str(len(body))})
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode() + b"\r\n" + (body or b"")


def _words(source, least, most):
    return " ".join(source.choice(_WORDS) for _ in range(source.randint(least, most)))


def _get(source, attack=""):
    return "GET", f"/api/item?id={urllib.parse.quote(attack) or source.randrange(1, 10**9)}", None, None


def _fields(source, attack):
    return {
        "q": _words(source, 2, 4), "category": source.choice(_WORDS), "page": source.randrange(1, 500),
        "size": source.randrange(10, 100), "sort": "price", "from": f"2026-{source.randrange(10, 13)}-17",
        "colour": source.choice(_WORDS), "shop": source.randrange(1000, 9999),
        "reference": f"{source.getrandbits(48):012x}", "note": attack or _words(source, 3, 6),
    }


def _arguments(source, attack=""):
    return "GET", "/api/search?" + urllib.parse.urlencode(_fields(source, attack)), None, None


def _form(source, attack=""):
    fields = {
        "name": _words(source, 2, 2).title(), "email": f"{source.choice(_WORDS)}.{source.choice(_WORDS)}@example.com",
        "phone": f"+49 30 {source.randrange(10**6, 10**7)}", "city": source.choice(_WORDS),
        "street": f"{_words(source, 1, 2)} {source.randrange(1, 200)}", "zip": source.randrange(10000, 99999),
        "subject": _words(source, 4, 8),
    }
    text = _words(source, 20, 20)
    while len(urllib.parse.urlencode(dict(fields, message=text))) < 2040:
        text += source.choice((" ", " ", " ", ", ", ". ")) + source.choice(_WORDS)
    fields["message"] = text + (" " + attack if attack else "")
    body = urllib.parse.urlencode(fields).encode()
    return "POST", "/api/contact", "application/x-www-form-urlencoded", body


def _json(records):
    """Records of six values and about 138 bytes: 74 make 444 values and 10 KB."""
    def make(source, attack=""):
        rows = [{
            "id": source.randrange(10**6, 10**7), "name": _words(source, 3, 3), "city": source.choice(_WORDS),
            "price": source.randrange(100, 100000) / 100, "active": source.random() < 0.5, "note": _words(source, 5, 6),
        } for _ in range(records)]
        if attack:
            rows[-1]["note"] = attack
        return "POST", "/api/orders", "application/json", json.dumps(rows, separators=(",", ":")).encode()
    return make


def _upload(source, attack=""):
    """A form with a photo of 1 MiB. The rule sets do not allow `application/octet-stream`."""
    boundary = b"----WebKitFormBoundary7MA4YWxkTrZu0gWA"
    photo = b"\xff\xd8\xff\xe0" + source.randbytes((1 << 20) - 4).replace(b"--", b"-+")
    parts = [
        (b'name="title"', _words(source, 3, 3).encode()),
        (b'name="photo"; filename="photo.jpg"\r\nContent-Type: image/jpeg', photo),
        (b'name="caption"', (attack or _words(source, 8, 8)).encode()),
    ]
    body = b"".join(b"--" + boundary + b"\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + value + b"\r\n"
                    for head, value in parts) + b"--" + boundary + b"--\r\n"
    return "POST", "/api/photos", "multipart/form-data; boundary=" + boundary.decode(), body


def _all():
    """Every kind with the same request again and again, and with others each time."""
    kinds = [
        ("firewall-get", "GET with browser headers", _get, 8, 2000),
        ("firewall-args", "GET with 10 arguments", _arguments, 8, 2000),
        ("firewall-form", "form of 2 KB", _form, 8, 2000),
        ("firewall-json", "JSON of 10 KB, 444 values", _json(74), 8, 2000),
        ("firewall-json-100", "JSON of 100 KB, 4,440 values", _json(740), 2, 400),
        ("firewall-upload", "multipart upload of 1 MiB", _upload, 2, 32),
    ]
    for name, title, make, connections, variants in kinds:
        yield FirewallScenario(name, f"Firewall: {title}, always the same", make, connections)
        yield FirewallScenario(
            f"{name}-varied", f"Firewall: {title}, {variants:,} different", make, connections, variants)
    yield StartScenario("firewall-start", "Firewall: start with nothing cached", is_cached=False)
    yield StartScenario("firewall-start-cached", "Firewall: start with what an earlier one cached", is_cached=True)


ALL = list(_all())


def versions():
    """Of the engine and the rule sets."""
    found = {name: machine.version_of(["dpkg-query", "-W", "-f=${Version}", name])
             for name in ("libmodsecurity3", "modsecurity-crs")}
    try:
        with open(tools.core_rule_set(4)[0][0]) as setup:
            found["crs4"] = next((line.split("ver.")[1].strip() for line in setup if "ver." in line), None)
    except tools.MissingTool:
        found["crs4"] = None
    return found
