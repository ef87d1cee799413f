"""WAMP Challenge-Response Authentication

advanced/authentication_cra.md.
"""

import base64
import datetime
import hashlib
import hmac
import json

import pytest

import facilities
from wire import Message


def signature(key, challenge):
    return base64.b64encode(hmac.new(key, challenge.encode(), hashlib.sha256).digest()).decode()


@pytest.fixture
def challenged(connect):
    def hello(authid, **details):
        client = connect()
        client.hello(authmethods=["wampcra"], authid=authid, **details)
        message = client.expect(Message.CHALLENGE)
        assert message[1] == "wampcra", message
        return client, message[2]

    return hello


@pytest.mark.configured("wampcra")
def test_what_is_in_the_challenge(challenged):
    """The challenge is a JSON object with authid, authrole, authmethod, authprovider, nonce, timestamp and session."""
    _, extra = challenged(facilities.WAMPCRA[0])
    challenge = json.loads(extra["challenge"])
    assert challenge["authid"] == facilities.WAMPCRA[0] and challenge["authrole"] == facilities.ROLE
    assert challenge["authmethod"] == "wampcra" and isinstance(challenge["authprovider"], str)
    assert len(challenge["nonce"]) >= 16 and isinstance(challenge["session"], int)
    assert datetime.datetime.fromisoformat(challenge["timestamp"].replace("Z", "+00:00")).utcoffset() is not None
    assert "salt" not in extra


@pytest.mark.configured("wampcra")
def test_a_right_signature(challenged):
    """The HMAC-SHA256 of the challenge, in Base64, is answered with WELCOME for the session of the challenge."""
    client, extra = challenged(facilities.WAMPCRA[0])
    client.send(Message.AUTHENTICATE, signature(facilities.WAMPCRA[1].encode(), extra["challenge"]), {})
    welcome = client.expect(Message.WELCOME)
    assert welcome[1] == json.loads(extra["challenge"])["session"]
    assert welcome[2]["authid"] == facilities.WAMPCRA[0] and welcome[2]["authrole"] == facilities.ROLE
    assert welcome[2]["authmethod"] == "wampcra"


@pytest.mark.configured("wampcra")
@pytest.mark.parametrize("wrong", ["", "AAAA", "not base64!"])
def test_a_wrong_signature(challenged, bystander, wrong):
    """Anything else is answered with ABORT."""
    client, _ = challenged(facilities.WAMPCRA[0])
    client.send(Message.AUTHENTICATE, wrong, {})
    assert client.expect(Message.ABORT)[2].startswith("wamp.error.")


@pytest.mark.configured("wampcra")
def test_a_signature_serves_once(challenged):
    """A nonce makes each challenge another one: a signature that was right before is wrong now."""
    client, extra = challenged(facilities.WAMPCRA[0])
    right = signature(facilities.WAMPCRA[1].encode(), extra["challenge"])
    client.send(Message.AUTHENTICATE, right, {})
    client.expect(Message.WELCOME)
    client, other = challenged(facilities.WAMPCRA[0])
    assert other["challenge"] != extra["challenge"]
    client.send(Message.AUTHENTICATE, right, {})
    client.expect(Message.ABORT)


@pytest.mark.configured("wampcra_salted")
def test_a_salted_secret(challenged):
    """With salt, keylen and iterations the key is the Base64 text of PBKDF2-HMAC-SHA256 of the password."""
    authid, password, salt, iterations, keylen = facilities.WAMPCRA_SALTED
    client, extra = challenged(authid)
    assert [extra[name] for name in ("salt", "iterations", "keylen")] == [salt, iterations, keylen]
    derived = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations, keylen)
    client.send(Message.AUTHENTICATE, signature(base64.b64encode(derived), extra["challenge"]), {})
    assert client.expect(Message.WELCOME)[2]["authid"] == authid
