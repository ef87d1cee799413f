"""Which credential enters which realm, and which role may do what: exactly the pairs that the tables allow."""

import pathlib
import subprocess
import sys

import pytest

import entry
import gantry as process
from entry import Refused
from test_readme import install_the_line
from wire import Message

ROLES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "roles.md"
REFUSALS = {"wamp.error.authentication_failed", "wamp.error.not_authorized", "wamp.error.no_matching_auth_method"}


@pytest.fixture(scope="module")
def crossed(plant):
    """A second project beside the plant's, with an app, a device and a person of its own."""
    template = pathlib.Path(__file__).with_name("data-template.yml")
    other = type(plant)(plant.folder)
    other.__dict__.update(plant.__dict__)
    other.project = plant.json("project", "add", "other-hall")["swarm_key"]
    other.press = plant.json("app", "add", "other-hall", "press", "--template", template)["app_key"]
    other.devices = [plant.json("device", "add", "other-hall", "stranger")]
    other.apps = [plant.env("app", "install", "other-hall", "press", "stranger", "--stage", "dev")]
    other.realm = f"realm-{other.project}-{other.press}-dev"
    password = plant.folder / "stranger-password"
    password.write_text(entry.gantry.ADMIN_PASSWORD + "\n")
    plant.run("user", "add", "stranger-bob", "--role", "engineer", "--project", "other-hall", "--password-file", password)
    return other


def test_exactly_the_allowed_pairs_of_credential_and_realm_join(plant, crossed):
    """Every realm, every credential; the credentials are right, so that only the realm can be the reason."""
    oven = f"realm-{plant.project}-{plant.oven}-prod"
    realms = {"press": plant.realm, "oven": oven, "other": crossed.realm, "admin": "gantry.admin"}
    credentials = {
        "press app on press-1": ((plant.apps[0]["APP_AUTH_ID"], plant.apps[0]["APP_AUTH_SECRET"], "wampcra"), {"press"}),
        "press app on press-2": ((plant.apps[1]["APP_AUTH_ID"], plant.apps[1]["APP_AUTH_SECRET"], "wampcra"), {"press"}),
        "device press-1": ((plant.devices[0]["serial"], plant.devices[0]["secret"], "wampcra"), {"press", "oven"}),
        "device press-2": ((plant.devices[1]["serial"], plant.devices[1]["secret"], "wampcra"), {"press"}),
        "other app": ((crossed.apps[0]["APP_AUTH_ID"], crossed.apps[0]["APP_AUTH_SECRET"], "wampcra"), {"other"}),
        "other device": ((crossed.devices[0]["serial"], crossed.devices[0]["secret"], "wampcra"), {"other"}),
        "other engineer": (("stranger-bob", entry.sign_in(plant, "stranger-bob"), "ticket"), {"other", "admin"}),
        "viewer": (("viewer-anna", entry.sign_in(plant, "viewer-anna"), "ticket"), set(realms)),
        "administrator": (("admin", entry.sign_in(plant, "admin"), "ticket"), set(realms)),
    }
    wrong = []
    for name, ((authid, secret, method), allowed) in credentials.items():
        for realm, uri in realms.items():
            try:
                entry.join(plant, uri, authid, secret, method).wire.close()
                joined = True
            except Refused as refusal:
                joined = False
                if refusal.reason not in REFUSALS:
                    wrong.append(f"{name} at {realm}: refused with {refusal.reason}")
            if joined != (realm in allowed):
                wrong.append(f"{name} at {realm}: {'joined' if joined else 'refused'}")
    assert not wrong


def test_nothing_crosses_from_realm_to_realm(plant, crossed):
    """The same topic, the same procedure, the same table: two apps never meet."""
    with entry.join_as_person(plant, "engineer-anna") as here, entry.join_as_person(plant, "admin", crossed.realm) as there:
        here.subscribe("transformed.sensordata")
        there.ask(
            Message.CALL, Message.RESULT, {}, f"append.{crossed.project}.{crossed.press}.sensordata",
            [{"tsp": 1_768_464_000_000, "note": "other hall"}], {"DEVICE_KEY": "1"},
        )
        mine = {"limit": 10, "filterAnd": [{"column": "note", "operator": "=", "value": "other hall"}]}
        assert here.call("history.transformed.sensordata", mine) == [[]]
        assert len(there.call("history.transformed.sensordata", mine)[0]) == 1
        request = here.request(
            Message.CALL, {}, f"append.{crossed.project}.{crossed.press}.sensordata", [{"tsp": 1_768_464_000_000}]
        )
        error = here.expect(Message.ERROR)
        assert error[2] == request and error[4] in ("wamp.error.no_such_procedure", "wamp.error.not_authorized")


