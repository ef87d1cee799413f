"""Serializers

basic/building_blocks.md "Serializers", advanced/serialization_binary_json.md: what goes in by one comes out by another.
"""

import base64
import contextlib
import itertools
import json
import math

import pytest

import wire
from client import VIOLATION
from wire import Message

CODECS = ["json", "msgpack", "cbor"]
PAIRS = list(itertools.product(CODECS, CODECS))
NAMES = list(map("-".join, PAIRS))
BINARY = [("msgpack", "cbor"), ("cbor", "msgpack"), ("msgpack", "msgpack"), ("cbor", "cbor")]
NUMBERS = [1, -1, 0, 2**31, 2**53, -(2**53), 1.5, -0.25, 1e100]
VALUE = {"a": [*NUMBERS, True, False, None], "b": {"": [], "ß": {}}, "": "€😀"}


@pytest.fixture
def carry(peer, uri):
    """Publishes one value by one serializer, and returns what another's subscriber has of it."""

    def publish(source, target, value):
        publisher, subscriber = peer("rawsocket", source), peer("rawsocket", target)
        subscriber.subscribe(uri())
        publisher.request(Message.PUBLISH, {}, uri(), [value])
        return subscriber.expect(Message.EVENT)[4][0]

    return publish


@pytest.fixture
def carry_octets(peer, uri):
    """The same, from the octets of the argument; returns the octets of the whole EVENT."""

    def publish(source, target, octets):
        publisher, subscriber = peer("rawsocket", source), peer("rawsocket", target)
        subscriber.subscribe(uri())
        publisher.requests += 1
        head = publisher.wire.codec.dumps([16, publisher.requests, {}, uri(), [None]])
        none = {"json": b"null", "msgpack": b"\xc0", "cbor": b"\xf6"}[source]
        at = head.rindex(none)
        publisher.wire.send(head[:at] + octets + head[at + len(none) :])
        ended = publisher.until_answered_or_abort()
        return None if ended else subscriber.wire.receive()

    return publish


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=NAMES)
def test_any_value(carry, source, target):
    """A value of every type is the same at the other end, whatever the two serializers."""
    result = carry(source, target, VALUE)
    assert result == VALUE
    for before, after in zip(VALUE["a"], result["a"], strict=True):
        assert type(before) is type(after), (before, after)


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=NAMES)
@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1], ids=str)
def test_integers_beyond_2_53(carry, source, target, value):
    """Integers up to 64 bits keep every digit."""
    result = carry(source, target, value)
    assert result == value and isinstance(result, int)


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=NAMES)
@pytest.mark.parametrize("value", [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 1e21, 123456789.125, 1e-7], ids=str)
def test_floats(carry, source, target, value):
    """Floats keep every bit."""
    assert carry(source, target, value) == value


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=NAMES)
@pytest.mark.parametrize("value", [1.0, -0.0, 1e15], ids=str)
def test_floats_that_are_whole(carry, source, target, value):
    """A float that is a whole number stays a float, and minus zero stays minus zero."""
    result = carry(source, target, value)
    assert isinstance(result, float) and result == value and math.copysign(1, result) == math.copysign(1, value)


@pytest.mark.parametrize(("source", "target"), BINARY)
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan], ids=str)
def test_what_json_has_no_number_for(carry, source, target, value):
    """Between binary serializers infinities and NaN pass."""
    result = carry(source, target, value)
    assert result == value or math.isnan(result) and math.isnan(value)


@pytest.mark.parametrize("source", ["msgpack", "cbor"])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan], ids=str)
def test_no_number_for_json(peer, uri, source, value):
    """What a subscriber over JSON gets is JSON, whatever was published."""
    publisher, subscriber = peer("rawsocket", source), peer("rawsocket", "json")
    subscriber.subscribe(uri())
    publisher.request(Message.PUBLISH, {}, uri(), [value])
    publisher.request(Message.PUBLISH, {}, uri(), ["after"])

    def refuse(text):
        raise AssertionError(f"{text} is no JSON")

    event = json.loads(subscriber.wire.receive(), parse_constant=refuse)
    assert event[0] == Message.EVENT


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=NAMES)
@pytest.mark.parametrize(
    "value",
    ["", "a\0b", "\t\n\r\"\\/\b\f", "\x7f\u2028\u2029", "😀\U0010ffff", "x" * 70_000],
    ids=lambda value: ascii(value)[:12],
)
def test_strings(carry, source, target, value):
    """Any Unicode string passes, NUL within it and all that JSON escapes."""
    assert carry(source, target, value) == value


