"""The Advanced Profile of calls that no client library offers yet, message by message."""

import base64
import copy

import pytest

from wire import ROLES, Message

ALL = copy.deepcopy(ROLES)
for role, features in {
    "caller": ["progressive_call_invocations", "payload_passthru_mode", "sharded_registration"],
    "callee": [
        "progressive_call_invocations",
        "payload_passthru_mode",
        "sharded_registration",
        "call_timeout",
        "call_reroute",
    ],
}.items():
    ALL[role]["features"].update(dict.fromkeys(features, True))


@pytest.fixture
def knowing_peer(any_peer):
    """A factory of sessions that have announced everything."""
    return lambda **details: any_peer(**{"roles": ALL, **details})


def procedure(name):
    return f"org.example.advanced.{name}"


def binary(peer, data):
    """Bytes as the peer's serializer has them; JSON has a string in their place."""
    return "\0" + base64.b64encode(data).decode() if peer.wire.codec.name == "json" else data


def call_more(caller, request, name, options, *args):
    """Goes on with a call under the id that it began with."""
    caller.send(Message.CALL, request, options, procedure(name), list(args))


def test_the_dealer_announces_what_it_does(knowing_peer):
    features = knowing_peer().welcome["roles"]["dealer"]["features"]
    for feature in (
        "progressive_call_invocations",
        "progressive_call_results",
        "call_canceling",
        "call_timeout",
        "call_reroute",
        "call_trustlevels",
        "payload_passthru_mode",
        "shared_registration",
        "sharded_registration",
        "registration_revocation",
    ):
        assert features[feature] is True, feature


# Progressive Call Invocations


def test_a_call_in_several_messages_keeps_its_ids_and_its_first_options(knowing_peer):
    caller, callee = knowing_peer(), knowing_peer()
    registration = callee.register(procedure("upload"))
    options = {"progress": True, "receive_progress": True, "disclose_me": True}
    request = caller.request(Message.CALL, options, procedure("upload"), [0])
    first = callee.expect(Message.INVOCATION)
    assert first[2] == registration and first[3]["progress"] is True and first[3]["caller"] == caller.session
    callee.send(Message.YIELD, first[1], {"progress": True}, ["0 %"])
    assert caller.expect(Message.RESULT)[1:] == [request, {"progress": True}, ["0 %"]]
    for number in (1, 2):
        call_more(caller, request, "upload", {"progress": True}, number)
        assert callee.expect(Message.INVOCATION)[1:] == [first[1], registration, first[3], [number]]
    call_more(caller, request, "upload", {}, 3)
    last = callee.expect(Message.INVOCATION)
    assert last[1] == first[1] and last[4] == [3] and not last[3].get("progress")
    assert last[3]["caller"] == caller.session and last[3]["receive_progress"] is True
    callee.send(Message.YIELD, first[1], {}, ["done"])
    assert caller.expect(Message.RESULT)[3] == ["done"]


def test_other_calls_between_the_messages_of_one(knowing_peer):
    caller, callee = knowing_peer(), knowing_peer()
    callee.register(procedure("between"))
    first = caller.request(Message.CALL, {"progress": True}, procedure("between"), ["a"])
    second = caller.request(Message.CALL, {}, procedure("between"), ["b"])
    call_more(caller, first, "between", {}, "c")
    invocations = [callee.expect(Message.INVOCATION) for _ in range(3)]
    assert [i[4] for i in invocations] == [["a"], ["b"], ["c"]]
    assert invocations[0][1] == invocations[2][1] != invocations[1][1]
    for invocation in invocations[:2]:
        callee.send(Message.YIELD, invocation[1], {}, invocation[4])
    assert [caller.expect(Message.RESULT)[1] for _ in range(2)] == [first, second]


def test_what_follows_a_call_that_is_over_is_dropped(knowing_peer):
    caller, callee = knowing_peer(), knowing_peer()
    callee.register(procedure("over"))
    request = caller.request(Message.CALL, {"progress": True}, procedure("over"))
    invocation = callee.expect(Message.INVOCATION)
    callee.send(Message.ERROR, Message.INVOCATION, invocation[1], {}, "org.example.enough")
    caller.expect_error(Message.CALL, request, "org.example.enough")
    call_more(caller, request, "over", {"progress": True}, 1)
    call_more(caller, request, "over", {}, 2)
    assert caller.is_alive() and callee.is_alive()


def test_progress_needs_the_callers_and_the_callees_word(any_peer, knowing_peer):
    plain, caller, callee = any_peer(), knowing_peer(), any_peer()
    callee.register(procedure("unknown"))
    request = caller.request(Message.CALL, {"progress": True}, procedure("unknown"))
    caller.expect_error(Message.CALL, request, "wamp.error.feature_not_supported")
    plain.request(Message.CALL, {"progress": True}, procedure("unknown"))
    plain.expect_abort("wamp.error.protocol_violation")


