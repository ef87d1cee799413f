"""Session Establishment

basic/sessions.md: HELLO, WELCOME, ABORT before a session.
"""

import pytest

from client import VIOLATION, is_id
from wire import Message


def test_hello_is_answered_with_welcome(any_peer):
    """HELLO is answered with WELCOME, whose session is an id of 1 to 2^53."""
    assert is_id(any_peer().session)


def test_welcome_announces_broker_and_dealer(any_peer):
    """WELCOME announces at least one of the roles broker and dealer, each a dictionary."""
    roles = any_peer().welcome["roles"]
    assert set(roles) & {"broker", "dealer"} and set(roles) <= {"broker", "dealer"}
    assert all(isinstance(role, dict) for role in roles.values())


def test_features_are_booleans(peer):
    """What a router announces as a feature is a dictionary of booleans."""
    for role in peer().welcome["roles"].values():
        assert all(isinstance(value, bool) for value in role.get("features", {}).values()), role


@pytest.mark.parametrize("role", ["publisher", "subscriber", "caller", "callee"])
def test_one_role_is_enough(connect, role):
    """A client that supports one role only, without any feature, is welcome."""
    client = connect()
    client.send(Message.HELLO, client.realm, {"roles": {role: {}}})
    client.expect(Message.WELCOME)


def test_agent_is_optional(connect):
    """HELLO.Details.agent is optional, a string, and harmless."""
    assert connect().join(agent="Conformance-1.0").session
    assert isinstance(connect().join().welcome.get("agent", ""), str)


def test_unknown_details_are_ignored(connect):
    """Attributes unknown to the router, predefined ones or of the form _abc, are ignored in HELLO.Details."""
    assert connect().join(not_a_known_key={"deep": [1]}, _vendor_key=True).session


def test_a_client_without_roles_is_refused(connect):
    """A client must announce at least one role."""
    client = connect()
    client.send(Message.HELLO, client.realm, {"roles": {}})
    client.refusal()


def test_a_realm_that_does_not_exist(connect):
    """A realm that does not exist and is not created is refused with ABORT no_such_realm."""
    client = connect()
    client.hello("org.conformance.no.such.realm")
    client.expect_abort("wamp.error.no_such_realm")


@pytest.mark.parametrize("realm", ["not a uri", "a..b", "a#b", ""])
def test_a_realm_that_is_no_uri(connect, realm):
    """A realm that is no URI is refused with invalid_uri."""
    client = connect()
    client.send(Message.HELLO, realm, {"roles": client.roles})
    client.expect_abort("wamp.error.invalid_uri")


def test_hello_comes_first(connect):
    """HELLO is the very first message; a request that comes before it aborts."""
    client = connect()
    client.send(Message.CALL, 1, {}, "org.conformance.too.early")
    client.expect_abort(VIOLATION)


def test_no_answer_to_abort(connect, bystander):
    """ABORT from a client is never answered."""
    client = connect()
    client.send(Message.ABORT, {"message": "not today"}, "wamp.close.close_realm")
    assert client.says_nothing_more()


def test_abort_with_arguments(peer, bystander):
    """ABORT may carry Arguments and ArgumentsKw, at any time of a session, and ends it."""
    client = peer()
    client.send(Message.ABORT, {}, "org.conformance.enough", ["why"], {"because": True})
    assert client.says_nothing_more()


def test_welcome_tells_who_the_session_is(peer):
    """WELCOME.Details of an anonymous session name authid, authrole and authmethod."""
    welcome = peer().welcome
    for key in ("authid", "authrole", "authmethod"):
        assert isinstance(welcome.get(key), str) and welcome[key], key
    assert welcome["authmethod"] == "anonymous"


def test_no_matching_authentication_method(connect):
    """When no method that the client offers is accepted, the reason is no_matching_auth_method."""
    client = connect()
    client.hello(authmethods=["org_conformance_unheard_of"], authid="somebody")
    client.expect_abort("wamp.error.no_matching_auth_method")


def test_anonymous_among_other_methods(connect):
    """Of several methods that a client offers, the router picks one that it accepts."""
    assert connect().join(authmethods=["org_conformance_unheard_of", "anonymous"]).session
