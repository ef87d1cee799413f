"""How long history takes: one hour of one device out of 20 million rows, and the newest 10,000 rows of all devices.

    python3 history.py      (needs msgpack and cbor2; GANTRY_BINARY names the binary; takes 2 GB of disk for a minute)

A day of 230 devices, a row each second. SQLite itself fills the chunk that the server has created; what is measured is
the server's answer over RawSocket, from the call to its last byte, undecoded.
"""

import contextlib
import sqlite3
import statistics
import time

import load
from load import Message

DEVICES, SECONDS, ROUNDS = 230, 86_400, 30
DAY = load.TSP // 86_400_000 * 86_400_000
HOUR = DAY + 13 * 3_600_000


def fill(chunk):
    """A day of rows in the order of the key, an hour in each transaction."""
    with contextlib.closing(sqlite3.connect(chunk, isolation_level=None)) as connection:
        (width,) = connection.execute("SELECT bucket_width FROM chunk").fetchone()
        connection.execute("DELETE FROM rows")
        connection.execute("DELETE FROM commits")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-65536")
        seconds = width // 1_000
        for first in range(0, SECONDS, 3_600):
            connection.execute("BEGIN")
            for bucket in range(first, min(first + 3_600, SECONDS), seconds):
                connection.execute(
                    """
                    WITH RECURSIVE device(d) AS (SELECT 1 UNION ALL SELECT d + 1 FROM device WHERE d < :devices),
                        second(s) AS (SELECT :bucket UNION ALL SELECT s + 1 FROM second WHERE s + 1 < :bucket + :seconds)
                    INSERT INTO rows ("@bucket", device_key, tsp, "@sequence", authid, temperature, pressure, count,
                        closed, note)
                    SELECT (:day + s * 1000) / :width, d, :day + s * 1000, s * :devices + d, 'SER-0000-0001',
                        20 + s % 100 / 8.0, 6.5, s, s % 2, 'a note of twenty chars'
                    FROM device CROSS JOIN second
                    """,
                    {"devices": DEVICES, "bucket": bucket, "seconds": seconds, "day": DAY, "width": width},
                )
            connection.execute("COMMIT")
        connection.execute(
            "INSERT INTO commits VALUES (1, ?, ?, ?, ?)",
            (SECONDS * DEVICES + 1, SECONDS * DEVICES, DAY // width, (DAY + SECONDS * 1_000 - 1) // width))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def prepare(installation):
    """A chunk with 20 million rows under a server that does not run."""
    with load.join(installation) as session:
        uri = f"append.{installation.project}.{installation.press}.sensordata"
        row = {**load.row(0), "tsp": DAY}
        session.ask(Message.CALL, Message.RESULT, {}, uri, [row], {"DEVICE_KEY": "1"})
    installation.stop()
    [chunk] = installation.data.glob(f"fleetdb/*/sensordata/{DAY}_*.db")
    fill(chunk)
    installation.start()
    return chunk.stat().st_size


def measure(session, request, rows):
    """Milliseconds of each call."""
    milliseconds = []
    for number in range(ROUNDS + 3):
        session.requests += 1
        call = [int(Message.CALL), session.requests, {}, "history.transformed.sensordata", [request]]
        call = session.wire.codec.dumps(call)
        begin = time.perf_counter()
        session.wire.send(call)
        answer = session.wire.receive(30)
        milliseconds.append((time.perf_counter() - begin) * 1e3)
        if number == 0:
            answer = session.wire.codec.loads(answer)
            assert answer[0] == Message.RESULT and len(answer[3][0]) == rows, answer[:3]
    return sorted(milliseconds[3:])


def main():
    with load.appliance() as installation:
        size = prepare(installation)
        with load.join(installation) as session:
            device = {"column": "device_key", "operator": "=", "value": DEVICES // 2}
            # Each hour once, so that the pages of one are not there from the one before.
            hours = [
                measure(session, {"limit": 10_000, "timeRange": [start, start + 3_600_000], "filterAnd": [device]}, 3_600)
                for start in (HOUR, HOUR + 3_600_000, HOUR + 7_200_000)
            ]
            newest = measure(session, {"limit": 10_000}, 10_000)
        load.report(
            measurement="history", rows=DEVICES * SECONDS, megabytes=size >> 20,
            device_hour_ms=round(statistics.median(sum(hours, [])), 2), device_hour_rows=3_600, device_hour_ms_max=10,
            newest_10000_ms=round(statistics.median(newest), 2), newest_10000_ms_max=30)


main()
