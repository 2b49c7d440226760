"""The command line."""

import argparse
import json
import os
import signal
import sys

from . import access, cedar, firewall, machine, peers as peers_module, report_html, report_text, runner, scenarios, tools


SCENARIOS = scenarios.ALL + firewall.ALL + access.ALL + cedar.ALL


def main(arguments=None):
    options = _parse(arguments)
    available = peers_module.all_peers(options.sluice)
    chosen = {name: available[name] for name in options.peers if name != runner.DIRECT}
    if runner.DIRECT in options.peers:
        chosen = {runner.DIRECT: None, **chosen}
    cedar.counts_instructions = options.instructions
    wanted = [scenario for scenario in SCENARIOS if scenario.name in options.only]

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.sched_setaffinity(0, {options.load_cpu})
    facts = {"machine": machine.describe()}
    bench = runner.Bench(options.proxy_cpu, options.load_cpu)
    try:
        bench.start_helpers()
        results = runner.run(bench, wanted, chosen, options.rounds, options.seconds)
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130
    except (tools.MissingTool, runner.StartError, runner.HelperError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        bench.close()

    facts.update(
        versions=_versions(chosen), notes={name: peer.note for name, peer in chosen.items() if peer},
        commands=bench.commands, options={
            "rounds": options.rounds, "seconds": options.seconds, "proxyCPU": options.proxy_cpu,
            "loadCPU": options.load_cpu, "fileLimit": bench.file_limit, "only": options.only})
    print(report_text.text(results))
    _write(options.html, report_html.page(results, facts))
    if options.json:
        _write(options.json, json.dumps(dict(facts, scenarios=runner.summary(results)), indent=1) + "\n")
    return _verdict(results)


def _parse(arguments):
    names = [scenario.name for scenario in SCENARIOS]
    known = list(peers_module.all_peers(None)) + [runner.DIRECT]
    parser = argparse.ArgumentParser(
        prog="bench.py", description="Measures Sluice beside nginx, HAProxy and Envoy on the same cores in one run.",
        epilog="Never fails on a number. Exit status 1: requests failed or a peer did not start.")
    parser.add_argument("--only", type=_list_of(names, groups=True), default=names, metavar="A,B",
                        help=f"of {', '.join(names)}; `idle`, say, stands for all that begin so")
    parser.add_argument("--peers", type=_list_of(known), default=peers_module.DEFAULT, metavar="A,B",
                        help=f"of {', '.join(known)}; default {', '.join(peers_module.DEFAULT)}")
    parser.add_argument("--rounds", type=_positive, help="rounds per scenario (5; 2 with --quick)")
    parser.add_argument("--seconds", type=_positive, help="length of a measurement (4; 2 with --quick)")
    parser.add_argument("--quick", action="store_true", help="short rounds, for a first look")
    parser.add_argument("--instructions", action="store_true",
                        help="policy decisions: count the instructions of Sluice by single steps, which takes minutes")
    parser.add_argument("--sluice", metavar="PATH", help="the binary; default .build/release/sluice")
    parser.add_argument("--proxy-cpu", type=int, default=0, metavar="N", help="CPU of the proxy (0)")
    parser.add_argument("--load-cpu", type=int, default=1, metavar="N", help="CPU of load and upstream (1)")
    parser.add_argument("--json", metavar="FILE", help="write every sample as JSON")
    parser.add_argument("--html", metavar="FILE", default=os.path.join(tools.BUILD, "report.html"),
                        help="the page (.build-bench/report.html)")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (2 if options.quick else 4)
    cpus = os.sched_getaffinity(0)
    if options.proxy_cpu == options.load_cpu or not {options.proxy_cpu, options.load_cpu} <= cpus:
        parser.error(f"needs two CPUs of {sorted(cpus)}; see --proxy-cpu and --load-cpu")
    return options


def _list_of(names, groups=False):
    """Parses `a,b`; with `groups`, `modbus` stands for `modbus-1` and `modbus-8`."""
    def parse(text):
        chosen = []
        for word in text.split(","):
            found = [name for name in names if name == word]
            if groups and not found:
                found = [name for name in names if name.startswith(word + "-")]
            if not found:
                raise argparse.ArgumentTypeError(f"unknown name `{word}`; one of: {', '.join(names)}")
            chosen += found
        return chosen
    return parse


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _versions(chosen):
    versions = {}
    for name, peer in chosen.items():
        if peer:
            try:
                versions[name] = peer.version()
            except tools.MissingTool:
                versions[name] = None
    if any(name in peers_module.FIREWALLS for name in chosen):
        versions.update(firewall.versions())
    versions["wrk"] = machine.version_of(["wrk", "-v"])
    return versions


def _write(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"bench: wrote {path}", file=sys.stderr)


def _verdict(results):
    """1 when a request failed or a peer did not start or did not stay, else 0."""
    status = 0
    for name, table in results.items():
        for peer, result in table.items():
            if result.failure:
                print(f"bench: {name}: {peer}: {result.failure}", file=sys.stderr)
                status = 1
            if result.errors():
                print(f"bench: {name}: {peer}: {result.errors()} failed requests", file=sys.stderr)
                status = 1
    return status
