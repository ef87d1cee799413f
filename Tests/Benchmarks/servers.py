"""The servers that are measured, each on a free port, ended by their own ids."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "BlackBox"))

import gantry  # noqa: E402

REALMS = 1_000
# Limits of the product that this measurement has to exceed, and nothing else.
LIMITS = {"GANTRY_LIMITS_CONNECTIONS": "100000", "GANTRY_LIMITS_CONNECTIONS_UNAUTHENTICATED": "20000"}


class MeasuredGantry(gantry.Gantry):
    loops = None

    @property
    def environment(self):
        loops = {"GANTRY_LISTENER_EVENT_LOOPS": str(self.loops)} if self.loops else {}
        return {**super().environment, **LIMITS, **loops}

    @property
    def host_and_port(self):
        return f"{self.host}:{self.port}"

    @property
    def pid(self):
        return self.process.pid


@contextlib.contextmanager
def started_gantry(folder, loops=None):
    """A router and nothing else, with realms that let anybody on this host do anything."""
    server = MeasuredGantry(folder, plain=True)
    server.loops = loops
    server.init()
    realm = """
  realm{}:
    anonymous: {{ role: anonymous, from: loopback }}
    roles: {{ anonymous: {{ permissions: [{{ uri: "", match: prefix, allow: [publish, subscribe, call, register] }}] }} }}"""
    server.settings("realms:" + "".join(realm.format(number + 1) for number in range(REALMS)) + "\n")
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Peer:
    """nats-server or mosquitto, as Debian has them, at their defaults."""

    def __init__(self, name, folder):
        self.name = name
        self.port = gantry.free_port()
        self.url = f"{'nats' if name == 'nats' else 'mqtt'}://127.0.0.1:{self.port}"
        if name == "nats":
            command = [program("nats-server"), "-a", "127.0.0.1", "-p", str(self.port)]
        else:
            configuration = pathlib.Path(folder) / "mosquitto.conf"
            configuration.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
            command = [program("mosquitto"), "-c", str(configuration)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{name} does not answer on port {self.port}")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


@contextlib.contextmanager
def started_peer(name, folder):
    peer = Peer(name, folder)
    try:
        yield peer
    finally:
        peer.stop()


def program(name):
    """Debian puts servers where not everybody's PATH looks."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise FileNotFoundError(name)
    return found


def install(packages):
    """Installs Debian packages, as root or through sudo."""
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    script = 'apt-get update -q && apt-get install -q -y --no-install-recommends "$@"'
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", script, "install", *packages]
    subprocess.run(command, check=True, stdout=sys.stderr)


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
