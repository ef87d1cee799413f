"""Roles of a plain realm for which a procedure decides, as a user of Crossbar would write it."""

import asyncio
import contextlib
import time

import pytest
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import PublishOptions, RegisterOptions, SubscribeOptions

import gantry as process
import peers
import realms
import wire
from test_http_transports import LongPoll
from wire import Message

REALM = "com.example.office"
DENIED = "wamp.error.not_authorized"
FAILED = "wamp.error.authorization_failed"
ACKNOWLEDGED = PublishOptions(acknowledge=True)

SETTINGS = f"""realms:
  {REALM}:
    roles:
      backend: {{permissions: [{{uri: "*", allow: [call, register, publish, subscribe]}}]}}
      user: {{authorizer: com.example.authorize, authorizer_timeout: 10s}}
      hasty: {{authorizer: com.example.authorize, authorizer_timeout: 1s}}
      orphan: {{authorizer: com.example.nobody}}
    auth:
      ticket:
        principals:
          backend: {{ticket: t, role: backend}}
          joe: {{ticket: t, role: user, trustlevel: 4}}
          ann: {{ticket: t, role: user}}
          hal: {{ticket: t, role: hasty}}
          otto: {{ticket: t, role: orphan}}
"""


@pytest.fixture(scope="module")
def router(gantry_binary, tmp_path_factory):
    router = process.Gantry(tmp_path_factory.mktemp("authorizers"), plain=True)
    router.init()
    router.settings(SETTINGS)
    router.run("check")
    router.start()
    yield router
    assert router.stop() == 0, router.log.read_text()[-4000:]


def join(router, authid, wires=("websocket", "json")):
    return realms.join(router, REALM, wires, method="ticket", authid=authid, ticket="t")


