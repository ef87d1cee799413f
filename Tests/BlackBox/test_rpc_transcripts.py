"""What autobahn hides of calls: cancel modes, late answers, kicked callees, and the ids on the way."""

import time

import pytest

from wire import Message


def procedure(name):
    return f"org.example.transcript.{name}"


def call_under_way(any_peer, name, **options):
    """(caller, callee, call request, invocation) of a call that waits for its answer."""
    caller, callee = any_peer(), any_peer()
    callee.register(procedure(name))
    request = caller.request(Message.CALL, options, procedure(name), [1])
    return caller, callee, request, callee.expect(Message.INVOCATION)


def test_invocation_ids_count_for_each_callee_on_its_own(any_peer):
    caller, first, second = any_peer(), any_peer(), any_peer()
    first.register(procedure("ids.first"))
    second.register(procedure("ids.second"))
    for number in (1, 2, 3):
        for name, callee in (("first", first), ("second", second)):
            caller.request(Message.CALL, {}, procedure(f"ids.{name}"))
            invocation = callee.expect(Message.INVOCATION)
            assert invocation[1] == number
            callee.send(Message.YIELD, number, {})
            caller.expect(Message.RESULT)


def test_answers_may_come_in_any_order(any_peer):
    caller, callee = any_peer(), any_peer()
    callee.register(procedure("disorder"))
    requests = [caller.request(Message.CALL, {}, procedure("disorder"), [n]) for n in range(4)]
    invocations = [callee.expect(Message.INVOCATION) for _ in requests]
    for invocation in reversed(invocations):
        callee.send(Message.YIELD, invocation[1], {}, invocation[4])
    answers = [caller.expect(Message.RESULT) for _ in requests]
    assert [(a[1], a[3]) for a in answers] == [(r, [n]) for n, r in reversed(list(enumerate(requests)))]


def test_skip_answers_the_caller_and_leaves_the_callee_alone(any_peer):
    caller, callee, request, invocation = call_under_way(any_peer, "skip")
    caller.send(Message.CANCEL, request, {"mode": "skip"})
    caller.expect_error(Message.CALL, request, "wamp.error.canceled")
    callee.send(Message.YIELD, invocation[1], {}, ["late"])
    assert callee.is_alive() and caller.is_alive()


def test_killnowait_interrupts_and_answers_at_once(any_peer):
    caller, callee, request, invocation = call_under_way(any_peer, "killnowait")
    caller.send(Message.CANCEL, request, {"mode": "killnowait"})
    caller.expect_error(Message.CALL, request, "wamp.error.canceled")
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation[1] and interrupt[2].get("mode") == "killnowait"
    callee.send(Message.ERROR, Message.INVOCATION, invocation[1], {}, "wamp.error.canceled")
    assert callee.is_alive() and caller.is_alive()


@pytest.mark.parametrize("answer", ["error", "yield"])
def test_kill_interrupts_and_waits_for_the_callee(any_peer, answer):
    caller, callee, request, invocation = call_under_way(any_peer, f"kill.{answer}")
    caller.send(Message.CANCEL, request, {"mode": "kill"})
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation[1] and interrupt[2].get("mode") == "kill"
    assert caller.is_alive(), "nothing reaches the caller before the callee has answered"
    if answer == "error":
        callee.send(Message.ERROR, Message.INVOCATION, invocation[1], {}, "org.example.stopped", ["halfway"])
        assert caller.expect_error(Message.CALL, request, "org.example.stopped")[5] == ["halfway"]
    else:
        callee.send(Message.YIELD, invocation[1], {}, ["finished anyway"])
        assert caller.expect(Message.RESULT)[3] == ["finished anyway"]


def test_cancel_without_a_mode_ends_the_call(any_peer):
    caller, callee, request, invocation = call_under_way(any_peer, "default")
    caller.send(Message.CANCEL, request, {})
    assert callee.expect(Message.INTERRUPT)[1] == invocation[1]
    caller.expect_error(Message.CALL, request, "wamp.error.canceled")


def test_a_callee_that_cannot_be_interrupted_is_not(any_peer):
    roles = {"callee": {}, "caller": {}}
    caller, callee = any_peer(), any_peer(roles=roles)
    callee.register(procedure("uninterruptible"))
    request = caller.request(Message.CALL, {}, procedure("uninterruptible"))
    invocation = callee.expect(Message.INVOCATION)
    caller.send(Message.CANCEL, request, {"mode": "kill"})
    caller.expect_error(Message.CALL, request, "wamp.error.canceled")
    callee.send(Message.YIELD, invocation[1], {})
    assert callee.is_alive()


def test_cancel_of_a_call_that_is_over_is_ignored(any_peer):
    caller, callee, request, invocation = call_under_way(any_peer, "over")
    callee.send(Message.YIELD, invocation[1], {}, ["done"])
    caller.expect(Message.RESULT)
    caller.send(Message.CANCEL, request, {"mode": "kill"})
    assert caller.is_alive() and callee.is_alive()


