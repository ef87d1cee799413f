"""Each way to prove who one is, each way to be refused, and what a refusal tells: nothing."""

import ssl
import statistics
import time

import pytest

import entry
import wire
from entry import Refused, SignInRefused
from wire import Message

FAILED = "wamp.error.authentication_failed"


def refused(*arguments, **options):
    with pytest.raises(Refused) as refusal:
        entry.join(*arguments, **options)
    return refusal.value.reason


def test_an_apps_credential_joins_as_its_device(plant):
    with entry.join_as_app(plant) as session:
        assert session.welcome["authid"] == plant.devices[0]["serial"]
        assert session.welcome["authrole"] == "app" and session.welcome["authmethod"] == "wampcra"
        assert session.welcome["realm"] == plant.realm


def test_a_devices_secret_joins_the_realms_of_its_apps(plant):
    with entry.join_as_device(plant) as session:
        assert session.welcome["authid"] == plant.devices[0]["serial"]
        assert session.welcome["authrole"] == "app"


@pytest.mark.parametrize("transport", ["websocket", "rawsocket"])
@pytest.mark.parametrize("codec", ["json", "msgpack", "cbor"])
def test_over_every_transport_and_serializer(plant, transport, codec):
    environment = plant.apps[0]
    peer = entry.open_peer(plant, transport, codec)
    with entry.join(plant, plant.realm, environment["APP_AUTH_ID"], environment["APP_AUTH_SECRET"], peer=peer) as session:
        assert session.welcome["authrole"] == "app"


def test_a_person_joins_with_the_token_of_the_sign_in(plant):
    token = entry.sign_in(plant, "viewer-anna")
    for realm in (plant.realm, "gantry.admin"):
        with entry.join_as_person(plant, "viewer-anna", realm, token) as session:
            assert session.welcome["authid"] == "viewer-anna"
            assert session.welcome["authrole"] == "viewer" and session.welcome["authmethod"] == "ticket"


def test_a_token_is_for_its_person(plant):
    token = entry.sign_in(plant, "viewer-anna")
    assert refused(plant, plant.realm, "operator-anna", token, "ticket") == FAILED
    head, dot, tail = token.rpartition(".")
    forged = head + dot + ("A" if tail[0] != "A" else "B") + tail[1:]
    assert refused(plant, plant.realm, "viewer-anna", forged, "ticket") == FAILED


def test_a_password_is_no_ticket(plant):
    assert refused(plant, plant.realm, "viewer-anna", entry.gantry.ADMIN_PASSWORD, "ticket") == FAILED


def test_after_signing_out_a_token_is_worth_nothing(plant):
    token = entry.sign_in(plant, "operator-anna")
    status, _ = entry.post(plant, "/api/sign-out", {}, token)
    assert status in (200, 204)
    assert refused(plant, plant.realm, "operator-anna", token, "ticket") == FAILED


def test_refusals_are_alike(appliance):
    """Unknown, wrong, of another device, of another app: the same URI and the same words."""
    app, device = appliance.apps[0], appliance.devices[0]
    answers = set()
    for authid, secret in [
        ("nobody-knows-me", "secret"),
        (app["APP_AUTH_ID"], "wrong"),
        (device["serial"], "wrong"),
        (device["serial"], appliance.devices[1]["secret"]),
        (app["APP_AUTH_ID"].replace("-e", "-e9"), app["APP_AUTH_SECRET"]),
        (app["APP_AUTH_ID"], appliance.apps[1]["APP_AUTH_SECRET"]),
    ]:
        with pytest.raises(Refused) as refusal:
            entry.join(appliance, appliance.realm, authid, secret)
        answers.add((refusal.value.reason, refusal.value.message))
    assert len(answers) == 1 and answers.pop()[0] == FAILED


def test_refusals_take_equally_long(appliance):
    def seconds(authid):
        times = []
        for _ in range(3):
            begin = time.monotonic()
            with pytest.raises(Refused):
                entry.join(appliance, appliance.realm, authid, "wrong")
            times.append(time.monotonic() - begin)
        return statistics.median(times)

    known, unknown = seconds(appliance.devices[0]["serial"]), seconds("nobody-knows-me")
    assert min(known, unknown) > 0.2, "a failed attempt costs the attacker time"
    assert abs(known - unknown) < 0.15


def test_the_serial_number_is_no_secret_unless_the_switch_is_on(appliance):
    serial = appliance.devices[0]["serial"]
    assert refused(appliance, appliance.realm, serial, serial) == FAILED
    appliance.stop()
    appliance.settings("credentials:\n  legacy_device_credentials: true\n")
    appliance.start()
    with entry.join(appliance, appliance.realm, serial, serial) as session:
        assert session.welcome["authid"] == serial


