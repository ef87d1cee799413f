"""Registration Meta API

advanced/meta_api_registrations.md.
"""

import datetime

import pytest

from client import Refused
from wire import Message

pytestmark = pytest.mark.announced("dealer", "registration_meta_api")
NO_SUCH = "wamp.error.no_such_registration"
TOPICS = ("on_create", "on_register", "on_unregister", "on_delete")


@pytest.fixture
def watcher(peer):
    """A session that has subscribed to the four meta events; returns those of certain registrations."""
    session = peer("rawsocket", "msgpack")
    names = {session.subscribe(f"wamp.registration.{topic}"): topic for topic in TOPICS}

    def seen(*registrations):
        events = [(names[event[1]], *event[4]) for event in session.until_answered() if event[1] in names]
        return [e for e in events if (e[2]["id"] if isinstance(e[2], dict) else e[2]) in registrations]

    return seen


def check_details(details, registration, uri, match, invoke):
    assert {key: details[key] for key in ("id", "uri", "match", "invoke")} == {
        "id": registration,
        "uri": uri,
        "match": match,
        "invoke": invoke,
    }
    created = datetime.datetime.fromisoformat(details["created"].replace("Z", "+00:00"))
    assert created.tzinfo is not None and abs(created.timestamp() - datetime.datetime.now().timestamp()) < 3600


def test_the_events_of_a_registration(peer, uri, watcher):
    """on_create comes before on_register, on_unregister before on_delete, each with the session."""
    callee = peer()
    registration = callee.register(uri())
    callee.ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    events = watcher(registration)
    assert [event[0] for event in events] == list(TOPICS)
    assert [event[1] for event in events] == [callee.session] * 4
    check_details(events[0][2], registration, uri(), "exact", "single")
    assert [event[2] for event in events[1:]] == [registration] * 3


@pytest.mark.announced("dealer", "shared_registration")
def test_the_events_of_a_shared_registration(peer, uri, watcher):
    """A further callee is on_register only; on_delete comes when the last one has gone."""
    one, two = peer(), peer()
    registration = one.register(uri(), invoke="roundrobin")
    two.register(uri(), invoke="roundrobin")
    one.ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    two.ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    events = watcher(registration)
    assert [event[0] for event in events] == [
        "on_create",
        "on_register",
        "on_register",
        "on_unregister",
        "on_unregister",
        "on_delete",
    ]
    first, second = one.session, two.session
    assert [event[1] for event in events] == [first, first, second, first, second, second]


def test_the_events_of_a_session_that_leaves(peer, uri, watcher):
    """The registrations of a session that leaves are unregistered and deleted, with their events."""
    callee = peer()
    registration = callee.register(uri())
    callee.leave()
    assert [event[0] for event in watcher(registration)] == list(TOPICS)


def test_list(peer, uri):
    """list is a dictionary of the registrations by matching policy."""
    client = peer()
    mine = {match: client.register(uri("a"), match=match) for match in ("exact", "prefix", "wildcard")}
    (listed,) = client.call("wamp.registration.list")
    assert set(listed) == {"exact", "prefix", "wildcard"}
    assert all(mine[match] in listed[match] for match in mine)


def test_lookup(peer, uri):
    """lookup is the registration of exactly that URI and matching policy, or null."""
    client = peer()
    exact, prefix = client.register(uri("a")), client.register(uri("b"), match="prefix")
    assert client.call("wamp.registration.lookup", uri("a")) == [exact]
    assert client.call("wamp.registration.lookup", uri("b"), {"match": "prefix"}) == [prefix]
    assert client.call("wamp.registration.lookup", uri("b")) in ([None], [])
    assert client.call("wamp.registration.lookup", uri("a"), {"match": "wildcard"}) in ([None], [])


def test_match(peer, uri):
    """match is the registration that a call of that URI would be routed to, or null."""
    client = peer()
    exact, prefix = client.register(uri("a.b")), client.register(uri("a"), match="prefix")
    assert client.call("wamp.registration.match", uri("a.b")) == [exact]
    assert client.call("wamp.registration.match", uri("a.c")) == [prefix]
    assert client.call("wamp.registration.match", uri("b")) in ([None], [])


@pytest.mark.parametrize("match", ["exact", "prefix", "wildcard"])
def test_get(any_peer, uri, match):
    """get is what there is to know of a registration."""
    client = any_peer()
    registration = client.register(uri("a"), match=match, invoke="last")
    (details,) = client.call("wamp.registration.get", registration)
    check_details(details, registration, uri("a"), match, "last")


def test_callees(peer, uri):
    """list_callees are the sessions that are attached, count_callees is their number."""
    one, two = peer(), peer()
    registration = one.register(uri(), invoke="random")
    two.register(uri(), invoke="random")
    (sessions,) = one.call("wamp.registration.list_callees", registration)
    assert sorted(sessions) == sorted([one.session, two.session])
    assert one.call("wamp.registration.count_callees", registration) == [2]


@pytest.mark.parametrize("procedure", ["get", "list_callees", "count_callees"])
def test_no_such_registration(peer, procedure):
    """What there is not is answered with no_such_registration."""
    with pytest.raises(Refused) as refused:
        peer().call(f"wamp.registration.{procedure}", 4711)
    assert refused.value.error == NO_SUCH


@pytest.mark.parametrize("procedure", ["lookup", "match", "get", "list_callees", "count_callees"])
@pytest.mark.parametrize("arguments", [[], [{"a": 1}], [None]], ids=str)
def test_arguments_that_are_none(peer, procedure, arguments):
    """Arguments that are missing or of a wrong type are answered with an ERROR, invalid_argument by its name."""
    with pytest.raises(Refused) as refused:
        peer().call(f"wamp.registration.{procedure}", *arguments)
    assert refused.value.error == "wamp.error.invalid_argument"