def test_a_device_app_stays_within_its_names(plant):
    """The vendor's allow-list of the role `app`, and a little beyond it on each side."""
    s, a = plant.project, plant.press
    own, other = (device["device_key"] for device in plant.devices)
    table = [
        (Message.SUBSCRIBE, "transformed.sensordata", True),
        (Message.SUBSCRIBE, "transformed.bulk.sensordata", True),
        (Message.SUBSCRIBE, f"{s}.{a}.sensordata", False),
        (Message.SUBSCRIBE, "alarms.on_change", False),
        (Message.PUBLISH, f"{s}.{a}.sensordata", True),
        (Message.PUBLISH, "transformed.sensordata", False),
        (Message.PUBLISH, "alarms.on_change", False),
        (Message.PUBLISH, "wamp.session.on_join", False),
        (Message.REGISTER, f"{s}.{own}.{a}.PROD.stop", True),
        (Message.REGISTER, f"{s}.{other}.{a}.PROD.stop", False),
        (Message.REGISTER, f"{s}.{own}.{a}.DEV.stop", False),
        (Message.REGISTER, f"{s + 1}.{own}.{a}.PROD.stop", False),
        (Message.REGISTER, f"append.{s}.{a}.sensordata", False),
        (Message.REGISTER, "history.transformed.sensordata", False),
        (Message.REGISTER, "org.example.mine", False),
        (Message.CALL, "history.transformed.sensordata", True),
        (Message.CALL, "wamp.session.count", False),
        (Message.CALL, "alarms.acknowledge", False),
        (Message.CALL, "alarms.rule.put", False),
        (Message.CALL, "credentials.device.issue", False),
    ]
    wrong = []
    with entry.join_as_app(plant) as session:
        for kind, uri, allowed in table:
            options = {"acknowledge": True} if kind == Message.PUBLISH else {}
            payload = [[{"tsp": 1, "limit": 1}]] if kind in (Message.PUBLISH, Message.CALL) else []
            request = session.request(kind, options, uri, *payload)
            message = session.receive()
            while message[0] == Message.EVENT:
                message = session.receive()
            refused = message[0] == Message.ERROR and message[4] in (
                "wamp.error.not_authorized", "wamp.error.invalid_uri", "wamp.error.no_such_procedure"
            )
            if refused == allowed:
                wrong.append(f"{kind.name} {uri}: {message}")
    assert not wrong


ALL_ROLES = ("viewer", "operator", "engineer", "admin", "app", "app_reader")
KINDS = {"call": Message.CALL, "publish": Message.PUBLISH, "subscribe": Message.SUBSCRIBE, "register": Message.REGISTER}


def matrix():
    """(realm, action, URI, role, allowed) of the tables of docs/roles.md that have a row for each procedure or topic."""
    cells_of = lambda line: [cell.strip() for cell in line.strip().strip("|").split("|")]
    entries, head = [], None
    for line in ROLES.read_text().splitlines() if ROLES.exists() else []:
        if not line.startswith("|"):
            head = None
        elif head is None:
            head = cells_of(line)
        elif head[0] in ("procedure", "topic") and not line.startswith("|--"):
            row = dict(zip(head, cells_of(line)))
            uri = row[head[0]].strip("`")
            realm = "gantry.admin" if "gantry.admin" in row.get("realm", "") else "app"
            entries += [
                (realm, row.get("action", "call"), uri, role, row[role] == "yes") for role in ALL_ROLES if role in row
            ]
    return entries


def test_the_golden_matrix_is_there():
    assert len(matrix()) > 400, "docs/roles.md has tables: procedure | realm | viewer | …, and topic | action | viewer | …"


@pytest.mark.parametrize("role", ["viewer", "operator", "engineer", "admin", "app"])
def test_every_procedure_for_every_role_against_the_golden_matrix(plant, role):
    """A call that is allowed may fail for its arguments; one that is not is refused before anybody sees it."""
    if role == "app":
        sessions = {"app": entry.join_as_app(plant)}
    else:
        name = "admin" if role == "admin" else f"{role}-anna"
        token = entry.sign_in(plant, name)
        sessions = {
            "app": entry.join_as_person(plant, name, plant.realm, token),
            "gantry.admin": entry.join_as_person(plant, name, "gantry.admin", token),
        }
    wrong = []
    for realm, action, uri, of, allowed in matrix():
        if of != role:
            continue
        session = sessions[realm]
        for mark, value in {
            "<S>": plant.project, "<A>": plant.press, "<D>": plant.devices[0]["device_key"], "<table>": "sensordata",
            "<fn>": "golden",
        }.items():
            uri = uri.replace(mark, str(value))
        arguments = [["not what it expects"]] if action in ("call", "publish") else []
        options = {"acknowledge": True} if action == "publish" else {}
        request = session.request(KINDS[action], options, uri, *arguments)
        while (message := session.receive())[0] in (Message.EVENT, Message.INVOCATION):
            if message[0] == Message.INVOCATION:
                session.send(Message.YIELD, message[1], {})
        assert request in message[1:3], message
        refused = message[0] == Message.ERROR and message[4] in ("wamp.error.not_authorized", "wamp.error.invalid_uri")
        if refused == allowed:
            wrong.append(f"{action} {uri} in {realm}: {message[4] if message[0] == Message.ERROR else 'answered'}")
    for session in sessions.values():
        session.wire.close()
    assert not wrong


def test_an_account_and_a_device_named_like_modules_are_nothing_to_them(appliance):
    """Whose sessions are ended when a right is taken back: theirs, and nobody's of the same name."""
    environment = install_the_line(appliance, "hall-of-names")
    for module in ("fleetdb", "alarms", "provisioner", "credentials", "gantry"):
        appliance.run("user", "add", module, "--role", "viewer", "--password-file", "-", input="a long enough one 1\n")
        appliance.run("user", "lock", module)
        appliance.run("device", "add", "hall-of-names", f"box-{module}", "--serial", module)
        appliance.run("device", "disable", module)
    script = [sys.executable, process.ROOT / "docs" / "device.py"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0 and done.stdout.startswith("{'success': True}"), done.stdout + done.stderr
    assert appliance.json("status")["version"]
