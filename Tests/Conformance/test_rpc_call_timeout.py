"""Call Timeouts

advanced/rpc_call_timeout.md. Here time itself is the case; the limits are wide.
"""

import time

import pytest

from wire import Message

pytestmark = pytest.mark.announced("dealer", "call_timeout")
TIMEOUT = "wamp.error.timeout"


def test_a_timeout_is_in_milliseconds(any_peer, uri):
    """A call that is not answered in timeout milliseconds gets ERROR timeout."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri())
    begin = time.monotonic()
    call = caller.start_call(uri(), timeout=150)
    callee.expect_invocation()
    caller.expect_call_error(call, TIMEOUT)
    assert time.monotonic() - begin >= 0.14


def test_a_callee_with_canceling_is_interrupted(peer, uri):
    """The mode is killnowait when the callee supports call canceling."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri(), timeout=100)
    invocation, _, _ = callee.expect_invocation()
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation and interrupt[2].get("mode") == "killnowait"
    caller.expect_call_error(call, TIMEOUT)


def test_a_callee_without_canceling_is_not(peer, uri):
    """The mode is skip when the callee does not support call canceling."""
    caller, callee = peer(), peer(without="callee.call_canceling")
    callee.register(uri())
    call = caller.start_call(uri(), timeout=100)
    invocation, _, _ = callee.expect_invocation()
    caller.expect_call_error(call, TIMEOUT)
    assert callee.until_answered() == []
    callee.give(invocation, "late")
    assert callee.until_answered() == [] and caller.until_answered() == []


def test_a_late_answer_is_discarded(peer, uri):
    """The answer to a call that has timed out is discarded, and is no violation."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri(), timeout=100)
    invocation, _, _ = callee.expect_invocation()
    callee.expect(Message.INTERRUPT)
    callee.give(invocation, "late")
    assert callee.until_answered() == []
    caller.expect_call_error(call, TIMEOUT)
    assert caller.until_answered() == []


def test_an_answer_in_time(peer, uri):
    """A call that is answered in time has its result, and no ERROR after it."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri(), timeout=1500)
    callee.give(callee.expect_invocation()[0], "in time")
    assert caller.expect_result(call) == ["in time"]
    assert caller.has_nothing_for(1.8)


@pytest.mark.parametrize("options", [{}, {"timeout": 0}], ids=str)
def test_no_timeout(peer, uri, options):
    """Without a timeout, or with 0, there is none."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri(), **options)
    invocation, _, _ = callee.expect_invocation()
    assert caller.has_nothing_for(0.5)
    callee.give(invocation, "at leisure")
    assert caller.expect_result(call) == ["at leisure"]


def test_the_dealer_keeps_the_timeout_to_itself(peer, uri):
    """A registration that did not ask for it with forward_timeout does not get INVOCATION.Details.timeout."""
    caller, callee = peer(), peer()
    callee.register(uri())
    caller.start_call(uri(), timeout=1000)
    assert "timeout" not in callee.expect_invocation()[1]


def test_forward_timeout(peer, uri):
    """A registration with forward_timeout gets INVOCATION.Details.timeout, and keeps the time itself."""
    caller, callee = peer(), peer()
    callee.register(uri(), forward_timeout=True)
    call = caller.start_call(uri(), timeout=200)
    invocation, details, _ = callee.expect_invocation()
    assert details.get("timeout") == 200
    assert caller.has_nothing_for(0.5)
    callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, TIMEOUT)
    caller.expect_call_error(call, TIMEOUT)


def test_forward_timeout_without_a_timeout(peer, uri):
    """With forward_timeout a call without a timeout carries none."""
    caller, callee = peer(), peer()
    callee.register(uri(), forward_timeout=True)
    caller.start_call(uri())
    assert not callee.expect_invocation()[1].get("timeout")


def test_a_callee_without_timeouts(peer, uri):
    """If the callee does not support call timeouts, the dealer keeps the time, whatever the registration says."""
    caller, callee = peer(), peer(without="callee.call_timeout")
    callee.register(uri(), forward_timeout=True)
    call = caller.start_call(uri(), timeout=100)
    callee.expect_invocation()
    caller.expect_call_error(call, TIMEOUT)


def test_a_canceled_call_does_not_time_out(peer, uri):
    """A call that has been canceled has had its ERROR."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri(), timeout=1000)
    callee.expect_invocation()
    caller.send(Message.CANCEL, call, {"mode": "skip"})
    caller.expect_call_error(call, "wamp.error.canceled")
    assert caller.has_nothing_for(1.3)


@pytest.mark.parametrize("timeout", ["soon", -1, 1.5, True], ids=repr)
def test_a_timeout_that_is_no_number_of_milliseconds(peer, uri, bystander, timeout):
    """timeout is a non-negative integer."""
    caller, callee = peer(), peer()
    callee.register(uri())
    caller.start_call(uri(), timeout=timeout)
    assert TIMEOUT not in caller.refusal()
