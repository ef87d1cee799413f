"""What no client library sends: each breach of the protocol has its named answer, and nobody else notices.

The expectations are the specification's; docs/conformance.md says where other routers differ.
"""

import pytest

import wire
from wire import Message

VIOLATION = "wamp.error.protocol_violation"


@pytest.fixture
def bystander(peer):
    """A session that was there before, and must still be there afterwards."""
    session = peer("rawsocket", "cbor")
    yield session
    assert session.is_alive()


def test_welcome_names_the_router_and_its_features(any_peer):
    welcome = any_peer().welcome
    assert welcome["realm"] == "realm1"
    assert welcome["authmethod"] == "anonymous" and welcome["authrole"] and welcome["authid"]
    assert welcome["agent"].lower().startswith("gantry")
    broker, dealer = (welcome["roles"][role]["features"] for role in ("broker", "dealer"))
    for feature in (
        "publisher_exclusion",
        "publisher_identification",
        "subscriber_blackwhite_listing",
        "pattern_based_subscription",
        "session_meta_api",
    ):
        assert broker.get(feature) is True, feature
    for feature in (
        "progressive_call_results",
        "call_canceling",
        "call_timeout",
        "caller_identification",
        "pattern_based_registration",
        "shared_registration",
    ):
        assert dealer.get(feature) is True, feature


def test_session_ids_are_random_and_in_range(peer):
    sessions = [peer().session for _ in range(20)]
    assert len(set(sessions)) == 20
    assert all(1 <= session <= 2**53 for session in sessions)
    assert max(sessions) > 2**45, "ids of global scope are drawn from the whole range"


def test_goodbye_is_answered(any_peer):
    session = any_peer()
    session.send(Message.GOODBYE, {}, "wamp.close.normal")
    assert session.expect(Message.GOODBYE)[2] == "wamp.close.goodbye_and_out"


def test_a_realm_that_does_not_exist(connect):
    for transport, codec in (("websocket", "json"), ("rawsocket", "msgpack"), ("websocket", "cbor")):
        session = connect(transport, codec)
        session.hello("org.example.no.such.realm")
        session.expect_abort("wamp.error.no_such_realm")


def test_a_realm_that_is_no_uri(connect):
    for realm in ("", "not a uri", "x" * 300):
        session = connect()
        session.hello(realm)
        abort = session.expect(Message.ABORT)
        assert abort[2] in ("wamp.error.invalid_uri", "wamp.error.no_such_realm", VIOLATION)


def test_an_authentication_method_that_is_not_offered(connect):
    session = connect()
    session.hello("realm1", authmethods=["scram"], authid="anna")
    session.expect_abort("wamp.error.no_matching_auth_method")


@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
@pytest.mark.parametrize(
    "message",
    [
        [48, 1, {}, "org.example.too.early"],
        [16, 1, {}, "org.example.too.early"],
        [32, 1, {}, "org.example.too.early"],
        [2, 1, {}],
        [5, "signature", {}],
        [6, {}, "wamp.close.normal"],
        [8, 48, 1, {}, "wamp.error.canceled"],
        [],
        {},
        17,
        [None],
        ["1", "realm1", {}],
        [1],
        [1, 2, {}],
        [1, "realm1", []],
        [1, "realm1", {"roles": 7}],
        [99],
        [-1],
        [2**63],
    ],
    ids=str,
)
def test_before_hello_only_hello_is_understood(connect, bystander, codec, message):
    session = connect("rawsocket", codec)
    session.wire.send(session.wire.codec.dumps(message))
    session.expect_abort(VIOLATION)


