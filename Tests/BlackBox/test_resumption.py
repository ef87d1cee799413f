"""Sessions that are resumed on a transport of another kind: what waited for them is translated.

Spec: the draft "WAMP Session State Machine", "Session Pause and Resume".
"""

import itertools

import pytest

import gantry as process
import wire
from batches import cut, parts
from test_http_transports import LongPoll
from wire import Message

LARGE = "é" * 50_000
LOSSES = itertools.count()


class Batched(wire.WebSocket):
    """A WebSocket whose messages are batches, as a wire."""

    def __init__(self, address, codec):
        super().__init__(address, codec, subprotocol=f"wamp.2.{codec.name}.batched")
        self.waiting = []

    def send(self, payload):
        super().send(parts(self.codec, [self.codec.loads(payload)]))

    def receive(self, timeout=None):
        while not self.waiting:
            self.waiting = [self.codec.dumps(message) for message in cut(self.codec, super().receive(timeout))]
        return self.waiting.pop(0)


KINDS = {
    "websocket": lambda address, codec, **options: wire.WebSocket(address, wire.CODECS[codec], **options),
    "rawsocket": lambda address, codec, **options: wire.RawSocket(address, wire.CODECS[codec], **options),
    "batched": lambda address, codec: Batched(address, wire.CODECS[codec]),
    "longpoll": LongPoll,
}


@pytest.fixture(scope="module")
def router(gantry_binary, tmp_path_factory):
    installation = process.Gantry(tmp_path_factory.mktemp("resumption"), plain=True)
    installation.init()
    installation.settings("limits:\n  resume_within: 60s\n  resume_buffer: 4MiB\n")
    installation.start()
    yield installation
    assert installation.stop() == 0


@pytest.fixture
def connect(router):
    opened = []

    def open_wire(kind="websocket", codec="json", **options):
        opened.append(wire.Peer(KINDS[kind](router.address, codec, **options)))
        return opened[-1]

    yield open_wire
    for peer in opened:
        peer.wire.close()


@pytest.fixture
def lose(connect):
    """Loses a session's connection, and returns when the router has noticed."""
    watcher = connect().join()

    def connection_of(session):
        topic = f"org.example.resumption.lost{next(LOSSES)}"
        watcher.subscribe(topic)
        add = session.request(
            Message.CALL, {}, "wamp.session.add_testament", [topic, ["lost"], {}], {"scope": "detached"}
        )
        assert session.expect(Message.RESULT)[1] == add
        session.wire.close()
        assert watcher.expect(Message.EVENT)[4] == ["lost"]

    return connection_of


def resume(connect, lost, *arguments, **options):
    """The session on another wire; its WELCOME has come."""
    session = connect(*arguments, **options)
    session.send(Message.HELLO, None, {"resume-session": lost.session, "resume-token": lost.welcome["resume-ticket"]})
    welcome = session.expect(Message.WELCOME)
    assert welcome[1] == lost.session and welcome[2]["resumed"] is True
    session.session, session.welcome, session.requests = welcome[1], welcome[2], lost.requests
    return session


def binary(codec, value):
    """Bytes as a client of a serializer sees them. Spec: "Serializers", "Binary conversion of JSON Strings"."""
    return {b"\x00\x01\xff": "\0AAH/"}[value] if codec == "json" else value


@pytest.mark.parametrize(
    "old, new",
    [
        (("websocket", "json"), ("rawsocket", "msgpack")),
        (("rawsocket", "msgpack"), ("websocket", "json")),
        (("websocket", "cbor"), ("longpoll", "json")),
        (("longpoll", "msgpack"), ("batched", "cbor")),
        (("batched", "json"), ("websocket", "json")),
        (("websocket", "msgpack"), ("batched", "json")),
        (("rawsocket", "json"), ("longpoll", "cbor")),
    ],
    ids=lambda kind: "-".join(kind),
)
def test_a_session_goes_on_with_another_serializer(connect, lose, old, new):
    session, other = connect(*old).join(resumable=True), connect("rawsocket", "cbor").join()
    # Sessions outlive their tests here, and keep what they have registered.
    place = ".".join(("org.example.resumption", *old, *new))
    topic, theirs, mine = (f"{place}.{name}" for name in ("topic", "theirs", "mine"))
    subscription = session.subscribe(topic)
    other.register(theirs)
    session.register(mine)
    call = session.request(Message.CALL, {}, theirs)
    invocation = other.expect(Message.INVOCATION)
    lose(session)
    for number in range(50):
        other.publish(topic, number, b"\x00\x01\xff", {"deep": [None, True, 1.5, 2**53]})
    other.publish(topic, LARGE)
    other.send(Message.YIELD, invocation[1], {}, [b"\x00\x01\xff", LARGE])
    asked = other.request(Message.CALL, {}, mine, ["late"], {"key": b"\x00\x01\xff"})
    assert other.call("wamp.session.count"), "the router has taken all of it"

    session = resume(connect, session, *new)
    codec = new[1]
    for number in range(50):
        event = session.expect(Message.EVENT)
        assert event[1] == subscription
        assert event[4] == [number, binary(codec, b"\x00\x01\xff"), {"deep": [None, True, 1.5, 2**53]}]
    assert session.expect(Message.EVENT)[4] == [LARGE]
    result = session.expect(Message.RESULT)
    assert result[1] == call and result[3] == [binary(codec, b"\x00\x01\xff"), LARGE]
    invoked = session.expect(Message.INVOCATION)
    assert invoked[4:] == [["late"], {"key": binary(codec, b"\x00\x01\xff")}]

    session.send(Message.YIELD, invoked[1], {}, ["done"])
    answer = other.expect(Message.RESULT)
    assert answer[1] == asked and answer[3] == ["done"]
    other.publish(topic, "after")
    assert session.expect(Message.EVENT)[4] == ["after"]
    assert session.call("wamp.session.count")


def test_a_session_wanders_over_every_transport(connect, lose):
    session, other = connect().join(resumable=True), connect().join()
    session.subscribe("org.example.resumption.wandering")
    for kind, codec in itertools.product(KINDS, wire.CODECS):
        lose(session)
        other.publish("org.example.resumption.wandering", kind, codec)
        session = resume(connect, session, kind, codec)
        assert session.expect(Message.EVENT)[4] == [kind, codec]


def test_what_the_new_transport_does_not_take(connect, lose, router):
    session, other = connect().join(resumable=True), connect().join()
    topic, theirs = "org.example.resumption.short", "org.example.resumption.long"
    session.subscribe(topic)
    other.register(theirs)
    call = session.request(Message.CALL, {}, theirs)
    invocation = other.expect(Message.INVOCATION)
    lose(session)
    dropped = router.json("status")["events_dropped"]
    other.publish(topic, "x" * 1_500)
    other.send(Message.YIELD, invocation[1], {}, ["x" * 1_500])
    other.publish(topic, "short")
    session = resume(connect, session, "rawsocket", "msgpack", exponent=1)
    session.expect_error(Message.CALL, call, "wamp.error.payload_size_exceeded")
    assert session.expect(Message.EVENT)[4] == ["short"]
    assert router.json("status")["events_dropped"] == dropped + 1
