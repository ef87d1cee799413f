"""Plain realms: each method to authenticate, with autobahn as the client where it knows the method; and each refusal."""

import os
import statistics
import time

import pytest
from nacl.signing import VerifyKey

import gantry as process
import peers
import realms
from realms import CLIENT_KEY, FAILED, PASSWORD, argon2id, as_ticket, hello, join, pbkdf2, scram
from wire import Message


@pytest.fixture
def router(plain_realms):
    return plain_realms


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
    router.settings(realms.settings(tmp_path) + "credentials:\n  refusal_delay: 10ms\n  attempts_max: 3\n")
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
