"""Event retention and event history over every wire, through a restart and through kill -9; revocation; many subscribers."""

import time

import pytest
from autobahn.wamp.types import PublishOptions, SubscribeOptions

import entry
import gantry as process
import peers
import wire
from wire import Message

HISTORY = "org.example.history."
REALMS = """
realms:
  realm1:
    anonymous: {role: anonymous}
    roles:
      anonymous:
        permissions:
          - {uri: "", match: prefix, allow: [publish, subscribe, call, register]}
    event_history:
      - {uri: org.example.history., match: prefix, limit: 1000}
      - {uri: org.example.short, limit: 3}
  bare:
    anonymous: {role: anonymous}
    roles:
      anonymous:
        permissions:
          - {uri: "", match: prefix, allow: [publish, subscribe, call, register]}
"""


def make(folder):
    router = process.Gantry(folder, plain=True)
    router.init()
    router.settings(REALMS)
    return router


@pytest.fixture(scope="module")
def keeping_router(gantry_binary, tmp_path_factory):
    router = make(tmp_path_factory.mktemp("keeping")).start()
    yield router
    assert router.stop() == 0, router.log.read_text()[-4000:]


@pytest.fixture
def router(gantry_binary, tmp_path):
    """One that a test may stop and kill."""
    router = make(tmp_path).start()
    yield router
    assert router.stop() in (None, 0), router.log.read_text()[-4000:]


@pytest.fixture(params=peers.WIRES, ids="-".join)
def keeping(keeping_router, request):
    """Raw sessions on the keeping router, once for each transport and serializer."""
    opened = []

    def join(realm="realm1", **details):
        opened.append(connect(keeping_router, *request.param))
        return opened[-1].join(realm, **details)

    yield join
    for peer in opened:
        peer.wire.close()


def connect(router, transport="rawsocket", codec="json"):
    kind = wire.WebSocket if transport == "websocket" else wire.RawSocket
    return wire.Peer(kind(router.address, wire.CODECS[codec]))


def get_events(session, subscription, **query):
    """The events of a history and the result's keyword arguments."""
    answer = session.ask(Message.CALL, Message.RESULT, {}, "wamp.subscription.get_events", [subscription], query)
    return answer[3] if len(answer) > 3 else [], answer[4] if len(answer) > 4 else {}


def first_arguments(events):
    return [event["args"][0] for event in events]


def is_announced(session, feature):
    return session.welcome["roles"]["broker"]["features"].get(feature, False)


def test_what_is_announced(keeping):
    session, bare = keeping(), keeping("bare")
    for feature in ("event_retention", "subscription_revocation", "publication_trustlevels", "sharded_subscription"):
        assert is_announced(session, feature) and is_announced(bare, feature)
    assert is_announced(session, "event_history") and not is_announced(bare, "event_history")
    request = bare.request(Message.CALL, {}, "wamp.subscription.get_events", [1])
    bare.expect_error(Message.CALL, request, "wamp.error.no_such_procedure")


# Event Retention


def test_the_retained_event_comes_after_subscribed(keeping):
    publisher, subscriber = keeping(), keeping()
    topic = "org.example.retained.basic"
    publisher.publish(topic, 1, retain=True)
    publication = publisher.publish(topic, {"value": 2.5, "unit": "bar"}, retain=True)
    publisher.publish(topic, "passing")
    request = subscriber.request(Message.SUBSCRIBE, {"get_retained": True}, topic)
    subscription = subscriber.expect(Message.SUBSCRIBED)
    assert subscription[1] == request
    event = subscriber.expect(Message.EVENT)
    assert event[1:] == [subscription[2], publication, {"retained": True}, [{"value": 2.5, "unit": "bar"}]]
    publisher.publish(topic, "live")
    assert subscriber.expect(Message.EVENT)[3:] == [{}, ["live"]]


