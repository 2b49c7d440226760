"""What is measured: how each peer is found, configured and started."""

import importlib.metadata
import importlib.util
import json
import os
import shlex
import stat

from . import machine, plant, tools
from .processes import Child, StartError

BASELINE = "nginx"
# The same as peers/modsecurity.conf.in says.
_FIREWALL = ('rules: {rules}, paranoia: 1, mode: block, requestBody: {{ limit: 16MiB, fieldsLimit: 1MiB }}, '
             'responseBody: {{ inspect: false }}, customRules: "SecArgumentsLimit 20000", '
             'exclusions: [{{ rule: 4990005 }}]')

#: Policies that `sluice-access` asks.
ACCESS_POLICIES = 500


class Peer:
    """A kind of proxy with fixed settings. `template` is filled in and given to `command(config path)`; with TLS the
    template beside it, `nginx-tls.conf.in` for `nginx.conf.in`. `core_rules`: the release of the core rule set that it
    inspects requests with. `policies`: how many it asks about each request."""

    def __init__(self, name, note, template, command, version, settings=None, core_rules=None, policies=None):
        self.name = name
        self.note = note
        self.template = template
        self.command = command
        self.version = version
        self.settings = settings or {}
        self.core_rules = core_rules
        self.policies = policies

    def start(self, bench, extra=None, groups=None, cache=None):
        """Starts the peer in a directory of its own; returns the running Child, ready to serve. `groups`: key exchange
        of its TLS listener, which then is all it has. `cache`: a folder for what it keeps from start to start."""
        directory = bench.fresh_directory(self.name)
        values = dict(bench.values(), DIR=directory, MODULES="", FIREWALL="", FILTERS="[]", POLICIES="")
        if self.core_rules:
            values.update(self._firewall_values(directory))
        if self.policies:
            values.update(self._policy_values(directory))
        values.update({key: value.replace("@DIR@", directory) for key, value in self.settings.items()})
        values.update(extra or {})
        template, ports = self.template, [bench.http_port, bench.tcp_port, bench.modbus_port]
        if groups:
            values.update(bench.tls_values(groups))
            template, ports = template.replace(".", "-tls.", 1), [bench.https_port]
        path = os.path.join(directory, template.replace(".in", ""))
        _render(os.path.join(tools.HERE, "peers", template), path, values)
        child = Child(self.command(path), bench.proxy_cpu, os.path.join(directory, "output.log"), directory,
                      {"CACHE_DIRECTORY": cache or bench.cache_directory}, self.name)
        bench.commands[self.name] = shlex.join(child.command)
        try:
            if self.name.startswith("sluice"):
                child.wait_until(lambda: _said_ready(child.log_path), "no ready line on standard output")
            child.wait_for_ports(ports)
        except StartError:
            child.stop()
            raise
        return child

    def _firewall_values(self, directory):
        """What the templates are filled in with for the firewall; ModSecurity's own file is written beside."""
        files, rules = tools.core_rule_set(self.core_rules)
        if self.name.startswith("sluice"):
            return {"FILTERS": f"[{{ firewall: {{ {_FIREWALL.format(rules=json.dumps(rules))} }} }}]"}
        path = os.path.join(directory, "modsecurity.conf")
        _render(os.path.join(tools.HERE, "peers", "modsecurity.conf.in"), path, {
            "RECOMMENDED": f"{tools.modsecurity()}/modsecurity.conf",
            "RULES": "\n".join(f"Include {file}" for file in files)})
        return {
            "MODULES": "load_module /usr/lib/nginx/modules/ngx_http_modsecurity_module.so;",
            "FIREWALL": f"modsecurity on; modsecurity_rules_file {path}; client_body_buffer_size 2m;"}

    def _policy_values(self, directory):
        """What the template is filled in with for policies; they and their entities are written beside."""
        policies, entities, _ = plant.write(os.path.join(directory, "plant"), self.policies, web=True)
        return {
            "FILTERS": "[{ access: {} }]",
            "POLICIES": f"policies: [{json.dumps(policies)}]\nentities: [{json.dumps(entities)}]"}


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

    def cedarpy(files):
        if not importlib.util.find_spec("cedarpy"):
            raise tools.MissingTool("`cedarpy` is not installed; run `make setup-bench`")
        return tools.script("cedar/decide.py") + files

    def cedarpy_version():
        return importlib.metadata.version("cedarpy") if importlib.util.find_spec("cedarpy") else None

    def nginx_version():
        return machine.version_of([tools.find("nginx"), "-v"])

    def haproxy_version():
        return machine.version_of([tools.find("haproxy"), "-v"])

    def envoy_version():
        return machine.version_of([tools.envoy(), "--version"])

    def sluice_version():
        return machine.version_of([tools.sluice(sluice_path), "--version"])

    nginx_log = {"ACCESS_LOG": "@DIR@/access.log bench buffer=64k flush=1s"}
    sluice_log = {"ACCESS_LOG": '{ path: "@DIR@/access.jsonl" }'}
    peers = [
        Peer("nginx", "buffered access log; what ratios refer to", "nginx.conf.in", nginx, nginx_version, nginx_log),
        Peer("nginx-nolog", "no access log", "nginx.conf.in", nginx, nginx_version, {"ACCESS_LOG": "off"}),
        Peer("haproxy", "no access log", "haproxy.cfg.in", haproxy, haproxy_version,
             {"LOG_GLOBAL": "", "LOG_DEFAULTS": ""}),
        Peer("haproxy-log", "a line per request to a file, unbuffered", "haproxy.cfg.in", haproxy, haproxy_version,
             {"LOG_GLOBAL": "  log stdout format raw local0", "LOG_DEFAULTS": "  log global\n  option httplog"}),
        Peer("envoy", "no access log, no request id", "envoy.yaml.in", envoy, envoy_version),
        Peer("sluice", "everything on", "sluice.yaml.in", sluice, sluice_version, sluice_log),
        Peer("sluice-nolog", "no access log, everything else on", "sluice.yaml.in", sluice, sluice_version,
             {"ACCESS_LOG": '"off"'}),
        Peer("nginx-modsecurity", "ModSecurity 3, CRS 3.3 of Debian", "nginx.conf.in", nginx, nginx_version,
             nginx_log, core_rules=3),
        Peer("sluice-firewall", "everything on, CRS 3.3 of Debian", "sluice.yaml.in", sluice, sluice_version,
             sluice_log, core_rules=3),
        Peer("nginx-modsecurity-crs4", "ModSecurity 3, CRS 4", "nginx.conf.in", nginx, nginx_version,
             nginx_log, core_rules=4),
        Peer("sluice-firewall-crs4", "everything on, CRS 4", "sluice.yaml.in", sluice, sluice_version,
             sluice_log, core_rules=4),
        Peer("sluice-access", f"everything on, {ACCESS_POLICIES} policies", "sluice.yaml.in", sluice, sluice_version,
             sluice_log, policies=ACCESS_POLICIES),
        Peer("cedarpy", "the reference implementation of Cedar, in Rust, through its Python binding", None, cedarpy,
             cedarpy_version),
    ]
    return {peer.name: peer for peer in peers}


DEFAULT = ["nginx", "nginx-nolog", "haproxy", "envoy", "sluice"]
#: Measured in the firewall scenarios only: each beside the engine that it is weighed against, with the same rules.
FIREWALLS = {
    "nginx-modsecurity": "nginx-modsecurity", "sluice-firewall": "nginx-modsecurity",
    "nginx-modsecurity-crs4": "nginx-modsecurity-crs4", "sluice-firewall-crs4": "nginx-modsecurity-crs4",
}
#: Measured in the scenarios of policies only.
POLICY_ENGINES = ("cedarpy", "sluice-access")
DEFAULT += list(FIREWALLS) + list(POLICY_ENGINES)


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
