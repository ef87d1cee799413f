"""IDs

basic/building_blocks.md "IDs".
"""

import pytest

from client import VIOLATION, is_id
from wire import Message


def test_session_ids_are_random(peer):
    """Session ids are drawn from a uniform distribution over 1 to 2^53."""
    sessions = [peer("rawsocket", "cbor").session for _ in range(16)]
    assert len(set(sessions)) == len(sessions) and all(map(is_id, sessions))
    assert max(sessions) > 2**50, "the chance of that is one in 10^15"


def test_publication_ids_are_random(peer, uri):
    """Publication ids are drawn from a uniform distribution over 1 to 2^53."""
    publisher = peer()
    publications = [publisher.publish(uri(), n) for n in range(32)]
    assert len(set(publications)) == len(publications) and all(map(is_id, publications))
    assert max(publications) > 2**50, "the chance of that is one in 10^28"
    assert sorted(publications) != publications


def test_an_event_has_the_publication_id_of_its_acknowledgement(peer, uri):
    """EVENT.Publication is the PUBLISHED.Publication, the same for every subscriber."""
    publisher, one, two = peer(), peer(), peer("rawsocket", "msgpack")
    one.subscribe(uri())
    two.subscribe(uri())
    publication = publisher.publish(uri(), 1)
    assert one.expect(Message.EVENT)[2] == two.expect(Message.EVENT)[2] == publication


def test_subscription_and_registration_ids_are_in_range(peer, uri):
    """Ids of router scope are integers of 1 to 2^53."""
    client = peer()
    assert is_id(client.subscribe(uri())) and is_id(client.register(uri()))


def test_one_counter_for_all_requests_of_a_session(peer, uri):
    """Ids of session scope begin with 1 and are incremented by 1, whatever the kind of request."""
    client = peer()
    subscription = client.subscribe(uri())
    registration = client.register(uri())
    client.publish(uri(), 1)
    client.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, subscription)
    client.ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    assert client.requests == 5


def test_invocation_ids_count_for_each_callee(peer, uri):
    """INVOCATION.Request is of the callee's session scope: it begins with 1 and is incremented by 1."""
    caller = peer()
    callees = [peer("rawsocket", "json"), peer("rawsocket", "cbor")]
    for number, callee in enumerate(callees):
        callee.register(uri(f"p{number}"))
    for expected in (1, 2, 3):
        for number, callee in enumerate(callees):
            call = caller.start_call(uri(f"p{number}"))
            invocation, _, _ = callee.expect_invocation()
            assert invocation == expected
            callee.give(invocation)
            caller.expect_result(call)


def test_requests_of_two_sessions_do_not_meet(peer, uri):
    """The same request id in two sessions means two requests."""
    one, two = peer(), peer()
    assert one.subscribe(uri("a")) and two.subscribe(uri("b"))
    assert one.requests == two.requests == 1


def test_a_gap_in_request_ids_is_a_violation(peer, bystander, uri):
    """A request id that is not the next one aborts the session with protocol_violation."""
    client = peer()
    client.subscribe(uri())
    client.requests += 3
    client.request(Message.SUBSCRIBE, {}, uri("b"))
    client.expect_abort(VIOLATION)


def test_a_request_id_that_repeats_is_a_violation(peer, bystander, uri):
    """A request id that has been used aborts the session with protocol_violation."""
    client = peer()
    client.subscribe(uri())
    client.send(Message.SUBSCRIBE, 1, {}, uri("b"))
    client.expect_abort(VIOLATION)


@pytest.mark.parametrize("request_id", [0, -1, 2**53 + 1, 2**63, 1.5], ids=str)
def test_a_request_id_out_of_range_is_a_violation(peer, bystander, uri, request_id):
    """An id is an integer between 1 and 2^53, inclusive."""
    client = peer("rawsocket", "cbor")
    client.send(Message.SUBSCRIBE, request_id, {}, uri())
    client.expect_abort(VIOLATION)


def test_a_subscription_id_out_of_range(peer, bystander):
    """An id of router scope that is out of range is none."""
    client = peer()
    client.request(Message.UNSUBSCRIBE, 0)
    message = client.receive()
    assert message[0] == Message.ABORT or message[4] == "wamp.error.no_such_subscription", message
