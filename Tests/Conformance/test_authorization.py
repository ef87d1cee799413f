"""Authorization

advanced/authorization.md: register, call, subscribe and publish are authorized for each URI.
"""

import pytest

import facilities
from client import Refused
from wire import Message

pytestmark = [pytest.mark.configured("restricted"), pytest.mark.configured("ticket")]
REALM = facilities.REALM_RESTRICTED
OPEN, MINE, READ, SHUT = (f"{REALM}.{name}" for name in ("open.it", "open.mine.it", "read.it", "shut.it"))
DENIED = ("wamp.error.not_authorized", "wamp.error.authorization_denied")


@pytest.fixture
def member(connect):
    """A session that may do everything in the restricted realm."""
    client = connect(realm=REALM)
    client.hello(authmethods=["ticket"], authid=facilities.TICKET[0])
    client.expect(Message.CHALLENGE)
    client.send(Message.AUTHENTICATE, facilities.TICKET[1], {})
    client.session, client.welcome = client.expect(Message.WELCOME)[1:]
    return client


@pytest.fixture
def guest(peer):
    """A session that may do little."""
    return peer("rawsocket", "cbor", realm=REALM)


@pytest.mark.parametrize("topic", [READ, SHUT])
def test_publish(guest, member, topic):
    """A publication that is not allowed is refused, and reaches nobody."""
    member.subscribe(topic)
    assert guest.refused(Message.PUBLISH, {"acknowledge": True}, topic, [1]) in DENIED
    guest.request(Message.PUBLISH, {}, topic, [2])
    assert guest.until_answered() == [] and member.until_answered() == []


def test_publish_that_is_allowed(guest, member):
    """One that is allowed reaches its subscribers."""
    member.subscribe(OPEN)
    guest.publish(OPEN, 1)
    assert member.expect(Message.EVENT)[4] == [1]


def test_subscribe(guest, member):
    """A subscription that is not allowed is refused, and gets nothing."""
    assert guest.refused(Message.SUBSCRIBE, {}, SHUT) in DENIED
    assert guest.subscribe(READ)
    member.publish(SHUT, 1)
    member.publish(READ, 2)
    assert guest.expect(Message.EVENT)[4] == [2]


@pytest.mark.parametrize(("pattern", "match"), [("", "prefix"), (REALM, "prefix"), (f"{REALM}..it", "wildcard")])
@pytest.mark.announced("broker", "pattern_based_subscription")
def test_a_pattern_that_is_wider_than_what_is_allowed(guest, member, pattern, match):
    """A pattern does not widen what is allowed: it is refused, or gets nothing of what is not."""
    try:
        guest.subscribe(pattern, match=match)
    except Refused as refused:
        assert refused.error in DENIED
    member.publish(SHUT, 1)
    assert guest.until_answered() == []


@pytest.mark.parametrize("procedure", [OPEN, SHUT])
def test_register(guest, procedure):
    """A registration that is not allowed is refused."""
    assert guest.refused(Message.REGISTER, {}, procedure) in DENIED
    assert guest.register(MINE)


@pytest.mark.announced("dealer", "pattern_based_registration")
@pytest.mark.parametrize(("pattern", "match"), [(REALM, "prefix"), (f"{REALM}.shut.", "wildcard")])
def test_a_registered_pattern_that_is_wider(guest, member, pattern, match):
    """A pattern of registrations does not take calls that its callee may not have."""
    try:
        guest.register(pattern, match=match)
    except Refused as refused:
        assert refused.error in DENIED
    assert member.refused(Message.CALL, {}, SHUT) == "wamp.error.no_such_procedure"


def test_call(guest, member):
    """A call that is not allowed is refused, and the callee does not notice."""
    member.register(SHUT)
    assert guest.refused(Message.CALL, {}, SHUT, [1]) in DENIED
    assert member.until_answered() == []


def test_a_call_that_is_not_allowed_tells_nothing(guest):
    """Whether a procedure that may not be called is registered is not told."""
    assert guest.refused(Message.CALL, {}, f"{SHUT}.nobody.registers.this") in DENIED


def test_meta_procedures_too(guest):
    """The router's own procedures are authorized like others."""
    assert guest.refused(Message.CALL, {}, "wamp.session.kill_all") in DENIED
    assert guest.refused(Message.SUBSCRIBE, {}, "wamp.session.on_join") in DENIED


@pytest.mark.announced("dealer", "testament_meta_api")
def test_testaments_too(guest, member):
    """Who may not call the procedure, or not publish to the topic, has no testament there."""
    member.subscribe(SHUT)
    with pytest.raises(Refused) as refused:
        guest.call("wamp.session.add_testament", SHUT, ["forbidden"], {})
    assert refused.value.error in DENIED
    guest.leave()
    assert member.until_answered() == []


@pytest.mark.announced("broker", "event_retention")
def test_retained_events_too(guest, member):
    """Who may not subscribe gets no retained event."""
    member.publish(SHUT, "secret", retain=True)
    assert guest.refused(Message.SUBSCRIBE, {"get_retained": True}, SHUT) in DENIED
    assert guest.until_answered() == []


def test_realms_are_apart(peer, guest, member):
    """The same URI in two realms is two topics, and two procedures."""
    other = peer()
    other.subscribe(OPEN)
    other.register(MINE)
    guest.publish(OPEN, 1)
    assert guest.refused(Message.CALL, {}, MINE) == "wamp.error.no_such_procedure"
    assert other.until_answered() == []
