"""Publish and Subscribe

basic/publish_subscribe.md: SUBSCRIBE, UNSUBSCRIBE, PUBLISH, EVENT.
"""

import pytest

from client import is_id
from wire import Message


def test_subscribe_is_answered(any_peer, uri):
    """SUBSCRIBE is answered with SUBSCRIBED, which names request and subscription."""
    client = any_peer()
    answer = client.ask(Message.SUBSCRIBE, Message.SUBSCRIBED, {}, uri())
    assert len(answer) == 3 and is_id(answer[2])


def test_subscribing_again(any_peer, uri):
    """A second SUBSCRIBE to the same topic is answered with the same subscription, and events come once."""
    client, publisher = any_peer(), any_peer()
    assert client.subscribe(uri()) == client.subscribe(uri())
    publisher.publish(uri(), 1)
    assert client.payloads_after(publisher) == [1]


def test_unsubscribe(any_peer, uri):
    """UNSUBSCRIBE is answered with UNSUBSCRIBED, and no event follows."""
    client, publisher = any_peer(), any_peer()
    subscription = client.subscribe(uri())
    answer = client.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, subscription)
    assert answer == [Message.UNSUBSCRIBED, client.requests]
    publisher.publish(uri(), 1)
    assert client.events_after(publisher) == []


def test_unsubscribing_what_is_not_subscribed(any_peer):
    """UNSUBSCRIBE of no active subscription is answered with no_such_subscription."""
    assert any_peer().refused(Message.UNSUBSCRIBE, 4711) == "wamp.error.no_such_subscription"


def test_unsubscribing_twice(any_peer, uri):
    """A subscription that has ended is not active."""
    client = any_peer()
    subscription = client.subscribe(uri())
    client.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, subscription)
    assert client.refused(Message.UNSUBSCRIBE, subscription) == "wamp.error.no_such_subscription"


def test_unsubscribing_what_another_session_has(peer, uri):
    """A subscription of another session cannot be ended."""
    one, two = peer(), peer()
    subscription = one.subscribe(uri())
    assert two.refused(Message.UNSUBSCRIBE, subscription) == "wamp.error.no_such_subscription"
    two.publish(uri(), 1)
    assert one.payloads_after(two) == [1]


def test_publish_is_not_answered(any_peer, uri):
    """By default a publication is not acknowledged."""
    client = any_peer()
    client.request(Message.PUBLISH, {}, uri(), [1])
    assert client.until_answered() == []


def test_publish_is_answered_when_asked(any_peer, uri):
    """With acknowledge a publication is answered with PUBLISHED, which names request and publication."""
    client = any_peer()
    answer = client.ask(Message.PUBLISH, Message.PUBLISHED, {"acknowledge": True}, uri(), [1])
    assert len(answer) == 3 and is_id(answer[2])


def test_acknowledge_false(any_peer, uri):
    """acknowledge: false is as if it were not there."""
    client = any_peer()
    client.request(Message.PUBLISH, {"acknowledge": False}, uri(), [1])
    assert client.until_answered() == []


@pytest.mark.parametrize(
    "payload",
    [[], [["Hello, world!"]], [[1, 2, 3]], [[], {"color": "orange", "sizes": [23, 42, 7]}], [[None, True], {"a": {}}]],
    ids=str,
)
def test_payloads(any_peer, uri, payload):
    """EVENT carries Arguments and ArgumentsKw as they were published."""
    publisher, subscriber = any_peer(), any_peer()
    subscription = subscriber.subscribe(uri())
    publication = publisher.ask(Message.PUBLISH, Message.PUBLISHED, {"acknowledge": True}, uri(), *payload)[2]
    event = subscriber.expect(Message.EVENT)
    assert event[1:3] == [subscription, publication] and isinstance(event[3], dict)
    assert event[4:] == payload


@pytest.mark.parametrize("payload", [[[]], [[], {}], [[1], {}]], ids=str)
def test_empty_arguments_are_as_none(any_peer, uri, payload):
    """Empty Arguments and ArgumentsKw are legal, and mean the same as none."""
    publisher, subscriber = any_peer(), any_peer()
    subscriber.subscribe(uri())
    publisher.request(Message.PUBLISH, {}, uri(), *payload)
    event = subscriber.expect(Message.EVENT)[4:]
    assert (event + [[], {}])[:2] == (payload + [{}])[:2] or (event and event[0] == payload[0] and not event[1:])


def test_every_subscriber_gets_the_event(peer, uri):
    """Every subscriber of a topic gets each event once, over whatever transport."""
    publisher = peer()
    wires = [(transport, codec) for transport in ("websocket", "rawsocket") for codec in ("json", "msgpack", "cbor")]
    subscribers = [peer(*wire) for wire in wires]
    for subscriber in subscribers:
        subscriber.subscribe(uri())
    publisher.publish(uri(), "to all")
    assert [subscriber.payloads_after(publisher) for subscriber in subscribers] == [["to all"]] * 6


def test_the_publisher_does_not_get_its_own_event(any_peer, uri):
    """The publisher never receives its own event, although it is a subscriber of the topic."""
    client = any_peer()
    client.subscribe(uri())
    client.publish(uri(), 1)
    assert client.events_after(client) == []


def test_only_the_topic_counts(peer, uri):
    """An event is for subscribers of exactly its topic: neither of what is above, below, nor of another case."""
    publisher, subscriber = peer(), peer()
    for name in ("a", "a.b.c", "a.B", "a.bb"):
        subscriber.subscribe(uri(name))
    publisher.publish(uri("a.b"), 1)
    assert subscriber.events_after(publisher) == []


def test_publishing_without_subscribers(any_peer, uri):
    """A publication to a topic without subscribers succeeds."""
    assert is_id(any_peer().publish(uri(), 1))


def test_unknown_options_are_ignored(any_peer, uri):
    """Unknown options, and those of the form _abc, are ignored in SUBSCRIBE and in PUBLISH."""
    client = any_peer()
    client.subscribe(uri(), not_a_known_option=[1], _vendor=True)
    client.publish(uri(), 1, exclude_me=False, not_a_known_option={"a": 1}, _vendor=True)
    event = client.expect(Message.EVENT)
    assert event[4] == [1] and not {"not_a_known_option", "_vendor"} & set(event[3])


@pytest.mark.parametrize(
    "options", [{"acknowledge": "yes"}, {"exclude": 7}, {"eligible": "all"}, {"exclude_me": "no"}], ids=str
)
def test_options_of_a_wrong_type(peer, bystander, uri, options):
    """A known option of a wrong type is refused, not guessed at."""
    client = peer()
    client.request(Message.PUBLISH, {"acknowledge": True, **options}, uri(), [1])
    client.refusal()


def test_a_match_that_is_none(peer, bystander, uri):
    """A matching policy that is none is refused."""
    client = peer()
    client.request(Message.SUBSCRIBE, {"match": "soundslike"}, uri())
    client.refusal()