def test_progress_goes_to_the_caller_that_asked_and_ends_with_the_last(any_peer):
    caller, callee, request, invocation = call_under_way(any_peer, "progress", receive_progress=True)
    assert invocation[3]["receive_progress"] is True
    for number in range(3):
        callee.send(Message.YIELD, invocation[1], {"progress": True}, [number])
    callee.send(Message.YIELD, invocation[1], {}, ["end"])
    for number in range(3):
        result = caller.expect(Message.RESULT)
        assert result[1] == request and result[2]["progress"] is True and result[3] == [number]
    result = caller.expect(Message.RESULT)
    assert not result[2].get("progress") and result[3] == ["end"]
    callee.send(Message.YIELD, invocation[1], {"progress": True}, ["after the end"])
    assert caller.is_alive()


def test_a_timeout_is_in_milliseconds_and_interrupts_the_callee(any_peer):
    begin = time.monotonic()
    caller, callee, request, invocation = call_under_way(any_peer, "timeout", timeout=200)
    caller.expect_error(Message.CALL, request, "wamp.error.timeout")
    assert 0.15 < time.monotonic() - begin < 2
    assert callee.expect(Message.INTERRUPT)[1] == invocation[1]
    callee.send(Message.YIELD, invocation[1], {}, ["late"])
    assert callee.is_alive() and caller.is_alive()


def test_with_progress_the_timeout_is_from_result_to_result(any_peer):
    caller, callee, request, invocation = call_under_way(any_peer, "gap", timeout=400, receive_progress=True)
    for number in range(4):
        time.sleep(0.2)
        callee.send(Message.YIELD, invocation[1], {"progress": True}, [number])
        assert caller.expect(Message.RESULT)[3] == [number]
    caller.expect_error(Message.CALL, request, "wamp.error.timeout")


def test_force_reregister_takes_the_procedure_over_and_tells_the_loser(any_peer):
    first, second, caller = any_peer(), any_peer(), any_peer()
    registration = first.register(procedure("forced"))
    request = second.request(Message.REGISTER, {}, procedure("forced"))
    second.expect_error(Message.REGISTER, request, "wamp.error.procedure_already_exists")
    second.register(procedure("forced"), force_reregister=True)
    revoked = first.expect(Message.UNREGISTERED)
    assert revoked[1] == 0 and revoked[2]["registration"] == registration
    caller.request(Message.CALL, {}, procedure("forced"))
    invocation = second.expect(Message.INVOCATION)
    second.send(Message.YIELD, invocation[1], {}, ["second"])
    assert caller.expect(Message.RESULT)[3] == ["second"]
    assert first.is_alive()


def test_a_callee_that_disappears_fails_its_calls(any_peer):
    caller, callee, request, _ = call_under_way(any_peer, "disappears")
    callee.wire.close()
    caller.expect_error(Message.CALL, request, "wamp.error.canceled")


def test_a_caller_that_disappears_interrupts_the_callee(any_peer):
    caller, callee, _, invocation = call_under_way(any_peer, "abandoned")
    caller.wire.close()
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation[1] and interrupt[2].get("mode") == "killnowait"
    callee.send(Message.YIELD, invocation[1], {}, ["too late"])
    assert callee.is_alive()


def test_caller_disclosure(any_peer):
    caller, callee = any_peer(), any_peer()
    callee.register(procedure("disclosed"))
    caller.request(Message.CALL, {}, procedure("disclosed"))
    assert "caller" not in callee.expect(Message.INVOCATION)[3]
    caller.request(Message.CALL, {"disclose_me": True}, procedure("disclosed"))
    details = callee.expect(Message.INVOCATION)[3]
    assert details["caller"] == caller.session
    assert details["caller_authrole"] == caller.welcome["authrole"]


def test_unregister_of_what_is_not_registered(any_peer):
    session, other = any_peer(), any_peer()
    theirs = other.register(procedure("theirs"))
    for registration in (4_711, theirs):
        request = session.request(Message.UNREGISTER, registration)
        session.expect_error(Message.UNREGISTER, request, "wamp.error.no_such_registration")
    request = session.request(Message.CALL, {}, procedure("theirs"))
    other.expect(Message.INVOCATION)


def test_a_call_that_is_not_answered_does_not_hold_up_the_next(any_peer):
    caller, callee, first, invocation = call_under_way(any_peer, "waiting")
    second = caller.request(Message.CALL, {}, procedure("waiting"))
    later = callee.expect(Message.INVOCATION)
    callee.send(Message.YIELD, later[1], {}, ["second"])
    assert caller.expect(Message.RESULT)[1] == second
    callee.send(Message.YIELD, invocation[1], {}, ["first"])
    assert caller.expect(Message.RESULT)[1] == first


def test_more_pending_calls_than_the_limit_are_refused_not_queued(peer):
    caller, callee = peer("rawsocket", "msgpack"), peer("rawsocket", "msgpack")
    callee.register(procedure("pending"))
    requests = [caller.request(Message.CALL, {}, procedure("pending")) for _ in range(300)]
    refused = {caller.expect(Message.ERROR)[2] for _ in range(44)}
    assert refused == set(requests[256:])
    assert [callee.expect(Message.INVOCATION)[1] for _ in range(256)] == list(range(1, 257))
    callee.send(Message.YIELD, 1, {})
    assert caller.expect(Message.RESULT)[1] == requests[0]
