"""CPU of the server for one row of `appendBulk`, beside SQLite's C API with the same rows in the same batches.

    python3 append.py      (needs msgpack, cbor2 and a C compiler; GANTRY_BINARY names the binary)

Eight bulks of 1,000 rows are under way, and somebody subscribes to the live feed: the server's time has the routing, the
event and the answer in it.
"""

import pathlib
import statistics
import subprocess
import tempfile

import load

BATCHES, ROWS, DEPTH, ROUNDS = 200, 1_000, 8, 5


def server(installation, pipeline, first):
    """Microseconds of CPU for one row, and rows for each second."""
    uri = f"appendBulk.{installation.project}.{installation.press}.sensordata"
    with load.join(installation) as session, load.join(installation, 1) as subscriber:
        subscriber.subscribe("transformed.bulk.sensordata")
        bulks = ([[load.row(first + batch * ROWS + row) for row in range(ROWS)]] for batch in range(BATCHES))
        calls = load.calls(session, uri, bulks, {"DEVICE_KEY": "7"})
        begin = load.cpu_seconds(installation)
        seconds = load.seconds(load.run(pipeline, DEPTH, [calls], [subscriber]))
        cpu = load.cpu_seconds(installation) - begin
    return cpu * 1e6 / (BATCHES * ROWS), BATCHES * ROWS / seconds


def floor(program, folder, number):
    command = [program, folder / f"floor-{number}.db", str(BATCHES), str(ROWS)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main():
    mine, rates, sqlite = [], [], []
    with load.appliance() as installation, tempfile.TemporaryDirectory(dir=installation.folder) as folder:
        folder = pathlib.Path(folder)
        pipeline, sqlite_rows = load.compiled("pipeline", folder), load.compiled("sqlite_rows", folder, "-lsqlite3")
        for number in range(ROUNDS):
            cost, rate = server(installation, pipeline, number * BATCHES * ROWS)
            mine.append(cost)
            rates.append(rate)
            sqlite.append(floor(sqlite_rows, folder, number))
    load.report(
        measurement="appendBulk", rows=ROWS, in_flight=DEPTH, us_per_row=round(statistics.median(mine), 3),
        sqlite_us_per_row=round(statistics.median(sqlite), 3),
        ratio=round(statistics.median(a / b for a, b in zip(mine, sqlite)), 3), ratio_max=2.0,
        rows_per_second=round(statistics.median(rates)))


main()
