"""Fixtures of the black-box tests: installations of the release binary, and clients to meet them with."""

import asyncio
import inspect
import os
import types

import pytest

import gantry as process
import peers
import realms
import wire


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A test that is a coroutine runs on an event loop of its own, and never longer than a minute."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), 60))
    return True


@pytest.fixture(scope="session")
def gantry_binary():
    if not process.BINARY.exists():
        pytest.fail(f"no binary at {process.BINARY}: build it, or name another in GANTRY_BINARY", pytrace=False)
    return process.BINARY


@pytest.fixture(scope="session")
def plain_router(request, tmp_path_factory):
    """The open realm1 of `gantry init --example plain`.

    GANTRY_TEST_ROUTER=HOST:PORT puts another router in its place, to see what it would have answered.
    """
    if other := os.environ.get("GANTRY_TEST_ROUTER"):
        host, port = other.rsplit(":", 1)
        yield types.SimpleNamespace(
            host=host, port=int(port), address=(host, int(port)), tls=None, websocket_url=f"ws://{host}:{port}/ws"
        )
        return
    request.getfixturevalue("gantry_binary")
    router = process.Gantry(tmp_path_factory.mktemp("plain"), plain=True)
    router.init()
    router.start()
    yield router
    assert router.stop() == 0, router.log.read_text()[-4000:]


@pytest.fixture(scope="session")
def plain_realms(gantry_binary, tmp_path_factory):
    """Realms of gantry.yml with every method to authenticate; failed attempts are many in the tests, so many may be."""
    folder = tmp_path_factory.mktemp("realms")
    router = process.Gantry(folder, plain=True)
    router.init()
    router.settings(realms.settings(folder) + "credentials:\n  attempts_max: 100\n")
    router.run("check")
    router.start()
    yield router
    assert router.stop() == 0, router.log.read_text()[-4000:]


@pytest.fixture(params=peers.WIRES, ids="-".join)
def client(plain_router, request):
    """autobahn against the plain router, once for each transport and serializer."""
    return peers.Client(plain_router, request.param)


@pytest.fixture
def connect(plain_router):
    """Opens raw wires to the plain router and closes them again."""
    opened = []

    def open_wire(transport="websocket", codec="json", **options):
        kind = wire.WebSocket if transport == "websocket" else wire.RawSocket
        peer = wire.Peer(kind(plain_router.address, wire.CODECS[codec], **options))
        opened.append(peer)
        return peer

    yield open_wire
    for peer in opened:
        peer.wire.close()


@pytest.fixture
def peer(connect):
    """A factory of joined raw sessions on realm1."""
    return lambda transport="websocket", codec="json", **details: connect(transport, codec).join(**details)


@pytest.fixture(params=peers.WIRES, ids="-".join)
def any_peer(peer, request):
    """The same, once for each transport and serializer."""
    return lambda **details: peer(*request.param, **details)


@pytest.fixture(scope="session")
def plant(gantry_binary, tmp_path_factory):
    """A whole appliance with TLS: one project, two apps, two devices; for tests that leave it as they found it."""
    with process.plant(tmp_path_factory.mktemp("plant")) as installation:
        yield installation


@pytest.fixture
def appliance(gantry_binary, tmp_path):
    """The same, fresh, for a test that stops, kills or changes it."""
    with process.plant(tmp_path) as installation:
        yield installation