def test_another_procedure_does_not_continue_a_call(knowing_peer):
    caller, callee = knowing_peer(), knowing_peer()
    callee.register(procedure("one"))
    request = caller.request(Message.CALL, {"progress": True}, procedure("one"))
    call_more(caller, request, "another", {})
    caller.expect_abort("wamp.error.protocol_violation")
    invocation = callee.expect(Message.INVOCATION)
    interrupt = callee.expect(Message.INTERRUPT)
    assert interrupt[1] == invocation[1] and interrupt[2]["mode"] == "killnowait"


# Call Re-Routing


@pytest.mark.parametrize("policy, order", [("first", "ab"), ("last", "ba"), ("roundrobin", "ab")])
def test_a_call_that_comes_back_goes_to_the_next(knowing_peer, policy, order):
    caller, callees = knowing_peer(), {name: knowing_peer() for name in "ab"}
    for callee in callees.values():
        callee.register(procedure("reroute"), invoke=policy)
    request = caller.request(Message.CALL, {}, procedure("reroute"), ["x"], {"k": 1})
    for name in order:
        invocation = callees[name].expect(Message.INVOCATION)
        assert invocation[4:] == [["x"], {"k": 1}]
        if name == order[0]:
            callees[name].send(Message.ERROR, Message.INVOCATION, invocation[1], {}, "wamp.error.unavailable")
        else:
            callees[name].send(Message.YIELD, invocation[1], {}, [name])
    assert caller.expect(Message.RESULT)[1:] == [request, {}, [order[1]]]


def test_a_call_that_everybody_sends_back_fails(knowing_peer):
    caller, callees = knowing_peer(), [knowing_peer() for _ in range(3)]
    for callee in callees:
        callee.register(procedure("exhausted"), invoke="first")
    request = caller.request(Message.CALL, {}, procedure("exhausted"))
    for callee in callees:
        invocation = callee.expect(Message.INVOCATION)
        callee.send(Message.ERROR, Message.INVOCATION, invocation[1], {}, "wamp.error.unavailable")
    caller.expect_error(Message.CALL, request, "wamp.error.no_available_callee")


# Sharded Registration


def test_a_key_always_reaches_the_same_callee(knowing_peer):
    caller, callees = knowing_peer(), [knowing_peer() for _ in range(3)]
    for callee in callees:
        callee.register(procedure("shard"), invoke="roundrobin")
    requests = []
    for _ in range(2):
        for key in range(12):
            options = {"runmode": "partition", "rkey": f"sn{key}"}
            requests.append(caller.request(Message.CALL, options, procedure("shard")))
    marker = caller.request(Message.CALL, {}, procedure("nobody"))
    caller.expect_error(Message.CALL, marker, "wamp.error.no_such_procedure")  # All of them have been routed by now.
    for number, callee in enumerate(callees):
        marker = callee.request(Message.CALL, {}, procedure("nobody"))
        while (message := callee.receive())[0] == Message.INVOCATION:
            callee.send(Message.YIELD, message[1], {}, [number])
        assert message[:3] == [Message.ERROR, Message.CALL, marker]
    answers = {result[1]: result[3][0] for result in (caller.expect(Message.RESULT) for _ in requests)}
    owners = [answers[request] for request in requests]
    assert owners[:12] == owners[12:]
    assert len(set(owners)) > 1


def test_partition_without_a_key_is_refused(knowing_peer):
    caller, callee = knowing_peer(), knowing_peer()
    callee.register(procedure("keyless"))
    request = caller.request(Message.CALL, {"runmode": "partition"}, procedure("keyless"))
    caller.expect_error(Message.CALL, request, "wamp.error.invalid_argument")


# Call Timeouts


def test_a_callee_that_asked_for_it_keeps_the_timeout(knowing_peer):
    caller, callee = knowing_peer(), knowing_peer()
    callee.register(procedure("own_timeout"), forward_timeout=True)
    request = caller.request(Message.CALL, {"timeout": 100}, procedure("own_timeout"))
    invocation = callee.expect(Message.INVOCATION)
    assert invocation[3]["timeout"] == 100
    # A later call with a shorter time, which the dealer keeps, shows that the dealer has not kept this one.
    callee.register(procedure("dealers_timeout"))
    later = caller.request(Message.CALL, {"timeout": 150}, procedure("dealers_timeout"))
    assert "timeout" not in callee.expect(Message.INVOCATION)[3]
    caller.expect_error(Message.CALL, later, "wamp.error.timeout")
    callee.expect(Message.INTERRUPT)
    callee.send(Message.ERROR, Message.INVOCATION, invocation[1], {}, "wamp.error.timeout")
    caller.expect_error(Message.CALL, request, "wamp.error.timeout")


