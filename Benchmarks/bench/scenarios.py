"""What is measured, and how one peer is measured once."""

import math
import socket
import time

from . import load
from .peers import BASELINE
from .processes import cpu_account

MIB = 1 << 20
TLS_PEERS = ("nginx", "haproxy", "haproxy-log", "envoy", "sluice", "sluice-nolog")
POST_QUANTUM_PEERS = ("envoy", "sluice", "sluice-nolog")  # the others' OpenSSL 3.0 has no ML-KEM


class Scenario:
    """One kind of load. `kind` says which table it belongs to: `requests`, `handshakes`, `bodies`, `modbus`,
    `idle`, `firewall`, `starts` (of firewalls), `access` or `cedar`.
    `groups`: the key exchange of one with TLS. `peers`: who can do it at all, None for everybody. `baseline`: whose
    cost the ratios are formed of."""

    def __init__(self, name, title, kind, port, connections, path="/api/item?id=42", script=None, requests=True,
                 groups=None, peers=None, baseline=BASELINE):
        self.name = name
        self.title = title
        self.kind = kind
        self.port = port
        self.connections = connections
        self.path = path
        self.script = script
        self.requests = requests
        self.groups = groups
        self.peers = peers
        self.baseline = baseline

    def start(self, bench, peer, cache=None):
        """Starts a peer for one sample. `cache`: see `Peer.start`."""
        devices = self.connections if self.kind == "modbus" else 1
        return peer.start(bench, {"DEVICE_CONNECTIONS": devices}, self.groups, cache)

    def measure(self, bench, peer, seconds, warm_up):
        """One sample of a running peer; None stands for no proxy at all."""
        if self.kind == "idle":
            return self._measure_idle(bench, peer, seconds)
        if self.kind == "requests" and self.groups:
            return self._measure_after_handshakes(bench, peer, seconds)
        if peer and self.kind != "modbus":
            self._check(bench)
        self._load(bench, peer, warm_up)
        cpu, account = (peer.cpu_seconds(), cpu_account(bench.proxy_cpu)) if peer else (0, (0, 0))
        started = time.monotonic()
        sample = self._load(bench, peer, seconds)
        elapsed = time.monotonic() - started
        if peer:
            used = peer.cpu_seconds() - cpu
            busy, total = (now - before for now, before in zip(cpu_account(bench.proxy_cpu), account))
            sample["cpuMicros"] = used * 1e6 / max(sample["requests"], 1)
            sample["coreShare"] = used / elapsed
            sample["othersShare"] = max(0.0, busy / max(total, 1) - used / elapsed)
            sample["rssMiB"] = peer.rss_mib()
            _require_alive(peer)
        if sample["requests"] == 0:
            sample["errors"] += 1
        return sample

    def _measure_after_handshakes(self, bench, peer, seconds):
        """CPU time per request of kept TLS connections: from when they are open until shortly before the load ends,
        by the number of requests that the upstream saw in between."""
        self._check(bench)
        settle = 1.5 + self.connections / 500
        wrk = load.WrkOverTLS(bench, bench.https_port, self.path, self.connections, math.ceil(settle + seconds + 0.5))
        try:
            time.sleep(settle)
            cpu, account, count = peer.cpu_seconds(), cpu_account(bench.proxy_cpu), load.upstream_count(bench)
            started = time.monotonic()
            time.sleep(seconds)
            used, elapsed = peer.cpu_seconds() - cpu, time.monotonic() - started
            requests = load.upstream_count(bench) - count
            busy, total = (now - before for now, before in zip(cpu_account(bench.proxy_cpu), account))
            rss = peer.rss_mib()
            sample = wrk.sample()
        finally:
            wrk.close()
        _require_alive(peer)
        if requests == 0:
            sample["errors"] += 1
        return dict(
            sample, requests=requests, seconds=elapsed, rps=requests / elapsed, rssMiB=rss,
            cpuMicros=used * 1e6 / max(requests, 1), coreShare=used / elapsed,
            othersShare=max(0.0, busy / max(total, 1) - used / elapsed))

    def _load(self, bench, peer, seconds):
        if self.kind == "modbus":
            port = bench.modbus_port if peer else bench.device_port
            return load.modbus(bench, port, self.connections, seconds)
        port = getattr(bench, self.port) if peer else bench.upstream_port
        if self.kind == "handshakes":
            return load.handshakes(bench, port, self.connections, seconds, self.groups)
        return load.wrk(bench, port, self.path, self.connections, seconds, self.script)

    def _check(self, bench):
        """A single exchange, so that a wrong set-up is not measured."""
        if self.groups:
            load.negotiated_once(bench, getattr(bench, self.port), self.groups)
            return
        with socket.create_connection(("127.0.0.1", getattr(bench, self.port)), 5) as connection:
            if not load.request(connection):
                raise load.LoadError("a single request does not get its reply")

    def _measure_idle(self, bench, peer, seconds):
        self._check(bench)
        time.sleep(0.5)
        before, cpu = peer.rss_mib(), peer.cpu_seconds()
        if self.groups:
            connections = load.IdleTLSConnections(bench, bench.https_port, self.connections, self.groups)
        else:
            connections = load.IdleConnections(bench.http_port, self.connections, self.requests)
        try:
            opened = peer.cpu_seconds() - cpu
            time.sleep(1)
            cpu = peer.cpu_seconds()
            time.sleep(seconds)
            idle = (peer.cpu_seconds() - cpu) / seconds
            after = peer.rss_mib()
            closed = connections.closed()
            errors = connections.errors + closed
        finally:
            connections.close()
        _require_alive(peer)
        return {
            "requests": self.connections, "errors": errors, "rssBeforeMiB": before, "rssMiB": after,
            "kibPerConnection": (after - before) * 1024 / self.connections,
            "openMicros": opened * 1e6 / self.connections, "idleMillisPerSecond": idle * 1e3,
        }

    def baseline_of(self, peer):
        """Whose cost a peer's ratio is formed of."""
        return self.baseline

    def cost(self, sample):
        """What the ratio is formed of: CPU per request, or all memory while the idle connections are open."""
        return sample.get("rssMiB" if self.kind == "idle" else "cpuMicros")

    @property
    def cost_unit(self):
        return {
            "idle": "MiB resident", "bodies": "CPU µs per MiB", "handshakes": "CPU µs per handshake",
        }.get(self.kind, "CPU µs per request")


