"""HTTP Longpoll Transport

advanced/transport_http_longpoll.md.
"""

import http.client
import json
import threading
import urllib.parse

import pytest

import wire
from client import Client
from test_websocket_batched import pack, unpack
from wire import Message

ACCEPTED = (202, 204)  # The text says 202 and calls it "no content", which is 204.

class Base:
    """POST requests below the transport's base URL, each on a connection of its own."""

    def __init__(self, url, timeout):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.path, self.timeout = parts.hostname, parts.port or 80, parts.path, timeout

    def post(self, path, body=b"", timeout=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout or self.timeout)
        try:
            connection.request("POST", self.path + path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def open(self, *protocols):
        status, body = self.post("/open", json.dumps({"protocols": protocols}).encode())
        return status, json.loads(body) if status == 200 else body


class LongPoll:
    """A wire for a Client: what it sends is a POST to send, what it receives one to receive."""

    def __init__(self, base, protocol):
        self.base = base
        status, opened = base.open(protocol)
        if status != 200:
            pytest.skip(f"not announced: {protocol} over long-poll")
        assert opened["protocol"] == protocol and opened["transport"], opened
        self.codec = wire.CODECS[protocol.split(".")[2]]
        self.is_batched = protocol.endswith(".batched")
        self.transport, self.pending = opened["transport"], []

    def send(self, octets):
        body = pack(self.codec, [self.codec.loads(octets)]) if self.is_batched else octets
        status, _ = self.base.post(f"/{self.transport}/send", body)
        assert status in ACCEPTED, status

    def receive(self, timeout=None):
        if not self.pending:
            status, body = self.base.post(f"/{self.transport}/receive", timeout=timeout)
            assert status == 200, status
            self.pending = unpack(self.codec, body) if self.is_batched else [self.codec.loads(body)]
        return self.codec.dumps(self.pending.pop(0))

    def close(self):
        pass


@pytest.fixture
def base(router):
    if router.longpoll is None:
        pytest.skip("not announced: HTTP long-poll")
    base = Base(router.longpoll, router.timeout)
    if base.open("wamp.2.json")[0] == 404:
        pytest.skip("not announced: HTTP long-poll")
    return base


@pytest.fixture
def polling(base, router):
    """Joined sessions over long-poll."""
    return lambda protocol="wamp.2.json": Client(LongPoll(base, protocol), router.realm).join()


PROTOCOLS = [f"wamp.2.{codec}{batched}" for codec in ("json", "msgpack", "cbor") for batched in ("", ".batched")]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_session(polling, protocol):
    """A session over each protocol of the list joins, calls and leaves."""
    client = polling(protocol)
    assert client.is_alive()
    assert client.leave()[2] == "wamp.close.goodbye_and_out"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_events_and_calls(polling, peer, uri, protocol):
    """Sessions over long-poll and over other transports are of one realm."""
    client, other = polling(protocol), peer()
    client.subscribe(uri())
    client.register(uri())
    other.publish(uri(), "event")
    assert client.expect(Message.EVENT)[4] == ["event"]
    call = other.start_call(uri(), "call")
    invocation, _, arguments = client.expect_invocation()
    client.give(invocation, *arguments)
    assert other.expect_result(call) == ["call"]


def test_open_chooses_a_protocol(base):
    """The server chooses one of the protocols that the client speaks."""
    status, opened = base.open("wamp.2.unheard_of", "wamp.2.json")
    assert status == 200 and opened["protocol"] == "wamp.2.json"


def test_open_without_overlap(base):
    """Without a protocol in common the request fails."""
    status, _ = base.open("wamp.2.unheard_of")
    assert 400 <= status < 500


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"protocols":7}', b"not json", b'{"protocols":[]}'], ids=repr)
def test_open_with_what_is_none(base, body):
    """The body must be a dictionary with the protocols."""
    status, _ = base.post("/open", body)
    assert 400 <= status < 500


def test_transports_are_secret(base):
    """Each transport has an id of its own, long enough that nobody guesses it."""
    answers = [base.open("wamp.2.json") for _ in range(5)]
    assert [status for status, _ in answers] == [200] * 5
    ids = {opened["transport"] for _, opened in answers}
    assert len(ids) == 5 and min(map(len, ids)) >= 16


def test_a_query_is_ignored(base):
    """The query parameter x is ignored."""
    status, body = base.post("/open?x=382913", b'{"protocols":["wamp.2.json"]}')
    assert status == 200
    transport = json.loads(body)["transport"]
    hello = json.dumps([1, "realm1", {"roles": {"caller": {}}}]).encode()
    assert base.post(f"/{transport}/send?x=1", hello)[0] in ACCEPTED
    assert base.post(f"/{transport}/receive?x=2")[0] == 200


def test_one_message_for_each_request(polling, peer, uri):
    """Unbatched, a receive returns one message; the others wait for the next."""
    client, publisher = polling(), peer()
    client.subscribe(uri())
    for number in range(5):
        publisher.publish(uri(), number)
    assert [client.expect(Message.EVENT)[4] for _ in range(5)] == [[number] for number in range(5)]


def test_a_batch_has_all_that_is_pending(polling, peer, uri):
    """Batched, a receive returns all messages that are pending."""
    client, publisher = polling("wamp.2.json.batched"), peer()
    client.subscribe(uri())
    for number in range(5):
        publisher.publish(uri(), number)
    status, body = client.wire.base.post(f"/{client.wire.transport}/receive")
    assert status == 200 and len(unpack(client.wire.codec, body)) == 5


def test_receive_waits_for_a_message(polling, peer, uri):
    """A receive without pending messages is kept open until there is one."""
    client, publisher = polling(), peer()
    client.subscribe(uri())
    received = []
    waiting = threading.Thread(target=lambda: received.append(client.expect(Message.EVENT)[4]))
    waiting.start()
    publisher.is_alive()
    publisher.publish(uri(), "at last")
    waiting.join(5)
    assert received == [["at last"]]


@pytest.mark.parametrize("what", ["send", "receive", "close"])
def test_a_transport_that_is_none(base, what):
    """Requests to a transport that there is not are refused."""
    status, _ = base.post(f"/org-conformance-no-transport/{what}", b"[]" if what == "send" else b"")
    assert 400 <= status < 500


def test_a_message_that_is_none(polling, bystander):
    """A body that is no message is answered with 400, or ends the session with ABORT."""
    client = polling()
    status, _ = client.wire.base.post(f"/{client.wire.transport}/send", b"not json")
    assert status == 400 or client.expect(Message.ABORT)


def test_close(polling, peer, uri):
    """close succeeds, and ends session and transport."""
    client, caller = polling(), peer()
    client.register(uri())
    assert client.wire.base.post(f"/{client.wire.transport}/close")[0] in ACCEPTED
    status, _ = client.wire.base.post(f"/{client.wire.transport}/send", b"[]")
    assert 400 <= status < 500
    assert caller.refused(Message.CALL, {}, uri()) == "wamp.error.no_such_procedure"


def test_other_methods(base):
    """The requests are POST requests."""
    connection = http.client.HTTPConnection(base.host, base.port, timeout=base.timeout)
    connection.request("GET", base.path + "/open")
    assert 400 <= connection.getresponse().status < 500
    connection.close()
