"""CPU of the server for one row of `appendBulk`, beside SQLite's C API with the same rows in the same batches.

    python3 append.py SQLITE_ROWS      (needs msgpack and cbor2; GANTRY_BINARY names the binary)
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "BlackBox"))

import entry  # noqa: E402
import gantry  # noqa: E402
from wire import Message  # noqa: E402

BATCHES, ROWS, ROUNDS = 200, 1_000, 5


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def server(installation, tsp):
    """Microseconds of CPU for one row: decoding, routing, storing, the live feed's event and the answer."""
    uri = f"appendBulk.{installation.project}.{installation.press}.sensordata"
    begin = cpu_seconds(installation.process.pid)
    with entry.join_as_app(installation) as session:
        for batch in range(BATCHES):
            rows = [
                {"tsp": tsp + batch * ROWS + row, "temperature": 20 + row % 100 / 8, "pressure": 6.5, "count": row,
                 "closed": row % 2 == 1, "note": "a note of twenty chars"}
                for row in range(ROWS)
            ]
            session.ask(Message.CALL, Message.RESULT, {}, uri, [rows], {"DEVICE_KEY": "7"})
    return (cpu_seconds(installation.process.pid) - begin) * 1e6 / (BATCHES * ROWS)


def floor(program, folder, number):
    command = [program, str(folder / f"floor-{number}.db"), str(BATCHES), str(ROWS)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main(program):
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        folder = pathlib.Path(folder)
        with gantry.plant(folder / "gantry") as installation:
            results = [
                (server(installation, 1_790_000_000_000 + number * BATCHES * ROWS), floor(program, folder, number))
                for number in range(ROUNDS)
            ]
    mine, sqlite = (statistics.median(column) for column in zip(*results))
    print(f"appendBulk, {ROWS} rows of 5 columns: gantry {mine:.2f} µs/row, SQLite {sqlite:.2f} µs/row, x{mine / sqlite:.2f}")


main(sys.argv[1])
