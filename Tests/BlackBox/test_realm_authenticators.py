"""Plain realms whose principals a procedure knows, and the command that makes what the others authenticate with."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import time

import argon2.low_level
import pytest
from autobahn.wamp import auth
from autobahn.wamp.cryptosign import CryptosignKey
from autobahn.wamp.exception import ApplicationError

import gantry as process
import peers
from realms import CLIENT_KEY, FAILED, PASSWORD, REALM, SALT, argon2id, join, open_wire, scram
from wire import Message


@pytest.fixture
def router(plain_realms):
    return plain_realms


@contextlib.asynccontextmanager
async def authenticator(router, answer, asked=None):
    """A backend in another realm whose procedure says who is who."""

    async def authenticate(realm, authid, details):
        if asked is not None:
            asked.append((realm, authid, details))
        return answer(authid, details)

    async with join(router, method="ticket", authid="backend", ticket="b4ckend") as session:
        await session.register(authenticate, "com.example.authenticate")
        yield session


async def test_a_dynamic_authenticator_decides_by_ticket(router):
    asked = []

    def answer(authid, details):
        if details.get("ticket") == "right":
            return "user" if authid == "short" else {"role": "user", "authid": "joe.smith", "extra": {"shift": 2}}
        raise ApplicationError("com.example.error.no_such_user")

    async with authenticator(router, answer, asked):
        async with join(router, "com.example.dynamic", method="ticket", authid="joe", ticket="right") as session:
            assert session.details.authid == "joe.smith" and session.details.authextra["shift"] == 2
            assert session.details.authprovider == "dynamic" and session.details.authrole == "user"
        async with join(router, "com.example.dynamic", method="ticket", authid="short", ticket="right") as session:
            assert session.details.authid == "short"
        with pytest.raises(peers.Refused) as refusal:
            async with join(router, "com.example.dynamic", method="ticket", authid="joe", ticket="wrong"):
                pass
        assert refusal.value.reason == FAILED
    realm, authid, details = asked[0]
    assert realm == "com.example.dynamic" and authid == "joe"
    assert details["authmethod"] == "ticket" and details["ticket"] == "right" and details["session"]
    assert details["transport"]["peer"] == "127.0.0.1"


async def test_a_dynamic_authenticator_has_secrets_and_keys(router):
    key = CryptosignKey.from_bytes(bytes.fromhex(CLIENT_KEY)).public_key()
    salted = base64.b64encode(argon2id(PASSWORD)).rstrip(b"=")
    client = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    principals = {
        "wampcra": {
            "secret": auth.derive_key("secret1", "pepper", 100, 32).decode(), "role": "user", "salt": "pepper",
            "iterations": 100, "keylen": 32,
        },
        "cryptosign": {"pubkey": key, "role": "user", "authid": "by-key"},
        "scram": {
            "kdf": "argon2id-13", "iterations": 2, "memory": 64, "salt": SALT.hex(), "role": "user",
            "stored-key": hashlib.sha256(client).hexdigest(),
            "server-key": hmac.new(salted, b"Server Key", hashlib.sha256).hexdigest(),
        },
        "anonymous": "user",
    }  # fmt: skip
    async with authenticator(router, lambda authid, details: principals[details["authmethod"]]):
        for method, authid, secret in [
            ("wampcra", "peter", {"secret": "secret1"}),
            ("cryptosign", None, {"privkey": CLIENT_KEY}),
            ("scram", "carol", {"password": PASSWORD}),
            ("anonymous", None, {}),
        ]:
            async with join(router, "com.example.dynamic", method=method, authid=authid, **secret) as session:
                assert session.details.authrole == "user" and session.details.authmethod == method
        with pytest.raises(peers.Refused) as refusal:
            async with join(router, "com.example.dynamic", method="wampcra", authid="peter", secret="wrong"):
                pass
        assert refusal.value.reason == FAILED


def asks_for_a_code(authid, details):
    """Admits with a ticket or a secret, and with the code 4711 behind it."""
    if "response" not in details:
        if details.get("ticket", "right") != "right":
            raise ApplicationError("com.example.error.no_such_user")
        return {"role": "user", "secret": "right", "challenge": {"method": "code", "extra": {"sent_to": "…42"}}}
    if details["response"] != {"method": "code", "signature": "4711", "extra": {"at": 1}}:
        raise ApplicationError("com.example.error.wrong_code")
    return {"role": "user", "extra": {"shift": 2}}


@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
@pytest.mark.parametrize("method", ["ticket", "wampcra"])
async def test_two_challenges_after_each_other(router, method, codec):
    """What the method wants, and then what the authenticator wants: two rounds of CHALLENGE and AUTHENTICATE."""

    def shake_hands(secret, code):
        peer = open_wire(router, codec)
        peer.hello("com.example.dynamic", authmethods=[method, "code"], authid="joe")
        challenge = peer.expect(Message.CHALLENGE)
        assert challenge[1] == method
        signature = secret if method == "ticket" else auth.compute_wcs(secret, challenge[2]["challenge"]).decode()
        peer.send(Message.AUTHENTICATE, signature, {})
        answer = peer.receive()
        if answer[0] == Message.CHALLENGE:
            assert answer[1:] == ["code", {"sent_to": "…42"}]
            peer.send(Message.AUTHENTICATE, code, {"at": 1})
            answer = peer.receive()
        if answer[0] == Message.WELCOME:
            peer.session = answer[1]
            assert peer.is_alive()
        peer.wire.close()
        return answer

    async with authenticator(router, asks_for_a_code):
        welcome = await asyncio.to_thread(shake_hands, "right", "4711")
        assert welcome[0] == Message.WELCOME and welcome[2]["authmethod"] == method, welcome
        assert welcome[2]["authid"] == "joe" and welcome[2]["authextra"]["shift"] == 2
        wrong = await asyncio.to_thread(shake_hands, "right", "4712")
        unknown = await asyncio.to_thread(shake_hands, "wrong", "4711")
        assert wrong[0] == Message.ABORT and wrong[2] == FAILED and wrong == unknown


@pytest.mark.parametrize(
    "answer",
    [None, 7, "no_such_role", {"role": "user", "realm": "gantry.admin"}, {}, {"role": "user", "challenge": "code"}],
)
async def test_an_answer_that_is_none_admits_nobody(router, answer):
    async with authenticator(router, lambda authid, details: answer):
        with pytest.raises(peers.Refused) as refusal:
            async with join(router, "com.example.dynamic", method="ticket", authid="joe", ticket="x"):
                pass
        assert refusal.value.reason == FAILED


async def test_an_authenticator_that_is_not_there_admits_nobody(router):
    for realm in ("com.example.dynamic", "com.example.orphan"):
        with pytest.raises(peers.Refused) as refusal:
            async with join(router, realm, method="ticket", authid="joe", ticket="x"):
                pass
        assert refusal.value.reason == FAILED
    assert router.log.read_text().count("an authenticator cannot be asked") >= 1


async def test_an_authenticator_that_does_not_answer_admits_nobody(router):
    async def wait_for_ever(realm, authid, details):
        await blocked.wait()

    blocked = asyncio.Event()
    async with join(router, method="ticket", authid="root", ticket="t00r") as session:
        await session.register(wait_for_ever, "com.example.authenticate")
        begin = time.monotonic()
        with pytest.raises(peers.Refused) as refusal:
            async with join(router, "com.example.dynamic", method="ticket", authid="joe", ticket="x"):
                pass
        assert refusal.value.reason == FAILED and 4 < time.monotonic() - begin < 9
        blocked.set()


# The command that makes secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kdf", ["pbkdf2", "argon2id13", "argon2id-13"])
async def test_what_gantry_secret_prints_opens_a_realm(gantry_binary, tmp_path, kdf):
    options = ["--iterations", "4096"] if kdf == "pbkdf2" else ["--iterations", "2", "--memory", "64"]
    made = process.gantry("secret", "scram", "--kdf", kdf, *options, "--password-file", "-", input=PASSWORD + "\n")
    assert made.returncode == 0, made.stderr
    lines = made.stdout.splitlines()
    salted = process.gantry("secret", "wampcra", "--iterations", "50", "--password-file", "-", input=PASSWORD + "\n")
    pair = process.gantry("secret", "cryptosign").stdout.splitlines()
    ticket = process.gantry("secret", "ticket").stdout.split()[-1]
    inner = ", ".join
    router = process.Gantry(tmp_path, plain=True)
    router.init()
    router.settings(
        f"""realms:
  {REALM}:
    roles: {{guest: {{}}}}
    auth:
      scram: {{users: {{user: {{role: guest, {inner(lines)}}}}}}}
      wampcra: {{users: {{user: {{role: guest, {inner(salted.stdout.splitlines())}}}}}}}
      cryptosign: {{principals: {{user: {{role: guest, {pair[-1]}}}}}}}
      ticket: {{principals: {{user: {{role: guest, ticket: {ticket}}}}}}}
