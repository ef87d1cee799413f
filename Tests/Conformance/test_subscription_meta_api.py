"""Subscription Meta API

advanced/meta_api_subscriptions.md.
"""

import datetime

import pytest

from client import Refused
from wire import Message

pytestmark = pytest.mark.announced("broker", "subscription_meta_api")
TOPICS = ("on_create", "on_subscribe", "on_unsubscribe", "on_delete")


@pytest.fixture
def watcher(peer):
    """A session that has subscribed to the four meta events; returns those of certain subscriptions."""
    session = peer("rawsocket", "msgpack")
    names = {session.subscribe(f"wamp.subscription.{topic}"): topic for topic in TOPICS}

    def seen(*subscriptions):
        events = [(names[event[1]], *event[4]) for event in session.until_answered() if event[1] in names]
        return [e for e in events if (e[2]["id"] if isinstance(e[2], dict) else e[2]) in subscriptions]

    return seen


def check_details(details, subscription, uri, match):
    assert {key: details[key] for key in ("id", "uri", "match")} == {"id": subscription, "uri": uri, "match": match}
    created = datetime.datetime.fromisoformat(details["created"].replace("Z", "+00:00"))
    assert created.tzinfo is not None and abs(created.timestamp() - datetime.datetime.now().timestamp()) < 3600


def test_the_events_of_a_subscription(peer, uri, watcher):
    """on_create comes before on_subscribe, on_unsubscribe before on_delete, each with the session."""
    client = peer()
    subscription = client.subscribe(uri())
    client.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, subscription)
    events = watcher(subscription)
    assert [event[0] for event in events] == list(TOPICS)
    assert [event[1] for event in events] == [client.session] * 4
    check_details(events[0][2], subscription, uri(), "exact")
    assert [event[2] for event in events[1:]] == [subscription] * 3


def test_the_events_of_further_subscribers(peer, uri, watcher):
    """A further subscriber is on_subscribe only; on_delete comes when the last one has gone."""
    one, two = peer(), peer()
    subscription = one.subscribe(uri())
    two.subscribe(uri())
    one.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, subscription)
    two.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, subscription)
    events = watcher(subscription)
    names = ["on_create", "on_subscribe", "on_subscribe", "on_unsubscribe", "on_unsubscribe", "on_delete"]
    assert [event[0] for event in events] == names
    first, second = one.session, two.session
    assert [event[1] for event in events] == [first, first, second, first, second, second]


def test_subscribing_again_is_no_event(peer, uri, watcher):
    """A session that subscribes again is not added again."""
    client = peer()
    subscription = client.subscribe(uri())
    client.subscribe(uri())
    assert [event[0] for event in watcher(subscription)] == ["on_create", "on_subscribe"]


def test_the_events_of_a_session_that_leaves(peer, uri, watcher):
    """The subscriptions of a session that leaves are ended, with their events."""
    client = peer()
    subscription = client.subscribe(uri())
    client.leave()
    assert [event[0] for event in watcher(subscription)] == list(TOPICS)


def test_list(peer, uri):
    """list is a dictionary of the subscriptions by matching policy."""
    client = peer()
    mine = {match: client.subscribe(uri("a"), match=match) for match in ("exact", "prefix", "wildcard")}
    (listed,) = client.call("wamp.subscription.list")
    assert set(listed) == {"exact", "prefix", "wildcard"}
    assert all(mine[match] in listed[match] for match in mine)


def test_lookup(peer, uri):
    """lookup is the subscription of exactly that URI and matching policy, or null."""
    client = peer()
    exact, prefix = client.subscribe(uri("a")), client.subscribe(uri("b"), match="prefix")
    assert client.call("wamp.subscription.lookup", uri("a")) == [exact]
    assert client.call("wamp.subscription.lookup", uri("b"), {"match": "prefix"}) == [prefix]
    assert client.call("wamp.subscription.lookup", uri("b")) in ([None], [])
    assert client.call("wamp.subscription.lookup", uri("a"), {"match": "wildcard"}) in ([None], [])


def test_match(peer, uri):
    """match is the list of all subscriptions that match a topic, or null."""
    client = peer()
    subscriptions = [
        client.subscribe(uri("a.b")),
        client.subscribe(uri("a"), match="prefix"),
        client.subscribe(uri("a."), match="wildcard"),
    ]
    assert sorted(client.call("wamp.subscription.match", uri("a.b"))[0]) == sorted(subscriptions)
    assert client.call("wamp.subscription.match", uri("b")) in ([None], [])


@pytest.mark.parametrize("match", ["exact", "prefix", "wildcard"])
def test_get(any_peer, uri, match):
    """get is what there is to know of a subscription."""
    client = any_peer()
    subscription = client.subscribe(uri("a"), match=match)
    (details,) = client.call("wamp.subscription.get", subscription)
    check_details(details, subscription, uri("a"), match)


def test_subscribers(peer, uri):
    """list_subscribers are the sessions that are attached, count_subscribers is their number."""
    one, two = peer(), peer()
    subscription = one.subscribe(uri())
    two.subscribe(uri())
    (sessions,) = one.call("wamp.subscription.list_subscribers", subscription)
    assert sorted(sessions) == sorted([one.session, two.session])
    assert one.call("wamp.subscription.count_subscribers", subscription) == [2]


@pytest.mark.parametrize("procedure", ["get", "list_subscribers", "count_subscribers"])
def test_no_such_subscription(peer, procedure):
    """What there is not is answered with no_such_subscription."""
    with pytest.raises(Refused) as refused:
        peer().call(f"wamp.subscription.{procedure}", 4711)
    assert refused.value.error == "wamp.error.no_such_subscription"


@pytest.mark.parametrize("procedure", ["lookup", "match", "get", "list_subscribers", "count_subscribers"])
@pytest.mark.parametrize("arguments", [[], [{"a": 1}], [None]], ids=str)
def test_arguments_that_are_none(peer, procedure, arguments):
    """Arguments that are missing or of a wrong type are answered with an ERROR, invalid_argument by its name."""
    with pytest.raises(Refused) as refused:
        peer().call(f"wamp.subscription.{procedure}", *arguments)
    assert refused.value.error == "wamp.error.invalid_argument"