@pytest.mark.parametrize("transport", ["websocket", "rawsocket"])
@pytest.mark.parametrize(
    "message",
    [
        [1, "realm1", {"roles": {}}],
        [2, 1, {}],
        [4, "ticket", {}],
        [5, "signature", {}],
        [17, 1, 1],
        [33, 1, 1],
        [36, 1, 1, {}],
        [50, 1, {}],
        [65, 1, 1],
        [68, 1, 1, {}],
        [69, 1, {}],
        [70, 4_711, {}],
        [8, 16, 1, {}, "org.example.error"],
        [8, 68, 4_711, {}, "org.example.error"],
        [8, 68, 1, {}, 17],
        [99, 1],
        [0],
        [],
        {"type": 48},
        "message",
        [48],
        [48, 1],
        [48, 1, {}],
        [48, 1, [], "org.example.x"],
        [48, 1, {}, 17],
        [48, 1, {}, "org.example.x", {}],
        [48, 1, {}, "org.example.x", [], []],
        [48, 1, {}, "org.example.x", [], {}, 1],
        [48, "1", {}, "org.example.x"],
        [48, 1.5, {}, "org.example.x"],
        [48, 0, {}, "org.example.x"],
        [48, -1, {}, "org.example.x"],
        [48, 2**53 + 1, {}, "org.example.x"],
        [48, 2**64 - 1, {}, "org.example.x"],
        [48, None, {}, "org.example.x"],
        [34, 1, "subscription"],
        [66, 1, {}],
    ],
    ids=str,
)
def test_a_message_that_cannot_be_ends_the_session_with_a_reason(peer, bystander, transport, message):
    session = peer(transport, "msgpack")
    session.wire.send(session.wire.codec.dumps(message))
    abort = session.expect_abort(VIOLATION)
    assert abort[1].get("message"), "an ABORT says in words what was wrong"


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        (Message.PUBLISH, {"acknowledge": "hello"}, VIOLATION),
        (Message.PUBLISH, {"acknowledge": True, "exclude": 7}, VIOLATION),
        (Message.PUBLISH, {"acknowledge": True, "eligible": ["anna"]}, VIOLATION),
        (Message.SUBSCRIBE, {"match": "foo"}, VIOLATION),
        (Message.SUBSCRIBE, {"match": 7}, VIOLATION),
        (Message.REGISTER, {"invoke": "any"}, VIOLATION),
        (Message.REGISTER, {"match": []}, VIOLATION),
        (Message.CALL, {"timeout": "soon"}, VIOLATION),
        (Message.CALL, {"timeout": -1}, VIOLATION),
        (Message.CALL, {"receive_progress": 1}, VIOLATION),
    ],
    ids=str,
)
def test_a_wrong_option_is_refused_by_name(peer, bystander, kind, options, error):
    """ABORT, as the specification has it, or an ERROR to this request: named in either case, and it is never done."""
    session = peer()
    request = session.request(kind, options, "org.example.protocol.option")
    message = session.receive()
    if message[0] == Message.ABORT:
        assert message[2] == error
    else:
        assert message[:3] == [Message.ERROR, kind, request], message
        assert message[4] in ("wamp.error.invalid_argument", "wamp.error.option_not_allowed"), message


def test_options_that_are_null_have_not_been_said(any_peer):
    """Client libraries write every key that they know. Whatever the option is, null is the default."""
    session, topic = any_peer(authid=None, authextra=None, authmethods=None), "org.example.protocol.null"
    session.subscribe(topic, match=None, get_retained=None, nkey=None)
    lists = ("exclude", "exclude_authid", "exclude_authrole", "eligible", "eligible_authid", "eligible_authrole")
    session.publish(
        topic, 1, exclude_me=None, disclose_me=None, retain=None, rkey=None, ppt_scheme=None, **dict.fromkeys(lists)
    )
    session.register(
        topic, match=None, invoke=None, concurrency=None, disclose_caller=None, force_reregister=None,
        forward_timeout=None,
    )
    caller = any_peer()
    caller.subscribe(topic)
    caller.publish(topic, 2, acknowledge=True)
    assert session.expect(Message.EVENT)[4] == [2], "exclude_me has its default, which keeps the first one back"
    options = dict.fromkeys(
        ("timeout", "receive_progress", "disclose_me", "progress", "runmode", "rkey", "ppt_cipher")
    )
    request = caller.request(Message.CALL, options, topic, [3])
    invocation = session.expect(Message.INVOCATION)
    assert invocation[4] == [3]
    caller.send(Message.CANCEL, request, {"mode": None})
    caller.expect_error(Message.CALL, request, "wamp.error.canceled")
    assert session.expect(Message.INTERRUPT)[2]["mode"] == "killnowait", "the mode's default"
    session.send(Message.YIELD, invocation[1], {"progress": None}, [4])
    assert session.is_alive()


