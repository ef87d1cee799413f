"""Event History

advanced/pubsub_event_history.md, with every filter.
"""

import datetime
import time

import pytest

import facilities
from client import Refused, is_id

pytestmark = [pytest.mark.announced("broker", "event_history"), pytest.mark.configured("history")]
PROCEDURE = "wamp.subscription.get_events"


def events_of(client, subscription, **filters):
    """The events of a subscription. The text lets them be the Arguments themselves, or the one list in them."""
    arguments = client.call(PROCEDURE, subscription, kwargs=filters)
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments


def payloads(client, subscription, **filters):
    return [event["args"][0] for event in events_of(client, subscription, **filters)]


def when(event):
    return datetime.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))


@pytest.fixture
def topic(uri):
    """Makes topics whose events are kept."""
    return lambda name="it": f"{facilities.HISTORY_PREFIX}.{uri(name)}"


@pytest.fixture
def six(peer, topic):
    """A subscription with six events, 0 to 5, in three pairs some time apart: (client, subscription, publications)."""
    client, publisher = peer(), peer()
    subscription = client.subscribe(topic())
    publications = []
    for number in range(6):
        if number in (2, 4):
            time.sleep(0.03)
        publications.append(publisher.publish(topic(), number))
    return client, subscription, publications


def test_what_an_event_is(any_peer, peer, topic):
    """An event has timestamp, subscription, publication, details, args and kwargs."""
    client, publisher = any_peer(), peer()
    subscription = client.subscribe(topic())
    publication = publisher.publish(topic(), "a", 1)
    (event,) = events_of(client, subscription)
    assert event["subscription"] == subscription and event["publication"] == publication and is_id(publication)
    assert isinstance(event["details"], dict) and event["args"] == ["a", 1] and not event.get("kwargs")
    assert when(event).tzinfo is not None
    assert abs(when(event).timestamp() - time.time()) < 60


def test_the_order(six):
    """Events come in the order of their occurrence."""
    client, subscription, publications = six
    assert payloads(client, subscription) == [0, 1, 2, 3, 4, 5]
    assert [event["publication"] for event in events_of(client, subscription)] == publications


def test_reverse(six):
    """reverse traverses them in the reverse order."""
    client, subscription, _ = six
    assert payloads(client, subscription, reverse=True) == [5, 4, 3, 2, 1, 0]
    assert payloads(client, subscription, reverse=False) == [0, 1, 2, 3, 4, 5]


def test_limit(six):
    """limit is the greatest number of events; with reverse they are the last ones."""
    client, subscription, _ = six
    assert payloads(client, subscription, limit=2) == [0, 1]
    assert payloads(client, subscription, limit=2, reverse=True) == [5, 4]
    assert payloads(client, subscription, limit=100) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("from_publication", [2, 3, 4, 5]),
        ("after_publication", [3, 4, 5]),
        ("before_publication", [0, 1]),
        ("until_publication", [0, 1, 2]),
    ],
)
def test_publications(six, name, expected):
    """from and until include the named publication, after and before exclude it; by the order of occurrence."""
    client, subscription, publications = six
    assert payloads(client, subscription, **{name: publications[2]}) == expected
    assert payloads(client, subscription, reverse=True, **{name: publications[2]}) == expected[::-1]


def test_a_span_of_publications(six):
    """Filters are joined by and."""
    client, subscription, publications = six
    span = {"after_publication": publications[0], "until_publication": publications[4]}
    assert payloads(client, subscription, **span) == [1, 2, 3, 4]
    assert payloads(client, subscription, limit=2, **span) == [1, 2]
    assert payloads(client, subscription, limit=2, reverse=True, **span) == [4, 3]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("from_time", lambda time, mark: time >= mark),
        ("after_time", lambda time, mark: time > mark),
        ("before_time", lambda time, mark: time < mark),
        ("until_time", lambda time, mark: time <= mark),
    ],
)
@pytest.mark.parametrize("number", [0, 2, 5])
def test_times(six, name, kept, number):
    """from and until include the named time, after and before exclude it."""
    client, subscription, _ = six
    events = events_of(client, subscription)
    mark = events[number]["timestamp"]
    expected = [event["args"][0] for event in events if kept(when(event), when(events[number]))]
    assert payloads(client, subscription, **{name: mark}) == expected


@pytest.mark.parametrize("form", ["{:%Y-%m-%dT%H:%M:%S.%fZ}", "{:%Y-%m-%dT%H:%M:%S.%f+00:00}", "{:%Y-%m-%dT%H:%M:%SZ}"])
def test_forms_of_a_time(six, form):
    """A time is any RFC 3339 timestamp, with or without a fraction, with Z or with an offset."""
    client, subscription, _ = six
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    assert len(payloads(client, subscription, from_time=form.format(now - hour))) == 6
    assert payloads(client, subscription, from_time=form.format(now + hour)) == []


def test_an_offset(six):
    """An offset of the time of day counts."""
    client, subscription, _ = six
    there = datetime.timezone(datetime.timedelta(hours=5))
    ago = datetime.datetime.now(there) - datetime.timedelta(minutes=10)
    assert len(payloads(client, subscription, after_time=ago.isoformat(timespec="milliseconds"))) == 6
    assert payloads(client, subscription, before_time=ago.isoformat(timespec="milliseconds")) == []


