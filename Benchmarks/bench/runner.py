"""Runs the rounds: every round starts each peer afresh, measures it and ends it, in an order that turns with the round,
so that what changes on the machine meanwhile meets all of them."""

import os
import shlex
import shutil
import statistics
import sys
import tempfile

from . import load, tools
from .peers import FIREWALLS, POLICY_ENGINES
from .processes import Child, StartError, free_ports, stop_all

DIRECT = "direct"


class HelperError(Exception):
    """The upstream or the device ended."""


class Bench:
    """Ports, directories and helpers of one run."""

    def __init__(self, proxy_cpu, load_cpu):
        self.proxy_cpu, self.load_cpu = proxy_cpu, load_cpu
        self._starts = 0
        self.directory = tempfile.mkdtemp(prefix="sluice-bench-")
        os.chmod(self.directory, 0o711)
        self.cache_directory = self.fresh_directory("cache")
        ports = free_ports(6)
        self.http_port, self.tcp_port, self.modbus_port, self.upstream_port, self.device_port = ports[:5]
        self.https_port = ports[5]
        self._certificate = None
        self.file_limit = load.raise_file_limit()
        self.commands = {}
        self.scenario = None
        self._helpers = []

    def start_helpers(self):
        """The upstream and the Modbus device, on the load's CPU."""
        for name, port in (("upstream", self.upstream_port), ("modbus-device", self.device_port)):
            log = os.path.join(self.directory, f"{name}.log")
            child = Child([tools.compiled(name), port], self.load_cpu, log)
            child.wait_for_ports([port])
            self._helpers.append(child)
            self.commands[name] = shlex.join(child.command)

    def require_helpers(self):
        """Raises HelperError when the upstream or the device is gone: then nothing more can be measured."""
        for child in self._helpers:
            if not child.is_alive():
                raise HelperError(f"`{child.command[3]}` ended: {child.log_tail()}")

    def values(self):
        """What the configuration templates are filled in with."""
        return {
            "HTTP_PORT": self.http_port, "TCP_PORT": self.tcp_port, "MODBUS_PORT": self.modbus_port,
            "UPSTREAM_PORT": self.upstream_port, "DEVICE_PORT": self.device_port, "NOFILE": self.file_limit,
        }

    def tls_values(self, groups):
        """What the TLS templates are filled in with besides."""
        self._certificate = self._certificate or tools.certificate(self.directory)
        names = ("CERTIFICATE", "KEY", "CERTIFICATE_AND_KEY")
        return dict(zip(names, self._certificate), HTTPS_PORT=self.https_port, GROUPS=groups)

    def fresh_directory(self, name):
        self._starts += 1
        path = os.path.join(self.directory, f"{name}-{self._starts}")
        os.mkdir(path, 0o755)
        return path

    def close(self):
        stop_all()
        shutil.rmtree(self.directory, ignore_errors=True)


class Result:
    """What one peer showed in one scenario over all rounds."""

    def __init__(self, scenario, peer):
        self.scenario, self.peer = scenario, peer
        self.samples = {}
        self.missing = None
        self.failure = None

    def median(self, key):
        values = [sample[key] for sample in self.samples.values() if sample.get(key) is not None]
        return statistics.median(values) if values else None

    def costs(self):
        values = [self.scenario.cost(sample) for sample in self.samples.values()]
        return [value for value in values if value is not None]

    def errors(self):
        return sum(sample["errors"] for sample in self.samples.values())

    def ratio(self, table):
        """The median over the rounds of this peer's cost divided by its baseline's in the same round."""
        pairs = self._pairs(table.get(self.scenario.baseline_of(self.peer)))
        return statistics.median(mine / theirs for mine, theirs in pairs) if pairs else None

    def added(self, table):
        """What a firewall or policies cost: the median over the rounds of this peer's cost less that of the same proxy
        without."""
        is_guarded = self.peer in FIREWALLS or self.scenario.kind == "access" and self.peer != self.scenario.baseline
        pairs = self._pairs(table.get(self.peer.split("-")[0]) if is_guarded else None)
        return statistics.median(mine - theirs for mine, theirs in pairs) if pairs else None

    def times_cheaper(self, table):
        """How many times the baseline costs what this firewall or policy engine does."""
        ratio = self.ratio(table) if self.peer in FIREWALLS or self.scenario.kind == "cedar" else None
        return 1 / ratio if ratio and self.scenario.baseline_of(self.peer) != self.peer else None

    def _pairs(self, other):
        """This peer's cost and the other's in every round that has both."""
        pairs = []
        for number, sample in self.samples.items():
            match = other.samples.get(number) if other else None
            mine, theirs = self.scenario.cost(sample), self.scenario.cost(match) if match else None
            if mine is not None and theirs:
                pairs.append((mine, theirs))
        return pairs


def run(bench, scenarios, peers, rounds, seconds, say=lambda text: print(text, file=sys.stderr, flush=True)):
    """Measures every peer in every scenario. Returns {scenario name: {peer name: Result}}."""
    results = {}
    for scenario in scenarios:
        able = scenario.peers or [name for name in peers if name not in FIREWALLS and name not in POLICY_ENGINES]
        names = [name for name in peers if name in able or name == DIRECT]
        if scenario.kind == "modbus" and DIRECT not in names:
            names = [DIRECT] + names
        if not names:
            continue
        table = {name: Result(scenario, name) for name in names}
        results[scenario.name] = table
        count = min(rounds, 3) if scenario.kind in ("idle", "firewall", "starts", "cedar") else rounds
        bench.scenario = scenario.name
        width = max(13, max(map(len, names)))
        say(f"{scenario.name}: {scenario.title}")
        for number in range(count):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                if name == DIRECT and (scenario.groups or scenario.kind in ("idle", "firewall", "starts", "access", "cedar")):
                    table[name].missing = "not measured: the upstream has no TLS, and there is no proxy to weigh"
                    continue
                if not table[name].missing and not table[name].failure:
                    _measure(bench, scenario, peers.get(name), table[name], number, seconds)
                    say(f"  round {number + 1}/{count}  {name:{width}s} {_progress(table[name], number)}")
    return results


def _measure(bench, scenario, peer, result, number, seconds):
    child = None
    bench.require_helpers()
    try:
        if peer:
            child = scenario.start(bench, peer)
        result.samples[number] = scenario.measure(bench, child, seconds, warm_up=1)
    except tools.MissingTool as error:
        result.missing = str(error)
    except (StartError, load.LoadError, OSError) as error:
        result.failure = str(error) or type(error).__name__
    finally:
        if child:
            child.stop()


def _progress(result, number):
    if result.missing:
        return f"not available: {result.missing}"
    if result.failure:
        return f"FAILED: {result.failure}"
    sample, scenario = result.samples[number], result.scenario
    cost = scenario.cost(sample)
    text = f"{cost:8.2f} {scenario.cost_unit}" if cost is not None else " " * 8
    if "rps" in sample:
        text += f"  {sample['rps']:9.0f} requests/s"
    return text + (f"  {sample['errors']} ERRORS" if sample["errors"] else "")


def summary(results):
    """Everything as plain values, for JSON."""
    out = {}
    for scenario, table in results.items():
        out[scenario] = {
            name: {
                "missing": result.missing, "failure": result.failure, "ratio": result.ratio(table),
                "timesCheaper": result.times_cheaper(table), "added": result.added(table),
                "rounds": list(result.samples.values()),
                "median": {key: result.median(key) for key in next(iter(result.samples.values()), {})},
            }
            for name, result in table.items()
        }
    return out
