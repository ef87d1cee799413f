"""Protocol Errors

basic/building_blocks.md "Protocol Errors": ABORT protocol_violation; the session's resources are gone; nobody else
notices.
"""

import pytest

from client import VIOLATION
from wire import Message

NEVER_FROM_A_CLIENT = {
    "WELCOME": [2, 1, {"roles": {}}],
    "CHALLENGE": [4, "ticket", {}],
    "PUBLISHED": [17, 1, 1],
    "SUBSCRIBED": [33, 1, 1],
    "UNSUBSCRIBED": [35, 1],
    "EVENT": [36, 1, 1, {}],
    "RESULT": [50, 1, {}],
    "REGISTERED": [65, 1, 1],
    "UNREGISTERED": [67, 1],
    "INVOCATION": [68, 1, 1, {}],
    "INTERRUPT": [69, 1, {}],
}

BEFORE_A_SESSION = {
    **NEVER_FROM_A_CLIENT,
    "GOODBYE": [6, {}, "wamp.close.close_realm"],
    "ERROR": [8, 68, 1, {}, "org.conformance.error"],
    "AUTHENTICATE": [5, "signature", {}],
    "PUBLISH": [16, 1, {}, "org.conformance.early"],
    "SUBSCRIBE": [32, 1, {}, "org.conformance.early"],
    "UNSUBSCRIBE": [34, 1, 1],
    "CALL": [48, 1, {}, "org.conformance.early"],
    "CANCEL": [49, 1, {}],
    "REGISTER": [64, 1, {}, "org.conformance.early"],
    "UNREGISTER": [66, 1, 1],
    "YIELD": [70, 1, {}],
}

INCOMPATIBLE = {
    "an empty list": [],
    "a dictionary": {"message": 1},
    "a number": 48,
    "a string": "hello",
    "a type that is none": [99],
    "a type that is a string": ["48", 1, {}, "org.conformance.it"],
    "a negative type": [-1, 1, {}],
    "a type without anything": [32],
    "too few elements": [32, 1, {}],
    "too many elements": [34, 1, 1, 1],
    "options that are no dictionary": [32, 1, [], "org.conformance.it"],
    "a topic that is no string": [32, 1, {}, 7],
    "a request that is no integer": [32, "1", {}, "org.conformance.it"],
    "a request that is null": [32, None, {}, "org.conformance.it"],
    "arguments that are no list": [16, 1, {}, "org.conformance.it", {"a": 1}],
    "keyword arguments that are no dictionary": [16, 1, {}, "org.conformance.it", [], [1]],
    "elements after the keyword arguments": [16, 1, {}, "org.conformance.it", [], {}, 1],
}


def test_a_second_hello(any_peer, bystander):
    """HELLO after the session was established aborts it with protocol_violation."""
    client = any_peer()
    client.hello()
    client.expect_abort(VIOLATION)


@pytest.mark.parametrize("name", NEVER_FROM_A_CLIENT)
def test_what_only_a_router_sends(peer, bystander, name):
    """A message that only routers send aborts the session with protocol_violation."""
    client = peer()
    client.send(*NEVER_FROM_A_CLIENT[name])
    client.expect_abort(VIOLATION)


@pytest.mark.parametrize("name", BEFORE_A_SESSION)
def test_before_the_session(connect, name):
    """Any other message than HELLO, before a session was established, aborts with protocol_violation."""
    client = connect("rawsocket", "json")
    client.send(*BEFORE_A_SESSION[name])
    client.expect_abort(VIOLATION)


def test_authenticate_without_challenge(peer, bystander):
    """AUTHENTICATE that nothing was asked for aborts the session."""
    client = peer()
    client.send(Message.AUTHENTICATE, "signature", {})
    client.expect_abort(VIOLATION)


@pytest.mark.parametrize("kind", [1, 16, 32, 34, 48, 64, 66, 70, 999])
def test_an_error_with_an_invalid_request_type(peer, bystander, kind):
    """ERROR with a REQUEST.Type that a client cannot answer aborts the session: only INVOCATION can be answered."""
    client = peer()
    client.send(Message.ERROR, kind, 1, {}, "org.conformance.error")
    client.expect_abort(VIOLATION)


def test_a_yield_for_no_invocation(any_peer, bystander):
    """YIELD with an INVOCATION.Request that never was aborts the session."""
    client = any_peer()
    client.send(Message.YIELD, 4711, {}, [1])
    client.expect_abort(VIOLATION)


def test_a_second_yield(peer, bystander, uri):
    """YIELD for an invocation that has been answered already is as invalid as for one that never was."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    callee.give(invocation, 1)
    assert caller.expect_result(call) == [1]
    callee.give(invocation, 2)
    callee.expect_abort(VIOLATION)
    assert caller.until_answered() == []


@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
@pytest.mark.parametrize("name", INCOMPATIBLE)
def test_an_incompatible_message(peer, bystander, name, codec):
    """A message that is none by its shape aborts the session with protocol_violation."""
    client = peer("rawsocket", codec)
    client.wire.send(client.wire.codec.dumps(INCOMPATIBLE[name]))
    client.expect_abort(VIOLATION)


@pytest.mark.parametrize(
    ("codec", "octets"),
    [
        ("json", b"[32,1,{},"),
        ("json", b"not json"),
        ("json", b'[32,1,{},"org.conformance.it"]]'),
        ("json", b'[32,01,{},"org.conformance.it"]'),
        ("json", b'[32,1,{},"\xff\xfe"]'),
        ("msgpack", b"\x94\x20\x01\x80"),
        ("msgpack", b"\xc1"),
        ("msgpack", b"\x94\x20\x01\x80\xa1\xff"),
        ("cbor", b"\x84\x18\x20\x01\xa0"),
        ("cbor", b"\x1c"),
        ("cbor", b"\x84\x18\x20\x01\xa0\x61\xff"),
    ],
    ids=repr,
)
def test_what_cannot_be_decoded(peer, bystander, codec, octets):
    """What cannot be decoded aborts the session with protocol_violation."""
    client = peer("rawsocket", codec)
    client.wire.send(octets)
    client.expect_abort(VIOLATION)


def test_an_integer_is_no_bool(peer, bystander, uri):
    """Integers must not be used instead of boolean values."""
    client = peer()
    client.request(Message.PUBLISH, {"acknowledge": 1}, uri(), [1])
    client.refusal()


def test_the_transport_ends_too(peer, bystander):
    """After a violation the connection should be dropped at transport level."""
    client = peer()
    client.hello()
    client.expect_abort(VIOLATION)
    assert client.is_closed(), "the transport is still open"


def test_subscriptions_and_registrations_are_gone(peer, uri):
    """The subscriptions and registrations of an aborted session are disposed of."""
    client, other = peer(), peer()
    client.subscribe(uri("topic"))
    client.register(uri("procedure"))
    client.hello()
    client.expect_abort(VIOLATION)
    assert other.refused(Message.CALL, {}, uri("procedure")) == "wamp.error.no_such_procedure"


def test_nothing_after_a_violation_is_processed(peer, uri):
    """Messages received after a violation are neither waited for nor processed."""
    client, other = peer("rawsocket", "json"), peer()
    other.subscribe(uri())
    stream, wire = [], client.wire
    wire.stream.write, write = stream.append, wire.stream.write
    client.hello()
    client.request(Message.PUBLISH, {}, uri(), ["too late"])
    write(b"".join(stream))
    wire.stream.write = write
    client.expect_abort(VIOLATION)
    assert other.events_after(peer()) == []
