"""Progressive Call Results

advanced/rpc_progressive_call_results.md.
"""

import pytest

from client import VIOLATION
from wire import Message

pytestmark = pytest.mark.announced("dealer", "progressive_call_results")


@pytest.fixture
def open_call(peer, uri):
    """Begins a call that is willing to receive progress; (caller, call, callee, invocation, details)."""

    def begin(caller=None, callee=None, **options):
        caller, callee = caller or peer(), callee or peer()
        callee.register(uri())
        call = caller.start_call(uri(), **{"receive_progress": True, **options})
        invocation, details, _ = callee.expect_invocation()
        return caller, call, callee, invocation, details

    return begin


def test_the_willingness_is_forwarded(any_peer, open_call):
    """CALL.Options.receive_progress becomes INVOCATION.Details.receive_progress."""
    assert open_call(any_peer(), any_peer())[4].get("receive_progress") is True


@pytest.mark.parametrize("options", [{}, {"receive_progress": False}], ids=str)
def test_no_willingness(peer, uri, options):
    """Without receive_progress the callee is told of none."""
    caller, callee = peer(), peer()
    callee.register(uri())
    caller.start_call(uri(), **options)
    assert not callee.expect_invocation()[1].get("receive_progress")


def test_progressive_results(any_peer, open_call):
    """Each progressive YIELD is at once a RESULT with progress; the final one has none."""
    caller, call, callee, invocation, _ = open_call(any_peer(), any_peer())
    for part in (["Y2010", 120], ["Y2011", 205]):
        callee.give(invocation, *part, progress=True)
        assert caller.expect_progress(call) == [part]
    callee.give(invocation, "Total", 490)
    assert caller.expect_result(call) == ["Total", 490]


def test_a_final_error(peer, open_call):
    """A call may end in an ERROR after progressive results."""
    caller, call, callee, invocation, _ = open_call()
    callee.give(invocation, 1, progress=True)
    callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, "com.myapp.invalid_revenue_year", [1830])
    caller.expect(Message.RESULT)
    assert caller.expect_call_error(call, "com.myapp.invalid_revenue_year")[5] == [1830]


def test_empty_results(peer, open_call):
    """Progressive results and the final one may be empty."""
    caller, call, callee, invocation, _ = open_call()
    callee.give(invocation, progress=True)
    assert caller.expect_progress(call) == []
    callee.give(invocation)
    assert caller.expect_result(call) == []


def test_results_of_different_structure(peer, open_call):
    """Progressive results and the final one may have different structure."""
    caller, call, callee, invocation, _ = open_call()
    parts = [[["partial 1", 10]], [[], {"foo": 10, "bar": "partial 1"}], [[1, 2, 3], {"moo": "hello"}]]
    for number, part in enumerate(parts):
        callee.send(Message.YIELD, invocation, {} if number == 2 else {"progress": True}, *part)
    assert [caller.expect(Message.RESULT)[3:] for _ in parts] == parts


def test_a_callee_need_not_produce_progress(peer, open_call):
    """A callee is free to answer with a final result only."""
    caller, call, callee, invocation, _ = open_call()
    callee.give(invocation, 1)
    assert caller.expect_result(call) == [1]


@pytest.mark.parametrize("feature", ["progressive_call_results", "call_canceling"])
def test_a_callee_without_the_feature(peer, open_call, feature):
    """A callee that announces progressive results without call canceling, or none, is not told of the willingness."""
    callee = peer(without=f"callee.{feature}")
    assert not open_call(callee=callee)[4].get("receive_progress")


def test_the_caller_leaves(peer, open_call):
    """When the caller leaves in the middle, the callee gets INTERRUPT with mode killnowait."""
    caller, _, callee, invocation, _ = open_call()
    callee.give(invocation, 1, progress=True)
    caller.expect(Message.RESULT)
    caller.wire.close()
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation and interrupt[2]["mode"] == "killnowait"


def test_what_follows_the_interrupt_is_discarded(peer, open_call):
    """Progressive and final results that come after the caller has left are discarded."""
    caller, _, callee, invocation, _ = open_call()
    caller.leave()
    callee.expect(Message.INTERRUPT)
    callee.give(invocation, 1, progress=True)
    callee.give(invocation, 2, progress=True)
    callee.give(invocation, 3)
    assert callee.until_answered() == []


def test_the_callee_leaves(peer, open_call):
    """When the callee leaves in the middle, the caller gets ERROR canceled."""
    caller, call, callee, invocation, _ = open_call()
    callee.give(invocation, 1, progress=True)
    callee.leave()
    caller.expect(Message.RESULT)
    caller.expect_call_error(call, "wamp.error.canceled")


def test_progress_that_was_not_asked_for(peer, uri, bystander):
    """A caller that did not ask for progress never gets a progressive result."""
    caller, callee = peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    callee.give(invocation, 1, progress=True)
    message = callee.until_answered_or_abort()
    if message is not None:
        assert message[2] == VIOLATION
        return
    callee.give(invocation, 2)
    assert caller.expect_result(call) in ([1], [2])


@pytest.mark.announced("dealer", "call_canceling")
@pytest.mark.parametrize("mode", ["kill", "killnowait", "skip"])
def test_canceling_a_progressive_call(peer, open_call, mode):
    """A progressive call may be canceled in each mode, and yields one final ERROR."""
    caller, call, callee, invocation, _ = open_call()
    callee.give(invocation, 1, progress=True)
    caller.expect(Message.RESULT)
    caller.send(Message.CANCEL, call, {"mode": mode})
    if mode != "skip":
        assert callee.expect(Message.INTERRUPT)[1] == invocation
    if mode == "kill":
        callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, "wamp.error.canceled")
    caller.expect_call_error(call, "wamp.error.canceled")
    assert caller.until_answered() == []


@pytest.mark.announced("dealer", "call_timeout")
def test_the_timeout_is_between_results(peer, open_call):
    """With progressive results the timeout is the longest time to the first result and between two of them."""
    caller, call, callee, invocation, _ = open_call(timeout=1500)
    for number in range(5):
        assert caller.has_nothing_for(0.4)
        callee.give(invocation, number, progress=True)
        assert caller.expect(Message.RESULT)[3] == [number]
    caller.expect_call_error(call, "wamp.error.timeout")

