"""Batched WebSockets, and the edges of RawSocket.

Spec: "Message Batching", "RawSocket Transport".
"""

import asyncio

import pytest
import txaio
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.wamp import serializer

import peers
import wire
from batches import cut, parts
from wire import Closed, Message

# Batched WebSocket -----------------------------------------------------------------------------------------------------


class Batched:
    """A session of which the test sees the batches."""

    def __init__(self, address, codec, separator=b"\x1e"):
        self.codec, self.separator = wire.CODECS[codec], separator
        self.wire = wire.WebSocket(address, self.codec, subprotocol=f"wamp.2.{codec}.batched")
        assert self.wire.headers["sec-websocket-protocol"] == f"wamp.2.{codec}.batched"

    def send(self, *messages):
        self.wire.send(parts(self.codec, messages, self.separator))

    def batch(self, timeout=None):
        return cut(self.codec, self.wire.receive(timeout), self.separator)

    def messages(self, count):
        """So many messages, and in how many batches they came."""
        messages, batches = [], 0
        while len(messages) < count:
            messages += self.batch()
            batches += 1
        return messages, batches

    def join(self):
        self.send([Message.HELLO, "realm1", {"roles": wire.ROLES}])
        (welcome,) = self.batch()
        assert welcome[0] == Message.WELCOME
        return self


@pytest.fixture
def batched(plain_router):
    opened = []

    def open_session(codec, **options):
        opened.append(Batched(plain_router.address, codec, **options))
        return opened[-1]

    yield open_session
    for session in opened:
        session.wire.close()


CODECS = pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])


@CODECS
def test_many_messages_in_one_batch_are_answered_in_order_and_in_few_batches(batched, codec):
    session = batched(codec).join()
    count = 500
    session.send(*[[Message.SUBSCRIBE, request, {}, f"org.example.batch.{request}"] for request in range(1, count + 1)])
    messages, batches = session.messages(count)
    assert [message[:2] for message in messages] == [[Message.SUBSCRIBED, request] for request in range(1, count + 1)]
    assert batches < 50, f"{count} answers to one batch came in {batches}"


@CODECS
def test_batched_and_unbatched_sessions_hear_each_other(batched, peer, codec):
    one, other = batched(codec).join(), peer("rawsocket", "msgpack")
    one.send([Message.SUBSCRIBE, 1, {}, "org.example.both"])
    ((_, _, subscription),) = one.batch()
    other.subscribe("org.example.both")
    one.send(
        [Message.PUBLISH, 2, {}, "org.example.both", ["first"]],
        [Message.PUBLISH, 3, {}, "org.example.both", ["x" * 5000]],
    )
    assert [other.expect(Message.EVENT)[4] for _ in range(2)] == [["first"], ["x" * 5000]]
    for number in range(20):
        other.publish("org.example.both", number, "y" * 100 * number)
    events, _ = one.messages(20)
    assert [event[1] for event in events] == [subscription] * 20
    assert [event[4][0] for event in events] == list(range(20))


@CODECS
def test_a_batch_may_come_in_fragments(batched, codec):
    session = batched(codec).join()
    batch = parts(session.codec, [[Message.SUBSCRIBE, 1, {}, "org.example.a"], [Message.SUBSCRIBE, 2, {}, "org.example.b"]])
    opcode = 1 if session.codec.text else 2
    for index in range(len(batch)):
        session.wire.send_frame(opcode if index == 0 else 0, batch[index : index + 1], fin=index == len(batch) - 1)
    messages, _ = session.messages(2)
    assert [message[:2] for message in messages] == [[33, 1], [33, 2]]


BROKEN = {
    "json": [b"", b'[48,1,{},"org.example.x"]', b'[49,1,{}]\x1e[49,2,{}]'],
    "msgpack": [b"", b"\0\0\0", b"\0\0\0\x05\x94", b"\xff\xff\xff\xff\x90"],
    "cbor": [b"", b"\0\0\0\x01", b"\0\0\0\x05\x83\x18\x31\x01"],
}


@pytest.mark.parametrize(("codec", "broken"), [(codec, batch) for codec, table in BROKEN.items() for batch in table], ids=repr)
def test_an_empty_or_broken_batch_fails_the_transport(batched, codec, broken):
    session = batched(codec).join()
    session.wire.send(broken)
    with pytest.raises(Closed) as closed:
        session.wire.receive()
    assert closed.value.code == 1002
    assert "batch" in closed.value.reason


@CODECS
def test_what_came_whole_before_the_break_counts(batched, peer, codec):
    session, other = batched(codec).join(), peer()
    other.subscribe("org.example.whole")
    good = parts(session.codec, [[Message.PUBLISH, 1, {}, "org.example.whole", ["whole"]]])
    session.wire.send(good + (b"[" if session.codec.text else b"\0\0\0\x09"))
    assert other.expect(Message.EVENT)[4] == ["whole"]
    with pytest.raises(Closed):
        session.wire.receive()


@CODECS
def test_a_message_in_a_batch_that_is_none_ends_the_session_with_an_abort(batched, codec):
    session = batched(codec).join()
    session.send([Message.SUBSCRIBE, 1, {}, "org.example.before"], [99, 1])
    messages, _ = session.messages(2)
    assert messages[0][:2] == [Message.SUBSCRIBED, 1]
    assert messages[1][0] == Message.ABORT and messages[1][2] == "wamp.error.protocol_violation"


@CODECS
def test_the_limit_before_welcome_is_that_of_the_whole_batch(batched, codec):
    session = batched(codec)
    session.send([Message.HELLO, "realm1", {"roles": wire.ROLES, "authextra": {"padding": "x" * 20_000}}])
    (abort,) = session.batch()
    assert abort[0] == Message.ABORT and abort[2] == "wamp.error.payload_size_exceeded"


