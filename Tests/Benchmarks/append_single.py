"""Single appends from 100 devices at once: durable rows for each second, and how long an answer takes in commit times.

    python3 append_single.py      (needs msgpack, cbor2 and a C compiler; GANTRY_BINARY names the binary)

Each device has a session and one call under way. A chunk's table `commits` says how many commits the rows took, and the
writer commits without a pause while appends wait: so the time of one commit is the run's time by their number.
"""

import contextlib
import sqlite3
import statistics

import load

DEVICES, CALLS, ROUNDS = 100, 500, 5


def commits(installation):
    """How many commits the table's chunks have seen."""
    count = 0
    for path in installation.data.glob("fleetdb/*/sensordata/*_*.db"):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as chunk:
            count += chunk.execute("SELECT count(*) FROM commits").fetchone()[0]
    return count


def measure(installation, pipeline, first):
    uri = f"append.{installation.project}.{installation.press}.sensordata"
    with contextlib.ExitStack() as stack:
        sessions = []
        for device in range(DEVICES):
            session = stack.enter_context(load.join(installation, device % 2))
            rows = ([load.row(first + number * DEVICES + device)] for number in range(CALLS))
            sessions.append(load.calls(session, uri, rows, {"DEVICE_KEY": str(1 + device)}))
        before, cpu = commits(installation), load.cpu_seconds(installation)
        seconds, latencies = load.run(pipeline, 1, sessions)
        cpu = load.cpu_seconds(installation) - cpu
        count = commits(installation) - before
    return {
        "rows_per_second": DEVICES * CALLS / seconds, "us_per_row": cpu * 1e6 / (DEVICES * CALLS),
        "commit_ms": seconds * 1e3 / count, "rows_per_commit": DEVICES * CALLS / count,
        "p50_ms": load.percentile(latencies, 0.5), "p99_ms": load.percentile(latencies, 0.99),
    }


def main():
    with load.appliance() as installation:
        pipeline = load.compiled("pipeline", installation.folder)
        rounds = [measure(installation, pipeline, number * DEVICES * CALLS) for number in range(ROUNDS)]
    medians = {key: round(statistics.median(one[key] for one in rounds), 3) for key in rounds[0]}
    p99 = statistics.median(one["p99_ms"] / one["commit_ms"] for one in rounds)
    load.report(
        measurement="append", devices=DEVICES, **medians, rows_per_second_min=20_000, p99_commits=round(p99, 2),
        p99_commits_max=2.0)


main()
