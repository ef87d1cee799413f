"""Authentication Methods

advanced/authentication.md and authentication_ticket.md: CHALLENGE and AUTHENTICATE.
"""

import pytest

import facilities
from client import VIOLATION
from wire import Message

REFUSALS = ("wamp.error.authentication_denied", "wamp.error.authentication_failed", "wamp.error.not_authorized")


@pytest.fixture
def challenged(connect):
    """Says HELLO as conformance-ticket, over any wire."""

    def hello(authid=facilities.TICKET[0], transport="websocket", codec="json", **details):
        client = connect(transport, codec)
        client.hello(authmethods=["ticket"], authid=authid, **details)
        return client

    return hello


@pytest.mark.configured("ticket")
@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
def test_a_ticket(challenged, codec):
    """The right ticket is answered with WELCOME, which says who the session is now."""
    client = challenged(codec=codec, transport="rawsocket")
    challenge = client.expect(Message.CHALLENGE)
    assert challenge[1] == "ticket" and challenge[2] == {}
    client.send(Message.AUTHENTICATE, facilities.TICKET[1], {})
    details = client.expect(Message.WELCOME)[2]
    assert details["authid"] == facilities.TICKET[0] and details["authrole"] == facilities.ROLE
    assert details["authmethod"] == "ticket" and isinstance(details["authprovider"], str)


@pytest.mark.configured("ticket")
@pytest.mark.parametrize("ticket", ["wrong", ""])
def test_a_wrong_ticket(challenged, bystander, ticket):
    """A wrong ticket is answered with ABORT, denied."""
    client = challenged()
    client.expect(Message.CHALLENGE)
    client.send(Message.AUTHENTICATE, ticket, {})
    abort = client.expect(Message.ABORT)
    assert abort[2] in REFUSALS and facilities.TICKET[1] not in str(abort)


@pytest.mark.configured("ticket")
def test_an_unknown_principal(challenged):
    """An unknown authid is refused, at once or after a challenge that nobody could have met."""
    client = challenged(authid="org.conformance.nobody")
    message = client.receive()
    if message[0] == Message.CHALLENGE:
        client.send(Message.AUTHENTICATE, "anything", {})
        message = client.receive()
    assert message[0] == Message.ABORT, message
    assert message[2] in (*REFUSALS, "wamp.error.no_such_principal", "wamp.error.no_matching_auth_method")


@pytest.mark.configured("ticket")
def test_another_message_than_authenticate(challenged, bystander):
    """While the router waits for AUTHENTICATE, everything else is a violation."""
    for message in ([Message.HELLO, "realm1", {"roles": {"caller": {}}}], [Message.CALL, 1, {}, "org.conformance.it"]):
        client = challenged()
        client.expect(Message.CHALLENGE)
        client.send(*message)
        client.expect_abort(VIOLATION)


@pytest.mark.configured("ticket")
def test_the_client_may_abort(challenged, peer):
    """A client that is challenged may ABORT instead, and there is no session."""
    watcher = peer()
    (before,) = watcher.call("wamp.session.count")
    client = challenged()
    client.expect(Message.CHALLENGE)
    client.send(Message.ABORT, {}, "org.conformance.changed_my_mind")
    assert watcher.call("wamp.session.count") == [before]


@pytest.mark.configured("ticket")
def test_not_joined_before_welcome(challenged, peer):
    """A session begins with WELCOME: one that is only challenged is in no list, and in no event."""
    watcher = peer()
    watcher.subscribe("wamp.session.on_join")
    (before,) = watcher.call("wamp.session.count")
    client = challenged()
    client.expect(Message.CHALLENGE)
    assert watcher.call("wamp.session.count") == [before] and watcher.until_answered() == []


@pytest.mark.configured("ticket")
def test_a_method_that_the_client_offers(connect):
    """Of several methods the router takes one that the principal has."""
    client = connect()
    client.hello(authmethods=["org_conformance_unheard_of", "ticket"], authid=facilities.TICKET[0])
    assert client.expect(Message.CHALLENGE)[1] == "ticket"


@pytest.mark.configured("ticket")
def test_a_role_of_ones_own_choice(connect):
    """A client cannot choose a role that the principal has not got."""
    client = connect()
    client.hello(authmethods=["ticket"], authid=facilities.TICKET[0], authrole="org.conformance.superuser")
    message = client.receive()
    if message[0] == Message.CHALLENGE:
        client.send(Message.AUTHENTICATE, facilities.TICKET[1], {})
        message = client.receive()
    assert message[0] == Message.ABORT or message[2]["authrole"] == facilities.ROLE, message


@pytest.mark.configured("ticket")
@pytest.mark.announced("broker", "subscriber_blackwhite_listing")
def test_the_identity_is_the_routers(challenged, peer, uri):
    """authid and authrole of WELCOME are those by which events find the session."""
    publisher, client = peer(), challenged()
    client.expect(Message.CHALLENGE)
    client.send(Message.AUTHENTICATE, facilities.TICKET[1], {})
    client.session = client.expect(Message.WELCOME)[1]
    client.subscribe(uri())
    for number, options in enumerate(
        [
            {"eligible_authid": [facilities.TICKET[0]]},
            {"exclude_authid": [facilities.TICKET[0]]},
            {"eligible_authrole": [facilities.ROLE]},
            {"exclude_authrole": [facilities.ROLE]},
        ]
    ):
        publisher.publish(uri(), number, **options)
    assert client.payloads_after(publisher) == [0, 2]


@pytest.mark.configured("ticket")
@pytest.mark.parametrize("method", ["ticket", "wampcra"])
def test_an_authid_is_required(connect, method):
    """ticket and wampcra need an authid: nobody joins without one, challenged or not."""
    client = connect()
    client.hello(authmethods=[method])
    message = client.receive()
    if message[0] == Message.CHALLENGE:
        client.send(Message.AUTHENTICATE, facilities.TICKET[1], {})
        message = client.receive()
    assert message[0] == Message.ABORT and message[2].startswith("wamp.error."), message
