"""Transports beyond one message a frame: batches, compression, RawSocket's edges, HTTP, proxies, client certificates.

Spec: "Message Batching", "RawSocket Transport", "HTTP Longpoll Transport"; RFC 7692; HAProxy's PROXY protocol.
"""

import asyncio
import http.client
import json
import socket
import struct
import ssl
import subprocess
import threading
import time
import zlib

import pytest
import websockets.sync.client
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.wamp import serializer

import gantry as process
import peers
import wire
from wire import Closed, Message

# Batched WebSocket -----------------------------------------------------------------------------------------------------


def parts(codec, messages, separator=b"\x1e"):
    """Messages as they stand in a batch."""
    encoded = [codec.dumps([int(message[0]), *message[1:]]) for message in messages]
    if codec.text:
        return b"".join(message + separator for message in encoded)
    return b"".join(struct.pack(">I", len(message)) + message for message in encoded)


def cut(codec, batch, separator=b"\x1e"):
    """The messages of a batch."""
    if codec.text:
        *messages, rest = batch.split(separator)
        assert rest == b"", "the last message has its separator as well"
    else:
        messages = []
        while batch:
            (length,) = struct.unpack(">I", batch[:4])
            messages.append(batch[4 : 4 + length])
            assert len(messages[-1]) == length
            batch = batch[4 + length :]
    return [codec.loads(message) for message in messages]


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


# HTTP: long-poll and events --------------------------------------------------------------------------------------------


