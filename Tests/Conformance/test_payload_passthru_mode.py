"""Payload Passthru Mode

advanced/payload_passthru_mode.md.
"""

import pytest

from client import VIOLATION
from wire import Message

calls = pytest.mark.announced("dealer", "payload_passthru_mode")
events = pytest.mark.announced("broker", "payload_passthru_mode")
FEATURE = "payload_passthru_mode"
PPT = {
    "ppt_scheme": "wamp",
    "ppt_serializer": "cbor",
    "ppt_cipher": "xsalsa20poly1305",
    "ppt_keyid": "GTtQ37XGJO2O4R8Dvx4AUo8pe61D9evIWpKGQAPdOh0=",
}
PAYLOAD = bytes(range(256))
BINARY = ("rawsocket", "msgpack")


def ppt(details):
    return {key: value for key, value in details.items() if key.startswith("ppt_")}


@calls
@pytest.mark.parametrize(
    "attributes", [PPT, {"ppt_scheme": "mqtt"}, {"ppt_scheme": "x_my_ppt", "ppt_cipher": "custom"}], ids=str
)
def test_a_call_and_its_result(peer, uri, attributes):
    """The attributes of CALL are INVOCATION's, those of YIELD are RESULT's, and the payload is untouched."""
    caller, callee = peer(*BINARY), peer("websocket", "cbor")
    callee.register(uri())
    call = caller.request(Message.CALL, attributes, uri(), [PAYLOAD])
    invocation, details, arguments = callee.expect_invocation()
    assert ppt(details) == attributes and arguments == [PAYLOAD]
    callee.send(Message.YIELD, invocation, {**attributes, "ppt_keyid": "another"}, [PAYLOAD[::-1]])
    result = caller.expect(Message.RESULT)
    assert result[1] == call and result[3] == [PAYLOAD[::-1]]
    assert ppt(result[2]) == {**attributes, "ppt_keyid": "another"}


@calls
def test_an_error_of_the_callee(peer, uri):
    """The attributes of the callee's ERROR are those of the caller's."""
    caller, callee = peer(*BINARY), peer(*BINARY)
    callee.register(uri())
    call = caller.request(Message.CALL, PPT, uri(), [PAYLOAD])
    invocation, _, _ = callee.expect_invocation()
    callee.send(Message.ERROR, Message.INVOCATION, invocation, PPT, "org.conformance.error", [PAYLOAD])
    error = caller.expect_call_error(call, "org.conformance.error")
    assert ppt(error[3]) == PPT and error[5] == [PAYLOAD]


@events
@pytest.mark.parametrize("codec", ["msgpack", "cbor"])
def test_an_event(peer, uri, codec):
    """The attributes of PUBLISH are EVENT's, and the payload is untouched."""
    publisher, subscriber = peer(*BINARY), peer("websocket", codec)
    subscriber.subscribe(uri())
    publisher.ask(Message.PUBLISH, Message.PUBLISHED, {"acknowledge": True, **PPT}, uri(), [PAYLOAD])
    event = subscriber.expect(Message.EVENT)
    assert ppt(event[3]) == PPT and event[4] == [PAYLOAD]


@calls
@pytest.mark.announced("dealer", "progressive_call_results")
def test_progressive_results(peer, uri):
    """Progressive results may have the attributes too."""
    caller, callee = peer(*BINARY), peer(*BINARY)
    callee.register(uri())
    call = caller.request(Message.CALL, {**PPT, "receive_progress": True}, uri(), [PAYLOAD])
    invocation, _, _ = callee.expect_invocation()
    callee.send(Message.YIELD, invocation, {**PPT, "progress": True}, [PAYLOAD])
    result = caller.expect(Message.RESULT)
    assert result[1] == call and result[2]["progress"] is True and ppt(result[2]) == PPT and result[3] == [PAYLOAD]


@calls
def test_a_caller_that_did_not_announce_it(peer, uri, bystander):
    """CALL with ppt_scheme of a caller that did not announce it is a protocol violation."""
    caller, callee = peer(*BINARY, without=f"caller.{FEATURE}"), peer()
    callee.register(uri())
    caller.request(Message.CALL, PPT, uri(), [PAYLOAD])
    caller.expect_abort(VIOLATION)
    assert callee.until_answered() == []