@pytest.mark.parametrize("sender", ["json", "msgpack", "cbor"])
@pytest.mark.parametrize("receiver", ["json", "msgpack", "cbor"])
async def test_autobahn_gets_what_was_retained(keeping_router, sender, receiver):
    topic = f"org.example.retained.{sender}.{receiver}"
    binary = bytes(range(256))
    async with peers.join(keeping_router, ("rawsocket", sender)) as publisher:
        await publisher.publish(
            topic, "Prüfstand", 2**53, binary, deep=[{"k": None}], options=PublishOptions(acknowledge=True, retain=True)
        )
    async with peers.join(keeping_router, ("websocket", receiver)) as subscriber:
        inbox = peers.Inbox()
        await subscriber.subscribe(inbox, topic, SubscribeOptions(details=True, get_retained=True))
        args, kwargs, details = await inbox.next()
        assert args == ["Prüfstand", 2**53, binary] and kwargs == {"deep": [{"k": None}]}
        assert details.retained is True


def test_a_pattern_gets_the_retained_event_of_each_topic(keeping):
    publisher, subscriber = keeping(), keeping()
    root = f"org.example.retained.pattern.p{publisher.session}"
    for number in range(20):
        publisher.publish(f"{root}.{number % 10}", number, retain=True)
    subscriber.subscribe(f"{root}.", match="prefix", get_retained=True)
    events = [subscriber.expect(Message.EVENT) for _ in range(10)]
    assert [event[3]["topic"] for event in events] == [f"{root}.{number}" for number in range(10)]
    assert [event[4] for event in events] == [[number] for number in range(10, 20)]
    assert subscriber.is_alive()


def test_a_retained_event_is_for_whom_it_was(keeping):
    publisher, one, other = keeping(), keeping(), keeping()
    topic = f"org.example.retained.chosen.p{publisher.session}"
    publisher.publish(topic, "all", retain=True)
    publisher.publish(topic, "one", retain=True, eligible=[one.session])
    for session, word in ((one, "one"), (other, "all")):
        session.subscribe(topic, get_retained=True)
        assert session.expect(Message.EVENT)[4] == [word]
    # The publisher would have got neither.
    publisher.subscribe(topic, get_retained=True)
    assert publisher.is_alive()


def test_a_retained_event_can_be_forgotten(keeping):
    session = keeping()
    topic = f"org.example.retained.forgotten.p{session.session}"
    session.publish(topic, 1, retain=True)
    assert session.call("wamp.topic.forget_retained", topic) == [1]
    assert session.call("wamp.topic.forget_retained", topic) == [0]
    keeping().subscribe(topic, get_retained=True)


# Event History


def test_every_filter_of_a_history(keeping):
    publisher, reader = keeping(), keeping()
    root = f"{HISTORY}filters.p{publisher.session}"
    publications = [publisher.publish(f"{root}.{'ab'[number % 2]}", number) for number in range(6)]
    subscription = reader.subscribe(f"{root}.", match="prefix")
    events, more = get_events(reader, subscription)
    assert first_arguments(events) == [0, 1, 2, 3, 4, 5] and not more
    assert [event["publication"] for event in events] == publications
    assert {event["subscription"] for event in events} == {subscription}
    assert events[1]["details"] == {"topic": f"{root}.b"}

    def found(**query):
        return first_arguments(get_events(reader, subscription, **query)[0])

    assert found(reverse=True) == [5, 4, 3, 2, 1, 0]
    assert found(limit=2) == [0, 1] and found(limit=2, reverse=True) == [5, 4]
    assert found(topic=f"{root}.a") == [0, 2, 4]
    assert found(from_publication=publications[4]) == [4, 5] and found(after_publication=publications[4]) == [5]
    assert found(until_publication=publications[1]) == [0, 1] and found(before_publication=publications[1]) == [0]
    first, last = events[0]["timestamp"], events[-1]["timestamp"]
    assert found(from_time=first, until_time=last) == [0, 1, 2, 3, 4, 5]
    assert found(before_time=first) == found(after_time=last) == []
    assert found(from_time="2001-01-01T00:00:00+02:00") == [0, 1, 2, 3, 4, 5]
    assert found(before_time="2001-01-01T00:00:00Z") == []
    assert found(after_publication=publications[0], topic=f"{root}.b", reverse=True, limit=2) == [5, 3]