class LongPoll:
    """A WAMP connection that HTTP requests carry, as a wire."""

    def __init__(self, address, codec, batched=False, base="/lp"):
        self.address, self.base, self.codec = address, base, wire.CODECS[codec]
        self.batched, self.waiting = batched, []
        self.protocol = f"wamp.2.{codec}" + (".batched" if batched else "")
        status, headers, body = self.request("/open", json.dumps({"protocols": ["wamp.3.morse", self.protocol]}).encode())
        assert (status, headers["content-type"]) == (200, "application/json")
        answer = json.loads(body)
        assert answer["protocol"] == self.protocol
        self.transport = answer["transport"]
        assert len(self.transport) >= 16

    def request(self, path, body=b"", method="POST", headers=None, timeout=40):
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        try:
            connection.request(method, self.base + path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def post(self, verb, body=b"", **options):
        return self.request(f"/{self.transport}/{verb}", body, **options)

    def send(self, payload):
        if self.batched:
            payload = payload + b"\x1e" if self.codec.text else struct.pack(">I", len(payload)) + payload
        status, _, body = self.post("send", payload)
        if status == 404:
            raise Closed(status)
        assert status == 202, (status, body)

    def receive(self, timeout=None):
        deadline = time.monotonic() + (timeout or 10)
        while not self.waiting:
            status, headers, body = self.post("receive", timeout=deadline - time.monotonic())
            if status == 404:
                raise Closed(status)
            if status == 200:
                media = {"json": "application/json", "msgpack": "application/x-msgpack", "cbor": "application/cbor"}
                assert headers["content-type"] == media[self.codec.name]
                if not self.batched:
                    return body
                self.waiting = [self.codec.dumps(message) for message in cut(self.codec, body)]
            else:
                assert (status, body) == (204, b"")
        return self.waiting.pop(0)

    def close(self):
        self.post("close")


class Events(LongPoll):
    """The same, with a stream of events towards the client."""

    def __init__(self, address, base="/sse"):
        self.address, self.base, self.codec, self.batched = address, base, wire.CODECS["json"], False
        status, _, body = self.request("/open", b'{"protocols": ["wamp.2.json.sse"]}')
        assert status == 200 and json.loads(body)["protocol"] == "wamp.2.json.sse"
        self.transport = json.loads(body)["transport"]
        self.open_stream()

    def open_stream(self):
        self.connection = http.client.HTTPConnection(*self.address, timeout=30)
        self.connection.request("GET", f"{self.base}/{self.transport}/receive", headers={"Accept": "text/event-stream"})
        self.stream = self.connection.getresponse()
        assert self.stream.status == 200
        assert self.stream.headers["Content-Type"] == "text/event-stream"
        assert self.stream.headers["Transfer-Encoding"] == "chunked"

    def receive(self, timeout=None):
        event = {}
        while line := self.stream.readline():
            if line == b"\n" and event:
                if event["event"] == "transport_error":
                    raise Closed(None, event["data"])
                assert event["event"] == "wamp"
                return event["data"].encode()
            if not line.startswith(b":") and line != b"\n":
                field, _, value = line.decode().rstrip("\n").partition(": ")
                event[field] = value
        raise Closed()

    def close(self):
        super().close()
        self.connection.close()


CARRIED = [(codec, batched) for batched in (False, True) for codec in ("json", "msgpack", "cbor")] + ["events"]


@pytest.fixture
def carried(plain_router):
    """A factory of wires over HTTP."""
    opened = []

    def open_wire(kind="json", batched=False):
        if kind == "events":
            opened.append(Events(plain_router.address))
        else:
            opened.append(LongPoll(plain_router.address, kind, batched))
        return wire.Peer(opened[-1])

    yield open_wire
    for session in opened:
        session.close()


@pytest.fixture(params=CARRIED, ids=str)
def carried_peer(carried, request):
    """A factory of joined sessions, once for each HTTP transport, serializer and batching."""
    return lambda: carried(*([request.param] if isinstance(request.param, str) else request.param)).join()


def test_a_session_over_http_is_one_like_any_other(carried_peer, peer):
    session, other = carried_peer(), peer("rawsocket", "cbor")
    session.subscribe("org.example.http")
    other.publish("org.example.http", "to it", 1.5, None)
    assert session.expect(Message.EVENT)[4] == ["to it", 1.5, None]
    session.register("org.example.http.double")
    other.send(Message.CALL, 77, {}, "org.example.http.double", [21])
    invocation = session.expect(Message.INVOCATION)
    session.send(Message.YIELD, invocation[1], {}, [2 * invocation[4][0]])
    assert other.expect(Message.RESULT)[3] == [42]
    assert session.is_alive()
    session.send(Message.GOODBYE, {}, "wamp.close.close_realm")
    assert session.expect(Message.GOODBYE)[2] == "wamp.close.goodbye_and_out"
    # The transport is there for another session.
    session.requests = 0
    session.join()
    assert session.is_alive()


def test_events_stay_in_order_and_none_is_lost_while_nobody_fetches(carried_peer, peer):
    session, other = carried_peer(), peer()
    session.subscribe("org.example.http.order")
    for number in range(300):
        other.publish("org.example.http.order", number)
    assert [session.expect(Message.EVENT)[4] for _ in range(300)] == [[number] for number in range(300)]


def test_a_batch_has_all_that_waits(carried, peer):
    session, other = carried("cbor", True).join(), peer()
    session.subscribe("org.example.http.batch")
    for number in range(50):
        other.publish("org.example.http.batch", number)
    status, _, body = session.wire.post("receive")
    events = cut(session.wire.codec, body)
    assert status == 200 and [event[4] for event in events] == [[number] for number in range(50)]


def test_a_fetch_that_nobody_reads_takes_nothing_with_it(carried, peer, plain_router):
    """A client that hangs up while it waits: what comes afterwards is for its next request."""
    session, other = carried().join(), peer()
    session.subscribe("org.example.http.hang-up")
    stream = wire._Stream(plain_router.address)
    stream.write(f"POST /lp/{session.wire.transport}/receive HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
    # Its place is taken by another request, which answers the first one: so the first one had arrived.
    waiting = threading.Thread(target=lambda: session.wire.post("receive"), daemon=True)
    waiting.start()
    assert stream.read_until(b"\r\n").startswith(b"HTTP/1.1 204")
    other.publish("org.example.http.hang-up", "for the second")
    waiting.join(5)
    stream.close()
    stream = wire._Stream(plain_router.address)
    stream.write(f"POST /lp/{session.wire.transport}/receive HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
    stream.socket.shutdown(socket.SHUT_WR)
    with pytest.raises(Closed):
        stream.read(1)  # the router has seen that nobody is there any more
    other.publish("org.example.http.hang-up", "for the next")
    assert session.expect(Message.EVENT)[4] == ["for the next"]


def test_a_stream_that_breaks_is_taken_up_again(carried, peer):
    session, other = carried("events").join(), peer()
    session.subscribe("org.example.http.again")
    session.wire.connection.close()
    session.wire.stream.close()
    session.wire.open_stream()
    other.publish("org.example.http.again", "still here", "with\na line")
    assert session.expect(Message.EVENT)[4] == ["still here", "with\na line"]


def test_line_breaks_between_values_do_not_break_an_event(carried, peer):
    session, other = carried("events").join(), peer("websocket", "json")
    session.subscribe("org.example.http.lines")
    other.wire.send(b'[16,\n9,\r\n{}, "org.example.http.lines", [1,\n\r"a\\nb",\n{\n"k":\n2}]]')
    assert session.expect(Message.EVENT)[4] == [1, "a\nb", {"k": 2}]


def test_violations_are_told_before_the_end(carried_peer):
    session = carried_peer()
    session.send(99, 1)
    message = session.receive()
    assert message[0] == Message.ABORT and message[2] == "wamp.error.protocol_violation"
    with pytest.raises(Closed):
        session.receive()
    assert session.wire.post("send", b"[]")[0] in (400, 404)


def test_closing_ends_the_session(carried_peer, peer):
    other = peer()
    other.subscribe("wamp.session.on_leave")
    session = carried_peer()
    assert session.wire.post("close")[0] == 202
    left = other.expect(Message.EVENT)
    assert left[4][0] == session.session
    assert session.wire.post("close")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/lp/open", b"", 400),
        ("POST", "/lp/open", b"[]", 400),
        ("POST", "/lp/open", b'{"protocols": "wamp.2.json"}', 400),
        ("POST", "/lp/open", b'{"protocols": ["wamp.2.json.sse", "wamp.1"]}', 400),
        ("POST", "/sse/open", b'{"protocols": ["wamp.2.cbor.sse", "wamp.2.json"]}', 400),
        ("GET", "/lp/open", b"", 405),
        ("POST", "/lp", b"", 404),
        ("POST", "/lp/", b"", 404),
        ("POST", "/lp/0123456789abcdef0123456789abcdef/receive", b"", 404),
        ("POST", "/lp/0123456789abcdef0123456789abcdef/send", b"[1]", 404),
        ("POST", "/lp/../healthz", b"", 404),
        ("OPTIONS", "/lp/open", b"", 204),
    ],
)
def test_requests_that_lead_nowhere(plain_router, method, path, body, status):
    answer = plain_router.http(path, method, body or None)
    assert answer[0] == status, answer


def test_a_transport_of_the_one_kind_is_none_of_the_other(carried, plain_router):
    session = carried().join()
    assert plain_router.http(f"/sse/{session.wire.transport}/receive")[0] == 404
    assert plain_router.http(f"/lp/{session.wire.transport}/receive")[0] == 405
    assert session.is_alive()


def test_a_page_of_another_origin_gets_nothing(carried, plain_router):
    session = carried().join()
    evil, good = {"Origin": "https://evil.example"}, {"Origin": "http://localhost:3000"}
    body = b'{"protocols": ["wamp.2.json"]}'
    assert plain_router.http("/lp/open", "POST", body, evil)[0] == 403
    assert session.wire.post("send", b"[6,{},\"x.y\"]", headers=evil)[0] == 403
    assert session.is_alive()
    status, headers, _ = plain_router.http("/lp/open", "POST", body, good)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "http://localhost:3000")


