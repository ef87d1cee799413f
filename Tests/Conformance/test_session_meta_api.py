"""Session Meta API

advanced/meta_api_sessions.md.
"""

import pytest

import facilities
from client import Refused
from wire import Message

pytestmark = [pytest.mark.announced("broker", "session_meta_api"), pytest.mark.announced("dealer", "session_meta_api")]
KILLED = "wamp.close.killed"
KILLS = ["kill", "kill_by_authid", "kill_by_authrole", "kill_all"]


def kill(administrator, how, victim, **keywords):
    """Calls one of the four procedures so that it is about the victim; returns its result."""
    argument = {
        "kill": [victim.session],
        "kill_by_authid": [victim.welcome["authid"]],
        "kill_by_authrole": [victim.welcome["authrole"]],
        "kill_all": [],
    }[how]
    return administrator.call(f"wamp.session.{how}", *argument, kwargs=keywords)


def test_on_join(peer):
    """on_join has one argument: session, authid, authrole, authmethod and authprovider of who joined."""
    watcher = peer("rawsocket", "cbor")
    watcher.subscribe("wamp.session.on_join")
    joined = peer()
    event = watcher.expect(Message.EVENT)
    (details,) = event[4]
    assert details["session"] == joined.session
    for key in ("authid", "authrole", "authmethod"):
        assert details[key] == joined.welcome[key], key
    assert isinstance(details["authprovider"], str)
    assert isinstance(details.get("transport", {}), dict)


@pytest.mark.parametrize("how", ["goodbye", "disconnect"])
def test_on_leave(peer, how):
    """on_leave has three arguments: session, authid and authrole of who left."""
    watcher, leaving = peer(), peer()
    watcher.subscribe("wamp.session.on_leave")
    leaving.leave() if how == "goodbye" else leaving.wire.close()
    expected = [leaving.session, leaving.welcome["authid"], leaving.welcome["authrole"]]
    assert watcher.expect(Message.EVENT)[4] == expected


def test_no_event_of_oneself(peer):
    """A session is not told of its own joining: it cannot have subscribed before."""
    watcher = peer()
    watcher.subscribe("wamp.session.on_join")
    assert watcher.until_answered() == []


def test_count(peer):
    """count is the number of sessions of the realm, of those with certain authroles if a list is given."""
    client = peer()
    (before,) = client.call("wamp.session.count")
    other = peer()
    assert client.call("wamp.session.count") == [before + 1]
    assert client.call("wamp.session.count", [other.welcome["authrole"]]) == [before + 1]
    assert client.call("wamp.session.count", ["org.conformance.nobody"]) == [0]
    assert client.call("wamp.session.count", ["org.conformance.nobody", other.welcome["authrole"]]) == [before + 1]


def test_list(peer):
    """list is the ids of those sessions."""
    client, other = peer(), peer()
    (listed,) = client.call("wamp.session.list")
    assert {client.session, other.session} <= set(listed) and len(set(listed)) == len(listed)
    assert set(client.call("wamp.session.list", [other.welcome["authrole"]])[0]) == set(listed)
    assert client.call("wamp.session.list", ["org.conformance.nobody"]) == [[]]


def test_get(any_peer):
    """get is what there is to know of a session, oneself too."""
    client, other = any_peer(), any_peer()
    for session in (client, other):
        (details,) = client.call("wamp.session.get", session.session)
        assert details["session"] == session.session
        for key in ("authid", "authrole", "authmethod"):
            assert details[key] == session.welcome[key], key
        assert isinstance(details["authprovider"], str)


@pytest.mark.parametrize("procedure", ["get", "kill"])
def test_no_such_session(peer, procedure):
    """A session that there is not is answered with no_such_session."""
    with pytest.raises(Refused) as refused:
        peer().call(f"wamp.session.{procedure}", 4711)
    assert refused.value.error == "wamp.error.no_such_session"


@pytest.mark.parametrize("how", KILLS)
def test_kill(any_peer, peer, how):
    """Each of the four forms ends the session by GOODBYE, with the reason killed and without a message."""
    administrator, victim = peer(), any_peer()
    kill(administrator, how, victim)
    goodbye = victim.is_dismissed()
    assert goodbye[2] == KILLED and "message" not in goodbye[1]
    assert administrator.is_alive()
    assert victim.session not in administrator.call("wamp.session.list")[0]


@pytest.mark.parametrize("how", KILLS)
def test_reason_and_message(peer, how):
    """reason and message are GOODBYE.Reason and GOODBYE.Details.message."""
    administrator, victim = peer(), peer()
    kill(administrator, how, victim, reason="org.conformance.maintenance", message="come back later")
    goodbye = victim.is_dismissed()
    assert goodbye[1:] == [{**goodbye[1], "message": "come back later"}, "org.conformance.maintenance"]


