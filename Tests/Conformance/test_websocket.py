"""WebSocket Transport (RFC 6455)

basic/building_blocks.md "WebSocket Transport", and RFC 6455 along the families of the Autobahn testsuite: 1 framing,
2 pings, 3 reserved bits, 4 opcodes, 5 fragmentation, 7 closing, 10 long messages. Family 6 is test_websocket_utf8.py.
"""

import struct

import pytest

import wire
from client import Client
from wire import Message

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LENGTHS = [125, 126, 127, 128, 65_535, 65_536, 100_000]


@pytest.fixture(params=["json", "cbor"])
def client(peer, request):
    """A joined session: over text frames, and over binary ones."""
    return peer("websocket", request.param)


def opcode(client):
    return TEXT if client.wire.codec.text else BINARY


def message_of(client, topic, size):
    """A PUBLISH of exactly so many octets, and the text in it."""
    client.requests += 1
    text = "x" * (size - len(client.wire.codec.dumps([16, client.requests, {"exclude_me": False}, topic, [""]])))
    while True:
        octets = client.wire.codec.dumps([16, client.requests, {"exclude_me": False}, topic, [text]])
        if len(octets) == size:
            return octets, text
        text = text[: len(text) - (len(octets) - size)]


def ended(client, timeout=None):
    """Reads to the end of the connection; the code of its Close frame, None if there was none."""
    try:
        while True:
            client.wire.receive(timeout)
    except wire.Closed as closed:
        return closed.code


def failed(client, *codes):
    """The connection has failed, with the code that RFC 6455 says or by its mere end."""
    code = ended(client)
    assert code is None or code in codes, code
    return True


@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
def test_the_subprotocols(router, codec):
    """wamp.2.json, wamp.2.msgpack and wamp.2.cbor are negotiated in the opening handshake."""
    opened = router.open("websocket", codec)
    assert opened.status == 101 and opened.headers["sec-websocket-protocol"] == f"wamp.2.{codec}"
    opened.close()


@pytest.mark.parametrize("name", ["wamp.2.unheard_of", "chat", "wamp.1.json"])
def test_a_subprotocol_that_is_none(router, name):
    """Without a subprotocol that the router speaks there is no WAMP: the handshake fails, or the connection does."""
    opened = router.open("websocket", "json", subprotocol=name)
    if opened.status == 101:
        assert "sec-websocket-protocol" not in opened.headers
        assert failed(Client(opened), 1002, 1000)
    opened.close()


def test_of_several_subprotocols_one_is_taken(router):
    """A client may offer several; what the router does not know is passed over."""
    opened = router.open("websocket", "json", subprotocol="chat, wamp.2.unheard_of, wamp.2.json")
    assert opened.status == 101 and opened.headers["sec-websocket-protocol"] == "wamp.2.json"
    opened.close()


@pytest.mark.parametrize(
    ("codec", "kind"), [("json", BINARY), ("msgpack", TEXT), ("cbor", TEXT)], ids=["json", "msgpack", "cbor"]
)
def test_the_type_of_frames(peer, bystander, codec, kind):
    """JSON comes in text messages only, MessagePack and CBOR in binary ones only."""
    client = peer("websocket", codec)
    octets = client.wire.codec.dumps([Message.CALL, 1, {}, "org.conformance.nobody.registers.this"])
    client.wire.send_frame(kind, octets)
    assert client.is_closed()


@pytest.mark.parametrize("size", LENGTHS)
def test_lengths(client, uri, size):
    """1: a message of any length is one message: the lengths around each form of the length field."""
    client.subscribe(uri())
    octets, text = message_of(client, uri(), size)
    client.wire.send_frame(opcode(client), octets)
    assert client.expect(Message.EVENT)[4] == [text]


