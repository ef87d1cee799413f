"""Malformed, oversized, too deep and truncated input, on each parser: a named answer, and every other session goes on."""

import concurrent.futures
import random
import struct
import time

import pytest

import wire
from wire import Closed, Message

VIOLATION = "wamp.error.protocol_violation"
TOO_LARGE = "wamp.error.payload_size_exceeded"


@pytest.fixture
def bystander(peer):
    session = peer("rawsocket", "msgpack")
    yield session
    assert session.is_alive()


# Serializers -----------------------------------------------------------------------------------------------------------

GARBAGE = {
    "json": [
        b"",
        b" ",
        b"nonsense",
        b"[48,1,{},\"org.example.x\"",
        b"[48,1,{},\"org.example.x\"]]",
        b"[48,1,{},\"org.example.x\"] trailing",
        b"[48,1,{},\"org.example.x\",]",
        b"[48,01,{},\"org.example.x\"]",
        b"[48,1e,{},\"org.example.x\"]",
        b"[48,+1,{},\"org.example.x\"]",
        b"[48,1,{},\"org.example.\\x\"]",
        b"[48,1,{},\"org.example.\\ud800\"]",
        b"[48,1,{},\"org.example.\\u12\"]",
        b"[48,1,{},\"org.example.x\",[\"\\ud800\"]]",
        b"[48,1,{},\"org.example.x\",[\"\n\"]]",
        b"[48,1,{},\"org.example.x\",[NaN]]",
        b"[48,1,{},\"org.example.x\",[Infinity]]",
        b"[48,1,{},\"org.example.x\",[tru]]",
        b"[48,1,{},\"org.example.x\",[1 2]]",
        b"[48,1,{},\"org.example.x\",[],{\"a\" 1}]",
        b"[48,1,{},\"org.example.x\",[],{1:1}]",
        b"[48,1,{\"timeout\":1,\"timeout\":2},\"org.example.x\"]",
        b"[48,1,{\"timeout\":" + b"9" * 5_000 + b"},\"org.example.x\"]",
        b"[" + b"9" * 5_000 + b",1,{},\"org.example.x\"]",
        b"'single'",
        b"// comment\n[48,1,{},\"org.example.x\"]",
    ],
    "msgpack": [
        b"",
        b"\xc1",
        b"\x94\x30",
        b"\x94\x30\x01\x80",
        b"\x94\x30\x01\x80\xa5abc",
        b"\x94\x30\x01\x80\xa1\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\x94\x30\x01\xdf\xff\xff\xff\xff",
        b"\x95\x30\x01\x80\xa1a\xdd\xff\xff\xff\xff",
        b"\x95\x30\x01\x80\xa1a\x91\xc1",
        b"\x95\x30\x01\x80\xa1a\x91\xc9\xff\xff\xff\xff\x01",
        b"\x94\x30\x01\x80\xa1a\x00",
        b"\x94\x30\x01\x82\xa7timeout\x01\xa7timeout\x02\xa1a",
        b"\x94\x30\x01\x81\x01\x01\xa1a",
    ],
    "cbor": [
        b"",
        b"\xff",
        b"\x84\x18",
        b"\x84\x18\x30\x01\xa0",
        b"\x84\x18\x30\x01\xa0\x65abc",
        b"\x84\x18\x30\x01\xa0\x61\xff",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x9f\x18\x30\x01",
        b"\x85\x18\x30\x01\xa0\x61a\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x85\x18\x30\x01\xa0\x61a\x81\x1c",
        b"\x85\x18\x30\x01\xa0\x61a\x81\xf8\x00",
        b"\x84\x18\x30\x01\xa0\x61a\x00",
        b"\x84\x18\x30\x01\xa2\x67timeout\x01\x67timeout\x02\x61a",
        b"\x84\x18\x30\x01\xa1\x01\x01\x61a",
        b"\x5f\x5f\x41a\xff\xff",
    ],
}


@pytest.mark.parametrize(
    ("codec", "garbage"), [(codec, bytes_) for codec, table in GARBAGE.items() for bytes_ in table], ids=lambda v: repr(v)[:40]
)
@pytest.mark.parametrize("joined", [False, True], ids=["before HELLO", "joined"])
def test_bytes_that_are_no_message(connect, bystander, codec, garbage, joined):
    session = connect("rawsocket", codec)
    if joined:
        session.join()
    session.wire.send(garbage)
    abort = session.expect_abort(VIOLATION)
    assert abort[1].get("message"), "an ABORT says in words what was wrong"


