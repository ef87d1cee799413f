"""Publish and subscribe, as autobahn sees it, over each transport and in each serializer."""

import asyncio

import pytest
from autobahn.wamp.types import PublishOptions, SubscribeOptions

import peers
from wire import Message

DETAILS = SubscribeOptions(details=True)
ACKNOWLEDGE = PublishOptions(acknowledge=True)

ARGUMENTS = [
    None,
    True,
    False,
    0,
    -1,
    2**53,
    -(2**53),
    1.5,
    -0.25,
    1e300,
    "",
    "Prüfstand 7 · 压力机 · 🏭",
    'quote " backslash \\ newline \n nul \0x',
    [],
    {},
    [1, [2, [3, {"deep": [None]}]]],
    {"ключ": "значение", "": "empty key"},
]


async def test_an_event_carries_its_arguments_unchanged(client):
    async with client.join() as publisher, client.join() as subscriber:
        inbox = peers.Inbox()
        await subscriber.subscribe(inbox, "org.example.pubsub.arguments")
        publisher.publish("org.example.pubsub.arguments", *ARGUMENTS, unit="bar", limits={"low": 1, "high": 9})
        args, kwargs, _ = await inbox.next()
        assert args == ARGUMENTS
        assert [type(a) for a in args] == [type(a) for a in ARGUMENTS]
        assert kwargs == {"unit": "bar", "limits": {"low": 1, "high": 9}}


@pytest.mark.parametrize("sender", ["json", "msgpack", "cbor"])
@pytest.mark.parametrize("receiver", ["json", "msgpack", "cbor"])
async def test_an_event_keeps_its_meaning_from_serializer_to_serializer(plain_router, sender, receiver):
    topic = f"org.example.pubsub.transcoded.{sender}.{receiver}"
    async with (
        peers.join(plain_router, ("rawsocket", sender)) as publisher,
        peers.join(plain_router, ("websocket", receiver)) as subscriber,
    ):
        inbox = peers.Inbox()
        await subscriber.subscribe(inbox, topic)
        binary = bytes(range(256))
        publisher.publish(topic, *ARGUMENTS, binary, picture={"png": binary})
        args, kwargs, _ = await inbox.next()
        assert args == [*ARGUMENTS, binary]
        assert kwargs == {"picture": {"png": binary}}


async def test_an_event_without_arguments_has_none(client):
    async with client.join() as publisher, client.join() as subscriber:
        inbox = peers.Inbox()
        await subscriber.subscribe(inbox, "org.example.pubsub.empty")
        publisher.publish("org.example.pubsub.empty")
        assert await inbox.next() == ([], {}, None)


async def test_acknowledge_returns_the_publication_that_the_event_carries(client):
    async with client.join() as publisher, client.join() as subscriber:
        inbox = peers.Inbox()
        await subscriber.subscribe(inbox, "org.example.pubsub.acknowledged", DETAILS)
        first = await publisher.publish("org.example.pubsub.acknowledged", 1, options=ACKNOWLEDGE)
        second = await publisher.publish("org.example.pubsub.acknowledged", 2, options=ACKNOWLEDGE)
        received = [(await inbox.next())[2].publication for _ in range(2)]
        assert received == [first.id, second.id]
        assert first.id != second.id and all(1 <= p <= 2**53 for p in received)


async def test_a_publisher_gets_its_own_event_only_when_it_asks(client):
    async with client.join() as session:
        inbox = peers.Inbox()
        await session.subscribe(inbox, "org.example.pubsub.self")
        await session.publish("org.example.pubsub.self", "default", options=ACKNOWLEDGE)
        included = PublishOptions(acknowledge=True, exclude_me=False)
        await session.publish("org.example.pubsub.self", "included", options=included)
        assert await inbox.args() == ["included"]


