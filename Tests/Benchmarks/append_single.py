"""Single appends from 100 devices at once: durable rows for each second, and how long an answer takes in commit times.

    python3 append_single.py      (needs msgpack, cbor2 and a C compiler; GANTRY_BINARY names the binary)

Each device has a session and one call under way. A chunk keeps which rows were committed together, so that the answers
of a run tell when each commit ended. The writer does not rest while appends wait: from one end to the next is the time
of one commit, and an append should wait for the one under way and its own.
"""

import contextlib
import sqlite3
import statistics

import load

DEVICES, CALLS, ROUNDS = 100, 500, 5


def commits(installation, first):
    """The sequences that each commit of a round ended with, and the sequence of each (device, time)."""
    [path] = installation.data.glob("fleetdb/*/sensordata/*_*.db")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as chunk:
        rows = chunk.execute(
            'SELECT device_key, tsp, "@sequence" FROM rows WHERE tsp >= ?', (load.TSP + first,)).fetchall()
        lowest = min(sequence for _, _, sequence in rows)
        groups = chunk.execute("SELECT first, last FROM commits WHERE first >= ? ORDER BY first", (lowest,)).fetchall()
    return groups, {(device, tsp): sequence for device, tsp, sequence in rows}


def commit_times(groups, sequences, ends):
    """Milliseconds of each commit; `ends` has the time of each (device, time)'s answer."""
    by_sequence = {sequences[row]: end for row, end in ends.items()}
    ended = [min(by_sequence[one] for one in range(first, last + 1)) for first, last in groups]
    return [later - earlier for earlier, later in zip(ended, ended[1:])]


def measure(installation, pipeline, first):
    uri = f"append.{installation.project}.{installation.press}.sensordata"
    with contextlib.ExitStack() as stack:
        sessions, rows = [], []
        for device in range(DEVICES):
            session = stack.enter_context(load.join(installation, device % 2))
            numbers = [first + number * DEVICES + device for number in range(CALLS)]
            rows += [(1 + device, load.TSP + number) for number in numbers]
            arguments = ([load.row(number)] for number in numbers)
            sessions.append(load.calls(session, uri, arguments, {"DEVICE_KEY": str(1 + device)}))
        cpu = load.cpu_seconds(installation)
        answers = load.run(pipeline, 1, sessions)
        cpu = load.cpu_seconds(installation) - cpu
    latencies = [answered - begun for begun, answered in answers]
    groups, sequences = commits(installation, first)
    times = commit_times(groups, sequences, dict(zip(rows, (answered for _, answered in answers))))
    return {
        "rows_per_second": DEVICES * CALLS / load.seconds(answers), "us_per_row": cpu * 1e6 / (DEVICES * CALLS),
        "rows_per_commit": DEVICES * CALLS / len(groups),
        "commit_p50_ms": load.percentile(times, 0.5), "commit_p99_ms": load.percentile(times, 0.99),
        "p50_ms": load.percentile(latencies, 0.5), "p99_ms": load.percentile(latencies, 0.99),
    }


def main():
    with load.appliance() as installation:
        pipeline = load.compiled("pipeline", installation.folder)
        rounds = [measure(installation, pipeline, number * DEVICES * CALLS) for number in range(ROUNDS)]
    medians = {key: round(statistics.median(one[key] for one in rounds), 3) for key in rounds[0]}
    p99 = statistics.median(one["p99_ms"] / one["commit_p99_ms"] for one in rounds)
    load.report(
        measurement="append", devices=DEVICES, **medians, rows_per_second_min=20_000, p99_commits=round(p99, 2),
        p99_commits_max=2.0)


main()