# Payload Passthru Mode

PASSTHRU = {"ppt_scheme": "wamp", "ppt_serializer": "cbor", "ppt_cipher": "aes256gcm", "ppt_keyid": "k1"}


def test_a_binary_payload_and_its_options_go_through_unread(knowing_peer, peer):
    caller, callee = knowing_peer(), peer("rawsocket", "cbor", roles=ALL)
    callee.register(procedure("passthru"))
    request = caller.request(Message.CALL, PASSTHRU, procedure("passthru"), [binary(caller, b"\0\xff\x01")])
    invocation = callee.expect(Message.INVOCATION)
    assert invocation[3:] == [PASSTHRU, [b"\0\xff\x01"]]
    callee.send(Message.YIELD, invocation[1], PASSTHRU, [b"\x80"])
    assert caller.expect(Message.RESULT)[1:] == [request, PASSTHRU, [binary(caller, b"\x80")]]


def test_passthru_towards_those_who_do_not_know_it(any_peer, knowing_peer):
    caller, callee, plain = knowing_peer(), knowing_peer(), any_peer()
    plain.register(procedure("plain"))
    callee.register(procedure("knowing"))
    request = caller.request(Message.CALL, PASSTHRU, procedure("plain"), [binary(caller, b"x")])
    caller.expect_error(Message.CALL, request, "wamp.error.feature_not_supported")
    request = plain.request(Message.CALL, {}, procedure("knowing"))
    invocation = callee.expect(Message.INVOCATION)
    callee.send(Message.YIELD, invocation[1], PASSTHRU, [binary(callee, b"x")])
    callee.expect_error(Message.YIELD, invocation[1], "wamp.error.feature_not_supported")
    plain.expect_error(Message.CALL, request, "wamp.error.feature_not_supported")


@pytest.mark.parametrize("breach", ["not announced", "no scheme", "two arguments", "a text"])
def test_a_breach_of_passthru_ends_the_session(any_peer, knowing_peer, breach):
    caller = any_peer() if breach == "not announced" else knowing_peer()
    options = {"ppt_cipher": "aes256gcm"} if breach == "no scheme" else PASSTHRU
    data = binary(caller, b"x")
    payload = {"two arguments": [data, data], "a text": ["x"]}.get(breach, [data])
    caller.request(Message.CALL, options, procedure("breach"), payload)
    caller.expect_abort("wamp.error.protocol_violation")


# Registration Revocation


def test_a_callee_is_removed_by_the_meta_api(knowing_peer):
    watcher, callee = knowing_peer(), knowing_peer()
    registration = callee.register(procedure("removed"))
    for event in ("on_unregister", "on_delete"):
        watcher.subscribe(f"wamp.registration.{event}")
    assert watcher.call("wamp.registration.remove_callee", registration, callee.session, "org.example.moved") == [None]
    revoked = callee.expect(Message.UNREGISTERED)
    assert revoked[1:] == [0, {"registration": registration, "reason": "org.example.moved"}]
    unregistered, deleted = (watcher.expect(Message.EVENT) for _ in range(2))
    assert unregistered[4] == deleted[4] == [callee.session, registration]
    assert unregistered[1] < deleted[1], "on_unregister comes before on_delete"
    request = watcher.request(Message.CALL, {}, procedure("removed"))
    watcher.expect_error(Message.CALL, request, "wamp.error.no_such_procedure")


# Of Crossbar's: how much a callee takes at once


def test_a_callee_has_as_many_invocations_as_it_said(any_peer):
    caller, callees = any_peer(), [any_peer() for _ in range(2)]
    for callee in callees:
        callee.register(procedure("bounded"), invoke="roundrobin", concurrency=2)
    calls = [caller.request(Message.CALL, {}, procedure("bounded"), [number]) for number in range(5)]
    invocations = [[callee.expect(Message.INVOCATION) for _ in range(2)] for callee in callees]
    assert sorted(message[4][0] for messages in invocations for message in messages) == [0, 1, 2, 3]
    caller.expect_error(Message.CALL, calls[4], "wamp.error.no_available_callee")
    callees[1].send(Message.YIELD, invocations[1][0][1], {}, ["done"])
    assert caller.expect(Message.RESULT)[3] == ["done"]
    caller.request(Message.CALL, {}, procedure("bounded"), [5])
    assert callees[1].expect(Message.INVOCATION)[4] == [5], "whoever has room"
