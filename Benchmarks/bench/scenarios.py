"""What is measured, and how one peer is measured once."""

import socket
import time

from . import load
from .processes import cpu_account

MIB = 1 << 20


class Scenario:
    """One kind of load. `kind` says which table it belongs to: `requests`, `bodies`, `modbus` or `idle`."""

    def __init__(self, name, title, kind, port, connections, path="/api/item?id=42", script=None, requests=True):
        self.name = name
        self.title = title
        self.kind = kind
        self.port = port
        self.connections = connections
        self.path = path
        self.script = script
        self.requests = requests

    def measure(self, bench, peer, seconds, warm_up):
        """One sample of a running peer; None stands for no proxy at all."""
        if self.kind == "idle":
            return self._measure_idle(bench, peer, seconds)
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

    def _load(self, bench, peer, seconds):
        if self.kind == "modbus":
            port = bench.modbus_port if peer else bench.device_port
            return load.modbus(bench, port, self.connections, seconds)
        port = getattr(bench, self.port) if peer else bench.upstream_port
        return load.wrk(bench, port, self.path, self.connections, seconds, self.script)

    def _check(self, bench):
        """A single exchange, so that a wrong set-up is not measured."""
        with socket.create_connection(("127.0.0.1", getattr(bench, self.port)), 5) as connection:
            if not load.request(connection):
                raise load.LoadError("a single request does not get its reply")

    def _measure_idle(self, bench, peer, seconds):
        self._check(bench)
        time.sleep(0.5)
        before, cpu = peer.rss_mib(), peer.cpu_seconds()
        connections = load.IdleConnections(bench.http_port, self.connections, self.requests)
        try:
            opened = peer.cpu_seconds() - cpu
            time.sleep(1)
            cpu = peer.cpu_seconds()
            time.sleep(seconds)
            idle = (peer.cpu_seconds() - cpu) / seconds
            after = peer.rss_mib()
            errors = connections.errors + connections.closed()
        finally:
            connections.close()
        _require_alive(peer)
        return {
            "requests": self.connections, "errors": errors, "rssBeforeMiB": before, "rssMiB": after,
            "kibPerConnection": (after - before) * 1024 / self.connections,
            "openMicros": opened * 1e6 / self.connections, "idleMillisPerSecond": idle * 1e3,
        }

    def cost(self, sample):
        """What the ratio is formed of: CPU per request, or all memory while the idle connections are open."""
        return sample.get("rssMiB" if self.kind == "idle" else "cpuMicros")

    @property
    def cost_unit(self):
        return {"idle": "MiB resident", "bodies": "CPU µs per MiB"}.get(self.kind, "CPU µs per request")


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
    Scenario("modbus-1", "Modbus reads (function 3), 1 connection", "modbus", "modbus_port", 1),
    Scenario("modbus-8", "Modbus reads (function 3), 8 connections", "modbus", "modbus_port", 8),
]


def _require_alive(peer):
    if not peer.is_alive():
        raise load.LoadError(f"the peer ended while it was measured: {peer.log_tail()}")
