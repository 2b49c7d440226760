"""The tables on standard output."""

#: From this share of the proxy's CPU on, other processes are worth a warning.
NOISE_LIMIT = 0.05

_BLOCKS = [
    ("Requests", ("requests", "modbus"), [
        ("CPU µs/req", "cost", ".2f"), ("min–max", "range", ""), ("ratio", "ratio", ".2f"),
        ("req/s", "rps", ",.0f"), ("p50 ms", "p50", ".3f"), ("p99 ms", "p99", ".3f"), ("RSS MiB", "rssMiB", ".1f"),
        ("core", "coreShare", ".0%"), ("others", "othersShare", ".0%"), ("errors", "errors", "d")]),
    ("TLS handshakes (one request each; handshake-pq: ratio to envoy)", ("handshakes",), [
        ("CPU µs/handshake", "cost", ".1f"), ("min–max", "range", ""), ("ratio", "ratio", ".2f"),
        ("handshakes/s", "rps", ",.0f"), ("p50 ms", "p50", ".3f"), ("p99 ms", "p99", ".3f"),
        ("RSS MiB", "rssMiB", ".1f"), ("core", "coreShare", ".0%"), ("others", "othersShare", ".0%"),
        ("errors", "errors", "d")]),
    ("Bodies (one request moves 1 MiB)", ("bodies",), [
        ("CPU µs/MiB", "cost", ".1f"), ("min–max", "range", ""), ("ratio", "ratio", ".2f"),
        ("MB/s", "megabytes", ",.0f"), ("p50 ms", "p50", ".2f"), ("p99 ms", "p99", ".2f"), ("RSS MiB", "rssMiB", ".1f"),
        ("core", "coreShare", ".0%"), ("others", "othersShare", ".0%"), ("errors", "errors", "d")]),
    ("Firewall (ratio of firewalls: to nginx-modsecurity with the same rules; added: to the same proxy without)",
     ("firewall",), [
        ("CPU µs/req", "cost", ",.1f"), ("min–max", "range", ""), ("ratio", "ratio", ".3f"),
        ("times cheaper", "timesCheaper", ".1f"), ("added µs", "added", ",.1f"), ("req/s", "rps", ",.0f"),
        ("p50 ms", "p50", ".3f"), ("p99 ms", "p99", ".3f"), ("PSS MiB", "rssMiB", ".1f"), ("core", "coreShare", ".0%"),
        ("others", "othersShare", ".0%"), ("errors", "errors", "d")]),
    ("Start of firewalls (ready: first answer; quiet: nothing more to do)", ("starts",), [
        ("ready ms", "cost", ",.0f"), ("min–max", "range", ""), ("ratio", "ratio", ".3f"),
        ("CPU ms", "readyCPUMillis", ",.0f"), ("quiet ms", "quietMillis", ",.0f"),
        ("CPU ms to quiet", "quietCPUMillis", ",.0f"), ("PSS MiB", "rssMiB", ".1f"), ("errors", "errors", "d")]),
    ("Policies in the data path (added: to the same proxy without)", ("access",), [
        ("CPU µs/req", "cost", ".2f"), ("min–max", "range", ""), ("ratio", "ratio", ".3f"),
        ("added µs", "added", ".2f"), ("req/s", "rps", ",.0f"), ("p50 ms", "p50", ".3f"), ("p99 ms", "p99", ".3f"),
        ("RSS MiB", "rssMiB", ".1f"), ("core", "coreShare", ".0%"), ("others", "othersShare", ".0%"),
        ("errors", "errors", "d")]),
    ("Policy decisions (cedarpy: without what a call of it costs anyhow; sluice: with putting the request together)",
     ("cedar",), [
        ("CPU µs/decision", "cost", ",.2f"), ("min–max", "range", ""), ("ratio", "ratio", ".4f"),
        ("times cheaper", "timesCheaper", ",.0f"), ("whole call µs", "wholeMicros", ",.2f"),
        ("allocations", "allocations", ",.2f"), ("instructions", "instructions", ",.0f"),
        ("load ms", "loadMillis", ",.0f"), ("peak MiB", "rssMiB", ",.0f"), ("allowed", "allowed", ".0%"),
        ("errors", "errors", "d")]),
    ("Idle connections", ("idle",), [
        ("RSS MiB", "cost", ".1f"), ("min–max", "range", ""), ("ratio", "ratio", ".2f"),
        ("before", "rssBeforeMiB", ".1f"), ("KiB/conn", "kibPerConnection", ".2f"),
        ("CPU µs/open", "openMicros", ".1f"), ("idle CPU ms/s", "idleMillisPerSecond", ".2f"),
        ("errors", "errors", "d")]),
]


def tables(results):
    """[(title, header, rows)], one for each block that has results; rows are lists of text."""
    out = []
    for title, kinds, columns in _BLOCKS:
        rows = []
        for name, table in results.items():
            for peer, result in table.items():
                if result.scenario.kind in kinds:
                    rows.append([name, peer] + _cells(result, columns, table))
        if rows:
            out.append((title, ["scenario", "peer"] + [column[0] for column in columns], rows))
    return out


def text(results):
    """All blocks with aligned columns."""
    lines = []
    for title, header, rows in tables(results):
        full = [row for row in rows if len(row) == len(header)] + [header]
        widths = [max(len(row[column]) for row in full) for column in range(len(header))]
        widths[0] = max(len(row[0]) for row in rows + [header])
        widths[1] = max(len(row[1]) for row in rows + [header])
        lines += [title, _line(header, widths), "  ".join("-" * width for width in widths)]
        lines += [_line(row, widths) for row in rows] + [""]
    warning = noise(results)
    return "\n".join(lines + ([warning, ""] if warning else []))


def noise(results):
    """A sentence for a run that others disturbed; empty when nothing did."""
    shares = [sample["othersShare"] for table in results.values() for result in table.values()
              for sample in result.samples.values() if "othersShare" in sample]
    share = _median(sorted(shares)) or 0
    if share < NOISE_LIMIT:
        return ""
    return (f"The machine was not quiet: other processes had {share:.0%} of the proxy's CPU in the median. "
            "Throughput and latency mean little then, CPU time is too high for all; the ratios suffer least.")


def value(result, key, table):
    """One figure of a result; None when there is none."""
    if key == "cost":
        costs = sorted(result.costs())
        return _median(costs)
    if key == "range":
        costs = result.costs()
        digits = 2 if max(costs, default=0) < 10 else 1
        return f"{min(costs):.{digits}f}–{max(costs):.{digits}f}" if costs else None
    if key == "ratio":
        return result.ratio(table)
    if key == "timesCheaper":
        return result.times_cheaper(table)
    if key == "added":
        return result.added(table)
    if key == "errors":
        return result.errors()
    if key == "megabytes":
        rate = result.median("rps")
        return rate * 1.048576 if rate is not None else None
    if key in ("p50", "p99"):
        micros = result.median(key + "us")
        return micros / 1e3 if micros is not None else None
    return result.median(key)


def _cells(result, columns, table):
    if not result.samples:
        return [f"not available: {result.missing}" if result.missing else f"failed: {result.failure}"]
    cells = []
    for _, key, shape in columns:
        figure = value(result, key, table)
        cells.append("–" if figure is None else format(figure, shape))
    if result.failure:
        cells[-1] += " + failed"
    return cells


def _median(ordered):
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _line(row, widths):
    cells = [cell.ljust(widths[at]) if at < 2 or len(row) < len(widths) else cell.rjust(widths[at])
             for at, cell in enumerate(row)]
    return "  ".join(cells).rstrip()
