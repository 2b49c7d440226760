"""Decides requests with cedarpy, the Python binding of the reference implementation, and prints what it cost as JSON.

  decide.py POLICIES ENTITIES REQUESTS [--seconds N | --decisions N] [--answers]

Policies and entities are parsed before. What a call costs without any policy, that is, the binding and reading the
request, is measured too and told apart.
"""

import argparse
import ctypes
import json
import resource
import time

import cedarpy

BATCH = 40


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--decisions", type=int)
    parser.add_argument("--answers", action="store_true")
    options = parser.parse_args()
    policies, entities, requests = (open(path, encoding="utf-8").read() for path in options.files)
    start = time.process_time()
    entities = cedarpy.Entities.from_json_str(entities)
    policies = cedarpy.PolicySet.from_str(policies)
    report = {"loadMilliseconds": (time.process_time() - start) * 1e3}
    requests = [dict(request, context=json.dumps(request["context"])) for request in json.loads(requests)]
    batches = [requests[at:at + BATCH] for at in range(0, len(requests), BATCH)]
    if options.answers:
        report["answers"] = [answer(result) for batch in batches
                             for result in cedarpy.is_authorized_batch(batch, policies, entities)]

    allocations, mark = counters()
    measure(batches[:1], policies, entities, 0, 1)
    if options.decisions:
        size = min(BATCH, options.decisions)
        batches = [requests[at:at + size] for at in range(0, len(requests), size)]
    counted = allocations()
    mark()
    cost, count = measure(batches, policies, entities, options.seconds, options.decisions)
    mark()
    if counted is not None:
        report["allocationsPerDecision"] = (allocations() - counted) / count
    report["decisions"], report["nanosecondsPerDecision"] = count, cost / count * 1e9
    if not options.decisions:
        nothing = cedarpy.PolicySet.from_str("")
        cost, count = measure(batches, nothing, entities, options.seconds / 2, None)
        report["nanosecondsOfBinding"] = cost / count * 1e9
    report["peakMiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(report))


def measure(batches, policies, entities, seconds, decisions):
    """CPU seconds and decisions, batch by batch until the time has passed or there were enough."""
    start, count, number, spent = time.process_time(), 0, 0, 0
    while count < decisions if decisions else spent < seconds:
        batch = batches[number % len(batches)]
        number += 1
        cedarpy.is_authorized_batch(batch, policies, entities)
        count += len(batch)
        spent = time.process_time() - start
    return spent, count


def answer(result):
    """As `sluice policy bench` has it: the sign of the decision, and the policies that decided."""
    return ("+" if result.allowed else "-") + " ".join(sorted(result.diagnostics.reasons))


def counters():
    """The functions of counters.c: calls of malloc and its like so far, and the mark; without it, None and nothing."""
    library = ctypes.CDLL(None)
    try:
        library.bench_allocations.restype = ctypes.c_uint64
        return library.bench_allocations, library.bench_mark
    except AttributeError:
        return lambda: None, lambda: None


if __name__ == "__main__":
    main()
