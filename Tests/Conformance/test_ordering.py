"""Ordering Guarantees

basic/security_model.md "Ordering Guarantees".
"""

import pytest

from wire import Message


def test_events_of_one_publisher_keep_their_order(any_peer, uri):
    """Events from one publisher to one subscriber come in the order of publishing, on one topic."""
    publisher, subscriber = any_peer(), any_peer()
    subscriber.subscribe(uri())
    for number in range(300):
        publisher.request(Message.PUBLISH, {}, uri(), [number])
    assert subscriber.payloads_after(publisher) == list(range(300))


def test_events_keep_their_order_across_topics(any_peer, uri):
    """Events from one publisher to one subscriber come in the order of publishing, across topics."""
    publisher, subscriber = any_peer(), any_peer()
    for topic in range(7):
        subscriber.subscribe(uri(f"t{topic}"))
    for number in range(300):
        publisher.request(Message.PUBLISH, {"acknowledge": number % 5 == 0}, uri(f"t{number % 7}"), [number])
    publisher.kept = publisher.until_answered()
    assert subscriber.payloads_after(publisher) == list(range(300))


@pytest.mark.announced("broker", "pattern_based_subscription")
def test_events_keep_their_order_across_patterns(peer, uri):
    """The order holds between subscriptions of different matching policies."""
    publisher, subscriber = peer(), peer("rawsocket", "msgpack")
    subscriber.subscribe(uri("a.b"))
    subscriber.subscribe(uri("a"), match="prefix")
    subscriber.subscribe(uri("a."), match="wildcard")
    for number in range(100):
        publisher.request(Message.PUBLISH, {}, uri("a.b"), [number])
    payloads = subscriber.payloads_after(publisher)
    assert payloads == sorted(payloads) and len(payloads) == 300


def test_subscribed_comes_before_the_first_event(peer, uri):
    """SUBSCRIBED is sent before any EVENT of the topic."""
    publisher, subscriber = peer(), peer("rawsocket", "cbor")
    for number in range(60):
        publisher.request(Message.PUBLISH, {}, uri(), [number])
        if number == 20:
            request = subscriber.request(Message.SUBSCRIBE, {}, uri())
    assert publisher.is_alive()
    first = subscriber.receive()
    assert first[:2] == [Message.SUBSCRIBED, request], first
    payloads = subscriber.payloads_after(publisher)
    assert payloads == list(range(60 - len(payloads), 60))


def test_invocations_of_one_caller_keep_their_order(any_peer, uri):
    """Invocations from one caller to one callee come in the order of calling, of one procedure."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri())
    for number in range(200):
        caller.start_call(uri(), number)
    assert [callee.expect_invocation()[2] for _ in range(200)] == [[number] for number in range(200)]


def test_invocations_keep_their_order_across_procedures(any_peer, uri):
    """Invocations from one caller to one callee come in the order of calling, across procedures."""
    caller, callee = any_peer(), any_peer()
    for procedure in range(5):
        callee.register(uri(f"p{procedure}"))
    for number in range(200):
        caller.start_call(uri(f"p{number % 5}"), number)
    assert [callee.expect_invocation()[2] for _ in range(200)] == [[number] for number in range(200)]


def test_registered_comes_before_the_first_invocation(peer, uri):
    """REGISTERED is sent before any INVOCATION of the procedure."""
    caller, callee = peer(), peer("rawsocket", "msgpack")
    request = callee.request(Message.REGISTER, {}, uri())
    for number in range(50):
        caller.start_call(uri(), number)
    assert callee.receive()[:2] == [Message.REGISTERED, request]


def test_results_of_different_calls_have_no_order(peer, uri):
    """A call that is answered late does not hold back one that came after it."""
    caller, callee = peer(), peer()
    callee.register(uri())
    first, second = caller.start_call(uri(), 1), caller.start_call(uri(), 2)
    one, two = callee.expect_invocation()[0], callee.expect_invocation()[0]
    callee.give(two, "second")
    assert caller.expect_result(second) == ["second"]
    callee.give(one, "first")
    assert caller.expect_result(first) == ["first"]


def test_progressive_results_keep_their_order(any_peer, uri):
    """The results of one call come in the order in which they were yielded."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri())
    call = caller.start_call(uri(), receive_progress=True)
    invocation, details, _ = callee.expect_invocation()
    if not details.get("receive_progress"):
        pytest.skip("not announced: dealer.progressive_call_results")
    for number in range(100):
        callee.give(invocation, number, progress=True)
    callee.give(invocation, 100)
    results = [caller.expect(Message.RESULT) for _ in range(101)]
    assert [result[1] for result in results] == [call] * 101
    assert [result[3] for result in results] == [[number] for number in range(101)]