def test_whoever_separates_with_the_octal_30_is_answered_alike(batched):
    session = batched("json", separator=b"\x18").join()
    session.send([Message.SUBSCRIBE, 1, {}, "org.example.octal"])
    assert session.batch()[0][:2] == [Message.SUBSCRIBED, 1]


@pytest.mark.parametrize("name", ["Json", "MsgPack", "CBOR"])
async def test_autobahn_with_batches(plain_router, name):
    kind = getattr(serializer, name + "Serializer")
    # Else its timers would run on the loop of whichever test used autobahn first.
    txaio.config.loop = asyncio.get_running_loop()
    joined = asyncio.get_running_loop().create_future()
    session = peers.Session("realm1", {}, joined)
    factory = WampWebSocketClientFactory(lambda: session, url=plain_router.websocket_url, serializers=[kind(batched=True)])
    transport, protocol = await asyncio.get_running_loop().create_connection(factory, *plain_router.address)
    await asyncio.wait_for(joined, 5)
    assert protocol.websocket_protocol_in_use.endswith(".batched")
    await session.register(lambda a, b: a + b, "org.example.batched.add")
    results = await asyncio.gather(*[session.call("org.example.batched.add", number, 1) for number in range(50)])
    assert results == list(range(1, 51))
    session.leave()
    await asyncio.wait_for(session.left, 5)
    transport.close()


# RawSocket -------------------------------------------------------------------------------------------------------------


@CODECS
def test_a_ping_of_any_length_is_answered_with_the_same_bytes(connect, codec):
    session = connect("rawsocket", codec)
    for payload in (b"", b"x", bytes(range(256)) * 16):
        session.wire.send_frame(1, payload)
        assert session.wire.receive_frame() == (2, payload)
    session.join()
    large = b"\x7f" * 1_000_000
    session.wire.send_frame(1, large)
    assert session.wire.receive_frame() == (2, large)
    session.wire.send_frame(2, b"a pong that nobody asked for")
    assert session.is_alive()


@pytest.mark.parametrize(
    ("octets", "refusal"),
    [
        ("7ff00000", 1),
        ("7ff40000", 1),
        ("7f020000", 2),
        ("7ff20001", 3),
        ("7ff28000", 3),
        ("7f040001", 3),
    ],
)
def test_refusals_by_name(connect, octets, refusal):
    session = connect("rawsocket", handshake=bytes.fromhex(octets))
    assert session.wire.answer == bytes([0x7F, refusal << 4, 0, 0])
    assert session.expect_closed().code is None


def test_exactly_16_mib_both_ways(peer):
    """The one length that needs the 25th bit; a byte more does not fit into RawSocket at all."""
    subscriber, publisher = peer("rawsocket", "msgpack"), peer("rawsocket", "msgpack")
    subscriber.subscribe("t")

    def publish(size):
        """With so short a topic the EVENT is the longer one, by a few bytes that depend on its ids only."""
        publisher.request(Message.PUBLISH, {}, "t", [b"\x07" * size])

    publish(1 << 20)
    kind, event = subscriber.wire.receive_frame()
    assert kind == 0
    size = (1 << 24) - (len(event) - (1 << 20))
    publish(size)
    kind, event = subscriber.wire.receive_frame(20)
    assert (kind, len(event)) == (0, 1 << 24)
    assert subscriber.wire.codec.loads(event)[4] == [b"\x07" * size]
    publish(size + 1)  # its EVENT would be a byte too long: it is dropped, and nobody is worse off for it
    publish(3)
    assert subscriber.expect(Message.EVENT)[4] == [b"\x07" * 3]

    # And towards the router.
    message = publisher.wire.codec.dumps([48, publisher.requests + 1, {}, "org.example.nobody", [b""]])
    padding = (1 << 24) - len(message) - 3
    publisher.requests += 1
    message = publisher.wire.codec.dumps([48, publisher.requests, {}, "org.example.nobody", [b"\0" * padding]])
    assert len(message) == 1 << 24
    publisher.wire.stream.write(b"\x08\0\0\0" + message)
    publisher.expect_error(Message.CALL, publisher.requests, "wamp.error.no_such_procedure")
    assert subscriber.is_alive()


@pytest.mark.parametrize("head", ["08000001", "08ffffff", "10000000", "03000000", "07000000"])
def test_headers_that_cannot_be_end_the_connection(peer, head):
    session = peer("rawsocket", "json")
    session.wire.stream.write(bytes.fromhex(head))
    assert session.expect_closed().code is None


def test_a_larger_event_than_rawsocket_can_say_stops_nobody(peer):
    """Sixteen mebibytes over a WebSocket become more in another serializer, or with the event's own head."""
    subscriber, publisher = peer("rawsocket", "json"), peer("websocket", "msgpack")
    subscriber.subscribe("org.example.larger")
    publisher.publish("org.example.larger", b"\x07" * ((1 << 24) - 100))  # a third longer in base64
    publisher.publish("org.example.larger", "marker")
    assert subscriber.expect(Message.EVENT)[4] == ["marker"]


@pytest.mark.parametrize("exponent", [1, 2, 15])
@CODECS
def test_who_reads_little_gets_a_welcome_or_hears_why_not(connect, codec, exponent):
    session = connect("rawsocket", codec, exponent=exponent)
    session.hello("realm1")
    kind, message = session.wire.receive_frame()
    assert kind == 0 and len(message) <= 1 << (9 + exponent)
    message = session.wire.codec.loads(message)
    if message[0] == Message.ABORT:
        assert exponent == 1 and message[2] == "wamp.error.payload_size_exceeded"
        session.expect_closed()
    else:
        assert message[0] == Message.WELCOME