def test_invalid_utf8_in_a_text_frame(peer, bystander):
    session = peer("websocket", "json")
    session.wire.send(b'[48,1,{},"org.example.\xff"]')
    try:
        session.expect_abort(VIOLATION)
    except Closed as closed:
        assert closed.code in (1002, 1007)


def test_a_frame_of_the_wrong_kind(peer, bystander):
    text_for_msgpack, binary_for_json = peer("websocket", "msgpack"), peer("websocket", "json")
    text_for_msgpack.wire.send_frame(1, b"[48]")
    binary_for_json.wire.send_frame(2, b"[48]")
    for session in (text_for_msgpack, binary_for_json):
        assert session.expect_closed().code in (1002, 1003)


NESTED = {
    "json": (b'[48,1,{},"org.example.x",', b"[", b"]"),
    "msgpack": (b"\x95\x30\x01\x80\xadorg.example.x", b"\x91", b"\xc0"),
    "cbor": (b"\x85\x18\x30\x01\xa0\x6dorg.example.x", b"\x81", b"\xf6"),
}


@pytest.mark.parametrize("codec", NESTED)
@pytest.mark.parametrize("depth", [65, 1_000, 1_000_000])
def test_too_deep(peer, bystander, codec, depth):
    head, opening, closing = NESTED[codec]
    session = peer("rawsocket", codec)
    tail = closing * depth + b"]" if codec == "json" else closing
    session.wire.send(head + opening * depth + tail)
    message = session.receive()
    assert message[0] == Message.ABORT and message[2] == VIOLATION, message


@pytest.mark.parametrize("codec", NESTED)
def test_deep_but_within_the_limit(peer, codec):
    head, opening, closing = NESTED[codec]
    session = peer("rawsocket", codec)
    depth = 60
    tail = closing * depth + b"]" if codec == "json" else closing
    session.requests = 1
    session.wire.send(head + opening * depth + tail)
    session.expect_error(Message.CALL, 1, "wamp.error.no_such_procedure")


@pytest.mark.parametrize("transport", ["websocket", "rawsocket"])
@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
def test_larger_than_allowed_before_welcome(connect, bystander, transport, codec):
    session = connect(transport, codec)
    session.hello("realm1", authextra={"padding": "x" * 20_000})
    try:
        message = session.receive()
        assert message[0] == Message.ABORT and message[2] in (TOO_LARGE, VIOLATION)
        closed = session.expect_closed()
    except Closed as early:
        closed = early
    assert closed.code in (None, 1009, 1000, 1002)


@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
def test_larger_than_allowed_at_all(peer, bystander, codec):
    session = peer("websocket", codec)
    session.wire.send_frame(1 if codec == "json" else 2, b"x" * 65_536, length=16 * 2**20 + 1)
    try:
        message = session.receive()
        assert message[0] == Message.ABORT and message[2] in (TOO_LARGE, VIOLATION)
        closed = session.expect_closed()
    except Closed as early:
        closed = early
    assert closed.code in (1009, None)


def test_the_sum_of_fragments_counts_against_the_limit(peer, bystander):
    session = peer("websocket", "msgpack")
    session.wire.send_frame(2, b"\0" * 2**20, fin=False)
    for _ in range(16):
        session.wire.send_frame(0, b"\0" * 2**20, fin=False)
    try:
        message = session.receive()
        assert message[0] == Message.ABORT and message[2] in (TOO_LARGE, VIOLATION)
    except Closed as closed:
        assert closed.code in (1009, None)


