"""Progressive Call Invocations

advanced/rpc_progressive_call_invocations.md.
"""

import pytest

from client import VIOLATION
from wire import Message

pytestmark = pytest.mark.announced("dealer", "progressive_call_invocations")


def go_on(caller, call, procedure, *args, **options):
    """A further CALL of the same call: the same request id."""
    caller.send(Message.CALL, call, options, procedure, list(args))


@pytest.fixture
def pair(peer, uri):
    """A caller and the callee of uri()."""
    caller, callee = peer(), peer()
    callee.register(uri())
    return caller, callee


def test_the_dealer_announces_call_canceling_too(peer):
    """A dealer with progressive call invocations announces call canceling, which they need."""
    features = peer().welcome["roles"]["dealer"]["features"]
    assert features.get("call_canceling") or features.get("call_cancelling")


def test_chunks_are_forwarded(any_peer, uri):
    """Each progressive CALL is an INVOCATION with progress; the last one has none; all have the same request."""
    caller, callee = any_peer(), any_peer()
    registration = callee.register(uri())
    call = caller.start_call(uri(), 1, progress=True)
    go_on(caller, call, uri(), 2, progress=True)
    go_on(caller, call, uri(), 3)
    messages = [callee.expect(Message.INVOCATION) for _ in range(3)]
    assert [message[1:3] for message in messages] == [[messages[0][1], registration]] * 3
    assert [bool(message[3].get("progress")) for message in messages] == [True, True, False]
    assert [message[4] for message in messages] == [[1], [2], [3]]
    callee.give(messages[0][1], "all")
    assert caller.expect_result(call) == ["all"]


def test_progress_false_is_the_end(peer, pair, uri):
    """The last CALL may say progress: false, which is the default."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True)
    go_on(caller, call, uri(), 2, progress=False)
    assert callee.expect_invocation()[1].get("progress") is True
    assert not callee.expect_invocation()[1].get("progress")


def test_a_caller_that_did_not_announce_it(peer, uri, bystander):
    """CALL with progress of a caller that did not announce the feature is a protocol violation."""
    callee, caller = peer(), peer(without="caller.progressive_call_invocations")
    callee.register(uri())
    caller.start_call(uri(), 1, progress=True)
    caller.expect_abort(VIOLATION)


@pytest.mark.parametrize("feature", ["progressive_call_invocations", "call_canceling"])
def test_a_callee_that_did_not_announce_it(peer, uri, feature):
    """For a callee without the feature, or without call canceling, the caller gets feature_not_supported."""
    callee, caller = peer(without=f"callee.{feature}"), peer()
    callee.register(uri())
    call = caller.start_call(uri(), 1, progress=True)
    caller.expect_call_error(call, "wamp.error.feature_not_supported")
    assert callee.until_answered() == []


def test_the_other_spelling_of_canceling(connect, peer, uri):
    """A callee may announce the need as call_cancelling, as this section spells it."""
    caller, callee = peer(), connect(without="callee.call_canceling")
    callee.roles["callee"]["features"]["call_cancelling"] = True
    callee.join().register(uri())
    caller.start_call(uri(), 1, progress=True)
    assert callee.expect_invocation()[1].get("progress") is True


def test_calls_in_between(peer, pair, uri):
    """A progressive call may go on after other calls: its id is below theirs, and no violation."""
    caller, callee = pair
    first = caller.start_call(uri(), "a", progress=True)
    second = caller.start_call(uri(), "b")
    go_on(caller, first, uri(), "c")
    invocations = [callee.expect_invocation() for _ in range(3)]
    assert [arguments for _, _, arguments in invocations] == [["a"], ["b"], ["c"]]
    assert invocations[0][0] == invocations[2][0] != invocations[1][0]
    callee.give(invocations[1][0], 2)
    callee.give(invocations[0][0], 1)
    assert caller.expect_result(second) == [2] and caller.expect_result(first) == [1]


def test_a_gap_above_the_watermark(peer, pair, uri, bystander):
    """A CALL whose id is more than one above the watermark is always a protocol violation."""
    caller, _ = pair
    caller.start_call(uri(), 1, progress=True)
    caller.requests += 2
    caller.start_call(uri(), 2)
    caller.expect_abort(VIOLATION)


def test_going_on_with_another_procedure(peer, pair, uri, bystander):
    """A candidate for continuation that names another procedure is a violation, or discarded."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True)
    callee.expect_invocation()
    go_on(caller, call, uri("other"), 2)
    message = caller.until_answered_or_abort()
    assert message is None or message[2] == VIOLATION
    assert all(message[0] == Message.INTERRUPT for message in callee.until_answered())


def test_going_on_with_a_call_that_is_not_progressive(peer, pair, uri, bystander):
    """A candidate for continuation of an active call that is not progressive is a protocol violation."""
    caller, callee = pair
    call = caller.start_call(uri(), 1)
    callee.expect_invocation()
    go_on(caller, call, uri(), 2)
    caller.expect_abort(VIOLATION)


def test_going_on_after_the_last_chunk(peer, pair, uri, bystander):
    """After the CALL without progress nothing more may come for that call."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True)
    go_on(caller, call, uri(), 2)
    go_on(caller, call, uri(), 3)
    caller.until_answered_or_abort()
    arguments = [callee.expect_invocation()[2] for _ in range(2)]
    rest = callee.until_answered()
    assert arguments == [[1], [2]] and all(message[0] == Message.INTERRUPT for message in rest), rest


@pytest.mark.parametrize("answer", ["YIELD", "ERROR"])
def test_going_on_after_the_answer(peer, pair, uri, answer):
    """A continuation of a call that has been completed is discarded without an answer."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True)
    invocation, _, _ = callee.expect_invocation()
    if answer == "YIELD":
        callee.give(invocation, "enough")
        assert caller.expect_result(call) == ["enough"]
    else:
        callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, "org.conformance.enough")
        caller.expect_call_error(call, "org.conformance.enough")
    go_on(caller, call, uri(), 2, progress=True)
    go_on(caller, call, uri(), 3)
    assert caller.until_answered() == [] and callee.until_answered() == []


