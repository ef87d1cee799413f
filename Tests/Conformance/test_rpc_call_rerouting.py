"""Call Re-Routing

advanced/rpc_call_rerouting.md.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("dealer", "call_reroute")
UNAVAILABLE = "wamp.error.unavailable"


@pytest.fixture
def callees(peer, uri):
    """Callees of one shared procedure, in the order of their registration."""

    def register(count, policy):
        registered = [peer() for _ in range(count)]
        for callee in registered:
            callee.register(uri(), invoke=policy)
        return registered

    return register


def invoked(callees):
    """Which callee has an INVOCATION; there is exactly one."""
    found = []
    for number, callee in enumerate(callees):
        messages = callee.until_answered()
        found += [(number, message) for message in messages if message[0] == Message.INVOCATION]
        callee.kept += [message for message in messages if message[0] != Message.INVOCATION]
    assert len(found) == 1, found
    return found[0]


def refuse(callee, invocation):
    callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, UNAVAILABLE)
    assert callee.is_alive()


def chain(caller, callees, uri):
    """The order in which callees that are all unavailable are tried, until the caller has its ERROR."""
    call, order = caller.start_call(uri(), "payload"), []
    for _ in callees:
        caller.kept += caller.until_answered()
        number, invocation = invoked(callees)
        assert invocation[4] == ["payload"]
        order.append(number)
        refuse(callees[number], invocation[1])
    caller.expect_call_error(call, "wamp.error.no_available_callee")
    return order


def test_single(any_peer, uri):
    """single: an unavailable callee is answered with no_available_callee."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri())
    call = caller.start_call(uri())
    refuse(callee, callee.expect_invocation()[0])
    caller.expect_call_error(call, "wamp.error.no_available_callee")


def test_roundrobin(peer, callees, uri):
    """roundrobin: the next registration of the queue is tried."""
    caller, three = peer(), callees(3, "roundrobin")
    order = chain(caller, three, uri)
    assert order in ([0, 1, 2], [1, 2, 0], [2, 0, 1])


def test_random(peer, callees, uri):
    """random: another registration is tried, never one that was unavailable for this call."""
    assert sorted(chain(peer(), callees(4, "random"), uri)) == [0, 1, 2, 3]


def test_first(peer, callees, uri):
    """first: the one that was registered after the called one is tried."""
    assert chain(peer(), callees(3, "first"), uri) == [0, 1, 2]


def test_last(peer, callees, uri):
    """last: the one that was registered right before the called one is tried."""
    assert chain(peer(), callees(3, "last"), uri) == [2, 1, 0]


@pytest.mark.parametrize("policy", ["roundrobin", "random", "first", "last"])
def test_the_caller_does_not_know(peer, callees, uri, policy):
    """The caller gets the RESULT of the callee that was available, and nothing else."""
    caller, two = peer(), callees(2, policy)
    call = caller.start_call(uri(), 1)
    caller.kept += caller.until_answered()
    number, invocation = invoked(two)
    refuse(two[number], invocation[1])
    other, invocation = invoked(two)
    assert other != number
    two[other].give(invocation[1], "here")
    assert caller.expect_result(call) == ["here"]
    assert caller.until_answered() == []


def test_the_next_call_begins_anew(peer, callees, uri):
    """Being unavailable is for one call: the next one is routed by the policy again."""
    caller, two = peer(), callees(2, "first")
    assert chain(caller, two, uri) == chain(caller, two, uri) == [0, 1]


def test_another_error_is_not_rerouted(peer, callees, uri):
    """Only unavailable is rerouted; any other ERROR is the caller's."""
    caller, two = peer(), callees(2, "first")
    call = caller.start_call(uri())
    invocation, _, _ = two[0].expect_invocation()
    two[0].send(Message.ERROR, Message.INVOCATION, invocation, {}, "org.conformance.busy")
    caller.expect_call_error(call, "org.conformance.busy")
    assert two[1].until_answered() == []


def test_a_callee_that_did_not_announce_it(peer, uri):
    """The feature is announced by callees: of one that did not, unavailable is an ERROR like another."""
    caller, callee = peer(), peer(without="callee.call_reroute")
    callee.register(uri())
    call = caller.start_call(uri())
    callee.send(Message.ERROR, Message.INVOCATION, callee.expect_invocation()[0], {}, UNAVAILABLE)
    caller.expect_call_error(call, UNAVAILABLE)


@pytest.mark.announced("dealer", "call_canceling")
def test_canceling_a_rerouted_call(peer, callees, uri):
    """CANCEL reaches the callee that has the call now."""
    caller, two = peer(), callees(2, "first")
    call = caller.start_call(uri())
    refuse(two[0], two[0].expect_invocation()[0])
    invocation, _, _ = two[1].expect_invocation()
    caller.send(Message.CANCEL, call, {"mode": "kill"})
    assert two[1].expect(Message.INTERRUPT)[1] == invocation
    assert two[0].until_answered() == []
    two[1].send(Message.ERROR, Message.INVOCATION, invocation, {}, "wamp.error.canceled")
    caller.expect_call_error(call, "wamp.error.canceled")


@pytest.mark.announced("dealer", "progressive_call_results")
def test_not_after_progress(peer, callees, uri):
    """A callee that has sent results has attended to the call: its unavailable does not repeat them elsewhere."""
    caller, two = peer(), callees(2, "first")
    call = caller.start_call(uri(), receive_progress=True)
    invocation, _, _ = two[0].expect_invocation()
    two[0].give(invocation, 1, progress=True)
    refuse(two[0], invocation)
    caller.expect(Message.RESULT)
    caller.expect_call_error(call, UNAVAILABLE, "wamp.error.no_available_callee", "wamp.error.canceled")
    assert two[1].until_answered() == []
