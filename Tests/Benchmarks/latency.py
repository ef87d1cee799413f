"""From a device's PUBLISH to the row in a browser, and what of it is the commit.

    python3 latency.py      (needs msgpack and cbor2; GANTRY_BINARY names the binary)

The browser is a viewer's session over WebSocket, TLS and JSON, subscribed to the live feed; the server is idle but for
this. In turn with each row, SQLite commits one like it on the same disk with the same settings: that is the commit's time.
"""

import contextlib
import sqlite3
import statistics
import time

import load
from load import Message, entry

ROWS = 500


def commits(path):
    """A function that commits one row and returns the milliseconds."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("page_size=4096", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE rows (tsp INTEGER PRIMARY KEY, temperature REAL, note TEXT) STRICT")

    def commit(number):
        begin = time.perf_counter()
        connection.execute("INSERT INTO rows VALUES (?, ?, ?)", (number, 20.5, "a note of twenty chars"))
        return (time.perf_counter() - begin) * 1e3

    return commit


def measure(installation):
    topic = f"{installation.project}.{installation.press}.sensordata"
    token = entry.sign_in(installation, "viewer-anna")
    peer = entry.open_peer(installation, codec="json")
    commit = commits(installation.folder / "floor.db")
    with load.join(installation) as device, contextlib.closing(peer.wire):
        entry.join(installation, installation.realm, "viewer-anna", token, "ticket", peer=peer)
        peer.subscribe("transformed.sensordata")
        floor, feed = [], []
        for number in range(ROWS):
            floor.append(commit(number))
            device.requests += 1
            row = [load.row(number)]
            message = device.wire.codec.dumps(
                [int(Message.PUBLISH), device.requests, {}, topic, row, {"DEVICE_KEY": "7"}])
            begin = time.perf_counter()
            device.wire.send(message)
            event = peer.wire.receive(10)
            feed.append((time.perf_counter() - begin) * 1e3)
            event = peer.wire.codec.loads(event)
            assert event[0] == Message.EVENT and event[4][0]["count"] == number, event
    return floor, feed


def main():
    with load.appliance() as installation:
        floor, feed = measure(installation)
    result = {}
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        commit, whole = load.percentile(floor, share), load.percentile(feed, share)
        result |= {f"{name}_ms": round(whole, 3), f"{name}_commit_ms": round(commit, 3)}
    added = statistics.median(feed) - statistics.median(floor)
    load.report(measurement="latency", rows=ROWS, **result, added_ms=round(added, 3), added_ms_max=5)


main()
