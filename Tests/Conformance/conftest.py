"""The conformance suite's options and fixtures: one router by URL, and clients to meet it with.

    python -m pytest Tests/Conformance --router ws://127.0.0.1:8080/ws --rawsocket 127.0.0.1:8080 --realm realm1

Every case has a sentence, the rule that it checks: its docstring. Every file has a section: its docstring's first line.
"""

import inspect
import itertools
import os
import pathlib
import urllib.parse

import pytest

import deviations
import report
import wire
from client import Client

WIRES = [(transport, codec) for transport in ("websocket", "rawsocket") for codec in ("json", "msgpack", "cbor")]


def pytest_addoption(parser):
    group = parser.getgroup("conformance")
    group.addoption("--router", default="ws://127.0.0.1:8080/ws", help="the router's WebSocket URL")
    group.addoption("--rawsocket", help="HOST:PORT of its RawSocket, or none; left out: where the WebSocket is")
    group.addoption("--longpoll", help="base URL of its HTTP long-poll transport; left out: those cases do not run")
    group.addoption("--realm", default="realm1", help="a realm where an anonymous client may do everything")
    group.addoption("--with", action="append", default=[], dest="facilities", help="see facilities.py; may be repeated")
    group.addoption("--deviations", help="whose list of deviations.py applies: gantry-strict, gantry-lenient")
    group.addoption("--timeout", type=float, default=5.0, help="seconds until a missing message is a failure")
    group.addoption("--pid", type=int, help="its process, if it runs here: some long cases look at its memory")
    group.addoption("--long", action="store_true", help="run the long cases, and only those")
    group.addoption("--report", type=pathlib.Path, help="write each case's outcome to this file, as JSON")


def pytest_configure(config):
    if config.getoption("--report"):
        config.pluginmanager.register(report.Recorder(config.getoption("--report")))


def pytest_collection_modifyitems(config, items):
    long = config.getoption("--long")
    items[:] = [item for item in items if (item.get_closest_marker("long") is not None) == long]
    known = deviations.of(config.getoption("--deviations"))
    for item in items:
        if not (item.function.__doc__ and item.module.__doc__):
            raise pytest.UsageError(f"{item.nodeid}: a case says its rule, and a file its section, in a docstring")
        reason = known.get(f"{item.module.__name__.removeprefix('test_')}.{item.originalname}")
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


class Router:
    """Where it is, and what it announces."""

    def __init__(self, config):
        url = urllib.parse.urlsplit(config.getoption("--router"))
        self.address = (url.hostname, url.port or 80)
        self.path = url.path or "/"
        raw = config.getoption("--rawsocket")
        self.rawsocket = self.address if raw is None else None if raw == "none" else self._address(raw)
        self.longpoll = config.getoption("--longpoll")
        self.realm = config.getoption("--realm")
        self.timeout = config.getoption("--timeout")
        self.facilities = {name for text in config.getoption("facilities") for name in text.split(",")}
        self.pid = config.getoption("--pid")
        self.roles = None

    @staticmethod
    def _address(text):
        host, _, port = text.rpartition(":")
        return host, int(port)

    def open(self, transport="websocket", codec="json", **options):
        """A wire without a session."""
        if transport == "rawsocket":
            if self.rawsocket is None:
                pytest.skip("not announced: RawSocket")
            opened = wire.RawSocket(self.rawsocket, wire.CODECS[codec], **options)
        else:
            opened = wire.WebSocket(self.address, wire.CODECS[codec], path=self.path, **options)
        opened.stream.timeout = self.timeout
        return opened

    def resident_mebibytes(self):
        """Its resident memory; a case that asks does not run where nobody has said which process it is."""
        if self.pid is None:
            pytest.skip("not configured: --pid")
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) // 1024

    def announces(self, role, feature):
        if self.roles is None:
            client = Client(self.open(), self.realm).join()
            self.roles = client.welcome["roles"]
            client.wire.close()
        return bool(self.roles.get(role, {}).get("features", {}).get(feature))


@pytest.fixture(scope="session")
def router(request):
    return Router(request.config)


@pytest.fixture(autouse=True)
def asked_for(request, router):
    """A case that needs what the router has not got does not run, and does not count as passed."""
    for marker in request.node.iter_markers("announced"):
        role, *features = marker.args
        if not any(router.announces(role, feature) for feature in features):
            pytest.skip(f"not announced: {role}.{features[0]}")
    for marker in request.node.iter_markers("configured"):
        if marker.args[0] not in router.facilities:
            pytest.skip(f"not configured: {marker.args[0]}")


@pytest.fixture
def connect(router):
    """Opens transports that have no session yet, and closes them again."""
    opened = []

    def client(transport="websocket", codec="json", realm=None, without=(), **options):
        new = Client(router.open(transport, codec, **options), realm or router.realm, without)
        opened.append(new)
        return new

    yield client
    for one in opened:
        one.wire.close()


@pytest.fixture
def peer(connect):
    """A factory of joined sessions; `without` names features that this one does not announce."""

    def join(transport="websocket", codec="json", realm=None, without=(), **details):
        return connect(transport, codec, realm, without).join(**details)

    return join


@pytest.fixture(params=WIRES, ids="-".join)
def any_peer(peer, request):
    """The same, once for each transport and serializer."""
    return lambda **details: peer(*request.param, **details)


@pytest.fixture
def bystander(peer):
    """A session that was there before, and must still be there afterwards."""
    session = peer("websocket", "cbor")
    yield session
    assert session.is_alive(), "another session has noticed"


_case = itertools.count(1)
_run = int.from_bytes(os.urandom(4), "big")


@pytest.fixture
def uri():
    """Makes URIs that no other case uses: uri("a.b") → org.conformance.r….c….a.b"""
    prefix = f"org.conformance.r{_run}.c{next(_case)}"
    return lambda name="it": f"{prefix}.{name}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().rule = " ".join(inspect.getdoc(item.function).split("\n\n")[0].split())
    outcome.get_result().section = inspect.getdoc(item.module).splitlines()[0].rstrip(".")
