"""URIs

basic/building_blocks.md "URIs", basic/uri_reference.md "Incorrect URIs".
"""

import pytest

from wire import Message

INVALID = ["", "a b", "a\tb", "a\nb", "a#b", "#", ".", "a.", ".a", "a..b", " a", "a "]
VALID = ["a", "A.B", "com.example.Straße", "名前.空間", "a-b.c_d", "1.2.3", "a.b.c.d.e.f.g.h.i.j.k", "a.$.%/&?=+!"]


@pytest.mark.parametrize("name", INVALID, ids=repr)
def test_subscribe_to_what_is_no_uri(peer, name):
    """SUBSCRIBE with a topic that is no URI is answered with ERROR invalid_uri."""
    assert peer().refused(Message.SUBSCRIBE, {}, name) == "wamp.error.invalid_uri"


@pytest.mark.parametrize("name", INVALID, ids=repr)
def test_publish_to_what_is_no_uri(peer, name):
    """An acknowledged PUBLISH to what is no URI is answered with ERROR invalid_uri."""
    assert peer().refused(Message.PUBLISH, {"acknowledge": True}, name) == "wamp.error.invalid_uri"


@pytest.mark.parametrize("name", INVALID, ids=repr)
def test_register_what_is_no_uri(peer, name):
    """REGISTER with a procedure that is no URI is answered with ERROR invalid_uri."""
    assert peer().refused(Message.REGISTER, {}, name) == "wamp.error.invalid_uri"


@pytest.mark.parametrize("name", INVALID, ids=repr)
def test_call_what_is_no_uri(peer, name):
    """CALL with a procedure that is no URI is answered with ERROR invalid_uri."""
    assert peer().refused(Message.CALL, {}, name) == "wamp.error.invalid_uri"


@pytest.mark.parametrize("name", VALID)
def test_loose_uris(any_peer, uri, name):
    """The loose rule allows any character in a component but the dot, # and white space."""
    client = any_peer()
    assert client.subscribe(uri(name)) and client.register(uri(name))
    client.publish(uri(name), 1, exclude_me=False)
    assert client.expect(Message.EVENT)[4] == [1]


def test_topics_and_procedures_do_not_meet(peer, uri):
    """One URI may name a topic and a procedure, each with its own effect."""
    client = peer()
    client.subscribe(uri())
    client.register(uri())
    client.publish(uri(), "event", exclude_me=False)
    assert client.expect(Message.EVENT)[4] == ["event"]


@pytest.mark.parametrize("name", ["wamp", "wamp.foo", "wamp.session.on_join", "wamp.error.canceled"])
def test_publishing_to_reserved_uris(peer, bystander, name):
    """Application URIs do not begin with wamp: nobody but the router publishes there."""
    client = peer()
    assert client.refused(Message.PUBLISH, {"acknowledge": True}, name).startswith("wamp.error.")


@pytest.mark.parametrize("name", ["wamp", "wamp.foo", "wamp.session.count", "wamp.registration.list"])
def test_registering_reserved_uris(peer, name):
    """Application URIs do not begin with wamp: nobody but the router registers there."""
    assert peer().refused(Message.REGISTER, {}, name).startswith("wamp.error.")


@pytest.mark.announced("broker", "session_meta_api")
def test_an_event_of_the_router_cannot_be_forged(peer):
    """A client's publication to a meta topic reaches nobody, acknowledged or not."""
    subscriber, forger = peer(), peer()
    subscriber.subscribe("wamp.session.on_leave")
    forger.request(Message.PUBLISH, {}, "wamp.session.on_leave", [1, "forged", "forged"])
    assert subscriber.events_after(forger) == []


def test_a_component_that_begins_with_wamp_is_not_reserved(peer, uri):
    """Only the whole first component wamp is reserved."""
    client = peer()
    assert client.subscribe("wampum.conformance") and client.register(uri("wamp.inside"))


def test_an_unacknowledged_publish_to_what_is_no_uri(peer, uri):
    """A PUBLISH that asks for no acknowledgement gets no ERROR either."""
    client = peer()
    client.request(Message.PUBLISH, {}, "not a uri", [1])
    assert client.until_answered() == []


def test_an_error_of_a_callee_that_is_no_uri(peer, bystander, uri):
    """A callee's ERROR must name a URI: what reaches the caller is an ERROR with one."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, "not a uri")
    error = caller.expect(Message.ERROR)
    assert error[1:3] == [Message.CALL, call] and " " not in error[4], error


@pytest.mark.parametrize("reason", ["not a uri", "", 7])
def test_a_goodbye_whose_reason_is_no_uri(peer, bystander, reason):
    """GOODBYE.Reason must be a URI; whatever it is, the session has ended."""
    client = peer()
    client.send(Message.GOODBYE, {}, reason)
    assert client.receive()[0] in (Message.GOODBYE, Message.ABORT)
    assert client.session not in peer().call("wamp.session.list")[0]