def test_wrong_questions_are_answered_by_name(keeping):
    session = keeping()
    [subscription] = session.call("wamp.subscription.lookup", HISTORY, {"match": "prefix"})
    for query in ({"limit": 0}, {"from_time": "now"}, {"topic": 7}, {"reverse": "yes"}, {"after_publication": 12345}):
        request = session.request(Message.CALL, {}, "wamp.subscription.get_events", [subscription], query)
        error = session.expect_error(Message.CALL, request, "wamp.error.invalid_argument")
        assert next(iter(query)).split("_")[-1] in error[5][0]
    request = session.request(Message.CALL, {}, "wamp.subscription.get_events", [2**50])
    session.expect_error(Message.CALL, request, "wamp.error.no_such_subscription")


def test_a_limit_forgets_the_oldest_and_crossbars_form_is_answered(keeping):
    session = keeping()
    [subscription] = session.call("wamp.subscription.lookup", "org.example.short")
    for number in range(5):
        session.publish("org.example.short", number)
    assert first_arguments(get_events(session, subscription)[0]) == [2, 3, 4]
    [events] = session.call("wamp.subscription.get_events", subscription, 2)
    assert first_arguments(events) == [4, 3]


async def test_autobahn_reads_a_history(keeping_router):
    async with peers.join(keeping_router) as session:
        subscription = await session.subscribe(lambda *_: None, "org.example.short")
        for number in range(3):
            await session.publish("org.example.short", number, options=PublishOptions(acknowledge=True))
        events = await session.call("wamp.subscription.get_events", subscription.id, 10)
        assert first_arguments(events) == [2, 1, 0]


def test_a_long_history_is_read_in_pages(router):
    with connect(router).join() as publisher, connect(router, "websocket", "cbor").join() as reader:
        text = "0123456789" * 2_000
        for number in range(600):
            publisher.request(Message.PUBLISH, {}, f"{HISTORY}pages", [number, text])
        publisher.publish(f"{HISTORY}pages", 600, text)
        [subscription] = reader.call("wamp.subscription.lookup", HISTORY, {"match": "prefix"})
        found, query, pages = [], {}, 0
        while True:
            events, more = get_events(reader, subscription, **query)
            found += first_arguments(events)
            pages += 1
            if not more:
                break
            query = {"after_publication": events[-1]["publication"]}
        assert found == list(range(601)) and pages > 2


# Restarts


def keep_something(router):
    with connect(router, "rawsocket", "msgpack").join() as session:
        for number in range(50):
            session.request(Message.PUBLISH, {"retain": True}, f"org.example.kept.{number % 5}", [number], {"k": [number]})
            session.request(Message.PUBLISH, {}, f"{HISTORY}kept.{number % 5}", [number])
        session.publish("org.example.kept.chosen", "all", retain=True, disclose_me=True)
        session.publish("org.example.kept.chosen", "some", retain=True, eligible_authrole=["operator"])
        session.publish("org.example.kept.chosen", "mine", retain=True, exclude=[session.session])
        session.publish(f"{HISTORY}chosen", "operators", eligible_authrole=["operator"])
        session.publish(f"{HISTORY}chosen", "not operators", exclude_authrole=["operator"])
        session.publish(f"{HISTORY}chosen", "sessions", exclude=[1])
        return session.session


