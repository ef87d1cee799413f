"""The figures as the tables of docs/performance.md."""

import pathlib
import re
import statistics
import subprocess
import time

import cells

BEGIN, END = "<!-- measured by Tests/Benchmarks/run: begin -->", "<!-- measured by Tests/Benchmarks/run: end -->"
WORDS = {"server_cpu_us": "CPU µs", "p50_us": "p50 µs", "p99_us": "p99 µs", "rss_kib_per_session": "KiB"}


def values(results, name, server, figure):
    return [figures[figure] for figures in results.get(name, {}).get(server, []) if figure in figures]


def middle(found):
    return statistics.median(found) if found else None


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def verdict(ratio, mark):
    if ratio is None or mark.goal is None:
        return ""
    if ratio <= mark.goal:
        return "met"
    return "first mark" if mark.first is not None and ratio <= mark.first else "**not met**"


def bound(mark):
    return "" if mark.goal is None else f"≤ {mark.goal:g}"


def compared(results, title, mark, mine, theirs, peer):
    """A row: both medians, and the median of the rounds' ratios with its ends."""
    ratios = [a / b for a, b in zip(mine, theirs) if b]
    ratio = middle(ratios)
    shown = "–" if ratio is None else f"**{ratio:.2f}** [{min(ratios):.2f}–{max(ratios):.2f}]"
    what = WORDS[mark.figure]
    return (
        f"| {title}, {what} | {number(middle(mine))} | {peer} {number(middle(theirs))} | {shown} "
        f"| {bound(mark)} | {verdict(ratio, mark)} |"
    )


HEAD = ["| cell | Gantry | peer | ratio | mark | |", "|---|---|---|---|---|---|"]


def against_peers(results):
    rows = []
    for cell in cells.MATRIX:
        for mark in cell.marks:
            mine, theirs = (values(results, cell.name, server, mark.figure) for server in ("gantry", cell.peer))
            if mine and theirs:
                peer = "nats-server" if cell.peer == "nats" else f"{cell.peer} (QoS 1)"
                rows.append(compared(results, cell.title, mark, mine, theirs, peer))
    return rows


def against_itself(results):
    rows = []
    for cell in cells.TLS + cells.TRANSCODING:
        mark = cell.marks[0]
        mine, theirs = (values(results, name, "gantry", mark.figure) for name in (cell.name, cell.peer))
        if mine and theirs:
            rows.append(compared(results, cell.title, mark, mine, theirs, "the same, plain or in one serializer:"))
    for cell in cells.LOOPS:
        mark = cell.marks[0]
        mine, theirs = (values(results, cell.name, server, mark.figure) for server in ("2 loops", "1 loops"))
        if mine and theirs:
            rows.append(compared(results, f"{cell.title}, two event loops", mark, mine, theirs, "one loop:"))
    return rows


def idle(results):
    rows = []
    for cell in cells.IDLE:
        mark = cell.marks[0]
        found = middle(values(results, cell.name, "gantry", mark.figure))
        if found is not None:
            count = results[cell.name]["gantry"][0]["sessions"]
            rows.append(f"| {cell.title}, {count:,} sessions | {number(found)} | {bound(mark)} | {verdict(found, mark)} |")
    nats = middle(values(results, "idle-ws", "nats", "rss_kib_per_session"))
    if nats is not None:
        rows.append(f"| nats-server, for comparison | {number(nats)} | | |")
    return rows


def curves(results):
    rows = []
    for curve in cells.CURVES:
        costs = growth(curve, results, "gantry")
        if len(costs) > 1:
            first, last = list(costs.values())[0], list(costs.values())[-1]
            judged = "met" if last <= first * 1.2 else "**not met**"
            rows.append(f"| {curve.title} | {steps(costs)} | {last / first:.2f} | {judged} |")
        costs = growth(curve, results, curve.peer)
        if len(costs) > 1:
            first, last = list(costs.values())[0], list(costs.values())[-1]
            rows.append(f"| nats-server, for comparison | {steps(costs)} | {last / first:.2f} | |")
    return rows


def growth(curve, results, server):
    """{size: what an operation costs there}, as far as it was measured."""
    measured = {size: values(results, f"{curve.name}-{size}", server, "server_cpu_us")
                for size in sorted({*curve.sizes, *curve.quick})}
    return {size: middle(costs) for size, costs in measured.items() if costs}


def steps(costs):
    return ", ".join(f"{size:,}: {number(cost)}" for size, cost in costs.items())


STORE = {
    ("appendBulk", "ratio"): "`appendBulk`, 8 bulks of 1,000 rows in flight: CPU for a row, to SQLite's C API",
    ("append", "rows_per_second"): "`append` from 100 devices at once: durable rows a second",
    ("append", "p99_commits"): "the same: p99 of an answer, in commit times",
    ("latency", "added_ms"): "from an append to its event at a subscriber: added to the commit, ms",
    ("history", "device_hour_ms"): "one hour of one device out of 20 million rows, ms",
    ("history", "newest_10000_ms"): "history of 10,000 rows, ms",
}


def fleetdb(results):
    """Whatever has a bound beside it: `x` and `x_max`, or `x_min`."""
    rows = []
    for measurement, figures in results.get("fleetdb", {}).items():
        for name, limit in figures.items():
            base, end = name[:-4], name[-4:]
            if end not in ("_max", "_min") or base not in figures:
                continue
            title = STORE.get((measurement, base), f"{measurement}: {base.replace('_', ' ')}")
            is_met = figures[base] <= limit if end == "_max" else figures[base] >= limit
            sign = "≤" if end == "_max" else "≥"
            rows.append(
                f"| {title} | {number(figures[base])} | {sign} {limit:,} | {'met' if is_met else '**not met**'} |")
    return rows


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    cores = pathlib.Path("/proc/cpuinfo").read_text().count("processor\t")
    root = pathlib.Path(__file__).resolve().parents[2]
    commit = subprocess.run(["git", "-C", root, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    return (
        f"Taken on {time.strftime('%Y-%m-%d')} from commit {commit.stdout.strip() or 'unknown'} on {cores} cores of "
        f"{model[1] if model else 'an unknown processor'}; load average at the end {load}."
    )


def tables(results, rounds):
    parts = [f"{machine()} {rounds} interleaved rounds."]
    for title, head, rows in [
        ("Against its peers: CPU of the server for one operation, and latencies", HEAD, against_peers(results)),
        ("Against itself", HEAD, against_itself(results)),
        ("Memory of an idle session", ["| | KiB each | mark | |", "|---|---|---|---|"], idle(results)),
        ("How cost grows: CPU µs for one delivery",
         ["| with the number of | | last ÷ first | ≤ 1.2 |", "|---|---|---|---|"], curves(results)),
        ("FleetDB on the embedded store", ["| | | mark | |", "|---|---|---|---|"], fleetdb(results)),
    ]:
        if rows:
            parts.append("\n".join([f"### {title}", "", *head, *rows]))
    return "\n\n".join(parts) + "\n"


def write(path, text):
    """Puts the tables between their marks; everything else on the page is written by hand."""
    page = path.read_text()
    if BEGIN not in page or END not in page:
        raise SystemExit(f"{path} has no marks for the tables: {BEGIN} and {END}")
    before, rest = page.split(BEGIN, 1)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END, 1)[1]}")