# WebSocket -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "codes"),
    [
        ([dict(opcode=1, payload=b"[]", masked=False)], {1002}),
        ([dict(opcode=1, payload=b"[]", reserved=4)], {1002}),
        ([dict(opcode=1, payload=b"[]", reserved=1)], {1002}),
        ([dict(opcode=3, payload=b"")], {1002}),
        ([dict(opcode=11, payload=b"")], {1002}),
        ([dict(opcode=0, payload=b"continues nothing")], {1002}),
        ([dict(opcode=1, payload=b"[", fin=False), dict(opcode=1, payload=b"]")], {1002}),
        ([dict(opcode=9, payload=b"x" * 126)], {1002}),
        ([dict(opcode=9, payload=b"x", fin=False)], {1002}),
        ([dict(opcode=8, payload=b"\x03")], {1002}),
        ([dict(opcode=8, payload=struct.pack(">H", 1005))], {1002}),
        ([dict(opcode=8, payload=struct.pack(">H", 999))], {1002}),
        ([dict(opcode=8, payload=struct.pack(">H", 1000) + b"\xff")], {1002, 1007}),
        ([dict(opcode=1, payload=b"", length=2**63)], {1002, 1009}),
        ([dict(opcode=1, payload=b"", length=2**64 - 1)], {1002, 1009}),
    ],
    ids=str,
)
def test_websocket_frames_that_cannot_be(peer, bystander, frames, codes):
    session = peer("websocket", "json")
    for frame in frames:
        session.wire.send_frame(**frame)
    assert session.expect_closed().code in codes


def test_a_websocket_message_may_come_in_pieces_with_pings_between(peer):
    session = peer("websocket", "json")
    message = b'[48,1,{},"org.example.pieces",["' + "Prüfstand".encode() * 50 + b'"]]'
    session.requests = 1
    for index in range(len(message)):
        session.wire.send_frame(1 if index == 0 else 0, message[index : index + 1], fin=index == len(message) - 1)
        if index % 100 == 0:
            session.wire.send_frame(9, b"%d" % index)
            assert session.wire.receive_frame() == (10, True, b"%d" % index)
    session.expect_error(Message.CALL, 1, "wamp.error.no_such_procedure")


def at_once(session, *sends):
    """Does what writes to the session's wire, and lets everything leave in one piece."""
    stream, octets = session.wire.stream, bytearray()
    write, stream.write = stream.write, octets.extend
    for send in sends:
        send()
    stream.write = write
    write(bytes(octets))


@pytest.mark.parametrize(
    ("transport", "broken", "code"),
    [
        ("websocket", dict(opcode=3), 1002),
        ("websocket", dict(opcode=1, payload=b'["\xff"]'), 1007),
        ("websocket", dict(opcode=1, length=2**40), 1009),
        ("rawsocket", dict(kind=0, payload=b"", reserved=31), None),
    ],
    ids=str,
)
def test_what_was_asked_before_a_broken_frame_is_answered_before_the_close(peer, transport, broken, code):
    """Its answers are under way already, and a close frame is the last one there is."""
    session, count = peer(transport, "json"), 200
    options = {"acknowledge": True}
    at_once(
        session,
        *[lambda: session.request(Message.PUBLISH, options, "org.example.answered", ["x" * 50])] * count,
        lambda: session.wire.send_frame(**broken),
    )
    for number in range(1, count + 1):
        assert session.expect(Message.PUBLISHED)[1] == number
    if code == 1009:
        assert session.expect(Message.ABORT)[2] == "wamp.error.payload_size_exceeded"
    with pytest.raises(Closed) as closed:
        session.receive()
    assert closed.value.code == code


def test_a_goodbye_before_a_broken_frame_is_answered_before_the_close(peer):
    session = peer("websocket", "json")
    at_once(
        session,
        lambda: session.send(Message.GOODBYE, {}, "wamp.close.close_realm"),
        lambda: session.wire.send_frame(3),
    )
    assert session.expect(Message.GOODBYE)[2] == "wamp.close.goodbye_and_out"
    with pytest.raises(Closed) as closed:
        session.receive()
    assert closed.value.code == 1002


def test_a_websocket_close_is_answered(peer):
    session = peer("websocket", "json")
    session.wire.send_frame(8, struct.pack(">H", 1000))
    assert session.expect_closed().code == 1000


# RawSocket -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handshake", "refusal"),
    [
        (b"\x7f\xf0\x00\x00", 1),
        (b"\x7f\xf4\x00\x00", 1),
        (b"\x7f\xff\x00\x00", 1),
        (b"\x7f\xf2\x00\x01", 3),
        (b"\x7f\xf2\x80\x00", 3),
    ],
    ids=str,
)
def test_rawsocket_handshakes_that_are_refused(connect, bystander, handshake, refusal):
    session = connect("rawsocket", handshake=handshake)
    assert session.wire.refusal == refusal
    session.expect_closed()


