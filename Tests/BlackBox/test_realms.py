"""Plain realms: each method to authenticate, with autobahn as the client where it knows the method; and each refusal."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import statistics
import time

import argon2.low_level
import pytest
from autobahn.wamp import auth
from autobahn.wamp.cryptosign import CryptosignKey
from autobahn.wamp.exception import ApplicationError
from nacl.signing import VerifyKey

import gantry as process
import peers
import wire
from wire import Message

REALM = "com.example.plant"
FAILED = "wamp.error.authentication_failed"
PASSWORD = "pencil case"
CLIENT_KEY = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510"
SALT = bytes(range(16))


def argon2id(password):
    return argon2.low_level.hash_secret_raw(
        password.encode(), SALT, time_cost=2, memory_cost=64, parallelism=1, hash_len=32, type=argon2.low_level.Type.ID
    )


def pbkdf2(password):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, 4096, 32)


def scram_lines(kdf, salted, iterations, memory=""):
    client = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    stored = hashlib.sha256(client).hexdigest()
    return (
        f"role: guest, kdf: {kdf}, iterations: {iterations}, {memory} salt: '{SALT.hex()}', "
        f"stored_key: '{stored}', server_key: '{server.hex()}'"
    )


def settings(folder):
    secret = folder / "jim"
    secret.write_text("from a file\n")
    secret.chmod(0o600)
    public = CryptosignKey.from_bytes(bytes.fromhex(CLIENT_KEY)).public_key()
    autobahns = base64.b64encode(argon2id(PASSWORD)).rstrip(b"=")
    salted = auth.derive_key("secret1", "salt123", 1000, 32).decode()
    return f"""realms:
  {REALM}:
    roles:
      guest:
        trustlevel: 1
        permissions:
          - {{uri: com.example.*, allow: {{publish: true, subscribe: true, call: true, register: true}}}}
          - {{uri: com.example.loud, allow: [publish], disclose: {{publisher: true}}}}
      caller: {{permissions: [{{uri: "*", allow: [call]}}]}}
      operator: {{permissions: [{{uri: "*", allow: [call, publish, register, subscribe]}}]}}
      service: {{permissions: [{{uri: "com.example.authenticate*", allow: [register]}}]}}
    auth:
      ticket:
        principals:
          joe: {{ticket: s3cret, role: guest}}
          jim: {{ticket_file: {secret}, role: caller}}
          root: {{ticket: t00r, role: operator}}
          backend: {{ticket: b4ckend, role: service}}
      wampcra:
        users:
          peter: {{secret: "{salted}", salt: salt123, iterations: 1000, keylen: 32, role: guest}}
          paula: {{secret: secret2, role: guest}}
      scram:
        users:
          carol: {{{scram_lines("argon2id-13", autobahns, 2, "memory: 64,")}}}
          clara: {{{scram_lines("argon2id13", argon2id(PASSWORD), 2, "memory: 64,")}}}
          "a=b,c": {{{scram_lines("pbkdf2", pbkdf2(PASSWORD), 4096)}}}
      cryptosign: {{principals: {{client01: {{authorized_keys: ["{public}"], role: guest}}}}}}
  com.example.dynamic:
    roles: {{user: {{permissions: [{{uri: "*", allow: [call]}}]}}}}
    auth:
      ticket: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
      wampcra: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
      scram: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
      cryptosign: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
      anonymous: {{type: dynamic, authenticator: com.example.authenticate, authenticator_realm: {REALM}}}
  com.example.orphan:
    roles: {{user: {{}}}}
    auth:
      ticket: {{type: dynamic, authenticator: com.example.nobody, timeout: 1s}}
"""


@pytest.fixture(scope="module")
def router(gantry_binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("realms")
    router = process.Gantry(folder, plain=True)
    router.init()
    router.settings(settings(folder) + "credentials:\n  attempts_max: 50\n")
    router.run("check")
    router.start()
    yield router
    assert router.stop() == 0, router.log.read_text()[-4000:]


# autobahn ------------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def join(router, realm=REALM, wires=("websocket", "json"), method="ticket", authid=None, authextra=None, **secret):
    """A session of autobahn's that its own authenticator opens."""
    authenticator = auth.create_authenticator(method, authid=authid, **secret)

    class Session(peers.Session):
        def onConnect(self):
            extra = {**(authenticator.authextra or {}), **(authextra or {})}
            self.join(realm, authmethods=[method], authid=authid, authextra=extra)

        def onChallenge(self, challenge):
            self.challenge = challenge
            return authenticator.on_challenge(self, challenge)

        def onWelcome(self, welcome):
            return authenticator.on_welcome(self, welcome.authextra)

    async with peers.join(router, wires, realm, session=Session) as session:
        yield session


