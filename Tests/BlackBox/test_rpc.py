"""Calls and registrations, as autobahn sees them, over each transport and in each serializer."""

import asyncio

import pytest
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallOptions, CallResult, RegisterOptions

import peers
from test_pubsub import ARGUMENTS


def procedure(name):
    return f"org.example.rpc.{name}"


async def test_a_call_brings_the_arguments_there_and_the_result_back(client):
    async with client.join() as caller, client.join() as callee:
        def swap(*args, **kwargs):
            return CallResult(*reversed(args), **{value: key for key, value in kwargs.items()})

        await callee.register(swap, procedure("swap"))
        result = await caller.call(procedure("swap"), *ARGUMENTS, left="right")
        assert list(result.results) == list(reversed(ARGUMENTS))
        assert result.kwresults == {"right": "left"}


@pytest.mark.parametrize("asking", ["json", "msgpack", "cbor"])
@pytest.mark.parametrize("answering", ["json", "msgpack", "cbor"])
async def test_a_call_keeps_its_meaning_from_serializer_to_serializer(plain_router, asking, answering):
    async with (
        peers.join(plain_router, ("rawsocket", answering)) as callee,
        peers.join(plain_router, ("websocket", asking)) as caller,
    ):
        seen = peers.Inbox()

        def echo(*args):
            seen(*args)
            return CallResult(*args)

        await callee.register(echo, procedure(f"transcoded.{asking}.{answering}"))
        values = [*ARGUMENTS, bytes(range(256))]
        result = await caller.call(procedure(f"transcoded.{asking}.{answering}"), *values)
        assert await seen.args() == values
        assert list(result.results) == values


async def test_an_error_arrives_with_its_uri_and_its_arguments(client):
    async with client.join() as caller, client.join() as callee:
        def refuse():
            raise ApplicationError("org.example.error.too_hot", "plate", 412, limit=400)

        await callee.register(refuse, procedure("refuse"))
        with pytest.raises(ApplicationError) as refused:
            await caller.call(procedure("refuse"))
        assert refused.value.error == "org.example.error.too_hot"
        assert list(refused.value.args) == ["plate", 412]
        assert refused.value.kwargs == {"limit": 400}


async def test_what_nobody_registered_cannot_be_called(client):
    async with client.join() as caller:
        with pytest.raises(ApplicationError) as refused:
            await caller.call(procedure("nobody"))
        assert refused.value.error == "wamp.error.no_such_procedure"


async def test_a_procedure_is_registered_once_and_again_after_unregister(client):
    async with client.join() as first, client.join() as second, client.join() as caller:
        registration = await first.register(lambda: "first", procedure("once"))
        with pytest.raises(ApplicationError) as refused:
            await second.register(lambda: "second", procedure("once"))
        assert refused.value.error == "wamp.error.procedure_already_exists"
        assert await caller.call(procedure("once")) == "first"
        await registration.unregister()
        with pytest.raises(ApplicationError) as refused:
            await caller.call(procedure("once"))
        assert refused.value.error == "wamp.error.no_such_procedure"
        await second.register(lambda: "second", procedure("once"))
        assert await caller.call(procedure("once")) == "second"


async def test_a_callee_that_leaves_takes_its_registrations_with_it(client):
    async with client.join() as caller:
        async with client.join() as callee:
            await callee.register(lambda: "here", procedure("leaving"))
            assert await caller.call(procedure("leaving")) == "here"
        with pytest.raises(ApplicationError) as refused:
            await caller.call(procedure("leaving"))
        assert refused.value.error == "wamp.error.no_such_procedure"


async def test_progressive_results_arrive_in_order_before_the_last(client):
    async with client.join() as caller, client.join() as callee:
        async def count(limit, details=None):
            for number in range(limit):
                details.progress(number, square=number * number)
            return "done"

        await callee.register(count, procedure("progress"), RegisterOptions(details=True))
        seen = []

        def on_progress(number, square):
            seen.append((number, square))

        assert await caller.call(procedure("progress"), 100, options=CallOptions(on_progress=on_progress)) == "done"
        assert seen == [(number, number * number) for number in range(100)]