"""
    )
    router.start()
    try:
        salt = bytes.fromhex(next(line for line in lines if line.startswith("salt")).split('"')[1])
        if kdf == "argon2id-13":
            async with join(router, method="scram", authid="user", password=PASSWORD) as session:
                assert session.details.authid == "user"
        elif kdf == "argon2id13":
            key = argon2.low_level.hash_secret_raw(
                PASSWORD.encode(), salt, 2, 64, 1, 32, argon2.low_level.Type.ID
            )
            assert scram(router, "user", key)[1]
        else:
            assert scram(router, "user", hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 4096, 32))[1]
        async with join(router, method="wampcra", authid="user", secret=PASSWORD) as session:
            assert session.details.authid == "user"
        async with join(router, method="cryptosign", authid=None, privkey=pair[0].split()[-1]) as session:
            assert session.details.authid == "user"
        async with join(router, method="ticket", authid="user", ticket=ticket) as session:
            assert session.details.authid == "user"
    finally:
        assert router.stop() == 0


def test_gantry_secret_names_what_is_wrong(gantry_binary):
    done = process.gantry("secret", "scram", "--iterations", "0", "--password-file", "-", input="x\n")
    assert done.returncode == 2 and "--iterations" in done.stderr
    done = process.gantry("secret", "wampcra", "--keylen", "7", "--password-file", "-", input="x\n")
    assert done.returncode == 2 and "--keylen" in done.stderr
