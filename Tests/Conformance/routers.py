"""The routers that the suite starts by itself: Gantry in its two modes, and Crossbar. Each listens on loopback."""

import contextlib
import json
import signal
import socket
import subprocess
import time

import facilities
import gantry

# Realms that allow everything, as a tutorial's router does.
_REALM = """
  {name}:
    strict: {strict}
    disclosure: {disclosure}
    anonymous:
      role: anonymous
      from: loopback
    event_history:
      - uri: {history}
        match: prefix
        limit: 1000
    roles:
      anonymous:
        permissions:
          - uri: ""
            match: prefix
            allow: [publish, subscribe, call, register]
"""
# Resumption is off by default; the long cases have ten thousand sessions.
_LIMITS = """limits:
  resume_within: 30s
  connections: 11000
"""
_GANTRY_FACILITIES = ["history", "no_disclosure"]


def _gantry_settings(strict):
    """The sections of gantry.yml that are not the defaults."""
    disclosures = {"realm1": "on_request", facilities.REALM_DISCLOSING_NEVER: "never"}
    return _LIMITS + "realms:" + "".join(
        _REALM.format(
            name=name, strict=str(strict).lower(), disclosure=disclosure, history=facilities.HISTORY_PREFIX
        )
        for name, disclosure in disclosures.items()
    )


@contextlib.contextmanager
def gantry_router(folder, strict):
    """Gantry with open realms; yields the suite's options."""
    router = gantry.Gantry(folder, plain=True)
    router.init()
    router.settings(_gantry_settings(strict))
    router.start()
    try:
        yield [
            *("--router", router.websocket_url),
            *("--pid", str(router.process.pid)),
            *("--longpoll", f"http://{router.host}:{router.port}/longpoll"),
            *("--with", ",".join(_GANTRY_FACILITIES)),
            *("--deviations", "gantry-strict" if strict else "gantry-lenient"),
        ]
    finally:
        code = router.stop()
    assert code == 0, router.log.read_text()[-4000:]


def _crossbar_configuration(port):
    everything = {
        "uri": "",
        "match": "prefix",
        "allow": {"call": True, "register": True, "publish": True, "subscribe": True},
        "disclose": {"caller": False, "publisher": False},
    }
    realm = {
        "name": "realm1",
        "roles": [{"name": role, "permissions": [everything]} for role in ("anonymous", facilities.ROLE)],
    }
    transport = {
        "type": "universal",
        "endpoint": {"type": "tcp", "port": port, "interface": "127.0.0.1"},
        "rawsocket": {"serializers": ["json", "msgpack", "cbor"]},
        "websocket": {"ws": {"type": "websocket", "serializers": ["json", "msgpack", "cbor"]}},
        "web": {"paths": {"/": {"type": "json", "value": {}}, "lp": {"type": "longpoll"}}},
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