def check_what_was_kept(router, publisher):
    with connect(router, "websocket", "json").join() as session:
        for number in range(5):
            session.subscribe(f"org.example.kept.{number}", get_retained=True)
            event = session.expect(Message.EVENT)
            assert event[3:] == [{"retained": True}, [45 + number], {"k": [45 + number]}]
        # What was for operators is not for us, and what was for some sessions has gone with them.
        session.subscribe("org.example.kept.chosen", get_retained=True)
        details, arguments = session.expect(Message.EVENT)[3:]
        assert details["publisher"] == publisher and arguments == ["all"]
        [subscription] = session.call("wamp.subscription.lookup", HISTORY, {"match": "prefix"})
        events, _ = get_events(session, subscription)
        assert first_arguments(events) == [*range(50), "not operators"]
        assert [event["details"]["topic"] for event in events[:2]] == [f"{HISTORY}kept.0", f"{HISTORY}kept.1"]


def test_what_is_kept_survives_a_restart(router):
    publisher = keep_something(router)
    for _ in range(2):
        assert router.stop() == 0
        router.start()
        check_what_was_kept(router, publisher)
    with connect(router).join() as session:
        session.publish(f"{HISTORY}kept.0", "later")
        [subscription] = session.call("wamp.subscription.lookup", HISTORY, {"match": "prefix"})
        assert first_arguments(get_events(session, subscription)[0])[-2:] == ["not operators", "later"]


def test_what_is_kept_survives_kill_9_after_a_moment(router):
    publisher = keep_something(router)
    # The journal is behind by a tenth of a second and a commit.
    time.sleep(2)
    router.kill()
    router.start()
    check_what_was_kept(router, publisher)


def test_kill_9_in_a_flood_leaves_the_beginning_of_what_was_published(router):
    for round in range(3):
        with connect(router).join() as session:
            begin = time.monotonic()
            published = 0
            while time.monotonic() - begin < 0.4:
                published += 1
                session.publish(f"{HISTORY}flood", round, published, retain=True)
            router.kill()
        router.start()
        with connect(router).join() as session:
            subscription = session.subscribe(f"{HISTORY}flood", get_retained=True)
            last = session.expect(Message.EVENT)[4]
            events, _ = get_events(session, subscription)
            of_this_round = [event["args"][1] for event in events if event["args"][0] == round]
            assert of_this_round == list(range(of_this_round[0], of_this_round[-1] + 1)), "a gap"
            # The retained event and the history are of the same moment.
            assert last == events[-1]["args"] == [round, of_this_round[-1]]


def test_a_realm_that_keeps_nothing_has_no_file(router):
    with connect(router).join("bare") as session:
        session.publish("org.example.x", 1)
    assert router.stop() == 0
    assert not (router.data / "router" / "events.db").exists()
    router.start()
    with connect(router).join("bare") as session:
        session.publish("org.example.x", 1, retain=True)
    assert router.stop() == 0
    assert (router.data / "router" / "events.db").stat().st_mode & 0o777 == 0o600


def test_a_rule_that_is_gone_takes_its_events_with_it(router):
    keep_something(router)
    router.stop()
    kept = REALMS.replace("uri: org.example.history., match: prefix, limit: 1000", "uri: org.example.history.kept.1, limit: 3")
    router.settings(kept)
    router.start()
    with connect(router).join() as session:
        subscription = session.subscribe(f"{HISTORY}kept.1")
        assert first_arguments(get_events(session, subscription)[0]) == [36, 41, 46]
    router.stop()
    router.settings(REALMS)
    router.start()
    with connect(router).join() as session:
        [subscription] = session.call("wamp.subscription.lookup", HISTORY, {"match": "prefix"})
        assert first_arguments(get_events(session, subscription)[0]) == [36, 41, 46]


def test_a_realm_that_is_gone_from_the_settings_takes_its_events_with_it(router):
    for realm in ("realm1", "bare"):
        with connect(router).join(realm) as session:
            session.publish("org.example.left", realm, retain=True)
    router.stop()
    router.settings(REALMS.partition("  bare:")[0])
    router.start()
    with connect(router).join() as session:
        session.subscribe("org.example.left", get_retained=True)
        assert session.expect(Message.EVENT)[4] == ["realm1"]
    router.stop()
    assert "its kept events are deleted" in router.log.read_text()
    router.settings(REALMS)
    router.start()
    with connect(router).join("bare") as session:
        session.subscribe("org.example.left", get_retained=True)
        assert session.is_alive(), "nothing came before this answer"


