"""Sharded Registration

advanced/rpc_sharded_registration.md, a sketch: what it says of partitioned calls.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("dealer", "sharded_registration")


@pytest.fixture
def shards(peer, uri):
    """Callees that share one procedure."""
    callees = [peer() for _ in range(3)]
    for callee in callees:
        callee.register(uri(), invoke="roundrobin")
    return callees


def shard(caller, shards, procedure, key):
    """Which of the callees a partitioned call comes to; exactly one."""
    call = caller.start_call(procedure, runmode="partition", rkey=key)
    caller.kept += caller.until_answered()
    got = [[m for m in callee.until_answered() if m[0] == Message.INVOCATION] for callee in shards]
    assert sorted(map(len, got)) == [0, 0, 1], got
    number = max(range(3), key=lambda n: len(got[n]))
    shards[number].give(got[number][0][1])
    caller.expect_result(call)
    return number


def test_the_resource_key_is_required(peer, shards, uri):
    """A call with runmode partition must have an rkey."""
    caller = peer()
    caller.request(Message.CALL, {"runmode": "partition"}, uri())
    caller.refusal()
    assert all(callee.until_answered() == [] for callee in shards)


def test_one_key_one_shard(peer, shards, uri):
    """Calls with the same rkey are routed to the same single callee, whoever calls."""
    keys = [f"key-{number}" for number in range(20)]
    first = [shard(peer("rawsocket", "cbor"), shards, uri(), key) for key in keys]
    other = peer()
    assert [shard(other, shards, uri(), key) for key in keys] == first


def test_keys_are_spread(peer, shards, uri):
    """Different keys are spread over the shards."""
    caller = peer()
    assert len({shard(caller, shards, uri(), f"key-{number}") for number in range(40)}) == 3


def test_without_a_runmode(peer, shards, uri):
    """A call without a runmode is routed by the invocation policy."""
    caller = peer()
    for _ in range(3):
        caller.start_call(uri())
    assert caller.is_alive()
    assert [len(callee.until_answered()) for callee in shards] == [1, 1, 1]


def test_a_runmode_that_is_none(peer, shards, uri, bystander):
    """A runmode that is none is refused."""
    caller = peer()
    caller.request(Message.CALL, {"runmode": "sprint", "rkey": "a"}, uri())
    caller.refusal()