@pytest.mark.parametrize("wires", peers.WIRES, ids="-".join)
async def test_tickets(router, wires):
    for authid, ticket, role in [("joe", "s3cret", "guest"), ("jim", "from a file", "caller")]:
        async with join(router, wires=wires, method="ticket", authid=authid, ticket=ticket) as session:
            assert session.details.authid == authid and session.details.authrole == role
            assert session.details.authmethod == "ticket" and session.details.authprovider == "static"


@pytest.mark.parametrize("wires", peers.WIRES, ids="-".join)
async def test_wampcra_salted_and_not(router, wires):
    for authid, secret in [("peter", "secret1"), ("paula", "secret2")]:
        async with join(router, wires=wires, method="wampcra", authid=authid, secret=secret) as session:
            assert session.details.authid == authid and session.details.authmethod == "wampcra"


@pytest.mark.parametrize("wires", peers.WIRES, ids="-".join)
async def test_cryptosign(router, wires):
    for authid in ("client01", None):
        async with join(router, wires=wires, method="cryptosign", authid=authid, privkey=CLIENT_KEY) as session:
            assert session.details.authid == "client01" and session.details.authmethod == "cryptosign"


@pytest.mark.parametrize("wires", peers.WIRES, ids="-".join)
async def test_scram_of_autobahn_with_argon2id(router, wires):
    """autobahn also checks the router's signature, and would not stay."""
    async with join(router, wires=wires, method="scram", authid="carol", password=PASSWORD) as session:
        assert session.details.authid == "carol" and session.details.authmethod == "scram"


@pytest.mark.parametrize(
    "method, authid, secret",
    [
        ("ticket", "joe", {"ticket": "wrong"}),
        ("ticket", "nobody", {"ticket": "s3cret"}),
        ("wampcra", "peter", {"secret": "wrong"}),
        ("wampcra", "nobody", {"secret": "secret1"}),
        ("scram", "carol", {"password": "wrong"}),
        ("cryptosign", "client01", {"privkey": "00" * 31 + "01"}),
        ("cryptosign", None, {"privkey": "00" * 31 + "01"}),
    ],
)
async def test_autobahn_is_refused(router, method, authid, secret):
    with pytest.raises(peers.Refused) as refusal:
        async with join(router, method=method, authid=authid, **secret):
            pass
    assert refusal.value.reason == FAILED


async def test_the_routers_own_key_signs_what_a_client_asks(router):
    asked = os.urandom(32).hex()
    keys = set()
    for _ in range(2):
        async with join(
            router, method="cryptosign", authid="client01", privkey=CLIENT_KEY, authextra={"challenge": asked}
        ) as session:
            extra = session.challenge.extra
            signature, message = bytes.fromhex(extra["signature"])[:64], bytes.fromhex(extra["signature"])[64:]
            assert message.hex() == asked
            VerifyKey(bytes.fromhex(extra["pubkey"])).verify(message, signature)
            keys.add(extra["pubkey"])
    assert len(keys) == 1


# The specification's WAMP-SCRAM --------------------------------------------------------------------------------------


def open_wire(router, codec="json"):
    return wire.Peer(wire.WebSocket(router.address, wire.CODECS[codec]))


def hello(router, method, authid=None, realm=REALM, **authextra):
    peer = open_wire(router)
    details = {"authmethods": method if isinstance(method, list) else [method], "authextra": authextra}
    if authid is not None:
        details["authid"] = authid
    peer.hello(realm, **details)
    return peer


