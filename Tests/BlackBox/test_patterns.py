"""Prefix and wildcard subscriptions, exact and prefix registrations, and which of them wins."""

import pytest

from wire import Message


def events(subscriber, count):
    """The next events by subscription: (topic detail, arguments, publication)."""
    found = {}
    for _ in range(count):
        event = subscriber.expect(Message.EVENT)
        found.setdefault(event[1], []).append((event[3].get("topic"), event[4], event[2]))
    return found


def test_every_matching_subscription_gets_the_event_with_the_same_publication(any_peer):
    publisher, subscriber = any_peer(), any_peer()
    exact = subscriber.subscribe("org.example.hall.press.temperature")
    prefix = subscriber.subscribe("org.example.hall", match="prefix")
    wildcard = subscriber.subscribe("org.example.hall..temperature", match="wildcard")
    both = subscriber.subscribe("org.example...temperature", match="wildcard")
    other = subscriber.subscribe("org.example.hall..pressure", match="wildcard")
    publication = publisher.publish("org.example.hall.press.temperature", 21)
    found = events(subscriber, 4)
    subscriber.is_alive()
    assert set(found) == {exact, prefix, wildcard, both} and other not in found
    assert all(event[2] == publication for [event] in found.values())
    assert all(found[s][0][0] == "org.example.hall.press.temperature" for s in (prefix, wildcard, both))


@pytest.mark.parametrize(
    ("match", "pattern", "topic", "matches"),
    [
        ("exact", "org.example.p1", "org.example.p1", True),
        ("exact", "org.example.p1", "org.example.p1.more", False),
        ("exact", "org.example.p1", "org.example.P1", False),
        ("prefix", "org.example.p2", "org.example.p2", True),
        ("prefix", "org.example.p2", "org.example.p2.more", True),
        ("prefix", "org.example.p2", "org.example.p2-without-a-dot", True),
        ("prefix", "org.example.p2", "org.example.p", False),
        ("prefix", "org.example.p3.", "org.example.p3.x", True),
        ("prefix", "org.example.p3.", "org.example.p3", False),
        ("wildcard", "org.example.w1..end", "org.example.w1.any.end", True),
        ("wildcard", "org.example.w1..end", "org.example.w1.end", False),
        ("wildcard", "org.example.w1..end", "org.example.w1.two.parts.end", False),
        ("wildcard", "org.example.w1..end", "org.example.w1.any.other", False),
        ("wildcard", ".example.w2", "org.example.w2", True),
        ("wildcard", "org.example.w3.", "org.example.w3.any", True),
        ("wildcard", "org.example.w3.", "org.example.w3", False),
        ("wildcard", "org.example.w4", "org.example.w4", True),
        ("wildcard", "org.example.w4", "org.example.w4.x", False),
    ],
)
def test_what_a_pattern_matches(peer, match, pattern, topic, matches):
    publisher, subscriber = peer(), peer()
    subscription = subscriber.subscribe(pattern, match=match)
    subscriber.subscribe("org.example.patterns.marker")
    publisher.publish(topic, "event")
    publisher.publish("org.example.patterns.marker", "marker")
    event = subscriber.expect(Message.EVENT)
    if matches:
        assert event[1] == subscription and event[4] == ["event"]
    else:
        assert event[4] == ["marker"]


def test_the_same_pattern_in_two_matches_is_two_subscriptions(peer):
    subscriber = peer()
    exact = subscriber.subscribe("org.example.patterns.two")
    prefix = subscriber.subscribe("org.example.patterns.two", match="prefix")
    assert exact != prefix
    subscriber.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, exact)
    peer().publish("org.example.patterns.two", "left")
    assert subscriber.expect(Message.EVENT)[1] == prefix
    subscriber.is_alive()


def test_a_thousand_subscriptions_of_one_session(peer):
    publisher, subscriber = peer(), peer()
    for number in range(1_000):
        subscriber.subscribe(f"org.example.thousand.{number}", match=("exact", "prefix", "wildcard")[number % 3])
    publisher.publish("org.example.thousand.999", "last")
    # As prefixes, .9 and .99 match too: which of 9, 99 and 999 are prefixes follows from the remainder by 3.
    expected = 1 + sum(number % 3 == 1 for number in (9, 99))
    assert sum(map(len, events(subscriber, expected).values())) == expected
    subscriber.is_alive()


@pytest.mark.parametrize(
    ("procedure", "winner"),
    [
        ("org.example.calls.press.stop", "exact"),
        ("org.example.calls.press.start", "long prefix"),
        ("org.example.calls.press", "long prefix"),
        # A prefix that ends within a component comes after all others, as in the specification's examples.
        ("org.example.calls.pressure", "short prefix"),
        ("org.example.calls.oven.stop", "short prefix"),
    ],
)
def test_the_most_specific_registration_is_called(peer, procedure, winner):
    callee, caller = peer("rawsocket", "msgpack"), peer()
    names = {
        callee.register("org.example.calls.press.stop"): "exact",
        callee.register("org.example.calls.press", match="prefix"): "long prefix",
        callee.register("org.example.calls", match="prefix"): "short prefix",
    }
    caller.request(Message.CALL, {}, procedure, ["?"])
    invocation = callee.expect(Message.INVOCATION)
    assert names[invocation[2]] == winner
    if winner != "exact":
        assert invocation[3]["procedure"] == procedure
    callee.send(Message.YIELD, invocation[1], {}, [winner])
    assert caller.expect(Message.RESULT)[3] == [winner]


def test_a_wildcard_registration_comes_last_and_the_most_literal_one_first(peer):
    callee, caller = peer(), peer("websocket", "cbor")
    names = {
        callee.register("org.example.wild..halt", match="wildcard"): "one blank",
        callee.register("org.example...halt", match="wildcard"): "two blanks",
        callee.register("org.example.wild.oven.", match="prefix"): "prefix",
    }
    for procedure, winner in (
        ("org.example.wild.press.halt", "one blank"),
        ("org.example.tame.press.halt", "two blanks"),
        ("org.example.wild.oven.halt", "prefix"),
    ):
        caller.request(Message.CALL, {}, procedure)
        invocation = callee.expect(Message.INVOCATION)
        assert names[invocation[2]] == winner and invocation[3]["procedure"] == procedure
        callee.send(Message.YIELD, invocation[1], {})
        caller.expect(Message.RESULT)


def test_outside_of_every_pattern_there_is_no_procedure(peer):
    callee, caller = peer(), peer()
    callee.register("org.example.outside.", match="prefix")
    request = caller.request(Message.CALL, {}, "org.example.outsider")
    caller.expect_error(Message.CALL, request, "wamp.error.no_such_procedure")


@pytest.mark.parametrize("uri", ["org.example..two", "org example", "org.#", "wamp.foo", "wamp"])
def test_an_exact_uri_that_cannot_be(any_peer, uri):
    session = any_peer()
    for kind in (Message.REGISTER,) if uri.startswith("wamp") else (Message.REGISTER, Message.SUBSCRIBE):
        request = session.request(kind, {}, uri)
        session.expect_error(kind, request, "wamp.error.invalid_uri")
    assert session.is_alive()
