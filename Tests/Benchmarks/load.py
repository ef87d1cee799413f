"""What the store's measurements share: an appliance on a socket without TLS, calls under way, CPU time, percentiles.

Messages are encoded before the clock starts and sent by pipeline.c, so that the server has the cores to itself.
"""

import contextlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "BlackBox"))

import entry  # noqa: E402
import gantry  # noqa: E402
import wire  # noqa: E402
from wire import Message  # noqa: E402

TSP = 1_790_000_000_000


@contextlib.contextmanager
def appliance():
    """An installation with two devices, in a folder on a real disk that goes afterwards."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        with gantry.plant(pathlib.Path(folder) / "gantry") as installation:
            yield installation


def compiled(name, folder, *libraries):
    """The program of a C file beside this one."""
    source = pathlib.Path(__file__).with_name(name + ".c")
    subprocess.run(["cc", "-O2", "-o", folder / name, source, *libraries], check=True)
    return folder / name


def join(installation, device=0, tls=False):
    """An app's session over RawSocket and MessagePack, plain as a controller on the same machine would have it."""
    way = wire.RawSocket(installation.address, wire.CODECS["msgpack"], tls=installation.tls if tls else None)
    environment = installation.apps[device]
    authid, secret = environment["APP_AUTH_ID"], environment["APP_AUTH_SECRET"]
    return entry.join(installation, installation.realm, authid, secret, peer=wire.Peer(way))


def row(number):
    return {
        "tsp": TSP + number, "temperature": 20 + number % 100 / 8, "pressure": 6.5, "count": number,
        "closed": number % 2 == 1, "note": "a note of twenty chars",
    }


def calls(session, uri, arguments, keywords):
    """A session and one CALL for each element of `arguments`, as frames with the request ids that come next."""
    frames = []
    for one in arguments:
        session.requests += 1
        message = session.wire.codec.dumps([int(Message.CALL), session.requests, {}, uri, one, keywords])
        frames.append(b"\0" + len(message).to_bytes(3, "big") + message)
    return session, frames


def run(program, depth, sessions, subscribers=()):
    """Works all calls off, `depth` under way for each session: (begun, answered) of each, in milliseconds."""
    with tempfile.NamedTemporaryFile() as file:
        for session, frames in [*sessions, *((one, []) for one in subscribers)]:
            file.write(struct.pack("=II", session.wire.stream.socket.fileno(), len(frames)))
            for frame in frames:
                file.write(struct.pack("=I", len(frame)) + frame)
        file.flush()
        sockets = [one.wire.stream.socket for one in [*(one for one, _ in sessions), *subscribers]]
        for one in sockets:
            one.setblocking(True)
        done = subprocess.run(
            [program, str(depth), file.name], pass_fds=[one.fileno() for one in sockets], stdout=subprocess.PIPE,
            text=True, check=True)
    return [tuple(map(float, line.split())) for line in done.stdout.splitlines()]


def seconds(answers):
    """How long a run took."""
    return max(answered for _, answered in answers) / 1e3


def cpu_seconds(installation):
    fields = pathlib.Path(f"/proc/{installation.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values, share):
    values = sorted(values)
    return values[min(int(len(values) * share), len(values) - 1)]


def report(**result):
    print(json.dumps(result))