@pytest.mark.parametrize(("batched", "body"), [(False, b""), (False, b"x"), (True, b""), (True, b"[]")])
def test_bodies_that_are_no_messages(carried, batched, body):
    session = carried("json", batched).join()
    status, _, _ = session.wire.post("send", body)
    if batched:
        assert status == 400 and session.is_alive(), "what is no batch is refused as a whole"
    else:
        assert status == 202
        assert session.receive()[2] == "wamp.error.protocol_violation"


# Compression, proxies: a router with both --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fronted(gantry_binary, tmp_path_factory):
    """A plain router that compresses, and that a proxy at 127.0.0.1 stands in front of."""
    router = process.Gantry(tmp_path_factory.mktemp("fronted"), plain=True)
    router.init()
    router.settings(
        "listener:\n  plain: lan\n  compression: on\n  proxy_protocol: [127.0.0.1]\n  long_poll: /longpoll\n"
        "limits:\n  connections_per_address: 3\n"
        "realms:\n  realm1:\n    anonymous: {role: guest, from: lan}\n    roles:\n      guest:\n        permissions:\n"
        "          - {uri: '', match: prefix, allow: [publish, subscribe, call, register]}\n"
    )
    router.start(wait=False)
    deadline = time.monotonic() + 20
    while b"200 OK" not in ask(router, proxy_line("192.0.2.1") + b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", wait=0.2):
        assert time.monotonic() < deadline, router.log.read_text()[-4000:]
    yield router
    assert router.stop() == 0, router.log.read_text()[-4000:]


def ask(router, data, wait=5):
    """What is answered to some bytes, until the router closes or says no more."""
    answer = b""
    try:
        with socket.create_connection(router.address, timeout=wait) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                answer += piece
    except OSError:
        pass
    return answer


def proxy_line(source, family="TCP4"):
    return f"PROXY {family} {source} 10.0.0.1 49152 8443\r\n".encode()


def proxy_header(source, command=1, family=0x11, tls=False, octets=None):
    body = (octets or socket.inet_aton(source)) + b"\x0a\0\0\x01" + struct.pack(">HH", 49152, 8443)
    if tls:
        body += b"\x20\0\x05\x01\0\0\0\0"
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, family]) + struct.pack(">H", len(body)) + body