@pytest.mark.parametrize("chop", [1, 997])
def test_a_frame_in_pieces(client, uri, chop):
    """1: a frame may come in pieces of any size."""
    client.subscribe(uri())
    octets, text = message_of(client, uri(), 2000)
    stream, client.wire.stream.write = client.wire.stream.write, (parts := []).append
    client.wire.send_frame(opcode(client), octets)
    client.wire.stream.write = stream
    frame = b"".join(parts)
    for start in range(0, len(frame), chop):
        stream(frame[start : start + chop])
    assert client.expect(Message.EVENT)[4] == [text]


def test_masked(peer, uri):
    """A client's frames are masked with any key."""
    client = peer("websocket", "json")
    octets = client.wire.codec.dumps([Message.SUBSCRIBE, 1, {}, uri()])
    key = b"\x37\xfa\x21\x3d"
    masked = bytes(octet ^ key[index % 4] for index, octet in enumerate(octets))
    assert len(octets) < 126
    client.wire.stream.write(bytes([0x81, 0x80 | len(octets)]) + key + masked)
    client.expect(Message.SUBSCRIBED)


def test_unmasked(client, bystander):
    """A frame of a client that is not masked fails the connection."""
    client.wire.send_frame(opcode(client), b"[]", masked=False)
    assert failed(client, 1002)


@pytest.mark.parametrize("payload", [b"", b"Hello", bytes(range(256))[:125]], ids=["none", "short", "125 octets"])
def test_ping(client, payload):
    """2: a Ping is answered by a Pong with its payload, of 0 to 125 octets."""
    client.wire.send_frame(PING, payload)
    assert client.wire.receive_frame() == (PONG, True, payload)
    assert client.is_alive()


def test_pings(client):
    """2: ten Pings are answered in their order; a Pong may also answer the last of them only."""
    for number in range(10):
        client.wire.send_frame(PING, bytes([number]))
    seen = []
    while not seen or seen[-1] != 9:
        kind, final, payload = client.wire.receive_frame()
        assert kind == PONG and final
        seen.append(payload[0])
    assert seen == sorted(seen)


def test_a_ping_that_is_too_long(client, bystander):
    """2: a Ping of 126 octets fails the connection."""
    client.wire.send_frame(PING, b"x" * 126)
    assert failed(client, 1002)


def test_an_unasked_pong(client):
    """2: an unsolicited Pong is harmless, and a Ping after it is answered."""
    client.wire.send_frame(PONG, b"unsolicited")
    client.wire.send_frame(PING, b"after")
    assert client.wire.receive_frame() == (PONG, True, b"after")


def test_a_fragmented_ping(client, bystander):
    """2, 5: control frames are never fragmented."""
    client.wire.send_frame(PING, b"fragment", fin=False)
    client.wire.send_frame(0, b"rest")
    assert failed(client, 1002)


@pytest.mark.parametrize("reserved", range(1, 8))
@pytest.mark.parametrize("kind", [None, PING, CLOSE], ids=["message", "ping", "close"])
def test_reserved_bits(client, bystander, reserved, kind):
    """3: a reserved bit without an extension that means it fails the connection."""
    octets = client.wire.codec.dumps([Message.CALL, 1, {}, "org.conformance.nobody.registers.this"])
    client.wire.send_frame(opcode(client) if kind is None else kind, b"" if kind else octets, reserved=reserved)
    assert failed(client, 1002)