@pytest.mark.parametrize("size", [0, 1, 2, 3, 16, 255, 256, 70_000])
@pytest.mark.parametrize("source", ["msgpack", "cbor"])
def test_binary_to_json(carry, source, size):
    """A byte array becomes a JSON string: NUL, then Base64."""
    value = bytes(number * 7 % 256 for number in range(size))
    assert carry(source, "json", {"deep": [value]}) == {"deep": ["\0" + base64.b64encode(value).decode()]}


@pytest.mark.parametrize("target", ["msgpack", "cbor"])
def test_binary_from_json(carry, target):
    """A JSON string that begins with NUL is a byte array: the specification's example."""
    value = bytes.fromhex("10e3ff9053075c526f5fc06d4fe37cdb")
    assert carry("json", target, ["\0EOP/kFMHXFJvX8BtT+N82w=="]) == [value]


@pytest.mark.parametrize(("source", "target"), BINARY)
def test_binary_stays_binary(carry, source, target):
    """Between binary serializers a byte array stays one."""
    value = bytes(range(256))
    result = carry(source, target, [value, b"", "text"])
    assert result == [value, b"", "text"] and isinstance(result[0], bytes)


def test_json_to_json(carry):
    """Between JSON peers the convention is theirs: the string passes as it is."""
    assert carry("json", "json", "\0EOP/kFMHXFJvX8BtT+N82w==") == "\0EOP/kFMHXFJvX8BtT+N82w=="


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=NAMES)
def test_depth(carry, source, target):
    """A value of 30 levels passes."""
    value = "bottom"
    for level in range(15):
        value = {"a": [value, level]}
    assert carry(source, target, value) == value