class Authorizer:
    """The component that decides; `answer` may be a value, an exception, or a coroutine function of (uri, action)."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    async def __call__(self, session, uri, action, options):
        self.asked.append((session, uri, action, options))
        answer = self.answer
        if callable(answer):
            answer = await answer(uri, action)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def questions(self):
        return [(action, uri) for _, uri, action, _ in self.asked]


@contextlib.asynccontextmanager
async def authorizer(router, answer):
    async with join(router, "backend") as session:
        component = Authorizer(answer)
        await session.register(component, "com.example.authorize")
        yield component, session


async def refusal(request):
    with pytest.raises(ApplicationError) as error:
        await asyncio.wait_for(request, 10)
    return error.value.error


def actions(session):
    """One request of each kind."""
    return [
        ("publish", lambda: session.publish("com.example.topic", 1, options=ACKNOWLEDGED)),
        ("subscribe", lambda: session.subscribe(lambda: None, "com.example.topic")),
        ("register", lambda: session.register(lambda: None, "com.example.procedure")),
        ("call", lambda: session.call("wamp.session.count")),
    ]


# What is asked, and what follows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("wires", peers.WIRES, ids="-".join)
async def test_the_authorizer_decides_about_each_action(router, wires):
    async def answer(uri, action):
        return not uri.endswith("secret")

    async with authorizer(router, answer) as (component, backend), join(router, "joe", wires) as joe:
        inbox = peers.Inbox()
        await backend.register(lambda word: word.upper(), "com.example.upper")
        await joe.subscribe(inbox, "com.example.", options=SubscribeOptions(match="prefix"))
        await joe.register(lambda: 7, "com.example.seven", options=RegisterOptions(invoke="roundrobin"))
        assert await joe.call("com.example.upper", "a") == "A"
        await joe.publish("com.example.topic", 1, options=PublishOptions(acknowledge=True, exclude_me=False))
        assert await inbox.args() == [1] and await backend.call("com.example.seven") == 7
        assert component.questions == [
            ("subscribe", "com.example."),
            ("register", "com.example.seven"),
            ("call", "com.example.upper"),
            ("publish", "com.example.topic"),
        ]
        session, _, _, options = component.asked[0]
        assert session["authid"] == "joe" and session["authrole"] == "user" and session["authmethod"] == "ticket"
        assert session["session"] == joe.details.session and session["realm"] == REALM
        assert session["transport"]["peer"] == "127.0.0.1"
        assert options == {"match": "prefix"}
        assert component.asked[1][3] == {"invoke": "roundrobin"}
        assert component.asked[3][3]["acknowledge"] is True

        assert await refusal(joe.subscribe(inbox, "com.secret")) == DENIED
        assert await refusal(joe.register(lambda: 7, "com.secret")) == DENIED
        assert await refusal(joe.call("com.secret")) == DENIED
        assert await refusal(joe.publish("com.secret", options=ACKNOWLEDGED)) == DENIED


async def test_an_answer_may_be_a_dictionary_and_be_remembered(router):
    answers = {
        "com.example.kept": {"allow": True, "cache": True},
        "com.example.closed": {"allow": False, "cache": True},
        "com.example.once": {"allow": True},
    }

    async def answer(uri, action):
        return answers[uri]

    async with authorizer(router, answer) as (component, _), join(router, "joe") as joe:
        for _ in range(3):
            await joe.publish("com.example.kept", options=ACKNOWLEDGED)
            assert await refusal(joe.publish("com.example.closed", options=ACKNOWLEDGED)) == DENIED
            await joe.publish("com.example.once", options=ACKNOWLEDGED)
        asked = [uri for _, uri in component.questions]
        assert [asked.count(uri) for uri in answers] == [1, 1, 3]
        # What was decided for one session is no other one's.
        async with join(router, "ann") as ann:
            await ann.publish("com.example.kept", options=ACKNOWLEDGED)
        assert component.questions[-1] == ("publish", "com.example.kept") and len(component.asked) == 6


@pytest.mark.parametrize("discloses", [True, False])
async def test_an_answer_says_whether_the_session_is_disclosed(router, discloses):
    async with authorizer(router, {"allow": True, "disclose": discloses}) as (_, backend), join(router, "joe") as joe:
        events, calls = peers.Inbox(), peers.Inbox()
        await backend.subscribe(events, "com.example.topic", options=SubscribeOptions(details_arg="details"))
        await backend.register(calls, "com.example.procedure", options=RegisterOptions(details_arg="details"))
        joe.publish("com.example.topic", 1)
        await joe.call("com.example.procedure", 2)
        _, _, event = await events.next()
        _, _, call = await calls.next()
        assert event.publisher_authid == ("joe" if discloses else None)
        assert call.caller_authid == ("joe" if discloses else None)


async def test_the_routers_own_procedures_are_asked_about_and_its_names_are_not(router):
    async with authorizer(router, True) as (component, _), join(router, "joe") as joe:
        assert await joe.call("wamp.session.count") >= 2
        for request in (joe.register(lambda: None, "wamp.session.kill"), joe.publish("wamp.a", options=ACKNOWLEDGED)):
            assert await refusal(request) == "wamp.error.invalid_uri"
        assert component.questions == [("call", "wamp.session.count")]


async def test_a_testament_is_decided_when_it_is_added(router):
    async def answer(uri, action):
        return uri != "com.example.secret"

    async with authorizer(router, answer) as (component, backend):
        inbox = peers.Inbox()
        await backend.subscribe(inbox, "com.example.will")
        async with join(router, "joe") as joe:
            await joe.call("wamp.session.add_testament", "com.example.will", ["gone"], {})
            assert await refusal(joe.call("wamp.session.add_testament", "com.example.secret", [], {})) == DENIED
            count = len(component.asked)
        assert await inbox.args() == ["gone"] and len(component.asked) == count
        assert component.questions[1] == ("publish", "com.example.will")


# What goes wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", [ApplicationError("com.example.error.broken"), RuntimeError("broken"), None, 1, "yes", {}, {"allow": 1}]
)
async def test_what_is_no_decision_allows_nothing(router, answer):
    async with authorizer(router, answer) as (component, _), join(router, "joe") as joe:
        for action, request in actions(joe):
            assert await refusal(request()) == FAILED, action
        joe.publish("com.example.topic", 1)  # nobody is told
        component.answer = True
        for _, request in actions(joe):
            await request()
        assert len(component.asked) == 9


async def test_an_authorizer_that_is_not_registered_allows_nothing(router):
    async with join(router, "otto") as otto:
        begin = time.monotonic()
        for action, request in actions(otto):
            assert await refusal(request()) == FAILED, action
        assert time.monotonic() - begin < 1
    assert router.log.read_text().count("uri=com.example.nobody") == 1


async def test_an_authorizer_that_does_not_answer_is_waited_for_as_long_as_its_role_says(router):
    async def never(uri, action):
        await asyncio.Event().wait()

    async with authorizer(router, never), join(router, "hal") as hal:
        begin = time.monotonic()
        # All that waits by then fails with it, and is not waited for one by one.
        requests = [asyncio.ensure_future(refusal(request())) for _, request in actions(hal)]
        assert await asyncio.gather(*requests) == [FAILED] * 4
        assert 0.9 < time.monotonic() - begin < 3


async def test_an_authorizer_that_waits_for_what_it_decides_ends_with_its_time(router):
    async with join(router, "hal") as hal:

        async def ask_hal(uri, action):
            return await hal.call("wamp.session.count") > 0

        async with authorizer(router, ask_hal):
            assert await refusal(hal.publish("com.example.topic", options=ACKNOWLEDGED)) == FAILED


async def test_an_authorizer_that_leaves_decides_nothing(router):
    blocked = asyncio.Event()

    async def block(uri, action):
        blocked.set()
        await asyncio.Event().wait()

    async with join(router, "joe") as joe:
        async with authorizer(router, block):
            request = asyncio.ensure_future(refusal(joe.publish("com.example.topic", options=ACKNOWLEDGED)))
            await blocked.wait()
        assert await request == FAILED


# Order, endings, load ------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def gate(router, answer=True):
    """An authorizer that says nothing until it is told to."""
    asked, opened = asyncio.Event(), asyncio.Event()

    async def wait(uri, action):
        asked.set()
        await opened.wait()
        return answer

    async with authorizer(router, wait) as (component, backend):
        yield component, backend, asked, opened


async def test_what_is_sent_behind_a_message_that_waits_keeps_its_order(router):
    async with gate(router) as (_, backend, asked, opened), join(router, "joe") as joe:
        inbox = peers.Inbox()
        await backend.subscribe(inbox, "com.example.", options=SubscribeOptions(match="prefix"))
        for number in range(20):
            joe.publish(f"com.example.topic{number % 3}", number)
        last = asyncio.ensure_future(joe.publish("com.example.last", "last", options=ACKNOWLEDGED))
        await asked.wait()
        backend.publish("com.example.other", "b", options=PublishOptions(exclude_me=False))
        assert await inbox.args() == ["b"] and inbox.is_empty
        opened.set()
        await last
        assert [await inbox.args() for _ in range(21)] == [[number] for number in range(20)] + [["last"]]


async def test_a_flood_behind_a_message_that_waits_arrives_whole(router):
    async with gate(router, {"allow": True, "cache": True}) as (component, backend, asked, opened):
        inbox = peers.Inbox()
        await backend.subscribe(inbox, "com.example.flood")
        peer = await asyncio.to_thread(realms.as_ticket, router, "joe", "t", REALM)
        payload = "x" * 1000

        def flood():
            for number in range(5000):
                peer.send(Message.PUBLISH, number + 1, {"acknowledge": number == 4999}, "com.example.flood",
                          [number, payload])  # fmt: skip

        sending = asyncio.ensure_future(asyncio.to_thread(flood))
        await asked.wait()
        await backend.call("wamp.session.count")
        opened.set()
        await sending
        answer = await asyncio.to_thread(peer.receive, 20)
        assert answer[:2] == [Message.PUBLISHED, 5000]
        assert [(await inbox.args())[0] for _ in range(5000)] == list(range(5000))
        assert len(component.asked) == 1
        peer.wire.close()


async def test_a_session_that_says_goodbye_is_heard_out(router):
    async with gate(router) as (_, backend, asked, opened):
        inbox = peers.Inbox()
        await backend.subscribe(inbox, "com.example.last")
        async with join(router, "joe") as joe:
            joe.publish("com.example.last", 1)
            joe.leave()
            await asked.wait()
            assert not joe.left.done()
            opened.set()
            assert (await asyncio.wait_for(joe.left, 5)).reason == "wamp.close.goodbye_and_out"
        assert await inbox.args() == [1]


async def test_a_transport_is_read_again_after_a_goodbye_that_waited(router):
    """The session was held back, and is gone; the next one on its transport is not."""
    async with gate(router) as (_, backend, asked, opened):
        peer = await asyncio.to_thread(realms.as_ticket, router, "joe", "t", REALM)
        peer.send(Message.PUBLISH, 1, {}, "com.example.topic", [1])
        peer.send(Message.GOODBYE, {}, "wamp.close.normal")
        await asked.wait()
        opened.set()
        assert (await asyncio.to_thread(peer.expect, Message.GOODBYE))[2] == "wamp.close.goodbye_and_out"
        peer.hello(REALM, authmethods=["ticket"], authid="backend")
        await asyncio.to_thread(realms.show_ticket, peer, "t")
        peer.requests = 0
        assert await asyncio.to_thread(peer.is_alive)
        peer.wire.close()


async def test_messages_over_http_wait_while_the_session_is_held_back(router):
    """One request waits with what it brings; a further one is told to come again."""
    async with gate(router, {"allow": True, "cache": True}) as (_, backend, asked, opened):
        inbox = peers.Inbox()
        await backend.subscribe(inbox, "com.example.http")
        carried = LongPoll(router.address, "json")
        peer = wire.Peer(carried)
        peer.hello(REALM, authmethods=["ticket"], authid="joe")
        await asyncio.to_thread(realms.show_ticket, peer, "t")

        def publish(number):
            message = [int(Message.PUBLISH), number, {}, "com.example.http", [number]]
            return carried.post("send", carried.codec.dumps(message))[0]

        assert [await asyncio.to_thread(publish, number) for number in (1, 2)] == [202, 202]
        await asked.wait()
        waiting = asyncio.ensure_future(asyncio.to_thread(publish, 3))
        await asyncio.sleep(0.3)
        assert not waiting.done() and await asyncio.to_thread(publish, 4) == 503
        opened.set()
        assert await waiting == 202 and await asyncio.to_thread(publish, 4) == 202
        assert [await inbox.args() for _ in range(4)] == [[1], [2], [3], [4]]
        peer.wire.close()


@pytest.mark.parametrize("says_goodbye", [False, True])
async def test_a_session_that_is_lost_meanwhile_leaves_nothing_behind(router, says_goodbye):
    async with gate(router) as (_, backend, asked, opened):
        inbox, left = peers.Inbox(), peers.Inbox()
        await backend.subscribe(inbox, "com.example.", options=SubscribeOptions(match="prefix"))
        await backend.subscribe(left, "wamp.session.on_leave")
        peer = await asyncio.to_thread(realms.as_ticket, router, "joe", "t", REALM)
        peer.send(Message.PUBLISH, 1, {}, "com.example.topic", [1])
        peer.send(Message.REGISTER, 2, {}, "com.example.procedure")
        if says_goodbye:
            peer.send(Message.GOODBYE, {}, "wamp.close.normal")
        await asked.wait()
        peer.wire.close()
        assert (await left.args())[0] == peer.session
        opened.set()
        assert await refusal(backend.call("com.example.procedure")) == "wamp.error.no_such_procedure"
        async with join(router, "ann") as ann:
            await ann.publish("com.example.after", "after", options=ACKNOWLEDGED)
        assert await inbox.args() == ["after"]


async def test_other_sessions_go_on_under_load(router):
    async with gate(router) as (component, backend, asked, opened), contextlib.AsyncExitStack() as stack:
        await backend.register(lambda number: number + 1, "com.example.next")
        users = [await stack.enter_async_context(join(router, "joe")) for _ in range(40)]
        waiting = [user.publish("com.example.topic", 1, options=ACKNOWLEDGED) for user in users]
        await asked.wait()
        other = await stack.enter_async_context(join(router, "backend"))
        begin = time.monotonic()
        results = await asyncio.gather(*(other.call("com.example.next", number) for number in range(200)))
        assert results == list(range(1, 201)) and time.monotonic() - begin < 5
        opened.set()
        await asyncio.gather(*waiting)
        assert len(component.asked) == 40


def test_a_role_that_could_only_answer_for_itself_is_refused(gantry_binary, tmp_path):
    installation = process.Gantry(tmp_path, plain=True)
    installation.init()
    installation.settings(
        f"realms:\n  {REALM}:\n    roles:\n      user: {{authorizer: com.example.authorize}}\n"
        "    anonymous: {role: user}\n"
    )
    with pytest.raises(process.CommandFailed) as failure:
        installation.run("check")
    assert failure.value.code == 78
    assert f'realms."{REALM}".roles.user.authorizer: no role of the realm that has' in failure.value.stderr
