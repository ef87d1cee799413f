"""The meta API: sessions, registrations and subscriptions, as procedures and as events."""

import re

import pytest

from wire import Message

SESSION_EVENTS = ("wamp.session.on_join", "wamp.session.on_leave")


@pytest.fixture
def watcher(peer):
    """Subscribes meta topics and gives the next event of one of them as (topic, arguments)."""

    class Watcher:
        def __init__(self):
            self.session = peer("rawsocket", "msgpack")
            self.topics = {}

        def watch(self, *topics):
            for topic in topics:
                self.topics[self.session.subscribe(topic)] = topic

        def next(self, *about, timeout=5):
            """The next event one of whose arguments is, or names, one of `about`."""
            while True:
                event = self.session.expect(Message.EVENT, timeout)
                args = event[4] if len(event) > 4 else []
                named = [a.get("session", a.get("id")) if isinstance(a, dict) else a for a in args]
                if not about or any(a in named for a in about):
                    return self.topics[event[1]], args

    return Watcher()


def test_count_list_and_get_tell_who_is_there(any_peer):
    asking, other = any_peer(), any_peer()
    [sessions] = asking.call("wamp.session.list")
    assert {asking.session, other.session} <= set(sessions)
    assert asking.call("wamp.session.count") == [len(sessions)]
    [details] = asking.call("wamp.session.get", other.session)
    assert details["session"] == other.session
    for key in ("authid", "authrole", "authmethod"):
        assert details[key] == other.welcome[key]


def test_count_and_list_of_a_role(any_peer):
    asking = any_peer()
    role = asking.welcome["authrole"]
    [sessions] = asking.call("wamp.session.list", [role])
    assert asking.session in sessions
    assert asking.call("wamp.session.count", [role]) == [len(sessions)]
    assert asking.call("wamp.session.list", ["nobody-has-this-role"]) == [[]]
    assert asking.call("wamp.session.count", ["nobody-has-this-role"]) == [0]


def test_a_session_that_is_not_there(any_peer):
    asking = any_peer()
    for procedure in ("wamp.session.get", "wamp.session.kill"):
        request = asking.request(Message.CALL, {}, procedure, [1])
        asking.expect_error(Message.CALL, request, "wamp.error.no_such_session")


@pytest.mark.parametrize("arguments", [[], ["one"], [None], [{}], [-1], [1.5]])
def test_wrong_arguments_are_named(peer, arguments):
    asking = peer()
    for procedure in ("wamp.session.get", "wamp.registration.get", "wamp.subscription.get"):
        request = asking.request(Message.CALL, {}, procedure, arguments)
        error = asking.expect(Message.ERROR)
        assert error[2] == request and error[4].startswith("wamp.error."), error
    assert asking.is_alive()


def test_on_join_and_on_leave(watcher, peer):
    watcher.watch(*SESSION_EVENTS)
    visitor = peer()
    topic, [details] = watcher.next(visitor.session)
    assert topic == "wamp.session.on_join"
    for key in ("authid", "authrole", "authmethod", "authprovider"):
        assert details[key] == visitor.welcome[key]
    visitor.wire.close()
    topic, arguments = watcher.next(visitor.session)
    assert topic == "wamp.session.on_leave"
    assert arguments == [visitor.session, visitor.welcome["authid"], visitor.welcome["authrole"]]


def test_kill_says_goodbye_with_the_reason(any_peer):
    killer, victim = any_peer(), any_peer()
    request = killer.request(
        Message.CALL, {}, "wamp.session.kill", [victim.session], {"reason": "org.example.closed", "message": "lunch"}
    )
    assert killer.expect(Message.RESULT)[1] == request
    goodbye = victim.expect(Message.GOODBYE)
    assert goodbye[2] == "org.example.closed" and goodbye[1].get("message") == "lunch"
    request = killer.request(Message.CALL, {}, "wamp.session.get", [victim.session])
    killer.expect_error(Message.CALL, request, "wamp.error.no_such_session")


def test_kill_without_a_reason_and_with_a_wrong_one(any_peer):
    killer, victim = any_peer(), any_peer()
    request = killer.request(Message.CALL, {}, "wamp.session.kill", [victim.session], {"reason": "no uri"})
    killer.expect_error(Message.CALL, request, "wamp.error.invalid_uri")
    killer.ask(Message.CALL, Message.RESULT, {}, "wamp.session.kill", [victim.session])
    assert victim.expect(Message.GOODBYE)[2] == "wamp.close.killed"


def test_nobody_kills_himself(any_peer):
    session = any_peer()
    request = session.request(Message.CALL, {}, "wamp.session.kill", [session.session])
    session.expect_error(Message.CALL, request, "wamp.error.no_such_session")
    assert session.is_alive()


def test_a_registration_can_be_looked_up(any_peer):
    asking, callee = any_peer(), any_peer()
    name = "org.example.meta.lookup"
    registration = callee.register(name, invoke="roundrobin")
    prefix = callee.register("org.example.meta.", match="prefix")
    assert asking.call("wamp.registration.lookup", name) == [registration]
    assert asking.call("wamp.registration.lookup", "org.example.meta.", {"match": "prefix"}) == [prefix]
    assert asking.call("wamp.registration.match", name) == [registration]
    assert asking.call("wamp.registration.match", "org.example.meta.other") == [prefix]
    assert asking.call("wamp.registration.match", "org.nowhere") in ([None], [])
    [details] = asking.call("wamp.registration.get", registration)
    assert (details["id"], details["uri"]) == (registration, name)
    assert (details["match"], details["invoke"]) == ("exact", "roundrobin")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", details["created"])
    [found] = asking.call("wamp.registration.list")
    assert registration in found["exact"] and prefix in found["prefix"]
    assert asking.call("wamp.registration.list_callees", registration) == [[callee.session]]
    second = any_peer()
    second.register(name, invoke="roundrobin")
    assert asking.call("wamp.registration.count_callees", registration) == [2]