def test_going_on_after_the_callee_left(peer, pair, uri):
    """A continuation of a call whose callee has left is discarded: its ERROR has been sent."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True)
    callee.expect_invocation()
    callee.leave()
    caller.expect_call_error(call, "wamp.error.canceled")
    go_on(caller, call, uri(), 2)
    assert caller.until_answered() == []


def test_the_caller_leaves(peer, pair, uri):
    """When the caller leaves, the callee gets INTERRUPT with mode killnowait."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True)
    go_on(caller, call, uri(), 2, progress=True)
    invocation, _, _ = callee.expect_invocation()
    callee.expect_invocation()
    caller.wire.close()
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation and interrupt[2]["mode"] == "killnowait"


@pytest.mark.announced("dealer", "shared_registration")
@pytest.mark.parametrize("policy", ["roundrobin", "random", "last", "first"])
def test_one_callee_for_the_whole_call(peer, uri, policy):
    """With shared registrations all chunks of a call go to the callee that got the first one."""
    caller, callees = peer(), [peer() for _ in range(3)]
    for callee in callees:
        callee.register(uri(), invoke=policy)
    for _ in range(4):
        call = caller.start_call(uri(), 0, progress=True)
        for number in range(1, 6):
            go_on(caller, call, uri(), number, **({} if number == 5 else {"progress": True}))
        caller.kept += caller.until_answered()
        got = [[m for m in callee.until_answered() if m[0] == Message.INVOCATION] for callee in callees]
        assert sorted(map(len, got)) == [0, 0, 6]
        chosen = max(range(3), key=lambda n: len(got[n]))
        assert [message[4] for message in got[chosen]] == [[number] for number in range(6)]
        callees[chosen].give(got[chosen][0][1], "done")
        assert caller.expect_result(call) == ["done"]


@pytest.mark.announced("dealer", "caller_identification")
def test_options_are_frozen(peer, pair, uri):
    """The options of the first CALL hold for the whole call; in later ones only progress counts."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True, disclose_me=True, receive_progress=True)
    go_on(caller, call, uri(), 2, progress=True)
    go_on(caller, call, uri(), 3, progress=True, disclose_me=False, receive_progress=False)
    details = [callee.expect_invocation()[1] for _ in range(3)]
    assert [one.get("caller") for one in details] == [caller.session] * 3
    assert [one.get("receive_progress") for one in details] == [True] * 3


@pytest.mark.announced("dealer", "caller_identification")
def test_later_options_are_ignored(peer, pair, uri):
    """What the first CALL did not ask for, a later one cannot ask for."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True)
    go_on(caller, call, uri(), 2, progress=True, disclose_me=True, receive_progress=True)
    details = [callee.expect_invocation()[1] for _ in range(2)]
    assert [one.get("receive_progress", False) for one in details] == [False] * 2
    assert details[0].get("caller") == details[1].get("caller")


@pytest.mark.announced("dealer", "progressive_call_results")
def test_chunks_both_ways(any_peer, uri):
    """With progressive results too, chunks flow both ways, unpaired, until each side has ended."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri())
    call = caller.start_call(uri(), 1, progress=True, receive_progress=True)
    invocation, details, _ = callee.expect_invocation()
    assert details["progress"] is True and details["receive_progress"] is True
    callee.give(invocation, "a", progress=True)
    callee.give(invocation, "b", progress=True)
    assert [caller.expect(Message.RESULT)[3] for _ in range(2)] == [["a"], ["b"]]
    go_on(caller, call, uri(), 2, progress=True)
    go_on(caller, call, uri(), 3)
    assert [callee.expect_invocation()[2] for _ in range(2)] == [[2], [3]]
    callee.give(invocation, "c", progress=True)
    callee.give(invocation, "d")
    assert caller.expect_progress(call) == [["c"]]
    assert caller.expect_result(call) == ["d"]


@pytest.mark.parametrize("mode", ["kill", "killnowait", "skip"])
def test_canceling(peer, pair, uri, mode):
    """A progressive call may be canceled; what the caller still sends for it is discarded."""
    caller, callee = pair
    call = caller.start_call(uri(), 1, progress=True)
    invocation, _, _ = callee.expect_invocation()
    caller.send(Message.CANCEL, call, {"mode": mode})
    if mode != "skip":
        assert callee.expect(Message.INTERRUPT)[1] == invocation
    if mode == "kill":
        callee.send(Message.ERROR, Message.INVOCATION, invocation, {}, "wamp.error.canceled")
    caller.expect_call_error(call, "wamp.error.canceled")
    go_on(caller, call, uri(), 2, progress=True)
    assert caller.until_answered() == [] and callee.until_answered() == []


def test_no_such_procedure(peer, uri):
    """A progressive call of an unknown procedure gets one ERROR; its further chunks are discarded."""
    caller = peer()
    call = caller.start_call(uri(), 1, progress=True)
    go_on(caller, call, uri(), 2)
    caller.expect_call_error(call, "wamp.error.no_such_procedure")
    assert caller.until_answered() == []