def test_retention_can_be_switched_off(router):
    router.stop()
    router.settings(REALMS + "limits: {retained_topics: 0}\n")
    router.start()
    with connect(router).join() as session:
        assert not is_announced(session, "event_retention") and is_announced(session, "event_history")
        session.publish("org.example.kept.1", "new", retain=True)
        session.publish("org.example.kept.2", "marker", exclude_me=False)
    with connect(router).join() as session:
        session.subscribe("org.example.kept.1", get_retained=True)
        assert session.is_alive()


def test_a_file_that_cannot_be_read_stops_nothing(router):
    keep_something(router)
    router.stop()
    (router.data / "router" / "events.db").write_bytes(b"this is no database" * 1000)
    router.start()
    with connect(router).join() as session:
        session.publish("org.example.kept.1", "new", retain=True)
    with connect(router).join() as session:
        session.subscribe("org.example.kept.1", get_retained=True)
        assert session.expect(Message.EVENT)[4] == ["new"]
    router.stop()
    # One line for each realm, and the file is left for whoever wants to look at it.
    log = router.log.read_text()
    assert sum("kept events cannot be read" in line and "realm=realm1" in line for line in log.splitlines()) == 1, log
    assert (router.data / "router" / "events.db").read_bytes().startswith(b"this is no database")


def test_an_apps_realm_keeps_its_retained_events(appliance):
    with entry.join_as_app(appliance, 0) as session:
        session.publish("org.example.setpoint", 21.5, retain=True)
        publisher = session.welcome["authid"]
    assert appliance.stop() == 0
    appliance.start()
    with entry.join_as_app(appliance, 1) as session:
        session.subscribe("org.example.setpoint", get_retained=True)
        details, arguments = session.expect(Message.EVENT)[3:]
        assert details["retained"] and details["publisher_authid"] == publisher and arguments == [21.5]


# Sharded Subscription, Subscription Revocation


def test_a_resource_stays_with_its_node(keeping):
    publisher, nodes = keeping(), [keeping() for _ in range(3)]
    topic = f"org.example.sharded.p{publisher.session}"
    for number, node in enumerate(nodes):
        node.subscribe(topic, nkey=f"node{number}")
    for number in range(60):
        publisher.publish(topic, number % 20, rkey=f"sn{number % 20}")
    publisher.publish(topic, "end")
    received = []
    for node in nodes:
        received.append([])
        while (arguments := node.expect(Message.EVENT)[4]) != ["end"]:
            received[-1] += arguments
    assert sorted(sum(received, [])) == sorted(list(range(20)) * 3)
    assert all(mine.count(number) == 3 for mine in received for number in mine)


def test_a_subscription_is_taken_back(keeping):
    admin = keeping()
    told = keeping(roles={"subscriber": {"features": {"subscription_revocation": True}}, "caller": {}})
    untold = keeping(roles={"subscriber": {}, "caller": {}})
    topic = f"org.example.revoked.p{admin.session}"
    subscription = told.subscribe(topic)
    assert untold.subscribe(topic) == subscription
    for session in (told, untold):
        admin.call("wamp.subscription.remove_subscriber", subscription, session.session, "no longer authorized")
    assert told.expect(Message.UNSUBSCRIBED) == [35, 0, {"subscription": subscription, "reason": "no longer authorized"}]
    admin.publish(topic, "nobody")
    assert told.is_alive() and untold.is_alive()
    request = admin.request(Message.CALL, {}, "wamp.subscription.get", [subscription])
    admin.expect_error(Message.CALL, request, "wamp.error.no_such_subscription")