ALL = [
    Scenario("http-64", "HTTP/1.1, 64 connections, 1 KiB replies", "requests", "http_port", 64),
    Scenario("http-2000", "HTTP/1.1, 2,000 connections, 1 KiB replies", "requests", "http_port", 2000),
    Scenario("tcp", "TCP (layer 4), 64 connections, 1 KiB replies", "requests", "tcp_port", 64),
    Scenario("bodies-1MiB", "HTTP/1.1 download, 16 connections, 1 MiB replies", "bodies", "http_port", 16,
             path="/api/big"),
    Scenario("upload-1MiB", "HTTP/1.1 upload, 16 connections, 1 MiB requests", "bodies", "http_port", 16,
             path="/api/upload", script="upload.lua"),
    Scenario("idle-10000", "10,000 idle connections, each after one request", "idle", "http_port", 10000),
    Scenario("idle-10000-silent", "10,000 idle connections that never sent anything", "idle", "http_port", 10000,
             requests=False),
    Scenario("https-64", "HTTPS, 64 connections, 1 KiB replies", "requests", "https_port", 64, groups="X25519",
             peers=TLS_PEERS),
    Scenario("https-2000", "HTTPS, 2,000 connections, 1 KiB replies", "requests", "https_port", 2000, groups="X25519",
             peers=TLS_PEERS),
    Scenario("handshake", "Full TLS handshakes, X25519, one request each", "handshakes", "https_port", 32,
             groups="X25519", peers=TLS_PEERS),
    Scenario("handshake-pq", "Full TLS handshakes, X25519MLKEM768, one request each", "handshakes", "https_port", 8,
             groups="X25519MLKEM768", peers=POST_QUANTUM_PEERS, baseline="envoy"),
    Scenario("tls-idle", "10,000 idle TLS connections, each after one request", "idle", "https_port", 10000,
             groups="X25519", peers=TLS_PEERS),
    Scenario("modbus-1", "Modbus reads (function 3), 1 connection", "modbus", "modbus_port", 1),
    Scenario("modbus-8", "Modbus reads (function 3), 8 connections", "modbus", "modbus_port", 8),
]


def _require_alive(peer):
    if not peer.is_alive():
        raise load.LoadError(f"the peer ended while it was measured: {peer.log_tail()}")
