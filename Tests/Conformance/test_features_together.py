"""Features Together

No section of its own: what follows when the rules of two sections hold at once.
"""

import pytest

import facilities
from client import Refused
from wire import Message

CANCELED = "wamp.error.canceled"
progressive_invocations = pytest.mark.announced("dealer", "progressive_call_invocations")
with_testaments = pytest.mark.announced("dealer", "testament_meta_api")
retention = pytest.mark.announced("broker", "event_retention")
history = pytest.mark.announced("broker", "event_history")
killing = pytest.mark.announced("dealer", "session_meta_api")


@killing
def test_a_killed_callee(peer, uri):
    """A callee that is killed has left: its calls end with ERROR canceled."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri())
    callee.expect_invocation()
    peer().call("wamp.session.kill", callee.session)
    callee.is_dismissed()
    caller.expect_call_error(call, CANCELED)


@killing
@pytest.mark.announced("dealer", "call_canceling")
def test_a_killed_caller(peer, uri):
    """A caller that is killed has left: its callee gets INTERRUPT with mode killnowait."""
    caller, callee = peer(), peer()
    callee.register(uri())
    caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    peer().call("wamp.session.kill", caller.session)
    caller.is_dismissed()
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation and interrupt[2]["mode"] == "killnowait"


@killing
@with_testaments
def test_the_testament_of_a_killed_session(peer, uri):
    """A session that is killed is destroyed: its testament is published."""
    testator, heir = peer(), peer()
    heir.subscribe(uri())
    testator.call("wamp.session.add_testament", uri(), ["killed"], {})
    peer().call("wamp.session.kill", testator.session)
    testator.is_dismissed()
    assert heir.expect(Message.EVENT)[4] == ["killed"]


@with_testaments
@pytest.mark.announced("broker", "publisher_identification")
def test_a_testament_that_discloses_its_publisher(peer, uri):
    """A testament with disclose_me names the session that has gone."""
    testator, heir = peer(), peer()
    heir.subscribe(uri())
    options = {"publish_options": {"disclose_me": True}}
    testator.call("wamp.session.add_testament", uri(), ["mine"], {}, kwargs=options)
    testator.leave()
    assert heir.expect(Message.EVENT)[3]["publisher"] == testator.session


@with_testaments
@retention
def test_a_testament_that_is_retained(peer, uri):
    """A testament with retain is the topic's retained event: the last word of a device."""
    testator, heir = peer(), peer()
    heir.subscribe(uri())
    options = {"publish_options": {"retain": True}}
    testator.call("wamp.session.add_testament", uri(), ["offline"], {}, kwargs=options)
    testator.leave()
    heir.expect(Message.EVENT)
    later = peer()
    later.subscribe(uri(), get_retained=True)
    event = later.expect(Message.EVENT)
    assert event[3]["retained"] is True and event[4] == ["offline"]


@with_testaments
@history
@pytest.mark.configured("history")
def test_a_testament_in_a_history(peer, uri):
    """A testament is a publication like another: a history has it."""
    testator, client = peer(), peer()
    topic = f"{facilities.HISTORY_PREFIX}.{uri()}"
    subscription = client.subscribe(topic)
    testator.call("wamp.session.add_testament", topic, ["last"], {})
    testator.leave()
    client.expect(Message.EVENT)
    assert "last" in str(client.call("wamp.subscription.get_events", subscription))


@retention
@history
@pytest.mark.configured("history")
def test_a_retained_event_in_a_history(peer, uri):
    """A retained event happened once: a history has it once, however often it is sent again."""
    client, publisher = peer(), peer()
    topic = f"{facilities.HISTORY_PREFIX}.{uri()}"
    publication = publisher.publish(topic, "once", retain=True)
    for _ in range(3):
        subscription = client.subscribe(topic, get_retained=True)
    assert str(client.call("wamp.subscription.get_events", subscription)).count(str(publication)) == 1


@retention
@pytest.mark.announced("broker", "payload_passthru_mode")
def test_a_retained_event_in_passthru_mode(peer, uri):
    """The ppt attributes of a retained event are kept with it."""
    publisher, subscriber = peer("rawsocket", "cbor"), peer("rawsocket", "msgpack")
    options = {"acknowledge": True, "retain": True, "ppt_scheme": "x_mine", "ppt_serializer": "custom"}
    publisher.ask(Message.PUBLISH, Message.PUBLISHED, options, uri(), [b"\0\1\2"])
    subscriber.subscribe(uri(), get_retained=True)
    event = subscriber.expect(Message.EVENT)
    assert event[3]["ppt_scheme"] == "x_mine" and event[3]["ppt_serializer"] == "custom" and event[4] == [b"\0\1\2"]


@progressive_invocations
def test_unregistering_during_a_progressive_call(peer, uri):
    """A progressive call stays with its callee, although that has unregistered the procedure."""
    caller, callee, other = peer(), peer(), peer()
    registration = callee.register(uri())
    call = caller.start_call(uri(), 1, progress=True)
    invocation, _, _ = callee.expect_invocation()
    callee.ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    other.register(uri())
    caller.send(Message.CALL, call, {}, uri(), [2])
    assert callee.expect_invocation()[::2] == (invocation, [2])
    callee.give(invocation, "both")
    assert caller.expect_result(call) == ["both"]
    assert other.until_answered() == []