@calls
def test_a_callee_that_did_not_announce_it(peer, uri):
    """For a callee that did not announce it the caller gets feature_not_supported."""
    caller, callee = peer(*BINARY), peer(without=f"callee.{FEATURE}")
    callee.register(uri())
    assert caller.refused(Message.CALL, PPT, uri(), [PAYLOAD]) == "wamp.error.feature_not_supported"
    assert callee.until_answered() == []


@calls
def test_a_yield_of_a_callee_that_did_not_announce_it(peer, uri, bystander):
    """YIELD with ppt_scheme of a callee that did not announce it is a protocol violation."""
    caller, callee = peer(*BINARY), peer(*BINARY, without=f"callee.{FEATURE}")
    callee.register(uri())
    call = caller.start_call(uri(), 1)
    invocation, _, _ = callee.expect_invocation()
    callee.send(Message.YIELD, invocation, PPT, [PAYLOAD])
    callee.expect_abort(VIOLATION)
    caller.expect_call_error(call, "wamp.error.canceled")


@calls
def test_a_yield_to_a_caller_that_did_not_announce_it(peer, uri):
    """YIELD with ppt_scheme to a caller that did not announce it is answered with feature_not_supported."""
    caller, callee = peer(without=f"caller.{FEATURE}"), peer(*BINARY)
    callee.register(uri())
    call = caller.start_call(uri(), 1)
    invocation, _, _ = callee.expect_invocation()
    callee.send(Message.YIELD, invocation, PPT, [PAYLOAD])
    error = callee.expect(Message.ERROR)
    assert error[1:3] == [Message.YIELD, invocation] and error[4] == "wamp.error.feature_not_supported"
    assert caller.receive()[2] == call, "the call has an end"


@events
@pytest.mark.parametrize("acknowledge", [True, False])
def test_a_publisher_that_did_not_announce_it(peer, uri, bystander, acknowledge):
    """PUBLISH with ppt_scheme of a publisher that did not announce it is a protocol violation."""
    publisher, subscriber = peer(*BINARY, without=f"publisher.{FEATURE}"), peer()
    subscriber.subscribe(uri())
    publisher.request(Message.PUBLISH, {**PPT, "acknowledge": acknowledge}, uri(), [PAYLOAD])
    publisher.expect_abort(VIOLATION)
    assert subscriber.events_after(peer()) == []


@events
def test_an_empty_scheme_is_no_passthru(peer, uri):
    """It is a non-empty ppt_scheme by which the mode is recognized."""
    publisher = peer(*BINARY, without=f"publisher.{FEATURE}")
    publisher.publish(uri(), 1, ppt_scheme="")
    assert publisher.is_alive()


@events
@pytest.mark.parametrize("payload", [[[PAYLOAD, 1]], [[PAYLOAD], {"a": 1}]], ids=["two arguments", "keyword arguments"])
def test_the_payload_is_one_item(peer, uri, bystander, payload):
    """The payload is one item of Arguments, and ArgumentsKw is absent or empty."""
    publisher = peer(*BINARY)
    publisher.request(Message.PUBLISH, {**PPT, "acknowledge": True}, uri(), *payload)
    publisher.refusal()


@events
def test_json_has_the_binary_convention(peer, uri):
    """A subscriber over JSON gets the binary payload by the convention for JSON, a string that begins with NUL."""
    publisher, subscriber = peer(*BINARY), peer("websocket", "json")
    subscriber.subscribe(uri())
    publisher.ask(Message.PUBLISH, Message.PUBLISHED, {"acknowledge": True, **PPT}, uri(), [b"\x10\xe3\xff\x90"])
    assert subscriber.expect(Message.EVENT)[4] == ["\0EOP/kA=="]


@events
def test_the_older_form_travels_opaquely(peer, uri):
    """enc_algo and its like, as implementations had them before, are unknown options: accepted, forwarded or not."""
    publisher, subscriber = peer(*BINARY), peer(*BINARY)
    subscriber.subscribe(uri())
    publisher.request(Message.PUBLISH, {"enc_algo": "cryptobox", "enc_serializer": "json"}, uri(), [PAYLOAD])
    assert subscriber.expect(Message.EVENT)[4] == [PAYLOAD]
