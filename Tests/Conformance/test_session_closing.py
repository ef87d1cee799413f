"""Session Closing

basic/sessions.md "Session Closing", basic/building_blocks.md "Transport and Session Lifetime".
"""

import pytest

from client import Client
from wire import Closed, Message


def join_again(client):
    """A further session on the same transport, which a router may have ended with the first."""
    try:
        client.join()
    except Closed:
        pytest.skip("not announced: transports that outlive a session")


@pytest.mark.parametrize("reason", ["wamp.close.close_realm", "wamp.close.system_shutdown", "org.conformance.tired"])
def test_goodbye_is_answered(any_peer, reason):
    """GOODBYE is answered with GOODBYE, with the reason goodbye_and_out."""
    client = any_peer()
    client.send(Message.GOODBYE, {"message": "going"}, reason)
    answer = client.expect(Message.GOODBYE)
    assert isinstance(answer[1], dict) and answer[2] == "wamp.close.goodbye_and_out"


def test_requests_before_goodbye_are_answered(any_peer, uri):
    """What was asked before GOODBYE is answered before it."""
    client = any_peer()
    request = client.request(Message.SUBSCRIBE, {}, uri())
    client.send(Message.GOODBYE, {}, "wamp.close.close_realm")
    assert client.expect(Message.SUBSCRIBED)[1] == request
    client.expect(Message.GOODBYE)


def test_a_session_that_left_gets_no_events(peer, uri):
    """After GOODBYE there are no subscriptions any more."""
    publisher, subscriber = peer(), peer("rawsocket", "msgpack")
    subscriber.subscribe(uri())
    subscriber.leave()
    publisher.publish(uri(), "too late")
    assert subscriber.says_nothing_more()


def test_a_session_that_left_has_no_registrations(peer, uri):
    """After GOODBYE there are no registrations any more."""
    caller, callee = peer(), peer()
    callee.register(uri())
    callee.leave()
    assert caller.refused(Message.CALL, {}, uri()) == "wamp.error.no_such_procedure"


def test_the_transport_may_be_used_again(any_peer):
    """An implementation may allow a transport to be used for a session after another: the ids differ."""
    client = any_peer()
    first = client.session
    client.leave()
    join_again(client)
    assert client.session != first
    assert client.is_alive()


def test_request_ids_begin_anew_with_a_session(any_peer, uri):
    """Request ids are of session scope: a session on a used transport begins with 1 again."""
    client = any_peer()
    client.subscribe(uri("a"))
    client.subscribe(uri("b"))
    client.leave()
    join_again(client)
    client.subscribe(uri("a"))
    assert client.requests == 1


def test_a_new_session_has_nothing_of_the_old_one(any_peer, peer, uri):
    """A session on a used transport has no subscription and no registration of the one before."""
    client = any_peer()
    client.subscribe(uri("topic"))
    client.register(uri("procedure"))
    client.leave()
    join_again(client)
    other = peer()
    other.publish(uri("topic"), 1)
    assert other.refused(Message.CALL, {}, uri("procedure")) == "wamp.error.no_such_procedure"
    assert client.until_answered() == []


def test_the_end_of_a_transport_ends_the_session(connect, peer, uri):
    """When the transport disappears, the session's registrations disappear with it."""
    caller, callee = peer(), connect().join()
    callee.register(uri())
    callee.wire.close()
    for _ in range(200):
        request = caller.request(Message.CALL, {}, uri())
        if caller.expect(Message.ERROR)[2:5:2] == [request, "wamp.error.no_such_procedure"]:
            return
    raise AssertionError("the registration outlives its session")


def test_goodbye_ends_the_session(peer):
    """What comes after GOODBYE, other than a new HELLO, belongs to no session and is not served."""
    client: Client = peer()
    client.leave()
    client.send(Message.SUBSCRIBE, 1, {}, "org.conformance.too.late")
    try:
        assert client.receive(0.5)[0] == Message.ABORT
    except (Closed, TimeoutError):
        pass
    assert client.says_nothing_more()