class Fronted(wire._Stream):
    """A connection through the proxy."""

    preface = b""

    def __init__(self, address, tls=None, server_hostname=None, timeout=5):
        super().__init__(address, timeout=timeout)
        self.write(self.preface)


@pytest.fixture
def through(fronted, monkeypatch):
    """Opens a wire behind a PROXY header."""
    opened = []

    def open_wire(preface, kind=wire.RawSocket, codec="json", **options):
        monkeypatch.setattr(Fronted, "preface", preface)
        monkeypatch.setattr(wire, "_Stream", Fronted)
        opened.append(kind(fronted.address, wire.CODECS[codec], **options))
        monkeypatch.undo()
        return wire.Peer(opened[-1])

    yield open_wire
    for connection in opened:
        connection.close()


OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Deflated(wire.WebSocket):
    """A client that compresses what it sends, and counts what came compressed."""

    def __init__(self, address, codec, offer=OFFER, **options):
        super().__init__(address, codec, headers=offer, **options)
        self.compressed = 0

    @staticmethod
    def pack(payload):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def send(self, payload):
        self.send_frame(1 if self.codec.text else 2, self.pack(payload), reserved=4)

    def receive(self, timeout=None):
        opcode, final, payload = self.receive_frame(timeout)
        if opcode == 9:
            self.send_frame(10, payload)
            return self.receive(timeout)
        if opcode == 8:
            raise Closed(struct.unpack(">H", payload[:2])[0], payload[2:].decode())
        assert final and opcode == (1 if self.codec.text else 2)
        if not self.reserved:
            return payload
        assert self.reserved == 4
        self.compressed += 1
        return zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")


@CODECS
def test_a_session_with_compressed_messages(through, codec):
    session = through(proxy_line("192.0.2.10"), Deflated, codec)
    agreed = session.wire.headers["sec-websocket-extensions"]
    assert agreed == "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    session.join()
    session.subscribe("org.example.deflate")
    for text in ("short", "long " * 10_000):
        session.publish("org.example.deflate", text, exclude_me=False)
        assert session.expect(Message.EVENT)[4] == [text]
    assert session.wire.compressed >= 2, "WELCOME and the long event were worth it"


