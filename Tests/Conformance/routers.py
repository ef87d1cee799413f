"""The routers that the suite starts by itself: Gantry in its two modes, and Crossbar. Each listens on loopback."""

import contextlib
import json
import signal
import socket
import subprocess
import time

import configurations
import gantry


@contextlib.contextmanager
def gantry_router(folder, strict):
    """Gantry with open realms; yields the suite's options."""
    router = gantry.Gantry(folder, plain=True)
    router.init()
    settings = configurations.gantry(strict)
    # JSON is YAML.
    router.settings("".join(f"{name}: {json.dumps(section)}\n" for name, section in settings.items()))
    router.start()
    try:
        yield [
            *("--router", router.websocket_url),
            *("--longpoll", f"http://{router.host}:{router.port}/lp"),
            *("--with", ",".join(configurations.GANTRY_FACILITIES)),
            *("--pid", str(router.process.pid)),
            *("--deviations", "gantry-strict" if strict else "gantry-lenient"),
        ]
    finally:
        code = router.stop()
    assert code == 0, router.log.read_text()[-4000:]


@contextlib.contextmanager
def crossbar_router(folder, executable):
    """Crossbar with the same realm; yields the suite's options."""
    port = gantry.free_port()
    node = folder / ".crossbar"
    node.mkdir(parents=True)
    (node / "config.json").write_text(json.dumps(configurations.crossbar(port)))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [executable, "start", "--cbdir", str(node)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(port, process, folder / "log")
        yield [
            *("--router", f"ws://127.0.0.1:{port}/ws"),
            *("--longpoll", f"http://127.0.0.1:{port}/lp"),
            *("--with", ",".join(configurations.CROSSBAR_FACILITIES)),
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
