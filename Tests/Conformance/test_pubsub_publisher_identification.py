"""Publisher Identification

advanced/pubsub_publisher_identification.md.
"""

import pytest

import facilities
from wire import Message

pytestmark = pytest.mark.announced("broker", "publisher_identification")
IDENTITY = {"publisher", "publisher_authid", "publisher_authrole"}


def test_a_publisher_that_asks_for_it(any_peer, uri):
    """With disclose_me EVENT.Details.publisher is the publisher's session id."""
    publisher, subscriber = any_peer(), any_peer()
    subscriber.subscribe(uri())
    publisher.publish(uri(), 1, disclose_me=True)
    assert subscriber.expect(Message.EVENT)[3]["publisher"] == publisher.session


def test_who_the_publisher_is(peer, uri):
    """What is disclosed beside it are authid and authrole, as WELCOME had them."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    publisher.publish(uri(), 1, disclose_me=True)
    details = subscriber.expect(Message.EVENT)[3]
    for key in ("authid", "authrole"):
        assert details.get(f"publisher_{key}", publisher.welcome[key]) == publisher.welcome[key]


@pytest.mark.parametrize("options", [{}, {"disclose_me": False}], ids=str)
def test_a_publisher_that_does_not(peer, uri, options):
    """Without disclose_me, or with false, a router that is not configured to disclose says nothing of the publisher."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    publisher.publish(uri(), 1, **options)
    assert not IDENTITY & set(subscriber.expect(Message.EVENT)[3])


def test_one_event_of_two(peer, uri):
    """Disclosure is for one publication, not for the session."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    for disclose in (True, False, True):
        publisher.request(Message.PUBLISH, {"disclose_me": disclose}, uri(), [disclose])
    disclosed = [subscriber.expect(Message.EVENT)[3].get("publisher") for _ in range(3)]
    assert disclosed == [publisher.session, None, publisher.session]


@pytest.mark.configured("no_disclosure")
@pytest.mark.parametrize("acknowledge", [True, False])
def test_a_router_that_denies_it(peer, uri, acknowledge):
    """A broker that denies the request answers with option_disallowed.disclose_me, if asked for an answer."""
    realm = facilities.REALM_DISCLOSING_NEVER
    publisher, subscriber = peer(realm=realm), peer(realm=realm)
    subscriber.subscribe(uri())
    options = {"disclose_me": True, "acknowledge": acknowledge}
    if acknowledge:
        assert publisher.refused(Message.PUBLISH, options, uri()) == "wamp.error.option_disallowed.disclose_me"
    else:
        publisher.request(Message.PUBLISH, options, uri())
        assert publisher.until_answered() == []
    assert subscriber.events_after(publisher) == []


def test_a_publisher_cannot_forge_its_identity(peer, uri):
    """What a publisher writes into its options never becomes its identity."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    forged = {"publisher": 1, "publisher_authid": "forged", "publisher_authrole": "forged"}
    publisher.publish(uri(), 1, **forged)
    publisher.publish(uri(), 2, disclose_me=True, **forged)
    events = subscriber.events_after(publisher)
    assert not IDENTITY & set(events[0][3])
    assert events[1][3]["publisher"] == publisher.session and "forged" not in events[1][3].values()
