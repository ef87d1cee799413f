"""Session Resumption

rfc/session-state-machine.md "Session Pause and Resume".
"""

import base64

import pytest

from wire import Message


@pytest.fixture
def resumable(connect):
    """A session that may be resumed; `resume` does that on a new transport."""
    client = connect().join(resumable=True)
    if client.welcome.get("resumable") is not True:
        pytest.skip("not announced: WELCOME.Details.resumable")
    return client


@pytest.fixture
def resume(connect):
    def on_new_transport(session, ticket, transport="websocket", codec="json"):
        client = connect(transport, codec)
        client.send(Message.HELLO, None, {"resume-session": session, "resume-token": ticket})
        return client

    return on_new_transport


def resumed(client, session):
    """Its WELCOME: the same session, and it says so."""
    welcome = client.expect(Message.WELCOME)
    assert welcome[1] == session and welcome[2]["resumed"] is True
    client.session, client.welcome = session, welcome[2]
    return client


def test_who_does_not_ask(resumable, peer):
    """A session that did not ask for it is not resumable; a missing attribute means false."""
    welcome = peer().welcome
    assert not welcome.get("resumable") and not welcome.get("resumed") and not welcome.get("resume-ticket")


def test_the_ticket(resumable):
    """A resumable session's WELCOME has a ticket: 16 random octets in Base64; and resumed is not true."""
    assert len(base64.b64decode(resumable.welcome["resume-ticket"], validate=True)) == 16
    assert not resumable.welcome.get("resumed")


@pytest.mark.parametrize("wire", [("websocket", "cbor"), ("rawsocket", "json"), ("rawsocket", "msgpack")], ids=str)
def test_resuming_on_another_kind_of_transport(resumable, resume, wire):
    """A session does not belong to its transport: the new one may be of another kind, with another serializer."""
    resumable.wire.close()
    resumed(resume(resumable.session, resumable.welcome["resume-ticket"], *wire), resumable.session)


def test_resuming(resumable, resume):
    """HELLO with session and token, and without a realm, resumes the session on another transport."""
    resumable.wire.close()
    client = resumed(resume(resumable.session, resumable.welcome["resume-ticket"]), resumable.session)
    assert client.welcome.get("resume-ticket") != resumable.welcome["resume-ticket"]


def test_subscriptions_are_kept(resumable, resume, peer, uri):
    """A paused session keeps its subscriptions."""
    publisher = peer()
    subscription = resumable.subscribe(uri())
    resumable.wire.close()
    client = resumed(resume(resumable.session, resumable.welcome["resume-ticket"]), resumable.session)
    publisher.publish(uri(), "after")
    event = client.expect(Message.EVENT)
    assert event[1] == subscription and event[4] == ["after"]


def test_events_in_between_are_delivered(resumable, resume, peer, uri):
    """What came while the session was paused is delivered when it goes on, once and in order."""
    publisher = peer()
    resumable.subscribe(uri())
    resumable.wire.close()
    for number in range(10):
        publisher.publish(uri(), number)
    client = resumed(resume(resumable.session, resumable.welcome["resume-ticket"]), resumable.session)
    events = [client.expect(Message.EVENT)[4][0] for _ in range(10)]
    assert events == list(range(10))


def test_registrations_are_kept(resumable, resume, peer, uri):
    """A paused session keeps its registrations, and answers calls when it goes on."""
    caller = peer()
    resumable.register(uri())
    resumable.wire.close()
    client = resumed(resume(resumable.session, resumable.welcome["resume-ticket"]), resumable.session)
    call = caller.start_call(uri(), "hello")
    invocation, _, arguments = client.expect_invocation()
    client.give(invocation, *arguments)
    assert caller.expect_result(call) == ["hello"]


def test_a_wrong_token(resumable, resume):
    """A token that is not the session's is refused."""
    resumable.wire.close()
    client = resume(resumable.session, base64.b64encode(bytes(16)).decode())
    assert client.expect(Message.ABORT)[2].startswith("wamp.error.")


def test_a_wrong_session(resumable, resume):
    """A session that is not there is refused, with another one's token."""
    client = resume(4711, resumable.welcome["resume-ticket"])
    assert client.expect(Message.ABORT)[2].startswith("wamp.error.")


def test_a_ticket_serves_once(resumable, resume):
    """A new ticket is made with each resumption: the old one serves no more."""
    ticket = resumable.welcome["resume-ticket"]
    resumable.wire.close()
    client = resumed(resume(resumable.session, ticket), resumable.session)
    client.wire.close()
    assert resume(resumable.session, ticket).expect(Message.ABORT)[2].startswith("wamp.error.")
    resumed(resume(resumable.session, client.welcome["resume-ticket"]), resumable.session)


def test_a_session_that_left(resumable, resume):
    """A session that said GOODBYE has ended: it cannot be resumed."""
    resumable.leave()
    client = resume(resumable.session, resumable.welcome["resume-ticket"])
    assert client.expect(Message.ABORT)[2].startswith("wamp.error.")


@pytest.mark.announced("dealer", "testament_meta_api")
def test_testaments_of_a_detached_session(resumable, peer, uri):
    """Testaments of scope detached are published when the session is detached; those of destroyed are not yet."""
    watcher = peer()
    watcher.subscribe(uri())
    for scope in ("detached", "destroyed"):
        resumable.call("wamp.session.add_testament", uri(), [scope], {}, kwargs={"scope": scope})
    resumable.wire.close()
    assert watcher.expect(Message.EVENT)[4] == ["detached"]
    assert watcher.until_answered() == []