@progressive_invocations
@pytest.mark.announced("dealer", "payload_passthru_mode")
def test_a_progressive_call_in_passthru_mode(peer, uri):
    """The ppt attributes are frozen by the first CALL: every INVOCATION has them."""
    caller, callee = peer("rawsocket", "cbor"), peer("rawsocket", "msgpack")
    callee.register(uri())
    options = {"ppt_scheme": "x_mine", "ppt_keyid": "1"}
    call = caller.request(Message.CALL, {**options, "progress": True}, uri(), [b"a"])
    caller.send(Message.CALL, call, {"progress": True}, uri(), [b"b"])
    caller.send(Message.CALL, call, {"ppt_keyid": "2"}, uri(), [b"c"])
    for payload in (b"a", b"b", b"c"):
        _, details, arguments = callee.expect_invocation()
        assert details.get("ppt_scheme") == "x_mine" and details.get("ppt_keyid") == "1" and arguments == [payload]


@pytest.mark.announced("dealer", "shared_registration")
def test_one_of_many_callees_leaves(peer, uri):
    """When one callee of a shared registration leaves, only its own calls are canceled."""
    caller, callees = peer(), [peer(), peer()]
    for callee in callees:
        callee.register(uri(), invoke="roundrobin")
    calls = [caller.start_call(uri(), number) for number in range(2)]
    invocations = [callee.expect_invocation() for callee in callees]
    callees[0].leave()
    caller.expect_call_error(calls[invocations[0][2][0]], CANCELED)
    callees[1].give(invocations[1][0], "still here")
    assert caller.expect_result(calls[invocations[1][2][0]]) == ["still here"]


@pytest.mark.announced("dealer", "pattern_based_registration")
@pytest.mark.announced("dealer", "caller_identification")
@pytest.mark.announced("dealer", "progressive_call_results")
def test_all_details_at_once(any_peer, uri):
    """procedure, caller and receive_progress stand side by side in INVOCATION.Details."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri("a"), match="prefix")
    caller.start_call(uri("a.b"), disclose_me=True, receive_progress=True)
    details = callee.expect_invocation()[1]
    assert details["procedure"] == uri("a.b") and details["caller"] == caller.session
    assert details["receive_progress"] is True


@pytest.fixture
def paused(connect):
    """A resumable session, and what puts it on a new transport."""
    client = connect().join(resumable=True)
    if client.welcome.get("resumable") is not True:
        pytest.skip("not announced: WELCOME.Details.resumable")

    def resume():
        again = connect()
        ticket = client.welcome["resume-ticket"]
        again.send(Message.HELLO, None, {"resume-session": client.session, "resume-token": ticket})
        welcome = again.expect(Message.WELCOME)
        assert welcome[1] == client.session, welcome
        again.session, again.requests = client.session, client.requests
        return again

    return client, resume


def test_a_result_for_a_paused_session(paused, peer, uri):
    """A call outlives the caller's transport: its result waits for the session to go on."""
    (caller, resume), callee = paused, peer()
    callee.register(uri())
    call = caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    caller.wire.close()
    assert callee.until_answered() == []
    callee.give(invocation, "waited")
    assert callee.is_alive()
    assert resume().expect_result(call) == ["waited"]


def test_a_call_of_a_paused_session(paused, peer, uri):
    """A paused callee is still registered: what it is called for waits for it."""
    (callee, resume), caller = paused, peer()
    callee.register(uri())
    callee.wire.close()
    call = caller.start_call(uri(), 1)
    assert caller.until_answered() == []
    callee = resume()
    invocation, _, arguments = callee.expect_invocation()
    callee.give(invocation, *arguments)
    assert caller.expect_result(call) == [1]


def test_request_ids_go_on(paused, uri):
    """Request ids are of session scope: a session that goes on goes on counting."""
    client, resume = paused
    client.subscribe(uri("a"))
    client.subscribe(uri("b"))
    client.wire.close()
    again = resume()
    again.subscribe(uri("c"))
    assert again.requests == 3


@killing
def test_a_paused_session_has_not_left(paused, peer):
    """A paused session is still a session: it is listed, and on_leave has not come."""
    (client, resume), watcher = paused, peer()
    watcher.subscribe("wamp.session.on_leave")
    client.wire.close()
    resume()
    assert client.session in watcher.call("wamp.session.list")[0]
    assert watcher.until_answered() == []


@killing
def test_killing_a_paused_session(paused, peer):
    """A paused session may be killed, and is then nothing to go on with."""
    (client, _), administrator = paused, peer()
    client.wire.close()
    try:
        administrator.call("wamp.session.kill", client.session)
    except Refused as refused:
        raise AssertionError(f"a paused session is a session: {refused}") from None
    assert client.session not in administrator.call("wamp.session.list")[0]
