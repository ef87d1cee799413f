"""Interface Reflection

advanced/interface_reflection.md, a sketch: its procedures and topics by name. A description is any value.
"""

import pytest

from client import Refused
from wire import Message

KINDS = ["topic", "procedure", "error"]


def define(client, uri, kind="procedure"):
    """Registers or subscribes, and defines; the text leaves the arguments open, so the description says what it is."""
    client.register(uri) if kind == "procedure" else client.subscribe(uri)
    client.call("wamp.reflect.define", uri, {"type": kind, "title": "a description"})


@pytest.fixture(autouse=True)
def announced(peer):
    """It is announced on the role itself: WELCOME.Details.roles.<role>.reflection."""
    roles = peer().welcome["roles"]
    if not any(role.get("reflection") is True for role in roles.values()):
        pytest.skip("not announced: reflection")
    return roles


def test_both_roles_announce_it(announced):
    """Broker and dealer both announce it, since each has something to show of the other."""
    assert all(role.get("reflection") is True for role in announced.values())


@pytest.mark.parametrize("kind", KINDS)
def test_list(peer, kind):
    """wamp.reflection.<kind>.list is answered with a list."""
    assert isinstance(peer().call(f"wamp.reflection.{kind}.list")[0], list)


@pytest.mark.parametrize("kind", ["topic", "procedure"])
def test_describe_what_was_defined(any_peer, peer, uri, kind):
    """What a peer has defined is listed, and described as it was defined."""
    client, other = any_peer(), peer()
    define(client, uri(), kind)
    assert uri() in str(other.call(f"wamp.reflection.{kind}.list"))
    assert "a description" in str(other.call(f"wamp.reflection.{kind}.describe", uri()))


@pytest.mark.parametrize("kind", KINDS)
def test_describe_what_was_not_defined(peer, kind):
    """What nobody has defined is answered with null or with an ERROR."""
    try:
        assert peer().call(f"wamp.reflection.{kind}.describe", "org.conformance.nobody.defines.this") in ([], [None])
    except Refused as refused:
        assert refused.error.startswith("wamp.error.")


def test_on_define(peer, uri):
    """wamp.reflect.on_define is published when something is defined."""
    watcher, client = peer(), peer()
    watcher.subscribe("wamp.reflect.on_define")
    define(client, uri())
    assert uri() in str(watcher.expect(Message.EVENT)[4:])


def test_reflect_describe(peer, uri):
    """wamp.reflect.describe describes a topic or procedure by its URI alone."""
    client = peer()
    define(client, uri())
    assert "a description" in str(peer().call("wamp.reflect.describe", uri()))


def test_on_undefine(peer, uri):
    """wamp.reflect.on_undefine is published when what was defined is so no more: its session has left."""
    watcher, client = peer(), peer()
    define(client, uri())
    watcher.subscribe("wamp.reflect.on_undefine")
    client.leave()
    assert uri() in str(watcher.expect(Message.EVENT)[4:])
