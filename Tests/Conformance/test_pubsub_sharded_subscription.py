"""Sharded Subscription

advanced/pubsub_sharded_subscription.md: resource keys and node keys; the text says no more than what they are.
"""

import pytest

pytestmark = pytest.mark.announced("broker", "sharded_subscription", "shareded_subscriptions")


@pytest.fixture
def nodes(peer, uri):
    """Three subscribers, each a node of its own."""
    subscribers = [peer() for _ in range(3)]
    for number, subscriber in enumerate(subscribers):
        subscriber.subscribe(uri(), nkey=f"node{number}")
    return subscribers


def node_of(publisher, nodes, topic, key):
    publisher.publish(topic, key, rkey=key)
    got = [node.payloads_after(publisher) for node in nodes]
    assert sorted(got) == [[], [], [key]], got
    return got.index([key])


def test_an_event_with_a_resource_key_has_one_node(peer, nodes, uri):
    """Events with the same rkey go to the same one of the nodes, whoever publishes."""
    keys = [f"sn{number}" for number in range(20)]
    one, two = peer(), peer("rawsocket", "cbor")
    assert [node_of(one, nodes, uri(), key) for key in keys] == [node_of(two, nodes, uri(), key) for key in keys]


def test_keys_are_spread(peer, nodes, uri):
    """Different resource keys are spread over the nodes."""
    publisher = peer()
    assert {node_of(publisher, nodes, uri(), f"sn{number}") for number in range(40)} == {0, 1, 2}


def test_a_subscriber_without_a_node_key(peer, nodes, uri):
    """A subscriber without nkey gets every event."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    for number in range(5):
        publisher.publish(uri(), number, rkey=f"sn{number}")
    assert subscriber.payloads_after(publisher) == list(range(5))


def test_an_event_without_a_resource_key(peer, nodes, uri):
    """An event without rkey goes to every node."""
    publisher = peer()
    publisher.publish(uri(), 1)
    assert [node.payloads_after(publisher) for node in nodes] == [[1]] * 3


def test_a_node_that_leaves(peer, nodes, uri):
    """When a node leaves, its keys go to the others, and the others keep theirs."""
    publisher = peer()
    keys = [f"sn{number}" for number in range(30)]
    before = {key: node_of(publisher, nodes, uri(), key) for key in keys}
    nodes[2].leave()
    for key in keys:
        publisher.publish(uri(), key, rkey=key)
    after = [set(node.payloads_after(publisher)) for node in nodes[:2]]
    assert after[0] | after[1] == set(keys) and not after[0] & after[1]
    assert all(key in after[number] for key, number in before.items() if number < 2)