def test_a_subscription_can_be_looked_up(any_peer):
    asking, subscriber = any_peer(), any_peer()
    name = "org.example.meta.topic"
    exact = subscriber.subscribe(name)
    prefix = subscriber.subscribe("org.example.meta.", match="prefix")
    assert asking.call("wamp.subscription.lookup", name) == [exact]
    assert asking.call("wamp.subscription.lookup", "org.example.meta.", {"match": "prefix"}) == [prefix]
    [matching] = asking.call("wamp.subscription.match", name)
    assert {exact, prefix} <= set(matching)
    [details] = asking.call("wamp.subscription.get", prefix)
    assert (details["id"], details["uri"], details["match"]) == (prefix, "org.example.meta.", "prefix")
    [found] = asking.call("wamp.subscription.list")
    assert exact in found["exact"] and prefix in found["prefix"]
    assert asking.call("wamp.subscription.list_subscribers", exact) == [[subscriber.session]]
    assert asking.call("wamp.subscription.count_subscribers", exact) == [1]


def test_what_is_not_there_has_its_error(any_peer):
    asking = any_peer()
    for noun in ("registration", "subscription"):
        member = {"registration": "callees", "subscription": "subscribers"}[noun]
        for procedure in ("get", f"list_{member}", f"count_{member}"):
            request = asking.request(Message.CALL, {}, f"wamp.{noun}.{procedure}", [4_711])
            asking.expect_error(Message.CALL, request, f"wamp.error.no_such_{noun}")


@pytest.mark.parametrize("noun", ["registration", "subscription"])
def test_the_life_of_a_record_is_told_in_order(watcher, peer, noun):
    verb = noun[:-len("ration")] + "er" if noun == "registration" else "subscribe"
    watcher.watch(*(f"wamp.{noun}.on_{event}" for event in ("create", verb, f"un{verb}", "delete")))
    first, second = peer(), peer()
    uri = f"org.example.meta.life.{noun}"
    if noun == "registration":
        take = lambda session: session.register(uri, invoke="roundrobin")
        leave = lambda session, record: session.ask(Message.UNREGISTER, Message.UNREGISTERED, record)
    else:
        take = lambda session: session.subscribe(uri)
        leave = lambda session, record: session.ask(Message.UNSUBSCRIBE, Message.UNSUBSCRIBED, record)
    record = take(first)
    assert take(second) == record
    leave(first, record)
    second.wire.close()
    story = [watcher.next(record) for _ in range(6)]
    assert [topic.rpartition(".")[2] for topic, _ in story] == [
        "on_create", f"on_{verb}", f"on_{verb}", f"on_un{verb}", f"on_un{verb}", "on_delete",
    ]
    assert story[0][1][0] == first.session
    assert (story[0][1][1]["id"], story[0][1][1]["uri"], story[0][1][1]["match"]) == (record, uri, "exact")
    assert [arguments for _, arguments in story[1:]] == [
        [first.session, record],
        [second.session, record],
        [first.session, record],
        [second.session, record],
        [second.session, record],
    ]


def test_nobody_forges_a_meta_event(any_peer):
    forger = any_peer()
    for topic in (*SESSION_EVENTS, "wamp.registration.on_create", "wamp.anything"):
        request = forger.request(Message.PUBLISH, {"acknowledge": True}, topic, [1])
        forger.expect_error(Message.PUBLISH, request, "wamp.error.invalid_uri")


def test_nobody_forges_the_router_by_a_detour(any_peer):
    """Patterns that cover wamp. get none of its calls, and no testament, retained event or history speaks for it."""
    forger, victim = any_peer(), any_peer()
    for pattern, match in [("", "prefix"), ("w", "prefix"), ("wam", "prefix"), ("..", "wildcard"), (".session.", "wildcard")]:
        forger.register(pattern, match=match, force_reregister=True)
    for pattern, match in [("wamp", "prefix"), ("wamp.", "prefix"), ("wamp.session.", "wildcard"), ("wamp..", "wildcard")]:
        request = forger.request(Message.REGISTER, {"match": match}, pattern)
        forger.expect_error(Message.REGISTER, request, "wamp.error.invalid_uri")
    assert isinstance(victim.call("wamp.session.count")[0], int)
    for name in ("wamp.session.anything", "wamp.anything", "wamp"):
        request = victim.request(Message.CALL, {}, name)
        victim.expect_error(Message.CALL, request, "wamp.error.no_such_procedure")
    victim.subscribe("wamp.anything.", match="prefix", get_retained=True)
    for name in ("wamp.anything.on_it", "wamp.anything"):
        for options in ({"retain": True}, {"eligible": [victim.session]}):
            forger.request(Message.PUBLISH, options, name, ["forged"])
        request = forger.request(Message.CALL, {}, "wamp.session.add_testament", [name, ["forged"], {}])
        forger.expect_error(Message.CALL, request, "wamp.error.invalid_uri")
    forger.send(Message.GOODBYE, {}, "wamp.close.close_realm")
    assert forger.expect(Message.GOODBYE)
    late = any_peer()
    late.subscribe("wamp.anything.", match="prefix", get_retained=True)
    assert late.is_alive() and victim.is_alive(), "and nothing came before these answers"
