"""The routers that the suite starts by itself: Gantry in its two modes, and Crossbar. Each listens on loopback."""

import contextlib
import json
import signal
import socket
import subprocess
import time

import facilities
import gantry

# YAML; the realm allows everything, as a tutorial's router does.
_REALM = """
  {name}:
    {settings}
    anonymous:
      role: anonymous
      from: loopback
    roles:
      anonymous:
        permissions:
          - uri: ""
            match: prefix
            allow: [publish, subscribe, call, register]
"""


@contextlib.contextmanager
def gantry_router(folder, strict):
    """Gantry with one open realm; yields the suite's options."""
    router = gantry.Gantry(folder, plain=True)
    router.init()
    realms = "".join(
        _REALM.format(name=name, settings=f"strict: {str(strict).lower()}" if strict else "disclosure: on_request")
        for name in ("realm1",)
    )
    router.settings("realms:" + realms)
    router.start()
    try:
        yield ["--router", router.websocket_url, "--deviations", "gantry-strict" if strict else "gantry-lenient"]
    finally:
        code = router.stop()
    assert code == 0, router.log.read_text()[-4000:]


_CROSSBAR_FACILITIES = ["history"]


def _crossbar_configuration(port):
    everything = {
        "uri": "",
        "match": "prefix",
        "allow": {"call": True, "register": True, "publish": True, "subscribe": True},
        "disclose": {"caller": False, "publisher": False},
    }
    realm = {
        "name": "realm1",
        "store": {"type": "memory", "event-history": [{"uri": facilities.HISTORY_TOPIC, "limit": 1000}]},
        "roles": [{"name": role, "permissions": [everything]} for role in ("anonymous", facilities.ROLE)],
    }
    transport = {
        "type": "universal",
        "endpoint": {"type": "tcp", "port": port, "interface": "127.0.0.1"},
        "rawsocket": {"serializers": ["json", "msgpack", "cbor"]},
        "websocket": {"ws": {"type": "websocket", "serializers": ["json", "msgpack", "cbor"]}},
        "web": {"paths": {"/": {"type": "nodeinfo"}, "lp": {"type": "longpoll"}}},
    }
    worker = {"type": "router", "realms": [realm], "transports": [transport]}
    return {"version": 2, "controller": {}, "workers": [worker]}


@contextlib.contextmanager
def crossbar_router(folder, executable):
    """Crossbar with the same realm; yields the suite's options."""
    port = gantry.free_port()
    node = folder / ".crossbar"
    node.mkdir(parents=True)
    (node / "config.json").write_text(json.dumps(_crossbar_configuration(port)))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [executable, "start", "--cbdir", str(node)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(port, process, folder / "log")
        yield [
            *("--router", f"ws://127.0.0.1:{port}/ws"),
            *("--longpoll", f"http://127.0.0.1:{port}/lp"),
            *("--with", ",".join(_CROSSBAR_FACILITIES)),
        ]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port, process, log, timeout=60):
    """Until the port answers; a node has all its transports some moments after the first."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            if "Ok, local node configuration ran successfully" in log.read_text(errors="replace"):
                return
        time.sleep(0.2)
    raise AssertionError(f"crossbar did not start\n{log.read_text(errors='replace')[-4000:]}")
