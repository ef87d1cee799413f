"""Subscriber Black- and Whitelisting

advanced/pubsub_subscriber_blackwhite_listing.md, in all six forms.
"""

import itertools

import pytest

from wire import Message

pytestmark = pytest.mark.announced("broker", "subscriber_blackwhite_listing")
ATTRIBUTES = {"": "session", "_authid": "authid", "_authrole": "authrole"}


def attribute(session, form):
    return session.session if form == "" else session.welcome[ATTRIBUTES[form]]


def unlike(form):
    """A value that no session has."""
    return 4711 if form == "" else "org.conformance.nobody"


@pytest.fixture
def stage(peer, uri):
    """A publisher and two subscribers; publishing returns which of the two got the event."""
    publisher, subscribers = peer(), [peer(), peer("rawsocket", "cbor")]
    for subscriber in subscribers:
        subscriber.subscribe(uri())

    def publish(**options):
        publisher.publish(uri(), "it", **options)
        return [subscriber.payloads_after(publisher) == ["it"] for subscriber in subscribers]

    publish.subscribers, publish.publisher = subscribers, publisher
    return publish


def test_exclude_sessions(stage):
    """exclude is a list of sessions that do not get the event."""
    one, two = stage.subscribers
    assert stage(exclude=[one.session]) == [False, True]
    assert stage(exclude=[one.session, two.session]) == [False, False]
    assert stage(exclude=[unlike("")]) == [True, True]


def test_eligible_sessions(stage):
    """eligible is a list of the only sessions that get the event."""
    one, two = stage.subscribers
    assert stage(eligible=[one.session]) == [True, False]
    assert stage(eligible=[one.session, two.session]) == [True, True]
    assert stage(eligible=[unlike("")]) == [False, False]


@pytest.mark.parametrize("form", ["_authid", "_authrole"])
def test_exclude_by_name(stage, form):
    """exclude_authid and exclude_authrole are lists of authids and authroles that do not get the event."""
    names = [attribute(subscriber, form) for subscriber in stage.subscribers]
    assert stage(**{f"exclude{form}": names[:1]}) == [False, names[1] != names[0]]
    assert stage(**{f"exclude{form}": [unlike(form)]}) == [True, True]


@pytest.mark.parametrize("form", ["_authid", "_authrole"])
def test_eligible_by_name(stage, form):
    """eligible_authid and eligible_authrole are lists of the only authids and authroles that get the event."""
    names = [attribute(subscriber, form) for subscriber in stage.subscribers]
    assert stage(**{f"eligible{form}": names[:1]}) == [True, names[1] == names[0]]
    assert stage(**{f"eligible{form}": [unlike(form)]}) == [False, False]


@pytest.mark.parametrize("form", ATTRIBUTES)
def test_an_empty_list_of_eligible(stage, form):
    """An eligible attribute that is present and empty has nobody in it."""
    assert stage(**{f"eligible{form}": []}) == [False, False]


@pytest.mark.parametrize("form", ATTRIBUTES)
def test_an_empty_list_of_excluded(stage, form):
    """An exclude attribute that is empty excludes nobody."""
    assert stage(**{f"exclude{form}": []}) == [True, True]


def test_excluded_and_eligible(stage):
    """A subscriber that is both eligible and excluded does not get the event."""
    one, two = (subscriber.session for subscriber in stage.subscribers)
    assert stage(eligible=[one, two], exclude=[one]) == [False, True]
    assert stage(eligible=[one], exclude=[one]) == [False, False]


@pytest.mark.parametrize("forms", list(itertools.product([True, False], repeat=3)), ids=str)
def test_all_eligible_attributes_must_hold(stage, forms):
    """Every attribute that is present must hold: the forms are joined by and."""
    one = stage.subscribers[0]
    options = {
        f"eligible{form}": [attribute(one, form) if holds else unlike(form)]
        for form, holds in zip(ATTRIBUTES, forms, strict=True)
    }
    assert stage(**options)[0] == all(forms)


@pytest.mark.parametrize("forms", list(itertools.product([True, False], repeat=3)), ids=str)
def test_no_exclude_attribute_may_hold(stage, forms):
    """One attribute that excludes is enough."""
    one = stage.subscribers[0]
    options = {
        f"exclude{form}": [attribute(one, form) if holds else unlike(form)]
        for form, holds in zip(ATTRIBUTES, forms, strict=True)
    }
    assert stage(**options)[0] == (not any(forms))


def test_lists_do_not_make_receivers(stage, peer):
    """Who is eligible gets the event only if it has subscribed."""
    stranger = peer()
    stage(eligible=[stranger.session])
    assert stranger.events_after(stage.publisher) == []


def test_the_publisher_among_the_eligible(stage, uri):
    """The publisher does not get its own event although it is eligible; with exclude_me: false it does."""
    publisher = stage.publisher
    publisher.subscribe(uri())
    publisher.publish(uri(), 1, eligible=[publisher.session])
    assert publisher.events_after(publisher) == []
    publisher.publish(uri(), 2, eligible=[publisher.session], exclude_me=False)
    assert publisher.payloads_after(publisher) == [2]


@pytest.mark.announced("broker", "pattern_based_subscription")
def test_lists_hold_for_patterns(stage, peer, uri):
    """The lists hold for subscriptions by pattern as well."""
    subscriber = peer()
    subscriber.subscribe(uri(), match="prefix")
    stage(exclude=[subscriber.session])
    assert subscriber.events_after(stage.publisher) == []


@pytest.mark.parametrize("key", [f"{list_}{form}" for list_ in ("exclude", "eligible") for form in ATTRIBUTES])
@pytest.mark.parametrize("value", [7, "all", {"a": 1}, [None], [[1]]], ids=str)
def test_lists_of_a_wrong_type(peer, uri, bystander, key, value):
    """The first are lists of integers, the others lists of strings; anything else is refused, never ignored."""
    publisher = peer()
    publisher.request(Message.PUBLISH, {"acknowledge": True, key: value}, uri(), [1])
    publisher.refusal()


def test_long_lists(stage):
    """A list may be long."""
    one, two = (subscriber.session for subscriber in stage.subscribers)
    assert stage(exclude=[*range(1, 5001), one]) == [False, True]
    assert stage(eligible=[two, *range(1, 5001)]) == [False, True]
