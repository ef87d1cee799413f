"""Shared Registration

advanced/rpc_shared_registration.md.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("dealer", "shared_registration")
POLICIES = ["roundrobin", "random", "first", "last"]
EXISTS = "wamp.error.procedure_already_exists"


@pytest.fixture
def callees(peer, uri):
    """Callees of one shared procedure, in the order of their registration."""

    def register(count, policy):
        registered = [peer() for _ in range(count)]
        for callee in registered:
            callee.register(uri(), invoke=policy)
        return registered

    return register


def picks(caller, callees, uri, count):
    """For each of so many calls, which callee it came to."""
    picked = []
    for _ in range(count):
        call = caller.start_call(uri())
        assert caller.is_alive()
        for number, callee in enumerate(callees):
            for message in callee.until_answered():
                picked.append(number)
                callee.give(message[1])
        caller.expect_result(call)
    return picked


@pytest.mark.parametrize("policy", POLICIES)
def test_more_callees_may_register(any_peer, uri, policy):
    """With a policy other than single further callees may register, and all have the same registration."""
    one, two = any_peer(), any_peer()
    assert one.register(uri(), invoke=policy) == two.register(uri(), invoke=policy)


@pytest.mark.parametrize("options", [{}, {"invoke": "single"}], ids=str)
@pytest.mark.parametrize("later", [None, *POLICIES])
def test_single(peer, uri, options, later):
    """With single, the default, every further registration fails, whatever its policy."""
    one, two = peer(), peer()
    one.register(uri(), **options)
    assert two.refused(Message.REGISTER, {"invoke": later} if later else {}, uri()) == EXISTS


@pytest.mark.parametrize("policy", POLICIES)
def test_another_policy(peer, uri, policy):
    """A further registration with another policy than the first one fails."""
    one, two = peer(), peer()
    one.register(uri(), invoke=policy)
    for other in {None, "single", *POLICIES} - {policy}:
        assert two.refused(Message.REGISTER, {"invoke": other} if other else {}, uri()).startswith("wamp.error.")


def test_the_policy_goes_with_the_last_callee(peer, uri):
    """When the registration has ended, the next one may have another policy."""
    one, two = peer(), peer()
    one.register(uri(), invoke="first")
    one.leave()
    assert two.register(uri(), invoke="roundrobin")


def test_roundrobin(peer, callees, uri):
    """roundrobin: callees are picked in the order of their registration, again and again."""
    caller, three = peer(), callees(3, "roundrobin")
    picked = picks(caller, three, uri, 9)
    assert picked[:3] in ([0, 1, 2], [1, 2, 0], [2, 0, 1]) and picked == picked[:3] * 3


def test_roundrobin_when_a_callee_leaves(peer, callees, uri):
    """roundrobin: the others go on in their order."""
    caller, three = peer(), callees(3, "roundrobin")
    picks(caller, three, uri, 2)
    three.pop(1).leave()
    picked = picks(caller, three, uri, 6)
    assert picked in ([0, 1] * 3, [1, 0] * 3)


def test_random(peer, callees, uri):
    """random: each call goes to any callee, and all have their part."""
    caller, two = peer(), callees(2, "random")
    picked = picks(caller, two, uri, 60)
    assert set(picked) == {0, 1}, "the chance of that is one in 10^17"
    assert picked not in ([0, 1] * 30, [1, 0] * 30)


def test_first(peer, callees, uri):
    """first: the first callee of the list is called; when it leaves, the next one."""
    caller, three = peer(), callees(3, "first")
    assert picks(caller, three, uri, 3) == [0, 0, 0]
    three.pop(0).leave()
    assert picks(caller, three, uri, 3) == [0, 0, 0]


def test_last(peer, callees, uri):
    """last: the last callee of the list is called; when it leaves, the one before it."""
    caller, three = peer(), callees(3, "last")
    assert picks(caller, three, uri, 3) == [2, 2, 2]
    three.pop(2).leave()
    assert picks(caller, three, uri, 3) == [1, 1, 1]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_callee_of_many_unregisters(peer, callees, uri, policy):
    """UNREGISTER of one callee leaves the registration to the others."""
    caller, two = peer(), callees(2, policy)
    registration = two[0].register(uri("other"), invoke=policy)
    two[0].ask(Message.UNREGISTER, Message.UNREGISTERED, registration)
    assert len(picks(caller, two, uri, 2)) == 2
    two[1].leave()
    assert picks(caller, two[:1], uri, 2) == [0, 0]


def test_no_such_procedure_after_the_last(peer, callees, uri):
    """The procedure is gone when the last callee has gone."""
    for callee in callees(2, "roundrobin"):
        callee.leave()
    assert peer().refused(Message.CALL, {}, uri()) == "wamp.error.no_such_procedure"


def test_a_policy_that_is_none(peer, uri, bystander):
    """An invocation policy that is none is refused."""
    callee = peer()
    callee.request(Message.REGISTER, {"invoke": "whenever"}, uri())
    callee.refusal()


@pytest.mark.announced("dealer", "pattern_based_registration")
@pytest.mark.parametrize("match", ["prefix", "wildcard"])
def test_shared_patterns(peer, uri, match):
    """Registrations by pattern may be shared like others."""
    caller, one, two = peer(), peer(), peer()
    pattern = uri("a") if match == "prefix" else uri("a.")
    assert one.register(pattern, match=match, invoke="roundrobin") == two.register(
        pattern, match=match, invoke="roundrobin"
    )
    caller.start_call(uri("a.b"))
    caller.start_call(uri("a.b"))
    assert one.expect_invocation()[1]["procedure"] == two.expect_invocation()[1]["procedure"] == uri("a.b")
