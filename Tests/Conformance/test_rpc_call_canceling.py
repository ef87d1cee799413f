"""Call Canceling

advanced/rpc_call_canceling.md.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("dealer", "call_canceling")
CANCELED = "wamp.error.canceled"


@pytest.fixture
def running(peer, uri):
    """Begins a call: (caller, call, callee, invocation)."""

    def begin(caller=None, callee=None):
        caller, callee = caller or peer(), callee or peer()
        callee.register(uri())
        call = caller.start_call(uri())
        return caller, call, callee, callee.expect_invocation()[0]

    return begin


def test_skip(any_peer, running):
    """skip: the caller gets ERROR at once, and the callee no INTERRUPT."""
    caller, call, callee, _ = running(any_peer(), any_peer())
    caller.send(Message.CANCEL, call, {"mode": "skip"})
    caller.expect_call_error(call, CANCELED)
    assert callee.until_answered() == []


@pytest.mark.parametrize("mode", ["skip", "killnowait"])
@pytest.mark.parametrize("answer", ["YIELD", "ERROR"])
def test_the_answer_is_discarded(peer, running, mode, answer):
    """skip and killnowait: the callee's answer is discarded, and is no violation."""
    caller, call, callee, invocation = running()
    caller.send(Message.CANCEL, call, {"mode": mode})
    caller.expect_call_error(call, CANCELED)
    if answer == "YIELD":
        callee.give(invocation, "late")
    else:
        callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, CANCELED)
    messages = callee.until_answered()
    assert [message[0] for message in messages] == ([] if mode == "skip" else [Message.INTERRUPT])
    assert caller.until_answered() == []


def test_kill(any_peer, running):
    """kill: INTERRUPT goes to the callee, and the caller gets nothing until the callee has answered."""
    caller, call, callee, invocation = running(any_peer(), any_peer())
    caller.send(Message.CANCEL, call, {"mode": "kill"})
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation and interrupt[2].get("mode", "kill") == "kill"
    assert caller.until_answered() == []
    callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, CANCELED, ["killed"])
    assert caller.expect_call_error(call, CANCELED)[5] == ["killed"]


def test_kill_that_comes_too_late(peer, running):
    """kill: a callee that finishes before the interrupt answers with YIELD, and the caller gets RESULT."""
    caller, call, callee, invocation = running()
    caller.send(Message.CANCEL, call, {"mode": "kill"})
    callee.expect(Message.INTERRUPT)
    callee.give(invocation, "finished")
    assert caller.expect_result(call) == ["finished"]


def test_kill_and_an_error_of_its_own(peer, running):
    """kill: the callee may answer with any ERROR."""
    caller, call, callee, invocation = running()
    caller.send(Message.CANCEL, call, {"mode": "kill"})
    callee.expect(Message.INTERRUPT)
    callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, "org.conformance.cleanup_failed")
    caller.expect_call_error(call, "org.conformance.cleanup_failed")


def test_killnowait(any_peer, running):
    """killnowait: the caller gets ERROR at once, and the callee INTERRUPT."""
    caller, call, callee, invocation = running(any_peer(), any_peer())
    caller.send(Message.CANCEL, call, {"mode": "killnowait"})
    caller.expect_call_error(call, CANCELED)
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation and interrupt[2].get("mode") == "killnowait"


@pytest.mark.parametrize("mode", ["kill", "killnowait", "skip"])
def test_a_callee_without_the_feature(peer, running, mode):
    """If the callee does not support call canceling, every mode is skip."""
    caller, call, callee, invocation = running(callee=peer(without="callee.call_canceling"))
    caller.send(Message.CANCEL, call, {"mode": mode})
    caller.expect_call_error(call, CANCELED)
    callee.give(invocation, "late")
    assert callee.until_answered() == [] and caller.until_answered() == []


def test_no_mode(peer, running):
    """CANCEL without a mode cancels: the caller gets ERROR canceled in the end."""
    caller, call, callee, invocation = running()
    caller.send(Message.CANCEL, call, {})
    if any(message[0] == Message.INTERRUPT for message in callee.until_answered()):
        callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, CANCELED)
    caller.expect_call_error(call, CANCELED)


def test_a_call_that_has_ended(peer, running):
    """CANCEL of a call that has its result does nothing: the two have met on the way."""
    caller, call, callee, invocation = running()
    callee.give(invocation, 1)
    assert caller.expect_result(call) == [1]
    caller.send(Message.CANCEL, call, {"mode": "kill"})
    assert caller.until_answered() == [] and callee.until_answered() == []


@pytest.mark.parametrize("mode", ["skip", "kill", "killnowait"])
def test_canceling_twice(peer, running, mode):
    """A second CANCEL changes nothing: there is one ERROR, and one INTERRUPT at most."""
    caller, call, callee, invocation = running()
    caller.send(Message.CANCEL, call, {"mode": mode})
    caller.send(Message.CANCEL, call, {"mode": mode})
    if mode == "kill":
        assert caller.until_answered() == []
        callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, CANCELED)
    caller.expect_call_error(call, CANCELED)
    assert caller.until_answered() == []
    assert sum(message[0] == Message.INTERRUPT for message in callee.until_answered()) <= 1


def test_a_call_of_another_session(peer, running):
    """A session cancels its own calls only."""
    caller, call, callee, invocation = running()
    other = peer()
    for request in range(call + 1):
        other.send(Message.CANCEL, request + 1, {"mode": "kill"})
    assert other.until_answered() == [] and callee.until_answered() == []
    callee.give(invocation, 1)
    assert caller.expect_result(call) == [1]


def test_a_mode_that_is_none(peer, running, bystander):
    """A mode that is none is refused."""
    caller, call, _, _ = running()
    caller.send(Message.CANCEL, call, {"mode": "gently"})
    caller.refusal()


def test_canceling_one_of_two(peer, uri):
    """The other calls of the caller are not touched."""
    caller, callee = peer(), peer()
    callee.register(uri())
    first, second = caller.start_call(uri(), 1), caller.start_call(uri(), 2)
    one, two = callee.expect_invocation()[0], callee.expect_invocation()[0]
    caller.send(Message.CANCEL, first, {"mode": "skip"})
    caller.expect_call_error(first, CANCELED)
    callee.give(two, "second")
    assert caller.expect_result(second) == ["second"]
    callee.give(one, "late")
    assert caller.until_answered() == []
