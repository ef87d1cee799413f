"""Remote Procedure Calls

basic/remote_procedure_call.md.
"""

import pytest

from client import is_id
from wire import Message

CANCELED = ("wamp.error.canceled", "wamp.error.cancelled")  # The text has both spellings.


def test_register_is_answered(any_peer, uri):
    """REGISTER is answered with REGISTERED, which names request and registration."""
    answer = any_peer().ask(Message.REGISTER, Message.REGISTERED, {}, uri())
    assert len(answer) == 3 and is_id(answer[2])


def test_registering_again(any_peer, uri):
    """A procedure that is registered already is refused with procedure_already_exists, to anybody."""
    one, two = any_peer(), any_peer()
    one.register(uri())
    assert one.refused(Message.REGISTER, {}, uri()) == "wamp.error.procedure_already_exists"
    assert two.refused(Message.REGISTER, {}, uri()) == "wamp.error.procedure_already_exists"


def test_unregister(any_peer, uri):
    """UNREGISTER is answered with UNREGISTERED, and no invocation follows."""
    caller, callee = any_peer(), any_peer()
    registration = callee.register(uri())
    answer = callee.ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    assert answer == [Message.UNREGISTERED, callee.requests]
    assert caller.refused(Message.CALL, {}, uri()) == "wamp.error.no_such_procedure"


def test_unregistering_what_is_not_registered(any_peer):
    """UNREGISTER of no active registration is answered with no_such_registration."""
    assert any_peer().refused(Message.UNREGISTER, 4711) == "wamp.error.no_such_registration"


def test_unregistering_what_another_session_has(peer, uri):
    """A registration of another session cannot be ended."""
    one, two = peer(), peer()
    registration = one.register(uri())
    assert two.refused(Message.UNREGISTER, registration) == "wamp.error.no_such_registration"
    two.start_call(uri(), 1)
    assert one.expect_invocation()[2] == [1]


def test_a_procedure_that_is_unregistered_may_be_registered_by_another(peer, uri):
    """After UNREGISTERED the URI is free."""
    one, two = peer(), peer()
    registration = one.register(uri())
    one.ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    assert two.register(uri())


def test_calling_what_is_not_registered(any_peer, uri):
    """CALL of an unknown procedure is answered with no_such_procedure."""
    assert any_peer().refused(Message.CALL, {}, uri(), [1]) == "wamp.error.no_such_procedure"


@pytest.mark.parametrize(
    "payload",
    [[], [["Hello, world!"]], [[23, 7]], [["johnny"], {"firstname": "John", "surname": "Doe"}], [[], {"karma": 10}]],
    ids=str,
)
def test_a_call_and_its_result(any_peer, uri, payload):
    """CALL → INVOCATION → YIELD → RESULT carry Arguments and ArgumentsKw as they are, both ways."""
    caller, callee = any_peer(), any_peer()
    registration = callee.register(uri())
    call = caller.request(Message.CALL, {}, uri(), *payload)
    invocation = callee.expect(Message.INVOCATION)
    assert invocation[2] == registration and isinstance(invocation[3], dict) and invocation[4:] == payload
    callee.send(Message.YIELD, invocation[1], {}, *payload)
    result = caller.expect(Message.RESULT)
    assert result[1] == call and isinstance(result[2], dict) and result[3:] == payload


