"""Subscription Revocation

advanced/pubsub_subscription_revocation.md. The text names no way to cause one: the routers that have the feature have
the meta procedure wamp.subscription.remove_subscriber.
"""

import pytest

from client import Refused
from wire import Message

pytestmark = pytest.mark.announced("broker", "subscription_revocation")


@pytest.fixture
def revoked(peer, uri):
    """A subscriber whose subscription has been revoked: (subscriber, subscription, administrator)."""

    def revoke(**details):
        subscriber, administrator = peer(**details), peer()
        subscription = subscriber.subscribe(uri())
        try:
            administrator.call("wamp.subscription.remove_subscriber", subscription, subscriber.session)
        except Refused as refused:
            if refused.error in ("wamp.error.no_such_procedure", "wamp.error.not_authorized"):
                pytest.skip("not announced: a way to revoke a subscription")
            raise
        return subscriber, subscription, administrator

    return revoke


def test_unsubscribed_with_request_0(revoked):
    """The subscriber gets UNSUBSCRIBED with request 0 and the subscription in its details."""
    subscriber, subscription, _ = revoked()
    message = subscriber.expect(Message.UNSUBSCRIBED)
    assert message[1] == 0 and message[2]["subscription"] == subscription
    assert isinstance(message[2].get("reason", ""), str)


def test_a_subscriber_that_did_not_announce_it(revoked):
    """A subscriber that did not announce the feature gets no message."""
    subscriber, _, _ = revoked(without="subscriber.subscription_revocation")
    assert subscriber.until_answered() == []


def test_no_more_events(uri, revoked):
    """After the revocation there are no events."""
    subscriber, _, administrator = revoked()
    subscriber.expect(Message.UNSUBSCRIBED)
    administrator.publish(uri(), 1)
    assert subscriber.events_after(administrator) == []


def test_the_subscription_is_not_active_any_more(revoked):
    """UNSUBSCRIBE of a revoked subscription is answered with no_such_subscription."""
    subscriber, subscription, _ = revoked()
    subscriber.expect(Message.UNSUBSCRIBED)
    assert subscriber.refused(Message.UNSUBSCRIBE, subscription) == "wamp.error.no_such_subscription"


def test_others_keep_theirs(peer, uri, revoked):
    """The other subscribers of the subscription are not touched."""
    other = peer()
    other.subscribe(uri())
    _, _, administrator = revoked()
    administrator.publish(uri(), 1)
    assert other.payloads_after(administrator) == [1]


@pytest.mark.announced("broker", "subscription_meta_api")
def test_the_meta_event(peer, revoked):
    """A subscriber without the feature can learn of it by the meta event on_unsubscribe."""
    watcher = peer()
    watcher.subscribe("wamp.subscription.on_unsubscribe")
    subscriber, subscription, _ = revoked(without="subscriber.subscription_revocation")
    assert watcher.expect(Message.EVENT)[4] == [subscriber.session, subscription]
