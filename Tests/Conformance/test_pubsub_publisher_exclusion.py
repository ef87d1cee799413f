"""Publisher Exclusion

advanced/pubsub_publisher_exclusion.md.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("broker", "publisher_exclusion")


@pytest.mark.parametrize("options", [{}, {"exclude_me": True}], ids=str)
def test_the_default(any_peer, uri, options):
    """By default, and with exclude_me: true, the publisher does not get its own event."""
    client = any_peer()
    client.subscribe(uri())
    client.publish(uri(), 1, **options)
    assert client.events_after(client) == []


def test_exclude_me_false(any_peer, uri):
    """With exclude_me: false the publisher gets its own event, if it has subscribed."""
    client = any_peer()
    subscription = client.subscribe(uri())
    publication = client.publish(uri(), 1, exclude_me=False)
    event = client.expect(Message.EVENT)
    assert event[1:3] == [subscription, publication] and event[4] == [1]


def test_exclude_me_false_without_a_subscription(any_peer, uri):
    """exclude_me: false does not make a subscriber of the publisher."""
    client = any_peer()
    client.publish(uri(), 1, exclude_me=False)
    assert client.events_after(client) == []


def test_others_get_it_anyway(peer, uri):
    """exclude_me is about the publisher's session only, not about others of the same principal."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    publisher.publish(uri(), 1, exclude_me=True)
    publisher.publish(uri(), 2, exclude_me=False)
    assert subscriber.payloads_after(publisher) == [1, 2]


@pytest.mark.announced("broker", "pattern_based_subscription")
def test_patterns(peer, uri):
    """exclude_me holds for subscriptions by pattern as well."""
    client = peer()
    client.subscribe(uri("a"), match="prefix")
    client.subscribe(uri("a."), match="wildcard")
    client.publish(uri("a.b"), 1)
    assert client.events_after(client) == []
    client.publish(uri("a.b"), 2, exclude_me=False)
    assert client.payloads_after(client) == [2, 2]
