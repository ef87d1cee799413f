"""Caller Identification

advanced/rpc_caller_identification.md.
"""

import pytest

import facilities
from wire import Message

pytestmark = pytest.mark.announced("dealer", "caller_identification")


def details(caller, callee, procedure, /, **options):
    caller.request(Message.CALL, options, procedure)
    return callee.expect_invocation()[1]


def test_a_caller_that_asks_for_it(any_peer, uri):
    """With disclose_me INVOCATION.Details.caller is the caller's session id."""
    caller, callee = any_peer(), any_peer()
    callee.register(uri())
    assert details(caller, callee, uri(), disclose_me=True)["caller"] == caller.session


def test_who_the_caller_is(peer, uri):
    """What is disclosed beside it are authid and authrole, as WELCOME had them."""
    caller, callee = peer(), peer()
    callee.register(uri())
    disclosed = details(caller, callee, uri(), disclose_me=True)
    for key in ("authid", "authrole"):
        assert disclosed.get(f"caller_{key}", caller.welcome[key]) == caller.welcome[key]


@pytest.mark.parametrize("options", [{}, {"disclose_me": False}], ids=str)
def test_a_caller_that_does_not(peer, uri, options):
    """Without disclose_me, or with false, a router that is not configured to disclose says nothing of the caller."""
    caller, callee = peer(), peer()
    callee.register(uri())
    assert not {"caller", "caller_authid", "caller_authrole"} & set(details(caller, callee, uri(), **options))


def test_a_callee_that_asks_for_it(peer, uri):
    """With REGISTER.Options.disclose_caller every caller is disclosed."""
    caller, callee = peer(), peer()
    callee.register(uri(), disclose_caller=True)
    assert details(caller, callee, uri())["caller"] == caller.session


@pytest.mark.configured("no_disclosure")
def test_a_router_that_denies_it(peer, uri):
    """A dealer that denies the request answers with option_disallowed.disclose_me."""
    realm = facilities.REALM_DISCLOSING_NEVER
    caller, callee = peer(realm=realm), peer(realm=realm)
    callee.register(uri())
    assert caller.refused(Message.CALL, {"disclose_me": True}, uri()) == "wamp.error.option_disallowed.disclose_me"


def test_a_caller_cannot_forge_its_identity(peer, uri):
    """What a caller writes into its options never becomes its identity."""
    caller, callee = peer(), peer()
    callee.register(uri())
    forged = {"caller": 1, "caller_authid": "forged", "caller_authrole": "forged"}
    disclosed = details(caller, callee, uri(), disclose_me=True, **forged)
    assert disclosed["caller"] == caller.session and "forged" not in disclosed.values()
    assert not {1, "forged"} & set(map(str, details(caller, callee, uri(), **forged).values()))
