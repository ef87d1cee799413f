"""A rule, a row, an alarm: raised, escalated, acknowledged, returned, latched; told to whoever listens."""

import itertools
import time

import pytest

import entry
from wire import Message

RULE = {
    "name": "plate too hot",
    "table": "sensordata",
    "message": "Plate has {temperature} °C",
    "severities": {
        "critical": [{"column": "temperature", "operator": ">", "value": 100}],
        "major": [{"column": "temperature", "operator": ">", "value": 80}],
        "minor": [{"column": "temperature", "operator": ">", "value": 60}],
    },
}


# Each test has a device, and so an alarm, of its own.
DEVICE_KEYS = itertools.count(5_001)


@pytest.fixture(scope="module")
def engineer(plant):
    with entry.join_as_person(plant, "engineer-anna") as session:
        yield session


@pytest.fixture
def hall(plant, engineer):
    """Puts a rule of its own name and feeds it; `next` is the next change of that rule's alarm."""

    class Hall:
        def __init__(self):
            self.listener = entry.join_as_person(plant, "operator-anna")
            self.listener.subscribe("alarms.on_change")
            self.device = entry.join_as_app(plant)
            self.device_key = next(DEVICE_KEYS)
            self.rule = f"rule {self.device_key}"

        def put(self, **changes):
            rule = {**RULE, "name": self.rule, **changes}
            # Rules look at every device: this one only at its own.
            rule["severities"] = {
                severity: [*filters, {"column": "device_key", "operator": "=", "value": self.device_key}]
                for severity, filters in rule["severities"].items()
            }
            return engineer.call("alarms.rule.put", rule)[0]

        def row(self, temperature, **more):
            uri = f"append.{plant.project}.{plant.press}.sensordata"
            row = {"tsp": int(time.time() * 1_000), "temperature": temperature, **more}
            self.device.ask(Message.CALL, Message.RESULT, {}, uri, [row], {"DEVICE_KEY": str(self.device_key)})

        def next(self, timeout=5):
            while True:
                event = self.listener.expect(Message.EVENT, timeout)
                if event[4][0]["rule"] == self.rule:
                    return event[5]["kind"], event[4][0]

        def do(self, verb, **keywords):
            about = {"rule": self.rule, "device_key": self.device_key, **keywords}
            return self.listener.ask(Message.CALL, Message.RESULT, {}, f"alarms.{verb}", [], about)[3][0]

        def listed(self, **keywords):
            result = self.listener.ask(Message.CALL, Message.RESULT, {}, "alarms.list", [], {"rule": self.rule, **keywords})
            return result[3][0]

    hall = Hall()
    yield hall
    if hall.rule in [rule["name"] for rule in engineer.call("alarms.rule.list")[0]]:
        engineer.ask(Message.CALL, Message.RESULT, {}, "alarms.rule.delete", [], {"name": hall.rule})
    hall.listener.wire.close()
    hall.device.wire.close()


def test_the_life_of_an_alarm(hall):
    hall.put()
    hall.row(20)
    hall.row(70)
    kind, alarm = hall.next()
    assert (kind, alarm["severity"], alarm["state"]) == ("raised", "minor", "active_unacknowledged")
    assert alarm["device_key"] == hall.device_key and alarm["message"] == "Plate has 70 °C"
    hall.row(120)
    kind, alarm = hall.next()
    assert (kind, alarm["severity"]) == ("escalated", "critical")
    acknowledged = hall.do("acknowledge", comment="on my way")
    assert acknowledged["state"] == "active_acknowledged"
    assert acknowledged["acknowledgement"]["authid"] == "operator-anna"
    assert hall.next()[0] == "acknowledged"
    hall.row(85)
    kind, alarm = hall.next()
    assert (kind, alarm["severity"], alarm["state"]) == ("deescalated", "major", "active_acknowledged")
    hall.row(20)
    kind, alarm = hall.next()
    assert (kind, alarm["state"]) == ("returned", "normal")
    assert hall.listed() == []


def test_a_latched_alarm_stays_until_it_is_reset(hall):
    hall.put(auto_resolve=False)
    hall.row(90)
    assert hall.next()[0] == "raised"
    hall.row(20)
    [alarm] = hall.listed()
    assert alarm["latched"] or hall.next()[1]["state"] == "returned_unacknowledged"
    hall.do("acknowledge")
    hall.do("reset")
    assert hall.listed() == []


def test_each_device_has_its_own_alarm_and_the_highest_severity_wins(hall, plant, engineer):
    hall.put()
    hall.row(150)
    [alarm] = hall.listed()
    assert alarm["severity"] == "critical" and alarm["device_key"] == hall.device_key


def test_a_published_row_raises_an_alarm_too(hall, plant):
    hall.put()
    topic = f"{plant.project}.{plant.press}.sensordata"
    row = {"tsp": int(time.time() * 1_000), "temperature": 90}
    hall.device.request(Message.PUBLISH, {}, topic, [row], {"DEVICE_KEY": str(hall.device_key)})
    assert hall.next()[1]["severity"] == "major"


@pytest.mark.parametrize(
    "changes",
    [
        {"table": "no_such_table"},
        {"severities": {}},
        {"severities": {"fatal": [{"column": "temperature", "operator": ">", "value": 1}]}},
        {"severities": {"major": [{"column": "no_such_column", "operator": ">", "value": 1}]}},
        {"severities": {"major": [{"column": "temperature", "operator": "about", "value": 1}]}},
        {"severities": {"major": []}},
        {"unknown_key": 1},
        {"name": ""},
        {"table": 17},
    ],
    ids=str,
)
def test_a_rule_that_cannot_be_says_why(engineer, changes):
    request = engineer.request(Message.CALL, {}, "alarms.rule.put", [{**RULE, **changes}])
    error = engineer.expect(Message.ERROR)
    assert error[2] == request and error[4] == "wamp.error.invalid_argument"
    assert isinstance(error[5][0], str) and len(error[5][0]) > 10


def test_who_may_do_what(plant, hall):
    hall.put()
    hall.row(90)
    hall.next()
    with entry.join_as_person(plant, "viewer-anna") as viewer:
        assert viewer.call("alarms.list")[0]
        for verb, about in (("acknowledge", {"rule": hall.rule, "device_key": hall.device_key}), ("rule.put", RULE)):
            request = viewer.request(Message.CALL, {}, f"alarms.{verb}", [], about)
            viewer.expect_error(Message.CALL, request, "wamp.error.not_authorized")


def test_rules_from_the_command_line(plant, hall):
    file = plant.folder / "rule.yml"
    file.write_text(
        f"name: {hall.rule}\ntable: sensordata\nseverities:\n  major:\n"
        f'    - {{ column: temperature, operator: ">", value: 80 }}\n'
        f'    - {{ column: device_key, operator: "=", value: {hall.device_key} }}\n'
    )
    plant.run("alarm", "rule", "add", file, "--project", "hall", "--app", "press")
    names = [rule["name"] for rule in plant.json("alarm", "rule", "list", "--project", "hall", "--app", "press")]
    assert hall.rule in names
    hall.row(90)
    assert hall.next()[1]["severity"] == "major"
