"""Batched WebSocket Transport

advanced/transport_batched_websocket.md.
"""

import struct

import pytest

import wire
from client import Client
from wire import Message


# The text says \30, and calls it 0x1e, which is 30 in decimal. Implementations read it as octal.
SEPARATORS = [b"\x1e", b"\x18"]


def pack(codec, messages, separator=SEPARATORS[0]):
    """The payload of one WebSocket message."""
    octets = [codec.dumps(message) for message in messages]
    if codec.name == "json":
        return b"".join(one + separator for one in octets)
    return b"".join(struct.pack(">I", len(one)) + one for one in octets)


def unpack(codec, payload, separator=SEPARATORS[0]):
    if codec.name == "json":
        assert payload.endswith(separator), f"each message ends with {separator}: {payload}"
        return [codec.loads(one) for one in payload[:-1].split(separator)]
    messages = []
    while payload:
        (size,) = struct.unpack(">I", payload[:4])
        assert len(payload) >= 4 + size, payload
        messages.append(codec.loads(payload[4 : 4 + size]))
        payload = payload[4 + size :]
    return messages


class Batches:
    """A WebSocket whose messages are batches; looks to a Client like one without."""

    def __init__(self, inner, separator=SEPARATORS[0]):
        self.inner, self.codec, self.stream, self.pending = inner, inner.codec, inner.stream, []
        self.separator = separator

    def send(self, octets):
        message = self.codec.loads(octets)
        self.inner.send(pack(self.codec, [message], self.separator))

    def send_batch(self, *messages):
        self.inner.send(pack(self.codec, messages, self.separator))

    def receive(self, timeout=None):
        if not self.pending:
            self.pending = unpack(self.codec, self.inner.receive(timeout), self.separator)
            assert self.pending, "an empty batch"
        return self.codec.dumps(self.pending.pop(0))

    def close(self):
        self.inner.close()


@pytest.fixture(params=["json", "msgpack", "cbor"])
def batched(router, request):
    """Joined clients over wamp.2.<serializer>.batched."""
    opened = []

    def client(separator):
        name = f"wamp.2.{request.param}.batched"
        inner = router.open("websocket", request.param, subprotocol=name)
        opened.append(inner)
        if inner.status != 101 or inner.headers.get("sec-websocket-protocol") != name:
            pytest.skip(f"not announced: {name}")
        return Client(Batches(inner, separator), router.realm).join()

    def either():
        try:
            return client(SEPARATORS[0])
        except wire.Closed:
            return client(SEPARATORS[1])

    yield either
    for one in opened:
        one.close()


def test_a_batch_of_one(batched):
    """A single message is a batch of one, both ways."""
    assert batched().is_alive()


def test_a_batch_of_many(batched, uri):
    """Each message of a batch is processed, in order."""
    client = batched()
    client.wire.send_batch(*[[Message.SUBSCRIBE, number, {}, uri(f"t{number}")] for number in range(1, 51)])
    assert [client.expect(Message.SUBSCRIBED)[1] for _ in range(50)] == list(range(1, 51))


def test_events_may_come_in_batches(batched, peer, uri):
    """What the router sends are batches of any length, and the order holds."""
    client, publisher = batched(), peer()
    client.subscribe(uri())
    for number in range(200):
        publisher.request(Message.PUBLISH, {}, uri(), [number])
    assert client.payloads_after(publisher) == list(range(200))


def test_batched_meets_unbatched(batched, peer, uri):
    """Batched and unbatched clients call each other."""
    callee, caller = batched(), peer("rawsocket", "msgpack")
    callee.register(uri())
    call = caller.start_call(uri(), 1)
    invocation, _, arguments = callee.expect_invocation()
    callee.give(invocation, *arguments)
    assert caller.expect_result(call) == [1]


def test_an_empty_batch(batched, bystander):
    """A batch without a message is illegal and fails the transport."""
    client = batched()
    client.wire.inner.send(b"")
    assert client.is_closed()


def test_a_message_without_its_frame(batched, bystander):
    """A message that is not framed as a batch fails the transport."""
    client = batched()
    client.wire.inner.send(client.wire.codec.dumps([Message.CALL, 1, {}, "org.conformance.it"]))
    assert client.is_closed()


def test_a_batch_that_is_cut(batched, bystander):
    """A batch that ends within a message fails the transport."""
    client = batched()
    message = [Message.CALL, 1, {}, "org.conformance.it"]
    client.wire.inner.send(pack(client.wire.codec, [message], client.wire.separator)[:-1])
    assert client.is_closed()


def test_hello_and_requests_in_one_batch(router, batched, uri):
    """Requests may not come before WELCOME; after it, everything may be in one batch, GOODBYE too."""
    client = batched()
    client.wire.send_batch(
        [Message.SUBSCRIBE, 1, {}, uri()], [Message.PUBLISH, 2, {"exclude_me": False}, uri(), [1]],
        [Message.GOODBYE, {}, "wamp.close.close_realm"],
    )
    assert [client.receive()[0] for _ in range(3)] == [Message.SUBSCRIBED, Message.EVENT, Message.GOODBYE]


def test_one_of_several_subprotocols(batched, router):
    """Of several subprotocols that a client offers the router takes one, and says which."""
    codec = batched().wire.codec.name
    names = [f"wamp.2.{codec}.batched", f"wamp.2.{codec}"]
    inner = router.open("websocket", codec, subprotocol=", ".join(names))
    assert inner.status == 101 and inner.headers["sec-websocket-protocol"] in names
    inner.close()