async def test_a_caller_that_asks_for_no_progress_gets_none(client):
    async with client.join() as caller, client.join() as callee:
        async def ask(details=None):
            return details.progress is None

        await callee.register(ask, procedure("no-progress"), RegisterOptions(details=True))
        assert await caller.call(procedure("no-progress")) is True


async def test_many_calls_under_way_each_get_their_own_answer(client):
    async with client.join() as caller, client.join() as callee:
        async def later(number):
            await asyncio.sleep((number * 7 % 13) / 1_000)
            return number

        await callee.register(later, procedure("pipelined"))
        answers = await asyncio.gather(*(caller.call(procedure("pipelined"), number) for number in range(200)))
        assert answers == list(range(200))


async def test_calls_reach_one_callee_in_their_order_over_all_procedures(client):
    async with client.join() as caller, client.join() as callee:
        inbox = peers.Inbox()
        for name in "abc":
            await callee.register(inbox, procedure(f"order.{name}"))
        calls = [caller.call(procedure(f"order.{'abc'[number % 3]}"), number) for number in range(240)]
        await asyncio.gather(*calls)
        assert [(await inbox.args())[0] for _ in range(240)] == list(range(240))


async def test_four_megabytes_go_and_come_back(client):
    async with client.join() as caller, client.join() as callee:
        await callee.register(lambda text: text, procedure("large"))
        text = "0123456789abcdef" * 262_144
        assert await caller.call(procedure("large"), text) == text


async def test_roundrobin_takes_turns(client):
    async with peers.contextlib.AsyncExitStack() as stack:
        caller = await stack.enter_async_context(client.join())
        for name in "abc":
            callee = await stack.enter_async_context(client.join())
            await callee.register(lambda name=name: name, procedure("turns"), RegisterOptions(invoke="roundrobin"))
        answers = [await caller.call(procedure("turns")) for _ in range(9)]
        assert sorted(answers[:3]) == ["a", "b", "c"]
        assert answers == answers[:3] * 3
        outsider = await stack.enter_async_context(client.join())
        for policy in ("single", "first"):
            with pytest.raises(ApplicationError) as refused:
                await outsider.register(lambda: "x", procedure("turns"), RegisterOptions(invoke=policy))
            assert refused.value.error == "wamp.error.procedure_already_exists"


async def test_roundrobin_goes_on_when_a_callee_leaves(client):
    async with client.join() as caller, client.join() as staying:
        options = RegisterOptions(invoke="roundrobin")
        await staying.register(lambda: "staying", procedure("turns.left"), options)
        async with client.join() as leaving:
            await leaving.register(lambda: "leaving", procedure("turns.left"), options)
            assert {await caller.call(procedure("turns.left")) for _ in range(2)} == {"staying", "leaving"}
        assert [await caller.call(procedure("turns.left")) for _ in range(4)] == ["staying"] * 4


async def test_a_call_with_a_timeout_ends_with_the_error_timeout(client):
    async with client.join() as caller, client.join() as callee:
        async def never():
            await asyncio.sleep(3_600)

        await callee.register(never, procedure("never"))
        begin = asyncio.get_running_loop().time()
        with pytest.raises(ApplicationError) as refused:
            await caller.call(procedure("never"), options=CallOptions(timeout=300))
        elapsed = asyncio.get_running_loop().time() - begin
        assert refused.value.error == "wamp.error.timeout"
        assert 0.25 < elapsed < 3, f"timeout 300 is milliseconds, it took {elapsed:.2f} s"


async def test_canceling_a_call_interrupts_the_callee(client):
    async with client.join() as caller, client.join() as callee:
        started, interrupted = asyncio.Event(), asyncio.Event()

        async def work():
            started.set()
            try:
                await asyncio.sleep(3_600)
            except asyncio.CancelledError:
                interrupted.set()
                raise

        await callee.register(work, procedure("cancel"))
        call = caller.call(procedure("cancel"))
        await asyncio.wait_for(started.wait(), 5)
        call.cancel()
        await asyncio.wait_for(interrupted.wait(), 5)


async def test_a_session_may_call_itself(client):
    async with client.join() as session:
        await session.register(lambda number: number + 1, procedure("self"))
        assert await session.call(procedure("self"), 41) == 42