def test_compressed_batches(through):
    session = through(proxy_line("192.0.2.11"), Deflated, "json", subprotocol="wamp.2.json.batched")
    session.wire.send(parts(session.wire.codec, [[Message.HELLO, "realm1", {"roles": wire.ROLES}]]))
    assert cut(session.wire.codec, session.wire.receive())[0][0] == Message.WELCOME
    subscribes = [[Message.SUBSCRIBE, number, {}, f"org.example.deflate.{number}"] for number in range(1, 101)]
    session.wire.send(parts(session.wire.codec, subscribes))
    answers = []
    while len(answers) < 100:
        answers += cut(session.wire.codec, session.wire.receive())
    assert [answer[1] for answer in answers] == list(range(1, 101))


def test_a_library_that_others_wrote_compresses_too(fronted):
    with socket.create_connection(fronted.address, timeout=5) as connection:
        connection.sendall(proxy_line("192.0.2.12"))
        with websockets.sync.client.connect(
            f"ws://{fronted.host}:{fronted.port}/ws", sock=connection, subprotocols=["wamp.2.json"], compression="deflate"
        ) as client:
            assert any("deflate" in type(extension).__name__.lower() for extension in client.protocol.extensions)
            client.send(json.dumps([1, "realm1", {"roles": {"caller": {}, "publisher": {}}}]))
            assert json.loads(client.recv(5))[0] == Message.WELCOME
            for number in range(1, 30):
                client.send(json.dumps([48, number, {}, "org.example.nobody." + "x" * 100, ["y" * 3000]]))
                assert json.loads(client.recv(5))[2] == number


@pytest.mark.parametrize("offer", ["", "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8\r\n"])
def test_without_an_offer_that_can_be_kept_nothing_is_compressed(through, offer):
    session = through(proxy_line("192.0.2.13"), Deflated, "json", offer=offer)
    assert "sec-websocket-extensions" not in session.wire.headers
    session.hello("realm1")
    assert session.expect_closed().code == 1002


def test_compression_is_off_by_default(connect):
    session = connect(headers=OFFER)
    assert "sec-websocket-extensions" not in session.wire.headers
    session.join()


def test_a_kilobyte_that_would_be_a_gigabyte(through, fronted):
    """Deflate in deflate is not needed: a mebibyte of zeros is a kilobyte, and there are a thousand of them."""
    session = through(proxy_line("192.0.2.14"), Deflated, "msgpack").join()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    mebibyte = b"\0" * 2**20
    bomb = b"".join(packer.compress(mebibyte) for _ in range(1024)) + packer.flush(zlib.Z_SYNC_FLUSH)
    before = fronted.status_of_process("VmRSS")
    session.wire.send_frame(2, bomb[:-4], reserved=4)
    try:
        while True:
            session.wire.receive(20)
    except Closed as closed:
        assert closed.code in (1009, None)
    assert fronted.status_of_process("VmHWM") - before < 100_000, "16 MiB and what growing to it takes, not a gigabyte"


def test_the_limit_before_welcome_is_that_of_what_comes_out(through):
    session = through(proxy_line("192.0.2.15"), Deflated, "json")
    session.hello("realm1", authextra={"padding": "x" * 20_000})
    assert session.receive()[2] == "wamp.error.payload_size_exceeded"
    assert session.expect_closed().code == 1009


# PROXY protocol ----------------------------------------------------------------------------------------------------------

HEADERS = pytest.mark.parametrize(
    "header", [proxy_line("198.51.100.7"), proxy_header("198.51.100.7"), proxy_header("198.51.100.7", tls=True)], ids=repr
)


@HEADERS
@pytest.mark.parametrize("kind", [wire.RawSocket, wire.WebSocket])
def test_both_versions_in_front_of_both_transports(through, header, kind):
    session = through(header, kind, "json").join()
    assert session.is_alive()