def test_unknown_options_and_details_are_ignored(any_peer):
    session = any_peer(_vendor={"x": [1, 2]}, resumable=True)
    subscription = session.subscribe("org.example.protocol.unknown", _vendor=1, get_retained=False, nkey="k")
    assert subscription
    assert any_peer().publish("org.example.protocol.unknown", 1, _vendor={"deep": [1]}, rkey="k", retain=False)
    assert session.expect(Message.EVENT)[4] == [1]
    session.register("org.example.protocol.unknown", _vendor=None, concurrency=4)


def test_gaps_in_request_ids_are_forgiven(any_peer):
    session = any_peer()
    for request in (1, 5, 1_000, 2**53):
        session.send(Message.SUBSCRIBE, request, {}, "org.example.protocol.gaps")
        assert session.expect(Message.SUBSCRIBED)[1] == request
    session.send(Message.SUBSCRIBE, 1, {}, "org.example.protocol.gaps")
    assert session.expect(Message.SUBSCRIBED)[1] == 1


def test_a_uri_that_is_too_long(any_peer):
    session = any_peer()
    fits = "org.example." + "x" * (255 - len("org.example."))
    session.subscribe(fits)
    request = session.request(Message.SUBSCRIBE, {}, fits + "x")
    session.expect_error(Message.SUBSCRIBE, request, "wamp.error.invalid_uri")


def test_more_subscriptions_than_the_limit(peer):
    session = peer("rawsocket", "msgpack")
    for number in range(2_000):
        session.request(Message.SUBSCRIBE, {}, f"org.example.protocol.limit.{number}")
    for _ in range(2_000):
        session.expect(Message.SUBSCRIBED)
    request = session.request(Message.SUBSCRIBE, {}, "org.example.protocol.limit.more")
    session.expect_error(Message.SUBSCRIBE, request, "gantry.error.limit_exceeded")
    assert session.is_alive()


def test_a_subprotocol_that_nobody_speaks(plain_router):
    socket = wire.WebSocket(plain_router.address, wire.CODECS["json"], subprotocol="wamp.2.klingon")
    assert socket.status == 400
    socket.close()


@pytest.mark.parametrize("path", ["/ws", "/ws-ua-usr", "/ws-re-dev", "/ws-ua-usr?x=1"])
def test_the_paths_of_the_websocket(connect, path):
    session = connect("websocket", "msgpack", path=path)
    assert session.wire.status == 101
    assert session.wire.headers["sec-websocket-protocol"] == "wamp.2.msgpack"
    assert "sec-websocket-extensions" not in session.wire.headers
    assert session.join().session


def test_the_clients_order_decides_among_subprotocols(connect):
    session = connect("websocket", "cbor", subprotocol="wamp.2.unknown, wamp.2.cbor, wamp.2.json")
    assert session.wire.headers["sec-websocket-protocol"] == "wamp.2.cbor"
    assert session.join().session


def test_what_follows_a_goodbye_in_the_same_segment_is_the_next_sessions(any_peer):
    peer = any_peer()
    first = peer.session
    held, write = [], peer.wire.stream.write
    peer.wire.stream.write = held.append
    peer.send(Message.GOODBYE, {}, "wamp.close.normal")
    peer.hello("realm1")
    peer.wire.stream.write = write
    write(b"".join(held))
    assert peer.expect(Message.GOODBYE)[2] == "wamp.close.goodbye_and_out"
    welcome = peer.expect(Message.WELCOME)
    assert welcome[1] != first
    peer.requests = 0
    assert peer.is_alive()
