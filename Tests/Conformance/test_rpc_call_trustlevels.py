"""Call Trust Levels

advanced/rpc_call_trustlevels.md, advanced/pubsub_publication_trustlevels.md.
"""

import pytest

from wire import Message


@pytest.mark.announced("dealer", "call_trustlevels")
@pytest.mark.configured("trust_levels")
def test_invocations_have_a_trust_level(peer, uri):
    """A dealer that is configured so provides INVOCATION.Details.trustlevel, a non-negative integer."""
    caller, callee = peer(), peer()
    callee.register(uri())
    caller.start_call(uri())
    level = callee.expect_invocation()[1]["trustlevel"]
    assert isinstance(level, int) and level >= 0


@pytest.mark.announced("dealer", "call_trustlevels")
def test_a_caller_cannot_raise_its_trust_level(peer, uri):
    """The level is the router's: what a caller writes into its options does not become it."""
    caller, callee = peer(), peer()
    callee.register(uri())
    caller.start_call(uri(), trustlevel=1_000_000)
    assert callee.expect_invocation()[1].get("trustlevel") != 1_000_000


@pytest.mark.announced("broker", "publication_trustlevels")
@pytest.mark.configured("trust_levels")
def test_events_have_a_trust_level(peer, uri):
    """A broker that is configured so provides EVENT.Details.trustlevel, a non-negative integer."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    publisher.publish(uri(), 1)
    level = subscriber.expect(Message.EVENT)[3]["trustlevel"]
    assert isinstance(level, int) and level >= 0


@pytest.mark.announced("broker", "publication_trustlevels")
def test_a_publisher_cannot_raise_its_trust_level(peer, uri):
    """The level is the router's: what a publisher writes into its options does not become it."""
    publisher, subscriber = peer(), peer()
    subscriber.subscribe(uri())
    publisher.publish(uri(), 1, trustlevel=1_000_000)
    assert subscriber.expect(Message.EVENT)[3].get("trustlevel") != 1_000_000
