"""Pattern-based Subscription

advanced/pubsub_pattern_based_subscription.md.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("broker", "pattern_based_subscription")


@pytest.fixture
def matched(peer, uri):
    """Which of some topics a pattern gets the events of."""

    def publish(pattern, match, topics):
        publisher, subscriber = peer(), peer()
        subscriber.subscribe(uri(pattern), match=match)
        for topic in topics:
            publisher.request(Message.PUBLISH, {}, uri(topic), [topic])
        events = subscriber.events_after(publisher)
        assert [event[3]["topic"] for event in events] == [uri(event[4][0]) for event in events]
        return [event[4][0] for event in events]

    return publish


def test_prefix(matched):
    """A prefix is one of the topic as a string: the specification's list of what matches."""
    matches = ["emergency.11", "emergency-low", "emergency.category.severe", "emergency"]
    assert matched("emergency", "prefix", [*matches, "emerge", "emergenc", "x.emergency"]) == matches


def test_wildcard(matched):
    """An empty component matches any one whole component: the specification's list of what matches."""
    matches = ["myapp.foo.userevent", "myapp.bar.userevent", "myapp.a12.userevent"]
    does_not = ["myapp.foo.userevent.bar", "myapp.foo.user", "myapp2.foo.userevent", "myapp.userevent"]
    assert matched("myapp..userevent", "wildcard", [*matches, *does_not]) == matches


@pytest.mark.parametrize(
    ("pattern", "matches", "does_not"),
    [
        ("..c", ["a.b.c", "x.y.c"], ["a.c", "a.b.d", "a.b.c.d"]),
        ("a..", ["a.b.c"], ["a.b", "a", "a.b.c.d", "b.b.c"]),
        ("a.", ["a.b"], ["a", "a.b.c"]),
        (".", ["a.b"], ["a", "a.b.c"]),
        ("a.b.c", ["a.b.c"], ["a.b", "a.b.c.d"]),
    ],
)
def test_wildcards_anywhere(matched, pattern, matches, does_not):
    """Any component may be the empty one, the last ones too; the count of components is the pattern's."""
    assert matched(pattern, "wildcard", [*matches, *does_not]) == matches


def test_prefix_that_ends_with_a_dot(matched):
    """A prefix may end with a dot, and then means what is below."""
    assert matched("a.", "prefix", ["a.b", "a.b.c", "a", "ab.c"]) == ["a.b", "a.b.c"]


def test_the_empty_prefix_matches_everything(peer, uri):
    """The empty prefix is a prefix of every topic, of applications at least."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe("", match="prefix")
    publisher.publish(uri("a"), "it")
    events = [event for event in subscriber.events_after(publisher) if event[3].get("topic") == uri("a")]
    assert [event[4] for event in events] == [["it"]]


def test_the_topic_that_was_published_to(any_peer, uri):
    """EVENT.Details.topic is the topic that was published to, for subscriptions by pattern."""
    publisher, subscriber = any_peer(), any_peer()
    subscriber.subscribe(uri("a"), match="prefix")
    publisher.publish(uri("a.b.c"), 1)
    assert subscriber.expect(Message.EVENT)[3]["topic"] == uri("a.b.c")


def test_an_event_for_each_subscription(any_peer, uri):
    """An event that matches several subscriptions is delivered for each, with the same publication."""
    publisher, subscriber = any_peer(), any_peer()
    subscriptions = [
        subscriber.subscribe(uri("a.b.c")),
        subscriber.subscribe(uri("a"), match="prefix"),
        subscriber.subscribe(uri("a.b"), match="prefix"),
        subscriber.subscribe(uri("a..c"), match="wildcard"),
        subscriber.subscribe(uri("..c"), match="wildcard"),
    ]
    publication = publisher.publish(uri("a.b.c"), 1)
    events = subscriber.events_after(publisher)
    assert sorted(event[1] for event in events) == sorted(subscriptions)
    assert {event[2] for event in events} == {publication}


def test_no_set_semantics(peer, uri):
    """Unsubscribing from a part of a pattern is not possible: each subscription is separate."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri("a"), match="prefix")
    inner = subscriber.subscribe(uri("a.b"), match="prefix")
    subscriber.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, inner)
    publisher.publish(uri("a.b.c"), 1)
    assert subscriber.payloads_after(publisher) == [1]


def test_the_same_topic_with_each_policy(peer, uri):
    """A topic with another matching policy is another subscription; with the same one it is the same."""
    one, two = peer(), peer()
    first = {match: one.subscribe(uri("a.b"), match=match) for match in ("exact", "prefix", "wildcard")}
    second = {match: two.subscribe(uri("a.b"), match=match) for match in ("exact", "prefix", "wildcard")}
    assert len(set(first.values())) == 3 and first == second
    assert one.subscribe(uri("a.b")) == first["exact"]


def test_publishing_to_a_pattern(peer, uri):
    """Only subscriptions may be patterns: nobody publishes to a topic with an empty component."""
    assert peer().refused(Message.PUBLISH, {"acknowledge": True}, uri("a..b")) == "wamp.error.invalid_uri"


@pytest.mark.parametrize("pattern", ["a b", "a#b", "a. .b"])
def test_a_pattern_that_is_no_uri(peer, uri, pattern):
    """A pattern follows the rule for URIs, but for its empty components."""
    assert peer().refused(Message.SUBSCRIBE, {"match": "wildcard"}, uri(pattern)) == "wamp.error.invalid_uri"