@pytest.mark.parametrize("payload", [[], [["Object is write protected."], {"severity": 3}], [[1]]], ids=str)
def test_an_error_of_the_callee(any_peer, uri, payload):
    """An ERROR of the callee reaches the caller with its URI, Arguments and ArgumentsKw."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri())
    call = caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, "com.myapp.error.object_write_protected", *payload)
    error = caller.expect(Message.ERROR)
    assert error[1:3] == [Message.CALL, call] and error[4] == "com.myapp.error.object_write_protected"
    assert error[5:] == payload


def test_a_callee_may_call_itself(any_peer, uri):
    """A session may call a procedure that it has registered itself."""
    client = any_peer()
    client.register(uri())
    call = client.start_call(uri(), 1)
    invocation, _, arguments = client.expect_invocation()
    client.give(invocation, *arguments)
    assert client.expect_result(call) == [1]


def test_many_calls_at_once(peer, uri):
    """More than one call may be outstanding, of one caller and of several, and each gets its own result."""
    callee, callers = peer("rawsocket", "msgpack"), [peer(), peer("rawsocket", "cbor")]
    callee.register(uri())
    calls = [(caller, caller.start_call(uri(), n), n) for n in range(40) for caller in callers]
    for invocation, _, arguments in reversed([callee.expect_invocation() for _ in calls]):
        callee.give(invocation, arguments[0] * 2)
    for caller in callers:
        expected = {call: [n * 2] for who, call, n in calls if who is caller}
        results = [caller.expect(Message.RESULT) for _ in expected]
        assert {result[1]: result[3] for result in results} == expected


@pytest.mark.announced("dealer", "call_canceling")
@pytest.mark.parametrize("leave", ["goodbye", "disconnect"])
def test_the_caller_leaves(peer, uri, leave):
    """When the caller leaves, a callee that announced call canceling gets INTERRUPT with mode killnowait."""
    caller, callee, other = peer(), peer(), peer()
    callee.register(uri())
    caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    caller.leave() if leave == "goodbye" else caller.wire.close()
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation and interrupt[2]["mode"] == "killnowait"
    assert other.is_alive()


def test_the_caller_leaves_a_callee_without_canceling(peer, uri):
    """When the caller leaves, a callee that did not announce call canceling gets no INTERRUPT."""
    caller, callee = peer(), peer(without="callee.call_canceling")
    callee.register(uri())
    caller.start_call(uri())
    callee.expect_invocation()
    caller.leave()
    assert callee.until_answered() == []


@pytest.mark.parametrize("answer", ["YIELD", "ERROR"])
def test_the_answer_to_a_caller_that_left_is_discarded(peer, uri, answer):
    """A YIELD or ERROR for a call whose caller has left is discarded, and is no violation."""
    caller, callee = peer(), peer(without="callee.call_canceling")
    callee.register(uri())
    caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    caller.leave()
    if answer == "YIELD":
        callee.give(invocation, 1)
    else:
        callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, "org.conformance.error")
    assert callee.until_answered() == []


@pytest.mark.parametrize("leave", ["goodbye", "disconnect"])
def test_the_callee_leaves(any_peer, uri, leave):
    """When the callee leaves, the caller gets ERROR canceled."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri())
    call = caller.start_call(uri())
    callee.expect_invocation()
    callee.leave() if leave == "goodbye" else callee.wire.close()
    caller.expect_call_error(call, *CANCELED)


def test_unregistering_during_a_call(peer, uri):
    """A callee that unregisters may still answer the invocations that it has."""
    caller, callee = peer(), peer()
    registration = callee.register(uri())
    call = caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    callee.ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    callee.give(invocation, "still")
    assert caller.expect_result(call) == ["still"]


def test_a_yield_by_another_session(peer, bystander, uri):
    """An invocation can only be answered by the callee that has it."""
    caller, callee, thief = peer(), peer(), peer()
    callee.register(uri())
    call = caller.start_call(uri())
    invocation, _, _ = callee.expect_invocation()
    thief.give(invocation, "stolen")
    callee.give(invocation, "mine")
    assert caller.expect_result(call) == ["mine"]


def test_unknown_options_are_ignored(any_peer, uri):
    """Unknown options, and those of the form _abc, are ignored in REGISTER, CALL and YIELD."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri(), not_a_known_option=1, _vendor=True)
    call = caller.start_call(uri(), not_a_known_option=[], _vendor={"a": 1})
    invocation, details, _ = callee.expect_invocation()
    assert not {"not_a_known_option", "_vendor"} & set(details)
    callee.give(invocation, 1, not_a_known_option=None, _vendor=2)
    assert caller.expect_result(call) == [1]