@pytest.mark.parametrize("codec", CODECS)
def test_a_depth_beyond_all_sense(peer, uri, bystander, codec):
    """A value of 100,000 levels is refused or passed, and ends nobody else's session."""
    client = peer("rawsocket", codec)
    opening, closing = {"json": (b"[", b"]"), "msgpack": (b"\x91", b""), "cbor": (b"\x81", b"")}[codec]
    none = {"json": b"null", "msgpack": b"\xc0", "cbor": b"\xf6"}[codec]
    client.requests += 1
    head = client.wire.codec.dumps([16, client.requests, {}, uri(), [None]])
    at = head.rindex(none)
    client.wire.send(head[:at] + opening * 100_000 + none + closing * 100_000 + head[at + len(none) :])
    with contextlib.suppress(wire.Closed):
        message = client.until_answered_or_abort()
        assert message is None or message[2] in (VIOLATION, "wamp.error.payload_size_exceeded")


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b' \t\r\n{ "a" : [ 1 , 2 ] } ', {"a": [1, 2]}),
        (b'"\\u0041\\ud83d\\ude00\\/\\b"', "A😀/\b"),
        (b"1E2", 100.0),
        (b"1e+2", 100.0),
        (b"-0", 0),
        (b'{"a":1,"b":2}', {"a": 1, "b": 2}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("target", CODECS)
def test_json_as_others_write_it(carry_octets, target, octets, value):
    """Spaces, escapes and exponents of JSON mean the same at the other end."""
    assert wire.CODECS[target].loads(carry_octets("json", target, octets))[4] == [value]


@pytest.mark.parametrize(
    "octets",
    [
        *(b'"\\ud800"', b'"\\x41"', b'"a\nb"', b"'a'", b"[1,]", b'{"a":1,}', b"{1:2}"),
        *(b"+1", b".5", b"1.", b"0x1", b"NaN", b"nul"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("target", ["json", "cbor"])
def test_what_is_no_json(carry_octets, bystander, target, octets):
    """A payload that is no JSON is a violation, although the router need not look into it."""
    assert carry_octets("json", target, octets) is None


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"\x9f\x01\x02\xff", [1, 2]),
        (b"\xbf\x61a\x01\xff", {"a": 1}),
        (b"\x7f\x61a\x61b\xff", "ab"),
        (b"\x5f\x41a\x41b\xff", b"ab"),
        (b"\xf9\x3e\x00", 1.5),
        (b"\xfa\x3f\xc0\x00\x00", 1.5),
        (b"\x1b\x00\x00\x00\x00\x00\x00\x00\x07", 7),
        (b"\x98\x01\x07", [7]),
    ],
    ids=["list", "map", "string", "bytes", "half", "single", "long integer", "long list"],
)
@pytest.mark.parametrize("target", ["msgpack", "cbor"])
def test_cbor_as_others_write_it(carry_octets, target, octets, value):
    """Indefinite lengths, short floats and long heads of CBOR mean the same at the other end."""
    assert wire.CODECS[target].loads(carry_octets("cbor", target, octets))[4] == [value]


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"\xdd\x00\x00\x00\x01\x07", [7]),
        (b"\xdf\x00\x00\x00\x01\xd9\x01a\xd3\x00\x00\x00\x00\x00\x00\x00\x01", {"a": 1}),
        (b"\xca\x3f\xc0\x00\x00", 1.5),
        (b"\xdb\x00\x00\x00\x01a", "a"),
        (b"\xc6\x00\x00\x00\x01a", b"a"),
        (b"\xcf\x00\x00\x00\x00\x00\x00\x00\x07", 7),
    ],
    ids=["list", "map", "single", "string", "bytes", "integer"],
)
@pytest.mark.parametrize("target", ["msgpack", "cbor"])
def test_msgpack_as_others_write_it(carry_octets, target, octets, value):
    """Every length of head that MessagePack has means the same at the other end."""
    assert wire.CODECS[target].loads(carry_octets("msgpack", target, octets))[4] == [value]


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=NAMES)
def test_calls_and_errors_too(peer, uri, source, target):
    """CALL, RESULT and ERROR are transcoded as events are."""
    caller, callee = peer("rawsocket", source), peer("websocket", target)
    callee.register(uri())
    first, second = (caller.request(Message.CALL, {}, uri(), [VALUE], {"k": VALUE}) for _ in range(2))
    invocations = [callee.expect(Message.INVOCATION) for _ in range(2)]
    assert [invocation[4:] for invocation in invocations] == [[[VALUE], {"k": VALUE}]] * 2
    callee.send(Message.YIELD, invocations[0][1], {}, [VALUE], {"k": VALUE})
    error = [Message.INVOCATION, invocations[1][1], {}, "org.conformance.error", [VALUE], {"k": VALUE}]
    callee.send(Message.ERROR, *error)
    result = caller.expect(Message.RESULT)
    assert result[1] == first and result[3:] == [[VALUE], {"k": VALUE}]
    assert caller.expect_call_error(second, "org.conformance.error")[5:] == [[VALUE], {"k": VALUE}]


@pytest.mark.parametrize("codec", CODECS)
def test_keys_are_unique(peer, uri, bystander, codec):
    """Keys of a dictionary are unique: options with a key twice are a violation."""
    client = peer("rawsocket", codec)
    dumps = client.wire.codec.dumps
    octets = dumps([Message.SUBSCRIBE, 1, {"match": "exact"}, uri()])
    one = dumps({"match": "exact"})[1 : -1 if codec == "json" else None]
    head = {"json": (b"{", b"}", b","), "msgpack": (b"\x82", b"", b""), "cbor": (b"\xa2", b"", b"")}[codec]
    client.wire.send(octets.replace(dumps({"match": "exact"}), head[0] + one + head[2] + one + head[1]))
    client.expect_abort(VIOLATION)
