"""Registration Revocation

advanced/rpc_registration_revocation.md. Routers revoke by `force_reregister`, and by the meta procedure that some have.
"""

import pytest

from wire import Message

pytestmark = pytest.mark.announced("dealer", "registration_revocation")


@pytest.fixture
def revoked(peer, uri):
    """A callee whose registration another session has taken: (callee, registration, taker)."""

    def revoke(**first):
        callee, taker = peer(**first), peer()
        registration = callee.register(uri())
        try:
            taker.register(uri(), force_reregister=True)
        except AssertionError:
            pytest.skip("not announced: force_reregister, and the specification names no other way to revoke")
        return callee, registration, taker

    return revoke


def test_unregistered_with_request_0(revoked):
    """The callee gets UNREGISTERED with request 0 and the registration in its details."""
    callee, registration, _ = revoked()
    message = callee.expect(Message.UNREGISTERED)
    assert message[1] == 0 and message[2]["registration"] == registration
    assert isinstance(message[2].get("reason", ""), str)


def test_a_callee_that_did_not_announce_it(revoked):
    """A callee that did not announce the feature gets no message."""
    callee, _, _ = revoked(without="callee.registration_revocation")
    assert callee.until_answered() == []


def test_calls_go_to_the_new_callee(peer, uri, revoked):
    """After the revocation calls are routed to the new callee."""
    callee, _, taker = revoked()
    callee.expect(Message.UNREGISTERED)
    peer().start_call(uri(), 1)
    assert taker.expect_invocation()[2] == [1]
    assert callee.until_answered() == []


def test_the_registration_is_not_active_any_more(revoked):
    """UNREGISTER of a revoked registration is answered with no_such_registration."""
    callee, registration, _ = revoked()
    callee.expect(Message.UNREGISTERED)
    assert callee.refused(Message.UNREGISTER, registration) == "wamp.error.no_such_registration"


@pytest.mark.announced("dealer", "registration_meta_api")
def test_the_meta_event(peer, uri):
    """A callee without the feature can learn of it by the meta event on_unregister."""
    watcher, callee, taker = peer(), peer(without="callee.registration_revocation"), peer()
    registration = callee.register(uri())
    watcher.subscribe("wamp.registration.on_unregister")
    try:
        taker.register(uri(), force_reregister=True)
    except AssertionError:
        pytest.skip("not announced: force_reregister")
    assert watcher.expect(Message.EVENT)[4] == [callee.session, registration]