@pytest.mark.parametrize("how", KILLS)
@pytest.mark.parametrize("reason", ["", "not a uri", "a..b"])
def test_a_reason_that_is_no_uri(peer, how, reason):
    """A reason that is no URI is answered with invalid_uri, and nobody is killed."""
    administrator, victim = peer(), peer()
    with pytest.raises(Refused) as refused:
        kill(administrator, how, victim, reason=reason)
    assert refused.value.error == "wamp.error.invalid_uri"
    assert victim.is_alive()


def test_killing_oneself(peer):
    """One's own session is no other session: no_such_session."""
    client = peer()
    with pytest.raises(Refused) as refused:
        client.call("wamp.session.kill", client.session)
    assert refused.value.error == "wamp.error.no_such_session"
    assert client.is_alive()


@pytest.mark.parametrize("how", KILLS[1:])
def test_the_caller_is_spared(peer, how):
    """The caller's own session is excluded from the closed ones."""
    client = peer()
    kill(client, how, client)
    assert client.is_alive()


def test_kill_by_authid(peer):
    """kill_by_authid ends all sessions of the authid and returns the list of them."""
    administrator, victim, other = peer(), peer(), peer()
    (killed,) = kill(administrator, "kill_by_authid", victim)
    assert victim.session in killed
    victim.is_dismissed()
    if other.welcome["authid"] != victim.welcome["authid"]:
        assert killed == [victim.session] and other.is_alive()


@pytest.mark.parametrize("how", ["kill_by_authrole", "kill_all"])
def test_the_count_of_the_killed(peer, how):
    """kill_by_authrole and kill_all return the number of closed sessions."""
    administrator, victims = peer(), [peer() for _ in range(3)]
    (sessions,) = administrator.call("wamp.session.count")
    assert kill(administrator, how, victims[0]) == [sessions - 1]
    for victim in victims:
        victim.is_dismissed()
    assert administrator.call("wamp.session.count") == [1]


@pytest.mark.parametrize("procedure", ["kill_by_authid", "kill_by_authrole"])
def test_killing_nobody(peer, procedure):
    """Without sessions of that name nobody is killed."""
    (killed,) = peer().call(f"wamp.session.{procedure}", "org.conformance.nobody")
    assert killed in ([], 0)


def test_the_resources_of_a_killed_session(peer, uri):
    """A killed session's subscriptions and registrations are gone, and others are told of its leaving."""
    administrator, victim = peer(), peer()
    administrator.subscribe("wamp.session.on_leave")
    victim.register(uri())
    kill(administrator, "kill", victim)
    victim.is_dismissed()
    assert administrator.expect(Message.EVENT)[4][0] == victim.session
    assert administrator.refused(Message.CALL, {}, uri()) == "wamp.error.no_such_procedure"


def test_kill_all_is_not_an_event(peer):
    """Closing all sessions fires no meta events."""
    administrator, _ = peer(), peer()
    administrator.subscribe("wamp.session.on_leave")
    administrator.call("wamp.session.kill_all")
    assert administrator.until_answered() == []


def test_goodbye_after_kill_is_not_answered(peer):
    """The GOODBYE by which a killed session answers is the end: nothing comes after it."""
    administrator, victim = peer(), peer()
    kill(administrator, "kill", victim)
    victim.is_dismissed()
    assert victim.says_nothing_more()


@pytest.mark.parametrize("procedure", ["get", "kill", "kill_by_authid", "kill_by_authrole", "count", "list"])
def test_arguments_that_are_none(peer, procedure):
    """Arguments of a wrong type are answered with an ERROR, invalid_argument by its name."""
    client = peer()
    with pytest.raises(Refused) as refused:
        client.call(f"wamp.session.{procedure}", {"not": "an argument"})
    assert refused.value.error == "wamp.error.invalid_argument"


@pytest.mark.configured("no_disclosure")
def test_each_realm_for_itself(peer):
    """Events and procedures are about the sessions of one's own realm, and of no other."""
    watcher, other = peer(), facilities.REALM_DISCLOSING_NEVER
    watcher.subscribe("wamp.session.on_join")
    watcher.subscribe("wamp.session.on_leave")
    stranger = peer(realm=other)
    assert stranger.session not in watcher.call("wamp.session.list")[0]
    for procedure in ("get", "kill"):
        with pytest.raises(Refused) as refused:
            watcher.call(f"wamp.session.{procedure}", stranger.session)
        assert refused.value.error == "wamp.error.no_such_session"
    watcher.call("wamp.session.kill_all")
    assert stranger.is_alive()
    stranger.leave()
    assert watcher.until_answered() == []
