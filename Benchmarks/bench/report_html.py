"""The HTML page: one file, bars drawn as SVG here, nothing loaded from elsewhere."""

import html
import math

from . import report_text
from .peers import BASELINE

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5b6675; --line: #d9dee5; --page: #fbfbfa; --card: #ffffff;
  --bar: #a9b4c2; --base: #6f7c8c; --ours: #0f7b6c; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebef; --soft: #9aa5b3; --line: #2d3540; --page: #12161b; --card: #191f26;
    --bar: #4c5867; --base: #7d8a9a; --ours: #35b8a3; --bad: #f2857d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 40px 0 12px; }
p { margin: 0 0 12px; max-width: 78ch; }
.soft { color: var(--soft); }
.warning { color: var(--bad); }
.warning:empty { display: none; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(460px, 1fr)); gap: 16px; }
figure { margin: 0; padding: 16px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
figcaption { font-weight: 600; margin-bottom: 2px; }
svg { display: block; width: 100%; max-width: 520px; height: auto; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
svg .soft { fill: var(--soft); font-size: 12px; }
svg .bad { fill: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; width: 100%; }
th, td { padding: 5px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); }
th:nth-child(-n+2), td:nth-child(-n+2), td.note { text-align: left; }
tr.ours td { color: var(--ours); font-weight: 600; }
tr td.note { color: var(--soft); font-weight: 400; white-space: normal; }
tr td.failed { color: var(--bad); }
tr.first td { border-top: 2px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: 13px ui-monospace, monospace; }
@media (max-width: 560px) { .grid, dl { grid-template-columns: 1fr; } dd { margin-bottom: 8px; } }
"""


def page(results, facts):
    """The whole page. `facts` has machine, versions, notes, commands and options as plain values."""
    parts = [
        "<!doctype html>", '<html lang="en">', '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Sluice benchmark, {_text(facts['machine']['date'])}</title>", f"<style>{_STYLE}</style></head>",
        "<body><main>", "<h1>Sluice benchmark</h1>", f'<p class="soft">{_text(_subtitle(facts))}</p>',
        "<p>Each bar is the median over the rounds of what one request costs the proxy in CPU time (or, "
        "with idle connections, its memory); shorter is better. The thin line is the range over the "
        f"rounds, the number in brackets the median of the rounds' ratios to <code>{BASELINE}</code>, which "
        "writes a buffered access log (post-quantum handshakes: to <code>envoy</code>; firewalls: to nginx with "
        "ModSecurity and the same rules; policy engines: to cedarpy).</p>",
        f'<p class="warning">{_text(report_text.noise(results))}</p>', '<div class="grid">',
    ]
    parts += [_figure(table) for table in results.values()]
    parts.append("</div>")
    for title, header, rows in report_text.tables(results):
        parts += [f"<h2>{_text(title)}</h2>", _table(header, rows)]
    parts += ["<h2>What was measured, and on what</h2>", _definitions(_facts(facts)), "</main></body></html>", ""]
    return "\n".join(parts)


def _figure(table):
    scenario = next(iter(table.values())).scenario
    rows = [result for result in table.values() if result.peer != "direct"]
    most = max((cost for result in rows for cost in result.costs()), default=0)
    left, bar_width, height, step = 8 * max(12, max(len(result.peer) for result in rows)) + 4, 370, 18, 28
    bar_width -= left
    limit = _round_up(most)
    parts = [f'<svg viewBox="0 0 480 {step * len(rows) + 8}" role="img" aria-label="{_text(scenario.title)}">']
    for number, result in enumerate(rows):
        y = number * step + 6
        parts.append(f'<text x="{left - 10}" y="{y + 14}" text-anchor="end">{_text(result.peer)}</text>')
        costs = result.costs()
        if not costs:
            words, kind = ("not available", "soft") if result.missing else ("failed", "bad")
            parts.append(f'<text x="{left}" y="{y + 14}" class="{kind}">{words}</text>')
            continue
        middle = report_text.value(result, "cost", table)
        scale = bar_width / limit if limit else 0
        low, high = max(0, min(costs)) * scale, max(0, max(costs)) * scale
        width = max(1.5, middle * scale)
        colour = _colour(result.peer)
        parts.append(f'<rect x="{left}" y="{y}" width="{width:.1f}" height="{height}" rx="2" fill="{colour}"/>')
        parts.append(f'<path d="M{left + low:.1f} {y + 9}H{left + high:.1f}" stroke="var(--ink)" stroke-width="1.5"/>')
        ratio = result.ratio(table)
        label = f"{middle:,.1f}" if middle < 1000 else f"{middle:,.0f}"
        if ratio is not None and result.peer != scenario.baseline_of(result.peer):
            label += f" ({ratio:.2f}×)" if ratio >= 0.1 else f" ({ratio:.2g}×)"
        parts.append(f'<text x="{left + max(width, high) + 8:.1f}" y="{y + 14}">{label}</text>')
    parts.append("</svg>")
    return (f"<figure><figcaption>{_text(scenario.title)}</figcaption>"
            f'<p class="soft">{_text(scenario.cost_unit)}</p>{"".join(parts)}</figure>')


def _table(header, rows):
    parts = ['<div class="scroll"><table><thead><tr>']
    parts += [f"<th>{_text(cell)}</th>" for cell in header] + ["</tr></thead><tbody>"]
    before = None
    for row in rows:
        names = ["ours"] if row[1].startswith("sluice") else []
        names += ["first"] if before not in (None, row[0]) else []
        before = row[0]
        parts.append(f'<tr class="{" ".join(names)}">')
        if len(row) == len(header):
            parts += [f"<td>{_text(cell)}</td>" for cell in row]
        else:
            parts += [f"<td>{_text(cell)}</td>" for cell in row[:2]]
            kind = "note failed" if row[2].startswith("failed") else "note"
            parts.append(f'<td class="{kind}" colspan="{len(header) - 2}">{_code(row[2])}</td>')
        parts.append("</tr>")
    return "".join(parts + ["</tbody></table></div>"])


def _subtitle(facts):
    machine, options = facts["machine"], facts["options"]
    return (f"{machine['date']} · {machine['cpu']} ({machine['hypervisor']}, {machine['cpus']} CPUs) · proxy on CPU "
            f"{options['proxyCPU']}, load and upstream on CPU {options['loadCPU']} · {options['rounds']} rounds of "
            f"{options['seconds']} s, interleaved")


def _facts(facts):
    machine = facts["machine"]
    pairs = [
        ("Date", _text(machine["date"])),
        ("CPU", _text(f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['hypervisor']}")),
        ("Memory", f"{machine['memoryGiB']} GiB"),
        ("System", _text(f"{machine['system']}, Linux {machine['kernel']}")),
        ("Load before", f"{machine['loadAverageAtStart']:.2f}"),
        ("Open files", f"{facts['options']['fileLimit']:,}"),
    ]
    for peer, version in facts["versions"].items():
        note = facts["notes"].get(peer)
        pairs.append((peer, _text(f"{version or 'not available'}" + (f" ({note})" if note else ""))))
    for name, command in facts["commands"].items():
        pairs.append((name if name.startswith("load") else f"start of {name}", f"<code>{_text(command)}</code>"))
    return pairs


def _definitions(pairs):
    return "<dl>" + "".join(f"<dt>{_text(term)}</dt><dd>{definition}</dd>" for term, definition in pairs) + "</dl>"


def _colour(peer):
    if peer.startswith("sluice"):
        return "var(--ours)"
    return "var(--base)" if peer == BASELINE else "var(--bar)"


def _round_up(most):
    """The smallest of 1, 1.5, 2, 3, 5, 7.5 times a power of ten that is not below `most`."""
    if most <= 0:
        return 1
    power = 10 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7.5, 10) if step * power >= most)


def _code(words):
    """Escaped text with `words in backticks` set as code."""
    pieces = _text(words).split("`")
    return "".join(f"<code>{piece}</code>" if at % 2 else piece for at, piece in enumerate(pieces))


def _text(value):
    return html.escape(str(value))
