"""What is measured: how each peer is found, configured and started."""

import json
import os
import shlex
import stat

from . import machine, tools
from .processes import Child, StartError

BASELINE = "nginx"


class Peer:
    """A kind of proxy with fixed settings. `template` is filled in and given to `command(config path)`; with TLS the
    template beside it, `nginx-tls.conf.in` for `nginx.conf.in`."""

    def __init__(self, name, note, template, command, version, settings=None):
        self.name = name
        self.note = note
        self.template = template
        self.command = command
        self.version = version
        self.settings = settings or {}

    def start(self, bench, extra=None, groups=None):
        """Starts the peer in a directory of its own; returns the running Child, ready to serve. `groups`: key exchange
        of its TLS listener, which then is all it has."""
        directory = bench.fresh_directory(self.name)
        values = dict(bench.values(), DIR=directory)
        values.update({key: value.replace("@DIR@", directory) for key, value in self.settings.items()})
        values.update(extra or {})
        template, ports = self.template, [bench.http_port, bench.tcp_port, bench.modbus_port]
        if groups:
            values.update(bench.tls_values(groups))
            template, ports = template.replace(".", "-tls.", 1), [bench.https_port]
        path = os.path.join(directory, template.replace(".in", ""))
        _render(os.path.join(tools.HERE, "peers", template), path, values)
        child = Child(self.command(path), bench.proxy_cpu, os.path.join(directory, "output.log"), directory)
        bench.commands[self.name] = shlex.join(child.command)
        try:
            if self.name.startswith("sluice"):
                child.wait_until(lambda: _said_ready(child.log_path), "no ready line on standard output")
            child.wait_for_ports(ports)
        except StartError:
            child.stop()
            raise
        return child


def all_peers(sluice_path):
    """Every peer by name, in the order of the tables."""

    def nginx(path):
        return [tools.find("nginx"), "-c", path]

    def haproxy(path):
        return [tools.find("haproxy"), "-db", "-f", path]

    def envoy(path):
        return [tools.envoy(), "-c", path, "--concurrency", "1", "-l", "error", "--disable-hot-restart"]

    def sluice(path):
        return [tools.sluice(sluice_path), "run", "-c", path]

    def nginx_version():
        return machine.version_of([tools.find("nginx"), "-v"])

    def haproxy_version():
        return machine.version_of([tools.find("haproxy"), "-v"])

    def envoy_version():
        return machine.version_of([tools.envoy(), "--version"])

    def sluice_version():
        return machine.version_of([tools.sluice(sluice_path), "--version"])

    peers = [
        Peer("nginx", "buffered access log; what ratios refer to", "nginx.conf.in", nginx, nginx_version,
             {"ACCESS_LOG": "@DIR@/access.log bench buffer=64k flush=1s"}),
        Peer("nginx-nolog", "no access log", "nginx.conf.in", nginx, nginx_version, {"ACCESS_LOG": "off"}),
        Peer("haproxy", "no access log", "haproxy.cfg.in", haproxy, haproxy_version,
             {"LOG_GLOBAL": "", "LOG_DEFAULTS": ""}),
        Peer("haproxy-log", "a line per request to a file, unbuffered", "haproxy.cfg.in", haproxy, haproxy_version,
             {"LOG_GLOBAL": "  log stdout format raw local0", "LOG_DEFAULTS": "  log global\n  option httplog"}),
        Peer("envoy", "no access log, no request id", "envoy.yaml.in", envoy, envoy_version),
        Peer("sluice", "everything on", "sluice.yaml.in", sluice, sluice_version,
             {"ACCESS_LOG": '{ path: "@DIR@/access.jsonl" }'}),
        Peer("sluice-nolog", "no access log, everything else on", "sluice.yaml.in", sluice, sluice_version,
             {"ACCESS_LOG": '"off"'}),
    ]
    return {peer.name: peer for peer in peers}


DEFAULT = ["nginx", "nginx-nolog", "haproxy", "envoy", "sluice"]


def _render(source, target, values):
    with open(source) as template:
        text = template.read()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    with open(target, "w") as configuration:
        configuration.write(text)
    os.chmod(target, stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)


def _said_ready(path):
    with open(path, errors="replace") as log:
        for line in log:
            if line.startswith("{"):
                try:
                    if json.loads(line).get("event") == "ready":
                        return True
                except ValueError:
                    continue
    return False