async def test_after_unsubscribe_no_event_comes(client):
    async with client.join() as publisher, client.join() as subscriber:
        gone, marker = peers.Inbox(), peers.Inbox()
        subscription = await subscriber.subscribe(gone, "org.example.pubsub.gone")
        await subscriber.subscribe(marker, "org.example.pubsub.marker")
        await publisher.publish("org.example.pubsub.gone", 1, options=ACKNOWLEDGE)
        assert await gone.args() == [1]
        await subscription.unsubscribe()
        await publisher.publish("org.example.pubsub.gone", 2, options=ACKNOWLEDGE)
        await publisher.publish("org.example.pubsub.marker", options=ACKNOWLEDGE)
        await marker.next()
        assert gone.is_empty


async def test_events_keep_their_order_over_all_topics(client):
    async with client.join() as publisher, client.join() as subscriber:
        inbox = peers.Inbox()
        for topic in ("a", "b", "c"):
            await subscriber.subscribe(inbox, f"org.example.pubsub.order.{topic}")
        count = 3_000
        for number in range(count):
            publisher.publish(f"org.example.pubsub.order.{'abc'[number % 3]}", number)
        assert [(await inbox.args())[0] for _ in range(count)] == list(range(count))


async def test_every_subscriber_gets_every_event_once(plain_router):
    async with peers.contextlib.AsyncExitStack() as stack:
        inboxes = []
        for number in range(30):
            session = await stack.enter_async_context(peers.join(plain_router, peers.WIRES[number % 6]))
            inboxes.append(peers.Inbox())
            await session.subscribe(inboxes[-1], "org.example.pubsub.everybody")
        publisher = await stack.enter_async_context(peers.join(plain_router))
        for number in range(50):
            publisher.publish("org.example.pubsub.everybody", number)
        for inbox in inboxes:
            assert [(await inbox.args())[0] for _ in range(50)] == list(range(50))
            assert inbox.is_empty


async def test_a_megabyte_arrives_whole(client):
    async with client.join() as publisher, client.join() as subscriber:
        inbox = peers.Inbox()
        await subscriber.subscribe(inbox, "org.example.pubsub.large")
        text = "0123456789abcdef" * 65_536
        await publisher.publish("org.example.pubsub.large", text, options=ACKNOWLEDGE)
        assert await inbox.args() == [text]


async def test_eligible_and_exclude_choose_the_receivers(client):
    async with client.join() as publisher, client.join() as anna, client.join() as ben:
        at_anna, at_ben = peers.Inbox(), peers.Inbox()
        await anna.subscribe(at_anna, "org.example.pubsub.chosen")
        await ben.subscribe(at_ben, "org.example.pubsub.chosen")
        only_anna, only_ben = anna.details.session, ben.details.session

        def publish(word, **options):
            return publisher.publish(
                "org.example.pubsub.chosen", word, options=PublishOptions(acknowledge=True, **options)
            )

        await publish("eligible anna", eligible=[only_anna])
        await publish("exclude anna", exclude=[only_anna])
        await publish("both say no", eligible=[only_anna], exclude=[only_anna])
        await publish("nobody is eligible", eligible=[])
        await publish("by role", eligible_authrole=[anna.details.authrole])
        await publish("not that role", exclude_authrole=[anna.details.authrole])
        await publish("by authid", eligible_authid=[anna.details.authid], exclude=[only_ben])
        await publish("everybody")
        assert [(await at_anna.args())[0] for _ in range(4)] == ["eligible anna", "by role", "by authid", "everybody"]
        assert [(await at_ben.args())[0] for _ in range(3)] == ["exclude anna", "by role", "everybody"]


async def test_a_subscriber_that_leaves_disturbs_nobody(client):
    async with client.join() as publisher, client.join() as staying:
        inbox = peers.Inbox()
        await staying.subscribe(inbox, "org.example.pubsub.leaving")
        for number in range(10):
            async with client.join() as leaving:
                await leaving.subscribe(lambda *_: None, "org.example.pubsub.leaving")
                publisher.publish("org.example.pubsub.leaving", number)
        assert [(await inbox.args())[0] for _ in range(10)] == list(range(10))


