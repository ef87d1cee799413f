"""WAMP-Cryptosign

advanced/authentication_cryptosign.md.
"""

import os

import pytest

import ed25519
import facilities
from wire import Message

pytestmark = pytest.mark.configured("cryptosign")
KEY = bytes.fromhex(facilities.CRYPTOSIGN[1])
PUBLIC = ed25519.public_key(KEY).hex()


@pytest.fixture
def challenged(connect):
    def hello(authid=facilities.CRYPTOSIGN[0], **extra):
        client = connect()
        details = {"authid": authid} if authid else {}
        client.hello(authmethods=["cryptosign"], authextra={"pubkey": PUBLIC, **extra}, **details)
        message = client.expect(Message.CHALLENGE)
        assert message[1] == "cryptosign", message
        return client, message[2]

    return hello


def answer(client, challenge, key=KEY, message=None):
    message = bytes.fromhex(challenge) if message is None else message
    client.send(Message.AUTHENTICATE, (ed25519.sign(key, message) + message).hex(), {})
    return client.receive()


def test_the_specifications_vector():
    """The specification's first vector holds: what this file signs with is right."""
    signature = ed25519.sign(KEY, b"\xff" * 32).hex()
    assert signature.startswith("b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0c")
    assert ed25519.verify(bytes.fromhex(PUBLIC), b"\xff" * 32, bytes.fromhex(signature))


def test_the_challenge(challenged):
    """The challenge is 32 random octets in hexadecimal."""
    challenges = {challenged()[1]["challenge"] for _ in range(3)}
    assert len(challenges) == 3 and all(len(bytes.fromhex(one)) == 32 for one in challenges)


def test_a_right_signature(challenged):
    """The signature of the challenge followed by the challenge, in hexadecimal, is answered with WELCOME."""
    client, extra = challenged()
    welcome = answer(client, extra["challenge"])
    assert welcome[0] == Message.WELCOME, welcome
    assert welcome[2]["authid"] == facilities.CRYPTOSIGN[0] and welcome[2]["authrole"] == facilities.ROLE
    assert welcome[2]["authmethod"] == "cryptosign"


def test_without_an_authid(challenged):
    """authid may be left out: the router assigns one."""
    client, extra = challenged(authid=None)
    welcome = answer(client, extra["challenge"])
    assert welcome[0] == Message.WELCOME and welcome[2]["authid"], welcome


@pytest.mark.parametrize("wrong", ["key", "message", "no hexadecimal", "too short"])
def test_a_wrong_signature(challenged, bystander, wrong):
    """Another key's signature, one of another message, and what is no signature at all, are refused."""
    client, extra = challenged()
    if wrong == "key":
        message = answer(client, extra["challenge"], key=bytes(32))
    elif wrong == "message":
        message = answer(client, extra["challenge"], message=bytes(32))
    else:
        client.send(Message.AUTHENTICATE, "xyz" if wrong == "no hexadecimal" else "00" * 32, {})
        message = client.receive()
    assert message[0] == Message.ABORT, message


@pytest.mark.parametrize("pubkey", [None, "", "zz" * 32, "00" * 31, 7], ids=str)
def test_a_public_key_that_is_none(connect, bystander, pubkey):
    """Without a public key of 32 octets there is nothing to challenge."""
    client = connect()
    extra = {} if pubkey is None else {"pubkey": pubkey}
    client.hello(authmethods=["cryptosign"], authid=facilities.CRYPTOSIGN[0], authextra=extra)
    assert client.expect(Message.ABORT)[2].startswith("wamp.error.")


def test_the_router_proves_itself(challenged):
    """A client's challenge is answered with the router's public key and its signature of the challenge."""
    own = os.urandom(32)
    _, extra = challenged(challenge=own.hex())
    if "signature" not in extra:
        pytest.skip("not announced: router authentication")
    signature = bytes.fromhex(extra["signature"])
    assert len(signature) == 96 and signature[64:] == own
    assert ed25519.verify(bytes.fromhex(extra["pubkey"]), own, signature[:64])


def test_channel_binding_that_cannot_be(connect):
    """A channel binding on a connection without TLS is refused, or gone on without, and CHALLENGE does not name it."""
    client = connect()
    extra = {"pubkey": PUBLIC, "channel_binding": "tls-unique"}
    client.hello(authmethods=["cryptosign"], authid=facilities.CRYPTOSIGN[0], authextra=extra)
    message = client.receive()
    assert message[0] == Message.ABORT or not message[2].get("channel_binding"), message
