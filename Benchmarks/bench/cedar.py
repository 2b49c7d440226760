"""The policy engine's scenarios: decisions of Sluice and of the reference implementation on the same files."""

import json
import os
import re
import shlex
import subprocess

from . import load, plant, tools
from .scenarios import Scenario

BASELINE = "cedarpy"
#: Whether instructions are counted. It takes minutes.
counts_instructions = False


class _Engine:
    """Stands for a running peer: nothing runs between measurements."""

    def __init__(self, name, command):
        self.name = name
        self.command = command

    def stop(self):
        pass


class CedarScenario(Scenario):
    """Decisions with so many policies and 30,000 entities."""

    def __init__(self, count):
        title = f"decisions with {count:,} policies and 30,000 entities"
        super().__init__(f"cedar-{count}", title, "cedar", None, 1, peers=(BASELINE, "sluice"), baseline=BASELINE)
        self._count = count
        self._files = None
        self._counts, self._answers = {}, {}

    def start(self, bench, peer, cache=None):
        if not self._files:
            self._files = plant.write(bench.fresh_directory("cedar"), self._count)
        return _Engine(peer.name, self._command(peer))

    def measure(self, bench, engine, seconds, warm_up):
        first = engine.name not in self._counts
        asks = ["--answers"] if first and engine.name == BASELINE else []
        report, _ = _run(bench, engine, ["--seconds", str(seconds)] + asks)
        if first:
            self._counts[engine.name] = self._count_all(bench, engine)
            self._answers[engine.name] = report["answers"]
        whole = report["nanosecondsPerDecision"] / 1e3
        return dict(
            self._counts[engine.name], requests=report["decisions"], errors=self._mismatches() if first else 0,
            cpuMicros=whole - report.get("nanosecondsOfBinding", 0) / 1e3, wholeMicros=whole,
            loadMillis=report["loadMilliseconds"], rssMiB=report["peakMiB"],
            allowed=sum(answer[0] == "+" for answer in self._answers[engine.name]) / len(self._answers[engine.name]))

    def _mismatches(self):
        """Requests that the engines answer differently, or for other reasons."""
        if len(self._answers) < 2:
            return 0
        return sum(one != other for one, other in zip(*self._answers.values(), strict=True))

    def _count_all(self, bench, engine):
        """What is the same in every round: allocations and instructions of a decision, both in a process of its own."""
        is_sluice = engine.name != BASELINE
        counters = {"LD_PRELOAD": tools.compiled("counters")}
        few = 20_000 if is_sluice else max(200, 40_000 // self._count)
        report, _ = _run(bench, engine, ["--decisions", str(few)], environment=counters)
        return {
            "allocations": report["allocationsPerDecision"],
            "instructions": _instructions(bench, engine, 100) if is_sluice and counts_instructions else None}

    @property
    def cost_unit(self):
        return "CPU µs per decision"

    def _command(self, peer):
        if peer.name == BASELINE:
            return peer.command(self._files)
        policies, entities, requests = self._files
        return peer.command(None)[:1] + [
            "policy", "bench", "--policies", policies, "--entities", entities, "--requests", requests]


def _run(bench, engine, options, prefix=(), environment=None):
    """What a run prints, as values, and what it says on standard error."""
    command = ["taskset", "-c", str(bench.proxy_cpu), *prefix, *engine.command, *options]
    bench.commands.setdefault(f"{engine.name} of {bench.scenario}", shlex.join(command))
    # Hashes that differ from run to run would make runs that are to be compared do different work.
    settings = dict(os.environ, PYTHONHASHSEED="0", SWIFT_DETERMINISTIC_HASHING="1", **(environment or {}))
    done = subprocess.run(command, capture_output=True, text=True, env=settings, timeout=3600)
    if done.returncode != 0:
        raise load.LoadError(f"`{engine.command[0]}` ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout), done.stderr


def _instructions(bench, engine, count):
    """Instructions of a decision in user space, by single steps: with cedarpy they would take hours."""
    settings = {"LD_PRELOAD": tools.compiled("counters"), "BENCH_STEPS": "1"}
    report, said = _run(bench, engine, ["--decisions", str(count)], [tools.compiled("steps")], settings)
    return int(re.search(r"^instructions: (\d+)$", said, re.MULTILINE)[1]) / report["decisions"]


ALL = [CedarScenario(count) for count in (10, 50, 500, 5000)]
