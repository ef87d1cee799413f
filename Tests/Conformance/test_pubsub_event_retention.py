"""Event Retention

advanced/pubsub_event_retention.md.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("broker", "event_retention")


@pytest.fixture
def retained(peer):
    """What a new subscriber that asks for the retained event gets before anything else."""

    def subscribe(topic, **options):
        subscriber, other = peer(), peer()
        subscription = subscriber.subscribe(topic, **{"get_retained": True, **options})
        events = subscriber.events_after(other)
        assert all(event[1] == subscription and event[3]["retained"] is True for event in events)
        return [event[4] for event in events]

    return subscribe


def test_a_retained_event(any_peer, peer, uri):
    """A subscriber that asks for it gets the retained event after SUBSCRIBED, with retained: true."""
    publisher, subscriber = peer(), any_peer()
    publication = publisher.publish(uri(), "kept", retain=True)
    request = subscriber.request(Message.SUBSCRIBE, {"get_retained": True}, uri())
    assert subscriber.receive()[:2] == [Message.SUBSCRIBED, request]
    event = subscriber.expect(Message.EVENT)
    assert event[2] == publication and event[3]["retained"] is True and event[4] == ["kept"]


def test_the_most_recent_one(peer, retained, uri):
    """There is one retained event: the most recent that was published with retain."""
    publisher = peer()
    for number in range(3):
        publisher.publish(uri(), number, retain=True)
    publisher.publish(uri(), "not kept")
    publisher.publish(uri(), "not kept", retain=False)
    assert retained(uri()) == [[2]]


def test_with_all_of_its_payload(peer, retained, uri):
    """The retained event has the Arguments and ArgumentsKw that were published."""
    publisher, subscriber = peer(), peer()
    options = {"acknowledge": True, "retain": True}
    publisher.ask(Message.PUBLISH, Message.PUBLISHED, options, uri(), [1, "a"], {"k": [2]})
    subscriber.subscribe(uri(), get_retained=True)
    assert subscriber.expect(Message.EVENT)[4:] == [[1, "a"], {"k": [2]}]


@pytest.mark.parametrize("options", [{}, {"get_retained": False}], ids=str)
def test_a_subscriber_that_does_not_ask(peer, uri, options):
    """Without get_retained there is no retained event."""
    publisher, subscriber = peer(), peer()
    publisher.publish(uri(), 1, retain=True)
    subscriber.subscribe(uri(), **options)
    assert subscriber.events_after(publisher) == []


def test_an_event_that_comes_now(peer, uri):
    """Who has subscribed already gets the event as a new one, without retained."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri(), get_retained=True)
    publisher.publish(uri(), 1, retain=True)
    assert not subscriber.expect(Message.EVENT)[3].get("retained")


def test_nothing_is_retained(peer, retained, uri):
    """A topic without a retained event has none to give."""
    peer().publish(uri(), "not kept")
    assert retained(uri()) == []


def test_it_outlives_its_publisher(peer, retained, uri):
    """The retained event is the topic's: it stays when the publisher and every subscriber have left."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    publisher.publish(uri(), "kept", retain=True)
    subscriber.expect(Message.EVENT)
    publisher.leave()
    subscriber.leave()
    assert retained(uri()) == [["kept"]]


@pytest.mark.announced("broker", "subscriber_blackwhite_listing")
@pytest.mark.parametrize(
    "options", [{"exclude_authrole": ["anonymous"]}, {"eligible_authrole": ["org.conformance.nobody"]}], ids=str
)
def test_who_may_not_have_it(peer, retained, uri, options):
    """Nobody gets a retained event that it could not have got when it was published."""
    publisher = peer()
    options = {key: [publisher.welcome["authrole"] if name == "anonymous" else name for name in names]
               for key, names in options.items()}
    publisher.publish(uri(), "secret", retain=True, **options)
    assert retained(uri()) == []


@pytest.mark.announced("broker", "subscriber_blackwhite_listing")
def test_the_most_recent_that_one_may_have(peer, retained, uri):
    """Who may not have the most recent one gets the most recent that it may have."""
    publisher = peer()
    publisher.publish(uri(), "for all", retain=True)
    publisher.publish(uri(), "for nobody", retain=True, eligible_authrole=["org.conformance.nobody"])
    assert retained(uri()) == [["for all"]]


@pytest.mark.announced("broker", "subscriber_blackwhite_listing")
def test_a_session_that_was_excluded(peer, uri):
    """A list of sessions holds for the retained event: a session that was excluded does not get it."""
    publisher, subscriber = peer(), peer()
    publisher.publish(uri(), "not for you", retain=True, exclude=[subscriber.session])
    subscriber.subscribe(uri(), get_retained=True)
    assert subscriber.events_after(publisher) == []


def test_the_publisher_itself(peer, uri):
    """The publisher would not have received its own event, and gets it with exclude_me: false."""
    publisher = peer()
    publisher.publish(uri("a"), "mine", retain=True, exclude_me=False)
    publisher.subscribe(uri("a"), get_retained=True)
    assert publisher.expect(Message.EVENT)[4] == ["mine"]
    publisher.publish(uri("b"), "mine", retain=True)
    publisher.subscribe(uri("b"), get_retained=True)
    assert publisher.events_after(publisher) == []


@pytest.mark.announced("broker", "pattern_based_subscription")
@pytest.mark.parametrize("match", ["prefix", "wildcard"])
def test_patterns(peer, uri, match):
    """A subscription by pattern gets the retained event of each topic that it matches, with the topic."""
    publisher, subscriber = peer(), peer()
    for name in ("a.b", "a.c", "x.b"):
        publisher.publish(uri(name), name, retain=True)
    subscriber.subscribe(uri("a") if match == "prefix" else uri("a."), match=match, get_retained=True)
    events = subscriber.events_after(publisher)
    assert sorted(event[3]["topic"] for event in events) == [uri("a.b"), uri("a.c")]
    assert all(event[3]["retained"] is True for event in events)


def test_subscribing_again(peer, uri):
    """Who subscribes again and asks for it gets it again."""
    publisher, subscriber = peer(), peer()
    publisher.publish(uri(), 1, retain=True)
    for _ in range(2):
        subscriber.subscribe(uri(), get_retained=True)
        assert subscriber.payloads_after(publisher) == [1]


@pytest.mark.announced("broker", "publisher_identification")
def test_the_publishers_identity(peer, uri):
    """The identity that was disclosed is that of the publisher, although it may have left."""
    publisher, subscriber = peer(), peer()
    publisher.publish(uri(), 1, retain=True, disclose_me=True)
    publisher.leave()
    subscriber.subscribe(uri(), get_retained=True)
    assert subscriber.expect(Message.EVENT)[3].get("publisher") in (publisher.session, None)