async def test_many_publishers_at_once_keep_each_ones_order(plain_router):
    async with peers.contextlib.AsyncExitStack() as stack:
        subscriber = await stack.enter_async_context(peers.join(plain_router, ("rawsocket", "msgpack")))
        inbox = peers.Inbox()
        await subscriber.subscribe(inbox, "org.example.pubsub.many")
        publishers = [await stack.enter_async_context(peers.join(plain_router, wire)) for wire in peers.WIRES]

        async def publish(name, session):
            for number in range(200):
                session.publish("org.example.pubsub.many", name, number)
                if number % 20 == 0:
                    await asyncio.sleep(0)

        await asyncio.gather(*(publish(name, session) for name, session in enumerate(publishers)))
        received = {name: [] for name in range(len(publishers))}
        for _ in range(200 * len(publishers)):
            name, number = await inbox.args()
            received[name].append(number)
        assert all(numbers == list(range(200)) for numbers in received.values())


# What autobahn hides: the messages themselves.


def test_the_same_topic_twice_is_one_subscription(any_peer):
    subscriber = any_peer()
    first = subscriber.subscribe("org.example.pubsub.same")
    assert subscriber.subscribe("org.example.pubsub.same") == first
    any_peer().publish("org.example.pubsub.same", "once")
    event = subscriber.expect(Message.EVENT)
    assert event[1] == first and event[4] == ["once"]
    subscriber.is_alive()


def test_publisher_disclosure(any_peer):
    publisher, subscriber = any_peer(), any_peer()
    subscriber.subscribe("org.example.pubsub.disclosed")
    publisher.publish("org.example.pubsub.disclosed")
    assert "publisher" not in subscriber.expect(Message.EVENT)[3]
    publisher.publish("org.example.pubsub.disclosed", disclose_me=True)
    details = subscriber.expect(Message.EVENT)[3]
    assert details["publisher"] == publisher.session
    assert details["publisher_authrole"] == publisher.welcome["authrole"]
    assert details["publisher_authid"] == publisher.welcome["authid"]


@pytest.mark.parametrize("topic", ["", "org.example with blanks", "org..example", "org.exa#mple", ".org", "org."])
def test_a_topic_that_is_no_uri_is_refused(any_peer, topic):
    session = any_peer()
    request = session.request(Message.PUBLISH, {"acknowledge": True}, topic, [1])
    session.expect_error(Message.PUBLISH, request, "wamp.error.invalid_uri")
    request = session.request(Message.SUBSCRIBE, {}, topic)
    session.expect_error(Message.SUBSCRIBE, request, "wamp.error.invalid_uri")
    assert session.is_alive()


def test_an_unacknowledged_publish_is_never_answered_not_even_with_an_error(any_peer):
    session = any_peer()
    session.request(Message.PUBLISH, {}, "org.example.pubsub.silent", [1])
    session.request(Message.PUBLISH, {}, "not a uri", [1])
    session.request(Message.PUBLISH, {"acknowledge": False}, "org.example.pubsub.silent", [1])
    assert session.is_alive()


def test_unsubscribe_of_what_is_not_subscribed(any_peer):
    session = any_peer()
    request = session.request(Message.UNSUBSCRIBE, 4_711)
    session.expect_error(Message.UNSUBSCRIBE, request, "wamp.error.no_such_subscription")
    other = any_peer()
    subscription = other.subscribe("org.example.pubsub.others")
    request = session.request(Message.UNSUBSCRIBE, subscription)
    session.expect_error(Message.UNSUBSCRIBE, request, "wamp.error.no_such_subscription")
    session.publish("org.example.pubsub.others", "still there")
    assert other.expect(Message.EVENT)[4] == ["still there"]


def test_subscribed_comes_before_the_first_event(any_peer):
    publisher, subscriber = any_peer(), any_peer()
    for round in range(50):
        topic = f"org.example.pubsub.first.{round}"
        publisher.request(Message.PUBLISH, {}, topic, [0])
        request = subscriber.request(Message.SUBSCRIBE, {}, topic)
        publisher.request(Message.PUBLISH, {}, topic, [1])
        assert subscriber.expect(Message.SUBSCRIBED)[1] == request
        publisher.publish(topic, "last")
        while subscriber.expect(Message.EVENT)[4] != ["last"]:
            pass