def test_anonymous_is_off(plant):
    for realm in (plant.realm, "gantry.admin"):
        with pytest.raises(Refused) as refusal:
            entry.join(plant, realm, method="anonymous")
        assert refusal.value.reason == "wamp.error.no_matching_auth_method"


def test_a_realm_that_does_not_exist_is_no_secret(plant):
    for realm in ("realm-99-99-prod", f"realm-{plant.project}-{plant.press}-dev", "realm1"):
        peer = entry.open_peer(plant)
        peer.hello(realm, authmethods=["wampcra"], authid="anybody")
        assert peer.expect(Message.ABORT)[2] == "wamp.error.no_such_realm"


def test_nobody_answers_a_challenge_twice_or_waits_for_ever(plant):
    peer = entry.open_peer(plant)
    peer.hello(plant.realm, authmethods=["wampcra"], authid=plant.devices[0]["serial"])
    peer.expect(Message.CHALLENGE)
    peer.send(Message.SUBSCRIBE, 1, {}, "transformed.sensordata")
    peer.expect_abort("wamp.error.protocol_violation")
    waiting = entry.open_peer(plant)
    waiting.hello(plant.realm, authmethods=["wampcra"], authid=plant.devices[0]["serial"])
    waiting.expect(Message.CHALLENGE)
    begin = time.monotonic()
    waiting.expect_closed(timeout=20)
    assert time.monotonic() - begin < 15


def test_challenges_differ(plant):
    challenges = set()
    for _ in range(5):
        peer = entry.open_peer(plant)
        peer.hello(plant.realm, authmethods=["wampcra"], authid=plant.devices[0]["serial"])
        challenges.add(peer.expect(Message.CHALLENGE)[2]["challenge"])
        peer.wire.close()
    assert len(challenges) == 5


def test_too_many_failures_lock_the_name_out_for_this_address(appliance):
    app = appliance.apps[0]
    for _ in range(6):
        assert refused(appliance, appliance.realm, app["APP_AUTH_ID"], "wrong") == FAILED
    assert refused(appliance, appliance.realm, app["APP_AUTH_ID"], app["APP_AUTH_SECRET"]) == FAILED
    other = appliance.apps[1]
    with entry.join(appliance, appliance.realm, other["APP_AUTH_ID"], other["APP_AUTH_SECRET"]) as session:
        assert session.welcome["authid"] == appliance.devices[1]["serial"]


def test_signing_in_with_a_wrong_password_and_as_nobody_is_alike(appliance):
    answers = set()
    for name, password in [("viewer-anna", "wrong password here"), ("nobody", "wrong password here")]:
        with pytest.raises(SignInRefused) as refusal:
            entry.sign_in(appliance, name, password)
        answers.add((refusal.value.status, str(refusal.value.answer)))
    assert len(answers) == 1 and answers.pop()[0] == 401


def test_passwords_are_taken_from_the_own_page_only(plant):
    body = {"name": "viewer-anna", "password": entry.gantry.ADMIN_PASSWORD}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        status, _ = entry.post(plant, "/api/sign-in", body, headers=headers)
        assert status == 403
    status, _ = entry.post(plant, "/api/sign-in", body, headers={"Content-Type": "text/plain"})
    assert status == 415


def test_a_locked_account_is_out_at_once(appliance):
    token = entry.sign_in(appliance, "viewer-anna")
    with entry.join_as_person(appliance, "viewer-anna", token=token) as session:
        with entry.join_as_person(appliance, "admin", "gantry.admin") as admin:
            admin.ask(Message.CALL, Message.RESULT, {}, "gantry.user.lock", [], {"name": "viewer-anna"})
        assert session.receive(timeout=5)[0] in (Message.GOODBYE, Message.ABORT)
    assert refused(appliance, appliance.realm, "viewer-anna", token, "ticket") == FAILED


def test_no_secret_is_in_the_log_or_readable_in_the_data(appliance):
    entry.sign_in(appliance, "viewer-anna")
    with entry.join_as_app(appliance), entry.join_as_device(appliance):
        pass
    secrets = [appliance.apps[0]["APP_AUTH_SECRET"], appliance.devices[0]["secret"], entry.gantry.ADMIN_PASSWORD]
    appliance.stop()
    files = [appliance.log, *(path for path in appliance.data.rglob("*") if path.is_file())]
    for path in files:
        data = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in data, f"{path} shows a secret"


def test_private_files_are_private(plant):
    keys = plant.data / "keys"
    assert keys.stat().st_mode & 0o077 == 0
    for path in keys.iterdir():
        if path.name not in ("ca.pem",):
            assert path.stat().st_mode & 0o077 == 0, path


def test_only_tls_versions_that_are_safe(plant):
    old = ssl.create_default_context(cafile=plant.certificate_authority)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        wire._Stream(plant.address, old)