def test_a_rawsocket_client_that_takes_little_never_gets_more(connect, peer):
    """It announces 2 KiB: an event beyond them must not be sent to it."""
    small = connect("rawsocket", "msgpack", exponent=2).join(roles={"subscriber": {}, "caller": {}})
    small.subscribe("org.example.small")
    publisher = peer()
    publisher.publish("org.example.small", "x" * 2_048)
    publisher.publish("org.example.small", "fits")
    assert small.expect(Message.EVENT)[4] == ["fits"]


def test_rawsocket_ping_is_echoed(peer):
    session = peer("rawsocket", "json")
    for payload in (b"", b"ping", bytes(range(256)) * 40):
        session.wire.send_frame(1, payload)
        assert session.wire.receive_frame() == (2, payload)
    assert session.is_alive()


@pytest.mark.parametrize(
    ("kind", "reserved"), [(3, 0), (7, 0), (0, 2), (0, 16)], ids=["type 3", "type 7", "bit 4", "bit 7"]
)
def test_rawsocket_frames_that_cannot_be(peer, bystander, kind, reserved):
    session = peer("rawsocket", "json")
    session.wire.send_frame(kind, b"[]", reserved=reserved)
    session.expect_closed()


# HTTP and whatever else knocks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 12\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Filler: " + b"y" * 40_000 + b"\r\n\r\n",
    ],
    ids=lambda b: repr(b[:48]),
)
def test_http_that_cannot_be_is_answered_or_closed_and_never_believed(plain_router, bystander, request_bytes):
    stream = wire._Stream(plain_router.address)
    stream.write(request_bytes)
    try:
        status = int(stream.read_until(b"\r\n").split()[1])
    except (Closed, TimeoutError) as ended:
        assert isinstance(ended, Closed), "neither answered nor closed"
    else:
        assert 400 <= status < 600 and status != 500, status
    stream.close()


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "//etc/passwd"])
def test_no_path_leads_out(plain_router, path):
    stream = wire._Stream(plain_router.address)
    stream.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    data = b""
    try:
        while True:
            data += stream.read(1)
    except Closed:
        pass
    assert b"root:" not in data
    assert int(data.split()[1]) in (301, 302, 303, 307, 308, 400, 403, 404)


def test_a_client_that_says_nothing_is_sent_away(plain_router, bystander):
    """One that never says its first byte, one that stops within the handshake, one that never says HELLO."""
    silent, half = wire._Stream(plain_router.address), wire._Stream(plain_router.address)
    half.write(b"\x7f\xf1")
    unsaid = wire.RawSocket(plain_router.address, wire.CODECS["json"])
    begin = time.monotonic()
    for stream in (silent, half, unsaid.stream):
        try:
            while True:
                stream.read(1, timeout=25)
        except Closed:
            pass
    assert time.monotonic() - begin < 25


# Chance ----------------------------------------------------------------------------------------------------------------


def test_truncated_and_mutilated_messages_never_stop_the_router(plain_router, bystander):
    """Good messages, cut short and with bytes changed: whatever is answered, the router stays and the bystander too."""
    random_numbers = random.Random(20_261_121)
    good = [
        [1, "realm1", {"roles": wire.ROLES}],
        [32, 1, {"match": "prefix"}, "org.example.chance"],
        [16, 2, {"acknowledge": True, "eligible": [1, 2, 3]}, "org.example.chance", [1, "two", 3.5], {"four": None}],
        [64, 3, {"invoke": "roundrobin"}, "org.example.chance"],
        [48, 4, {"timeout": 100, "receive_progress": True}, "org.example.chance", [], {"a": [{"b": []}]}],
        [6, {}, "wamp.close.normal"],
    ]

    def attack(seed):
        chance = random.Random(seed)
        codec = wire.CODECS[chance.choice(["json", "msgpack", "cbor"])]
        socket = wire.RawSocket(plain_router.address, codec)
        socket.send(codec.dumps(good[0]))
        for _ in range(40):
            data = bytearray(codec.dumps(chance.choice(good)))
            if chance.random() < 0.3:
                data = data[: chance.randrange(len(data))]
            for _ in range(chance.randrange(4)):
                if data:
                    data[chance.randrange(len(data))] = chance.randrange(256)
            socket.send(bytes(data))
        try:
            while True:
                socket.receive(0.2)
        except (Closed, TimeoutError):
            pass
        socket.close()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(attack, [random_numbers.random() for _ in range(400)]))
    assert bystander.is_alive()
