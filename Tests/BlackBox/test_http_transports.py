"""WAMP over HTTP requests: long-poll, and a stream of events.

Spec: "HTTP Longpoll Transport"; the stream is as Bondy has it.
"""

import http.client
import json
import socket
import struct
import threading
import time

import pytest

import wire
from batches import cut
from wire import Closed, Message

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