@pytest.mark.parametrize(
    "data",
    [
        b"\x7f\xf1\0\0",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        proxy_line("198.51.100.300") + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        proxy_header("198.51.100.7", family=0x12) + b"\x7f\xf1\0\0",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + b"\0" * 2000,
    ],
    ids=lambda data: repr(data[:40]),
)
def test_a_proxy_that_does_not_say_for_whom_it_speaks_gets_nothing(fronted, data):
    assert ask(fronted, data) == b""


def test_the_address_that_the_proxy_names_has_the_limit(through, fronted):
    """Three connections each; 127.0.0.1 behind a proxy is no exception, and the proxy itself has no limit."""
    for source in ("198.51.100.20", "198.51.100.21", "127.0.0.1"):
        for _ in range(3):
            assert through(proxy_header(source)).join().is_alive()
        assert ask(fronted, proxy_header(source) + b"\x7f\xf1\0\0") == b""


def test_a_header_may_come_in_pieces_and_with_the_first_bytes(fronted):
    stream = wire._Stream(fronted.address)
    for octet in proxy_header("198.51.100.30") + b"\x7f\xf1\0":
        stream.write(bytes([octet]))
    stream.write(b"\0")
    assert stream.read(4) == b"\x7f\xf1\0\0"
    stream.close()


def test_a_health_check_of_the_proxy_itself(fronted):
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert b"200 OK" in ask(fronted, proxy_header("198.51.100.7", command=0) + request)
    assert b"200 OK" in ask(fronted, b"PROXY UNKNOWN\r\n" + request)


def test_without_the_setting_a_header_is_no_protocol(plain_router):
    assert ask(plain_router, proxy_header("198.51.100.7")) == b""


def test_the_path_of_long_poll_is_a_setting(fronted):
    head = b"POST %s/open HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    assert b" 400 " in ask(fronted, proxy_line("198.51.100.40") + head % b"/longpoll").split(b"\r\n")[0]
    assert b" 404 " in ask(fronted, proxy_line("198.51.100.41") + head % b"/lp").split(b"\r\n")[0]


# Client certificates -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, a certificate of it, and one of an authority that nobody knows."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)

    for authority, client in (("ca", "press"), ("other-ca", "stranger")):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={authority}",
                "-keyout", f"{authority}.key", "-out", f"{authority}.pem")  # fmt: skip
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/O=Plant/CN={client}-7",
                "-keyout", f"{client}.key", "-out", f"{client}.csr")  # fmt: skip
        openssl("x509", "-req", "-in", f"{client}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                "-CAcreateserial", "-days", "2", "-out", f"{client}.pem")  # fmt: skip
    return folder


def joined_over_tls(router, certificates, client=None):
    context = ssl.create_default_context(cafile=router.certificate_authority)
    context.check_hostname = False
    if client:
        context.load_cert_chain(certificates / f"{client}.pem", certificates / f"{client}.key")
    return wire.Peer(wire.RawSocket(router.address, wire.CODECS["json"], tls=context)).join()


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_certificates_of_clients(gantry_binary, certificates, tmp_path, mode):
    router = process.Gantry(tmp_path, plain=True)
    router.init()
    router.settings(f"listener:\n  tls:\n    client_ca: {certificates / 'ca.pem'}\n    client_certificates: {mode}\n")
    router.start()
    try:
        for _ in range(2):  # once more, with a session ticket from before if there is one
            assert joined_over_tls(router, certificates, "press").is_alive()
        if mode == "optional":
            assert joined_over_tls(router, certificates).is_alive()
        else:
            with pytest.raises((Closed, OSError)):
                joined_over_tls(router, certificates)
        with pytest.raises((Closed, OSError)):
            joined_over_tls(router, certificates, "stranger")
    finally:
        assert router.stop() == 0


def test_a_client_ca_that_cannot_be_read_is_a_mistake_in_gantry_yml(gantry_binary, tmp_path):
    router = process.Gantry(tmp_path, plain=True)
    router.init()
    router.settings("listener:\n  tls:\n    client_ca: /nowhere/ca.pem\n")
    router.start(wait=False)
    assert router.process.wait(20) == 78
    assert "listener.tls.client_ca" in router.log.read_text()
