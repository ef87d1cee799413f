"""WAMP-SCRAM

advanced/authentication_scram.md, with PBKDF2; argon2id13 is not in Python's standard library.
"""

import base64
import hashlib
import hmac
import os

import pytest

import facilities
from wire import Message

pytestmark = pytest.mark.configured("scram")


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Exchange:
    """One authentication of conformance-scram, step by step."""

    def __init__(self, client, authid=facilities.SCRAM[0], password=facilities.SCRAM[1]):
        self.client, self.password = client, password
        self.nonce = base64.b64encode(os.urandom(16)).decode()
        extra = {"nonce": self.nonce, "channel_binding": None}
        client.hello(authmethods=["wamp-scram"], authid=authid, authextra=extra)
        message = client.expect(Message.CHALLENGE)
        assert message[1] == "wamp-scram", message
        self.challenge = message[2]
        self.first = f"n={authid},r={self.nonce}"

    def proof(self):
        challenge = self.challenge
        salt = base64.b64decode(challenge["salt"])
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), salt, challenge["iterations"])
        server_first = f"r={challenge['nonce']},s={challenge['salt']},i={challenge['iterations']}"
        text = f"{self.first},{server_first},c={base64.b64encode(b'n,,').decode()},r={challenge['nonce']}"
        key = sign(salted, "Client Key")
        self.verifier = base64.b64encode(sign(sign(salted, "Server Key"), text)).decode()
        return bytes(a ^ b for a, b in zip(key, sign(hashlib.sha256(key).digest(), text), strict=True))

    def answer(self, proof=None, **changes):
        extra = {"nonce": self.challenge["nonce"], "channel_binding": None, "cbind_data": None, **changes}
        self.client.send(Message.AUTHENTICATE, base64.b64encode(proof or self.proof()).decode(), extra)
        return self.client.receive()


def test_what_is_in_the_challenge(connect):
    """The challenge has a nonce that begins with the client's, and salt, kdf and iterations of the principal."""
    challenge = Exchange(connect())
    _, _, salt, iterations = facilities.SCRAM
    assert challenge.challenge["nonce"].startswith(challenge.nonce)
    assert len(challenge.challenge["nonce"]) > len(challenge.nonce)
    assert challenge.challenge["kdf"] == "pbkdf2" and challenge.challenge["iterations"] == iterations
    assert challenge.challenge["salt"] == salt


def test_a_right_proof(connect):
    """A right proof is answered with WELCOME, whose verifier proves that the router has the key too."""
    exchange = Exchange(connect())
    welcome = exchange.answer()
    assert welcome[0] == Message.WELCOME, welcome
    assert welcome[2]["authid"] == facilities.SCRAM[0] and welcome[2]["authrole"] == facilities.ROLE
    assert welcome[2]["authextra"]["verifier"].removeprefix("v=") == exchange.verifier


@pytest.mark.parametrize("wrong", ["password", "proof", "nonce", "channel binding"])
def test_a_wrong_answer(connect, bystander, wrong):
    """A wrong proof, a nonce other than the challenge's and a channel binding that was not asked for are refused."""
    exchange = Exchange(connect(), password="wrong" if wrong == "password" else facilities.SCRAM[1])
    changes = {
        "nonce": {"nonce": exchange.nonce},
        "channel binding": {"channel_binding": "tls-unique", "cbind_data": "AAAA"},
    }
    message = exchange.answer(bytes(32) if wrong == "proof" else None, **changes.get(wrong, {}))
    assert message[0] == Message.ABORT, message


def test_an_unknown_principal(connect):
    """An unknown principal is refused at once, or challenged with a salt that is the same each time."""
    challenges = []
    for _ in range(2):
        client = connect()
        extra = {"nonce": base64.b64encode(os.urandom(16)).decode(), "channel_binding": None}
        client.hello(authmethods=["wamp-scram"], authid="org.conformance.nobody", authextra=extra)
        challenges.append(client.receive())
    kinds = {message[0] for message in challenges}
    assert kinds in ({Message.ABORT}, {Message.CHALLENGE})
    if kinds == {Message.CHALLENGE}:
        assert challenges[0][2]["salt"] == challenges[1][2]["salt"]


def test_channel_binding_without_tls(connect):
    """A channel binding that the router cannot have is refused."""
    client = connect()
    extra = {"nonce": base64.b64encode(os.urandom(16)).decode(), "channel_binding": "tls-unique"}
    client.hello(authmethods=["wamp-scram"], authid=facilities.SCRAM[0], authextra=extra)
    assert client.expect(Message.ABORT)[2].startswith("wamp.error.")
