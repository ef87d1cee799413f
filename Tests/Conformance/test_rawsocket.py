"""RawSocket Transport

advanced/transport_rawsocket.md.
"""

import pytest

import wire
from client import Client
from wire import Message


@pytest.fixture
def raw(router):
    """Opens a RawSocket with a handshake of the case's own."""
    opened = []

    def open_wire(handshake=None, codec="json", exponent=15):
        try:
            opened.append(router.open("rawsocket", codec, handshake=handshake, exponent=exponent))
        except (wire.Closed, TimeoutError) as ended:
            raise AssertionError(f"no answer to the handshake: {ended}") from None
        return opened[-1]

    yield open_wire
    for one in opened:
        one.close()


def session(wire_, router):
    return Client(wire_, router.realm).join()


@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
def test_the_handshake_is_answered(raw, codec):
    """The answer begins with 0x7F, echoes the serializer and ends with two zeros."""
    answer = raw(codec=codec).answer
    assert answer[0] == 0x7F and answer[1] & 0x0F == wire.CODECS[codec].rawsocket_id and answer[2:] == b"\0\0"


@pytest.mark.parametrize("serializer", [0, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
def test_a_serializer_that_is_none(raw, serializer):
    """A serializer that the router does not speak is refused with error 1."""
    assert raw(bytes([0x7F, 0xF0 | serializer, 0, 0])).refusal == 1


@pytest.mark.parametrize("reserved", [b"\0\1", b"\1\0", b"\xff\xff"], ids=repr)
def test_reserved_octets(raw, reserved):
    """Reserved octets that are not zero are refused with error 3."""
    assert raw(b"\x7f\xf1" + reserved).refusal == 3


@pytest.mark.parametrize("serializer", [0, 15])
def test_after_a_refusal_the_transport_ends(raw, serializer):
    """A refused connection is closed."""
    refused = raw(bytes([0x7F, 0xF0 | serializer, 0, 0]))
    with pytest.raises(wire.Closed):
        refused.stream.read(1)


def test_the_handshake_in_pieces(router):
    """The four octets may come one by one."""
    stream = wire._Stream(router.rawsocket, timeout=router.timeout)
    for octet in b"\x7f\xf1\0\0":
        stream.write(bytes([octet]))
    assert stream.read(4)[:1] == b"\x7f"
    stream.close()


def test_what_does_not_begin_with_7f(router):
    """A connection that begins with another octet, and with nothing else that the port speaks, is failed."""
    stream = wire._Stream(router.rawsocket, timeout=5)
    stream.write(b"\x00\x01\x02\x03\r\n\r\n")
    with pytest.raises(wire.Closed):
        while stream.read(1):
            pass


@pytest.mark.parametrize("length", [0, 1, 100, 70_000])
def test_ping(raw, router, length):
    """PING of any payload is answered by exactly one PONG with the same payload."""
    opened = raw()
    client = session(opened, router)
    payload = bytes(number % 251 for number in range(length))
    opened.send_frame(1, payload)
    assert opened.receive_frame() == (2, payload)
    assert client.is_alive()


def test_ping_before_hello(raw, router):
    """PING is of the transport: it is answered before there is a session."""
    opened = raw()
    opened.send_frame(1, b"early")
    assert opened.receive_frame() == (2, b"early")
    assert session(opened, router).is_alive()


def test_pings_keep_their_order(raw, router):
    """Each PING has its PONG, in order, and messages pass between them."""
    opened = raw()
    client = session(opened, router)
    for number in range(10):
        opened.send_frame(1, bytes([number]))
    assert [opened.receive_frame() for _ in range(10)] == [(2, bytes([number])) for number in range(10)]
    assert client.is_alive()


def test_an_unasked_pong(raw, router):
    """A PONG that nobody asked for is harmless."""
    opened = raw()
    client = session(opened, router)
    opened.send_frame(2, b"unasked")
    assert client.is_alive()


@pytest.mark.parametrize("kind", [3, 4, 5, 6, 7])
def test_reserved_frame_types(raw, router, bystander, kind):
    """A frame of a reserved type fails the connection."""
    client = session(raw(), router)
    client.wire.send_frame(kind, b"what?")
    assert client.is_closed()


@pytest.mark.parametrize("reserved", [2, 4, 8, 16])
def test_reserved_bits_of_a_frame(raw, router, bystander, reserved):
    """The four reserved bits of a frame's first octet must be zero."""
    client = session(raw(), router)
    client.wire.send_frame(0, b"[]", reserved=reserved)
    assert client.is_closed()


def test_the_25th_bit_with_another_length(raw, router, bystander):
    """The 25th bit is only set when the length is exactly 2^24, the other 24 bits cleared."""
    client = session(raw(), router)
    client.wire.stream.write(b"\x08\x00\x00\x02[]")
    assert client.is_closed()


def test_a_message_in_pieces(raw, router):
    """A frame may come octet by octet."""
    opened = raw()
    message = opened.codec.dumps([1, router.realm, {"roles": {"caller": {}}}])
    for octet in len(message).to_bytes(4, "big") + message:
        opened.stream.write(bytes([octet]))
    assert opened.codec.loads(opened.receive())[0] == Message.WELCOME


def test_many_messages_at_once(raw, router, uri):
    """Any number of frames may come in one piece."""
    opened = raw()
    client = session(opened, router)
    stream, opened.stream.write = opened.stream.write, (parts := []).append
    for number in range(50):
        client.request(Message.SUBSCRIBE, {}, uri(f"t{number}"))
    opened.stream.write = stream
    stream(b"".join(parts))
    assert [client.expect(Message.SUBSCRIBED)[1] for _ in range(50)] == list(range(1, 51))


def test_an_empty_message(raw, router, bystander):
    """A regular frame without octets holds no message."""
    client = session(raw(), router)
    client.wire.send_frame(0, b"")
    client.expect_abort()


@pytest.mark.parametrize("exponent", [0, 1, 3])
def test_the_clients_limit(raw, router, peer, uri, exponent):
    """The router never sends a message longer than the client asked for, and the session goes on."""
    limit = 2 ** (9 + exponent)
    opened = raw(exponent=exponent)
    client = Client(opened, router.realm)
    client.send(Message.HELLO, router.realm, {"roles": {"subscriber": {}, "caller": {}}})
    try:
        welcome = opened.receive()
    except wire.Closed:
        return  # A router whose WELCOME is longer than that cannot send it.
    assert len(welcome) <= limit
    if opened.codec.loads(welcome)[0] == Message.ABORT:
        return  # Or it says so, shortly.
    client.subscribe(uri())
    publisher = peer()
    publisher.publish(uri(), "x" * limit)
    publisher.publish(uri(), "short")
    message = opened.receive()
    assert len(message) <= limit
    assert opened.codec.loads(message)[4:] in ([["short"]], []), "a shortened event, or the next one"


def test_a_result_above_the_clients_limit(raw, router, peer, uri):
    """A call whose result is too long for the caller has an end nevertheless."""
    opened = raw(exponent=2)
    client = Client(opened, router.realm)
    client.send(Message.HELLO, router.realm, {"roles": {"caller": {}}})
    assert opened.codec.loads(opened.receive())[0] == Message.WELCOME, "a WELCOME of 2 KiB"
    callee = peer()
    callee.register(uri())
    call = client.start_call(uri())
    callee.give(callee.expect_invocation()[0], "x" * 4000)
    assert client.expect_call_error(call, "wamp.error.payload_size_exceeded")


@pytest.mark.parametrize("length", [2**16 - 1, 2**16, 2**20])
def test_long_messages(raw, router, peer, uri, length):
    """Messages of any length up to the limit pass."""
    publisher, subscriber = session(raw(codec="msgpack"), router), peer("rawsocket", "cbor")
    subscriber.subscribe(uri())
    publisher.publish(uri(), b"x" * length)
    assert subscriber.expect(Message.EVENT)[4] == [b"x" * length]


def test_a_message_above_the_routers_limit(raw, router, bystander):
    """A message longer than the router's limit fails the connection."""
    opened = raw()
    limit = 2 ** (9 + (opened.answer[1] >> 4))
    client = session(opened, router)
    if limit == 2**24:
        opened.stream.write(b"\x08\x00\x00\x01")  # Nothing longer than 2^24 can be written at all.
    else:
        opened.send_frame(0, b"", length=limit + 1)
        opened.stream.write(b"x" * 1000)
    assert client.is_closed()