def scram(router, authid, salted, realm=REALM, nonce=None, channel_binding=None):
    """A whole exchange as the specification writes it; returns the last message, and whether its verifier is right."""
    peer = hello(router, "wamp-scram", authid, realm, nonce="egVDf3DMJh0=", channel_binding=channel_binding)
    challenge = peer.receive(timeout=5)
    if challenge[0] == Message.ABORT:
        return challenge, False
    assert challenge[:2] == [Message.CHALLENGE, "wamp-scram"], challenge
    extra = challenge[2]
    assert extra["nonce"].startswith("egVDf3DMJh0=") and len(base64.b64decode(extra["nonce"][12:])) == 16
    name = authid.replace("=", "=3D").replace(",", "=2C")
    message = (
        f"n={name},r=egVDf3DMJh0=,r={extra['nonce']},s={extra['salt']},i={extra['iterations']},c=biws,r={extra['nonce']}"
    ).encode()
    client = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    signature = hmac.new(hashlib.sha256(client).digest(), message, hashlib.sha256).digest()
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode()
    peer.send(
        Message.AUTHENTICATE, proof, {"nonce": nonce or extra["nonce"], "channel_binding": None, "cbind_data": None}
    )
    answer = peer.receive(timeout=5)
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    verifier = base64.b64encode(hmac.new(server, message, hashlib.sha256).digest()).decode()
    peer.wire.close()
    return answer, answer[0] == Message.WELCOME and answer[2]["authextra"]["verifier"] == verifier


@pytest.mark.parametrize("authid, derive", [("clara", argon2id), ("a=b,c", pbkdf2)], ids=["argon2id13", "pbkdf2"])
def test_scram_of_the_specification(router, authid, derive):
    answer, proves_itself = scram(router, authid, derive(PASSWORD))
    assert answer[0] == Message.WELCOME, answer
    assert answer[2]["authid"] == authid and answer[2]["authmethod"] == "wamp-scram" and proves_itself
    assert scram(router, authid, derive("wrong"))[0][2] == FAILED
    assert scram(router, authid, derive(PASSWORD), nonce="egVDf3DMJh0=")[0][2] == FAILED


def test_a_channel_binding_is_refused_by_its_name(router):
    for method, authextra in [
        ("wamp-scram", {"nonce": "egVDf3DMJh0="}),
        ("cryptosign", {"pubkey": "00" * 32}),
    ]:
        for binding in ("tls-unique", "tls-exporter"):
            peer = hello(router, method, "clara", channel_binding=binding, **authextra)
            abort = peer.expect_abort("wamp.error.feature_not_supported")
            assert binding in abort[1]["message"]


def test_a_stranger_gets_the_same_salt_every_time(router):
    def challenge(authid):
        peer = hello(router, "wamp-scram", authid, nonce="egVDf3DMJh0=")
        extra = peer.expect(Message.CHALLENGE)[2]
        peer.wire.close()
        return extra

    first, again, known = challenge("stranger"), challenge("stranger"), challenge("clara")
    assert first["salt"] == again["salt"] != challenge("another stranger")["salt"]
    assert first["nonce"] != again["nonce"]
    assert set(first) == set(known) and len(first["salt"]) == len(known["salt"])


# Refusals ------------------------------------------------------------------------------------------------------------


def refusal(router, method, authid, answer="d3Jvbmc=", **authextra):
    """(reason, message, seconds) of a refusal behind a challenge."""
    peer = hello(router, method, authid, **authextra)
    message = peer.receive(timeout=5)
    begin = time.monotonic()
    if message[0] == Message.CHALLENGE:
        peer.send(Message.AUTHENTICATE, answer, {})
        message = peer.receive(timeout=5)
    assert message[0] == Message.ABORT, message
    peer.wire.close()
    return message[2], message[1].get("message"), time.monotonic() - begin


def test_refusals_are_alike_and_equally_slow(router):
    cases = [
        ("ticket", "joe", {}), ("ticket", "nobody", {}), ("ticket", None, {}),
        ("wampcra", "peter", {}), ("wampcra", "paula", {}), ("wampcra", "nobody", {}),
        ("wamp-scram", "clara", {"nonce": "AAAA"}), ("wamp-scram", "nobody", {"nonce": "AAAA"}),
        ("scram", "carol", {"nonce": "AAAA"}), ("scram", "nobody", {"nonce": "AAAA"}),
        ("cryptosign", "client01", {"pubkey": "00" * 32}), ("cryptosign", "nobody", {"pubkey": "00" * 32}),
        ("cryptosign", None, {"pubkey": "00" * 32}),
    ]  # fmt: skip
    answers = [refusal(router, method, authid, **extra) for method, authid, extra in cases]
    assert {answer[:2] for answer in answers} == {answers[0][:2]}
    assert answers[0][0] == FAILED
    # Every one waits for the same moment; the machine adds what it likes.
    assert min(answer[2] for answer in answers) > 0.45
    assert statistics.median(answer[2] for answer in answers) < 2