@pytest.mark.parametrize("kind", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", [b"", b"payload"], ids=["empty", "payload"])
def test_reserved_opcodes(client, bystander, kind, payload):
    """4: a reserved opcode fails the connection."""
    client.wire.send_frame(kind, payload)
    assert failed(client, 1002)


@pytest.mark.parametrize("parts", [2, 3, 50])
def test_fragments(client, uri, parts):
    """5: a message may come in any number of fragments, empty ones among them."""
    client.subscribe(uri())
    octets, text = message_of(client, uri(), 600)
    step = len(octets) // (parts - 1) if parts > 1 else len(octets)
    pieces = [octets[start : start + step] for start in range(0, len(octets), step)] + [b""]
    for number, piece in enumerate(pieces):
        client.wire.send_frame(opcode(client) if number == 0 else 0, piece, fin=number == len(pieces) - 1)
    assert client.expect(Message.EVENT)[4] == [text]


def test_a_ping_between_fragments(client, uri):
    """5: control frames may come between the fragments of a message, and are answered at once."""
    client.subscribe(uri())
    octets, text = message_of(client, uri(), 500)
    client.wire.send_frame(opcode(client), octets[:200], fin=False)
    client.wire.send_frame(PING, b"between")
    assert client.wire.receive_frame() == (PONG, True, b"between")
    client.wire.send_frame(0, octets[200:])
    assert client.expect(Message.EVENT)[4] == [text]


@pytest.mark.parametrize("final", [True, False])
def test_a_continuation_of_nothing(client, bystander, final):
    """5: a continuation frame without a message to continue fails the connection."""
    client.wire.send_frame(0, b"nothing", fin=final)
    assert failed(client, 1002)


def test_a_message_within_a_message(client, bystander):
    """5: a new message before the last fragment of the one before fails the connection."""
    client.wire.send_frame(opcode(client), b"[48,", fin=False)
    client.wire.send_frame(opcode(client), b"[48,")
    assert failed(client, 1002)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
def test_close(client, bystander, code):
    """7: a Close with a valid code is answered by a Close with the same code, and the connection ends."""
    client.wire.send_frame(CLOSE, struct.pack(">H", code) + b"bye")
    assert ended(client) in (code, 1000)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535])
def test_close_with_a_code_that_is_none(client, bystander, code):
    """7: a Close with a code that must not be sent is a protocol error."""
    client.wire.send_frame(CLOSE, struct.pack(">H", code))
    assert failed(client, 1002)


def test_close_without_a_code(client, bystander):
    """7: a Close may be empty."""
    client.wire.send_frame(CLOSE)
    assert ended(client) in (1005, 1000, None)


@pytest.mark.parametrize(
    ("payload", "codes"),
    [(b"\x03", (1002,)), (b"\x03\xe8" + b"x" * 124, (1002,)), (b"\x03\xe8\xce\xba\xff\xfe", (1007, 1002))],
    ids=["one octet", "126 octets", "no UTF-8"],
)
def test_close_that_is_malformed(client, bystander, payload, codes):
    """7: a Close of one octet, of more than 125, or with a reason that is no UTF-8, fails the connection."""
    client.wire.send_frame(CLOSE, payload)
    assert failed(client, *codes)


def test_nothing_after_close(client, bystander, peer, uri):
    """7: what comes after a Close is not processed."""
    other = peer()
    other.subscribe(uri())
    octets = client.wire.codec.dumps([Message.PUBLISH, 1, {}, uri(), ["too late"]])
    client.wire.send_frame(CLOSE, b"\x03\xe8")
    client.wire.send_frame(opcode(client), octets)
    ended(client)
    assert other.events_after(peer()) == []


def test_close_within_a_message(client, bystander):
    """7: a Close may come between fragments, and is answered."""
    client.wire.send_frame(opcode(client), b"[48,", fin=False)
    client.wire.send_frame(CLOSE, b"\x03\xe8")
    assert ended(client) == 1000


def test_the_transport_ends_after_close(client):
    """7: after both Close frames the server closes the connection."""
    client.wire.send_frame(CLOSE, b"\x03\xe8")
    ended(client)
    with pytest.raises(wire.Closed):
        client.wire.stream.read(1)


@pytest.mark.parametrize("fragment", [1000, 65_536])
def test_a_long_message_in_fragments(client, uri, fragment):
    """10: a message of a megabyte, whatever its fragmentation, is one message."""
    client.subscribe(uri())
    octets, text = message_of(client, uri(), 1_000_000)
    for start in range(0, len(octets), fragment):
        client.wire.send_frame(opcode(client) if start == 0 else 0, octets[start : start + fragment],
                               fin=start + fragment >= len(octets))
    assert client.expect(Message.EVENT)[4] == [text]