@pytest.mark.announced("broker", "pattern_based_subscription")
def test_topic(peer, topic):
    """For a subscription by pattern topic is the only topic whose events are included."""
    client, publisher = peer(), peer()
    subscription = client.subscribe(topic("log"), match="prefix")
    for number, name in enumerate(["log.auth", "log.basket", "log.basket", "log.checkout"]):
        publisher.publish(topic(name), number)
    assert payloads(client, subscription) == [0, 1, 2, 3]
    assert payloads(client, subscription, topic=topic("log.basket")) == [1, 2]
    assert payloads(client, subscription, topic=topic("log")) == []
    assert events_of(client, subscription, limit=1)[0]["details"]["topic"] == topic("log.auth")


@pytest.mark.announced("broker", "pattern_based_subscription")
def test_the_example_of_the_text(peer, topic):
    """Each subscription has the history of what matched it: the specification's example."""
    client, publisher = peer(), peer()
    subscriptions = [
        client.subscribe(topic("log.auth")),
        client.subscribe(topic("log.basket")),
        client.subscribe(topic("log"), match="prefix"),
    ]
    for number, name in enumerate(["auth", "basket", "basket", "basket", "checkout"], 1):
        publisher.publish(topic(f"log.{name}"), number)
    assert [payloads(client, one) for one in subscriptions] == [[1], [2, 3, 4], [1, 2, 3, 4, 5]]


def test_no_events(peer, topic):
    """A subscription without publications has an empty history."""
    client = peer()
    assert events_of(client, client.subscribe(topic())) == []


def test_history_outlives_its_subscribers(peer, topic):
    """What is kept does not end with the session that subscribed."""
    client, publisher = peer(), peer()
    subscription = client.subscribe(topic())
    publisher.publish(topic(), "kept")
    client.leave()
    other = peer()
    again = other.subscribe(topic())
    assert payloads(other, again) == ["kept"] or payloads(other, subscription) == ["kept"]


@pytest.mark.announced("broker", "subscriber_blackwhite_listing")
@pytest.mark.parametrize("key", ["exclude", "eligible"])
def test_lists_of_sessions(peer, topic, key):
    """Events with exclude or eligible, lists of sessions, are not stored."""
    client, publisher = peer(), peer()
    subscription = client.subscribe(topic())
    publisher.publish(topic(), "not stored", **{key: [client.session if key == "eligible" else 4711]})
    publisher.publish(topic(), "stored")
    assert payloads(client, subscription) == ["stored"]


@pytest.mark.announced("broker", "subscriber_blackwhite_listing")
def test_lists_of_names(peer, topic):
    """Lists of authids and authroles hold for the session that asks for the history."""
    client, publisher = peer(), peer()
    role = client.welcome["authrole"]
    subscription = client.subscribe(topic())
    publisher.publish(topic(), 1, eligible_authrole=["org.conformance.nobody"])
    publisher.publish(topic(), 2, exclude_authrole=[role])
    publisher.publish(topic(), 3, eligible_authrole=[role])
    publisher.publish(topic(), 4, exclude_authid=[client.welcome["authid"]])
    publisher.publish(topic(), 5, exclude_authid=["org.conformance.nobody"])
    publisher.publish(topic(), 6, exclude_authrole=["org.conformance.nobody"])
    assert payloads(client, subscription) == [3, 5, 6]


def test_no_such_subscription(peer):
    """The history of no subscription is answered with an ERROR."""
    with pytest.raises(Refused) as refused:
        peer().call(PROCEDURE, 4711)
    assert refused.value.error in ("wamp.error.no_such_subscription", "wamp.error.not_authorized")


@pytest.mark.parametrize(
    "filters",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": "all"},
        {"reverse": "yes"},
        {"from_time": "yesterday"},
        {"until_time": 7},
        {"after_time": "2026-02-30T00:00:00Z"},
        {"from_publication": "first"},
        {"before_publication": 0},
        {"topic": "not a uri"},
    ],
    ids=str,
)
def test_filters_that_are_none(six, filters):
    """A filter that is none is answered with invalid_argument, not ignored."""
    client, subscription, _ = six
    with pytest.raises(Refused) as refused:
        events_of(client, subscription, **filters)
    assert refused.value.error in ("wamp.error.invalid_argument", "wamp.error.invalid_uri")


def test_no_arguments(peer):
    """A call without a subscription is answered with invalid_argument."""
    with pytest.raises(Refused) as refused:
        peer().call(PROCEDURE)
    assert refused.value.error == "wamp.error.invalid_argument"


def test_pages(six):
    """Pages by after_publication and limit give every event once, in both directions."""
    client, subscription, _ = six
    for reverse, name in ((False, "after_publication"), (True, "before_publication")):
        seen, filters = [], {}
        while page := events_of(client, subscription, limit=4, reverse=reverse, **filters):
            seen += [event["args"][0] for event in page]
            filters = {name: page[-1]["publication"]}
        assert seen == ([5, 4, 3, 2, 1, 0] if reverse else [0, 1, 2, 3, 4, 5])
