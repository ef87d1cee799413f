"""Slow Readers and Floods

No section of the specification: what its ordering guarantees are worth when somebody does not read, or does not stop.
"""

import itertools
import resource
import socket
import time

import pytest

from wire import Closed, Message

pytestmark = pytest.mark.long
KIBIBYTES_4 = "x" * 4096


def publish_many(publisher, topic, count, payload=KIBIBYTES_4):
    """Publishes numbered events, and waits for the router every hundred."""
    for number in range(count):
        publisher.request(Message.PUBLISH, {}, topic, [number, payload])
        if number % 100 == 99:
            publisher.kept += publisher.until_answered()


def narrow(client):
    """A receive buffer that is soon full."""
    client.wire.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    return client


@pytest.mark.parametrize("transport", ["websocket", "rawsocket"])
def test_a_reader_that_does_not_read_holds_up_nobody(peer, uri, transport):
    """Beside a subscriber that reads nothing another one gets every event, in order."""
    publisher, slow, fast = peer("rawsocket", "msgpack"), narrow(peer(transport, "json")), peer("rawsocket", "cbor")
    slow.subscribe(uri())
    fast.subscribe(uri())
    for start in range(0, 20_000, 500):
        for number in range(start, start + 500):
            publisher.request(Message.PUBLISH, {}, uri(), [number, KIBIBYTES_4])
        for number in range(start, start + 500):
            assert fast.expect(Message.EVENT)[4][0] == number
    assert publisher.is_alive() and fast.is_alive()


def test_what_a_slow_reader_gets_is_in_order(peer, uri):
    """A slow subscriber may miss events or be disconnected; what it gets is in order, and nothing twice."""
    publisher, slow = peer("rawsocket", "msgpack"), narrow(peer("rawsocket", "msgpack"))
    slow.subscribe(uri())
    publish_many(publisher, uri(), 12_000)
    numbers = []
    try:
        while True:
            numbers.append(slow.expect(Message.EVENT, 1)[4][0])
    except (TimeoutError, Closed):
        pass
    assert numbers and numbers == sorted(set(numbers))


def test_results_are_not_dropped(peer, uri):
    """A caller that reads late gets every result of its calls."""
    caller, callee = narrow(peer("rawsocket", "msgpack")), peer("rawsocket", "msgpack")
    callee.register(uri())
    calls = [caller.start_call(uri(), number) for number in range(200)]
    for _ in calls:
        invocation, _, arguments = callee.expect_invocation()
        callee.give(invocation, *arguments, KIBIBYTES_4 * 32)
    assert callee.is_alive()
    results = {message[1]: message[3][0] for message in (caller.expect(Message.RESULT) for _ in calls)}
    assert results == {call: number for number, call in enumerate(calls)}


def test_progressive_results_are_not_dropped(peer, uri):
    """Progressive results to a caller that reads late are all there, in order."""
    caller, callee = narrow(peer("rawsocket", "msgpack")), peer("rawsocket", "msgpack")
    callee.register(uri())
    call = caller.start_call(uri(), receive_progress=True)
    invocation, _, _ = callee.expect_invocation()
    for number in range(2000):
        callee.give(invocation, number, KIBIBYTES_4, progress=True)
    callee.give(invocation, "end")
    time.sleep(1)
    assert [caller.expect(Message.RESULT)[3][0] for _ in range(2000)] == list(range(2000))
    assert caller.expect_result(call) == ["end"]


def test_a_flood_does_not_starve_others(peer, uri):
    """While one session sends as fast as it can, another's calls are answered."""
    flood, caller, callee = peer("rawsocket", "msgpack"), peer(), peer("rawsocket", "cbor")
    callee.register(uri())
    flood.wire.stream.socket.settimeout(30)
    slowest = 0
    for number in range(40):
        ids = range(number * 2000 + 1, number * 2000 + 2001)
        messages = [flood.wire.codec.dumps([16, one, {}, uri("flood"), [KIBIBYTES_4]]) for one in ids]
        flood.wire.stream.socket.sendall(b"".join(len(one).to_bytes(4, "big") + one for one in messages))
        begin = time.monotonic()
        call = caller.start_call(uri(), number)
        callee.give(callee.expect_invocation()[0], number)
        assert caller.expect_result(call) == [number]
        slowest = max(slowest, time.monotonic() - begin)
    assert slowest < 2, slowest


def test_ten_thousand_subscriptions_match_one_topic(peer, uri):
    """An event that matches ten thousand subscriptions of five sessions is delivered for each of them, once."""
    publisher, subscribers = peer(), [peer("rawsocket", "msgpack") for _ in range(5)]
    components = [f"n{number}" for number in range(14)]
    patterns = (
        ".".join("" if wild else name for wild, name in zip(choice, components, strict=True))
        for choice in itertools.product([False, True], repeat=14)
    )
    for subscriber in subscribers:
        for pattern in itertools.islice(patterns, 1990):
            subscriber.request(Message.SUBSCRIBE, {"match": "wildcard"}, uri(pattern))
        for _ in range(1990):
            subscriber.expect(Message.SUBSCRIBED)
    for number in range(5):
        publisher.publish(uri(".".join(components)), number)
    for subscriber in subscribers:
        payloads = subscriber.payloads_after(publisher)
        assert payloads == [number for number in range(5) for _ in range(1990)]


def test_ten_thousand_subscribers_of_one_topic(peer, uri, router):
    """Ten thousand sessions get each event once, in order; when they have gone, memory comes back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10_000, hard - 200)
    publisher, bystander = peer(), peer("rawsocket", "cbor")
    before = router.resident_mebibytes()
    subscribers = [peer("rawsocket", "msgpack") for _ in range(count)]
    for subscriber in subscribers:
        subscriber.subscribe(uri())
    for number in range(5):
        publisher.publish(uri(), number)
    for subscriber in subscribers:
        assert [subscriber.expect(Message.EVENT)[4][0] for _ in range(5)] == list(range(5))
        subscriber.wire.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert bystander.is_alive()
    deadline = time.monotonic() + 30
    while bystander.call("wamp.session.count")[0] > 10 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert router.resident_mebibytes() < before + 200


def test_a_million_calls_that_nobody_answers(peer, uri, router):
    """A million calls that are never answered end with their callers; memory comes back, and nobody else notices."""
    callee, bystander = peer("rawsocket", "msgpack", without="callee.call_canceling"), peer()
    callee.register(uri())
    before = router.resident_mebibytes()
    for _ in range(5000):
        caller = peer("rawsocket", "msgpack")
        dumps = caller.wire.codec.dumps
        messages = [dumps([48, number, {}, uri(), [number]]) for number in range(1, 201)]
        caller.wire.stream.write(b"".join(len(one).to_bytes(4, "big") + one for one in messages))
        for _ in range(200):
            callee.expect(Message.INVOCATION)
        caller.wire.close()
    assert bystander.is_alive() and callee.is_alive()
    assert router.resident_mebibytes() < before + 100