def test_a_realm_that_is_not_there_and_a_method_that_it_has_not_are_no_secrets(router):
    peer = hello(router, "ticket", "joe", realm="com.example.nowhere")
    peer.expect_abort("wamp.error.no_such_realm")
    peer = hello(router, ["anonymous", "magic"], "joe")
    abort = peer.expect_abort("wamp.error.no_matching_auth_method")
    assert abort[1]["message"] == "This realm takes: ticket, wampcra, wamp-scram, scram, cryptosign."


def test_the_clients_order_decides_among_what_the_realm_has(router):
    peer = hello(router, ["magic", "wampcra", "ticket"], "joe")
    assert peer.expect(Message.CHALLENGE)[1] == "wampcra"


@pytest.mark.parametrize(
    "method, authextra",
    [
        ("wamp-scram", {}), ("wamp-scram", {"nonce": "not base64"}), ("scram", {"nonce": 7}),
        ("cryptosign", {}), ("cryptosign", {"pubkey": "zz"}), ("cryptosign", {"pubkey": "00" * 32, "challenge": "00"}),
    ],
)  # fmt: skip
def test_what_cannot_begin_says_why(router, method, authextra):
    hello(router, method, "clara", **authextra).expect_abort("wamp.error.invalid_argument")


def test_guessing_has_an_end_in_plain_realms_too(gantry_binary, tmp_path):
    router = process.Gantry(tmp_path, plain=True)
    router.init()
    router.settings(settings(tmp_path) + "credentials:\n  refusal_delay: 10ms\n  attempts_max: 3\n")
    router.start()
    try:
        for _ in range(3):
            assert refusal(router, "ticket", "joe")[0] == FAILED
        assert refusal(router, "ticket", "joe", "s3cret")[0] == FAILED
        peer = hello(router, "ticket", "root")
        peer.expect(Message.CHALLENGE)
        peer.send(Message.AUTHENTICATE, "t00r", {})
        peer.expect(Message.WELCOME)
        log = router.log.read_text()
        assert "too many failed attempts" in log and "s3cret" not in log
    finally:
        assert router.stop() == 0


# Permissions ---------------------------------------------------------------------------------------------------------


def as_ticket(router, authid, ticket, realm=REALM):
    peer = hello(router, "ticket", authid, realm)
    peer.expect(Message.CHALLENGE)
    peer.send(Message.AUTHENTICATE, ticket, {})
    welcome = peer.receive(timeout=5)
    assert welcome[0] == Message.WELCOME, welcome
    peer.session, peer.welcome = welcome[1], welcome[2]
    return peer


def test_who_may_call_anything_may_not_end_sessions(router):
    joe, jim, root = (
        as_ticket(router, *who) for who in [("joe", "s3cret"), ("jim", "from a file"), ("root", "t00r")]
    )
    assert jim.call("wamp.session.count")[0] >= 3
    for procedure, argument in [
        ("wamp.session.kill", joe.session), ("wamp.session.kill_by_authid", "joe"),
        ("wamp.session.kill_by_authrole", "guest"), ("wamp.session.kill_all", None),
    ]:  # fmt: skip
        request = jim.request(Message.CALL, {}, procedure, [argument])
        jim.expect_error(Message.CALL, request, "wamp.error.not_authorized")
    request = joe.request(Message.CALL, {}, "wamp.session.count")
    joe.expect_error(Message.CALL, request, "wamp.error.not_authorized")
    root.call("wamp.session.kill", joe.session)
    assert joe.expect(Message.GOODBYE)[2] == "wamp.close.killed"


def test_a_rule_discloses_whom_it_says(router):
    joe, other = as_ticket(router, "joe", "s3cret"), as_ticket(router, "joe", "s3cret")
    for topic in ("com.example.loud", "com.example.quiet"):
        other.subscribe(topic) if topic.endswith("quiet") else None
    root = as_ticket(router, "root", "t00r")
    root.subscribe("com.example.loud")
    root.subscribe("com.example.quiet")
    joe.publish("com.example.loud", 1)
    joe.publish("com.example.quiet", 2)
    loud, quiet = root.expect(Message.EVENT), root.expect(Message.EVENT)
    assert loud[3]["publisher"] == joe.session and loud[3]["publisher_authid"] == "joe"
    assert "publisher" not in quiet[3]


# Dynamic authenticators ----------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("answer", [None, 7, "no_such_role", {"role": "user", "realm": "gantry.admin"}, {}])
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
