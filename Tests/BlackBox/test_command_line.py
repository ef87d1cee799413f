"""The command line as scripts know it: output forms, exit codes, and what `gantry check` says about a wrong file."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

import gantry as process
import wire
from gantry import CommandFailed, gantry


def files(folder):
    """Every file with its time and content; of a database, which counts its openings in its head, only that it is there."""
    return {
        str(path): None if ".db" in path.name else (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_version(gantry_binary):
    done = gantry("version")
    assert done.returncode == 0 and re.match(r"gantry \d+\.\d+\.\d+", done.stdout)
    assert json.loads(gantry("version", "-o", "json").stdout)["version"] in done.stdout


def test_help_of_every_command(gantry_binary):
    text = gantry("--help").stdout
    for command in "init serve check project app device user alarm status simulate bench version".split():
        assert re.search(rf"^\s+{command}\b", text, re.M), command
        done = gantry(command, "--help")
        assert done.returncode == 0 and "USAGE" in done.stdout


def test_init_changes_nothing_that_is_there(gantry_binary, tmp_path):
    installation = process.Gantry(tmp_path)
    installation.init()
    before = files(tmp_path / "etc") | files(tmp_path / "data")
    assert any(path.endswith("gantry.yml") for path in before)
    again = installation.init()
    assert files(tmp_path / "etc") | files(tmp_path / "data") == before
    assert "kept" in again.stdout


def test_init_shows_a_password_once_when_none_is_given(gantry_binary, tmp_path):
    arguments = ("init", "--config", tmp_path / "etc", "--data", tmp_path / "data")
    first, second = gantry(*arguments), gantry(*arguments)
    assert first.returncode == second.returncode == 0
    password = r"\b([a-z0-9]{6}-){3}[a-z0-9]{6}\b"
    assert re.search(r"password[^\n]*" + password, first.stdout, re.I)
    assert not re.search(password, second.stdout)


def test_two_installations_share_no_key(gantry_binary, tmp_path):
    keys = []
    for name in ("one", "two"):
        installation = process.Gantry(tmp_path / name)
        installation.init()
        keys.append({path.name: path.read_bytes() for path in (installation.data / "keys").iterdir()})
    assert keys[0].keys() == keys[1].keys()
    assert not [name for name in keys[0] if keys[0][name] == keys[1][name]]


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["serve", "--nonsense"], ["project", "add"], ["device", "add", "hall"], ["user", "add", "x", "--role", "king"],
     ["app", "install", "hall", "press", "press-1"], ["app", "install", "a", "b", "c", "--stage", "test"], ["init"],
     ["app", "add", "hall", "x", "--template", "/does/not/exist.yml"]],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_2(gantry_binary, arguments):
    done = gantry(*arguments)
    assert done.returncode == 2, done
    assert done.stderr.strip() and not done.stdout.strip()


def test_nobody_there_ends_with_3(gantry_binary, tmp_path):
    installation = process.Gantry(tmp_path)
    installation.init()
    for command in (["status"], ["project", "list"], ["device", "list"]):
        with pytest.raises(CommandFailed) as failed:
            installation.run(*command)
        assert failed.value.code == 3 and failed.value.stderr.strip()


def test_what_is_there_already_ends_with_5(plant):
    for command in (
        ["project", "add", "hall"],
        ["project", "add", "hall-2", "--key", plant.project],
        ["device", "add", "hall", "another", "--serial", plant.devices[0]["serial"]],
        ["user", "add", "viewer-anna", "--role", "viewer", "--password-file", plant.folder / "viewer-password"],
    ):
        with pytest.raises(CommandFailed) as failed:
            plant.run(*command)
        assert failed.value.code == 5, failed.value


def test_what_is_not_there_ends_with_1(plant):
    for command in (
        ["app", "install", "hall", "press", "no-such-device", "--stage", "prod"],
        ["app", "install", "hall", "no-such-app", "press-1", "--stage", "prod"],
        ["device", "add", "no-such-project", "x"],
    ):
        with pytest.raises(CommandFailed) as failed:
            plant.run(*command)
        assert failed.value.code == 1 and "no" in failed.value.stderr.lower()


def test_a_second_server_on_the_same_data_ends_with_5(plant):
    done = gantry("serve", "--config", plant.configuration, environment={**plant.environment, "GANTRY_LISTENER_PORT": "1"})
    assert done.returncode == 5 and "use" in done.stderr


def test_a_port_in_use_is_named(gantry_binary, tmp_path):
    installation = process.Gantry(tmp_path, plain=True)
    installation.init()
    with socket.create_server(("0.0.0.0", installation.port)):
        done = gantry("serve", "--config", installation.configuration, environment=installation.environment)
    assert done.returncode not in (0, 78) and str(installation.port) in done.stderr


def test_keys_may_be_chosen_and_are_given_out_once(appliance):
    assert appliance.json("project", "add", "chosen", "--key", 41)["swarm_key"] == 41
    template = os.path.join(os.path.dirname(__file__), "data-template.yml")
    assert appliance.json("app", "add", "chosen", "app", "--template", template, "--key", 51)["app_key"] == 51
    device = appliance.json("device", "add", "chosen", "one", "--serial", "SER-1")
    assert device["serial"] == "SER-1" and len(device["secret"]) >= 32
    listed = appliance.json("device", "list", "chosen")
    assert "SER-1" in json.dumps(listed) and device["secret"] not in json.dumps(listed)
    environment = appliance.env("app", "install", "chosen", "app", "one", "--stage", "dev")
    assert (environment["SWARM_KEY"], environment["APP_KEY"], environment["ENV"]) == ("41", "51", "DEV")
    assert environment["DEVICE_SERIAL_NUMBER"] == "SER-1"


def test_the_environment_can_be_sourced(plant):
    text = plant.run("app", "install", "hall", "press", "press-1", "--stage", "prod", "-o", "env")
    names = (
        "DEVICE_SERIAL_NUMBER SWARM_KEY APP_KEY DEVICE_KEY APP_NAME DEVICE_NAME ENV DEVICE_ENDPOINT_URL "
        "APP_AUTH_ID APP_AUTH_SECRET SSL_CERT_FILE"
    ).split()
    script = f"set -eua\n{text}\nfor n in {' '.join(names)}; do printenv $n; done"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0 and len(done.stdout.split("\n")) == len(names) + 1, done


@pytest.mark.parametrize(
    ("template", "line", "about"),
    [
        ("data:\n  tables:\n    - tablename: Upper\n      columns: []\n", 3, "tablename"),
        ("data:\n  tables:\n    - tablename: ok\n      columns:\n        - id: x\n          name: X\n"
         "          description: X\n          dataType: text\n", 8, "dataType"),
        ("data:\n  tables:\n    - tablename: ok\n      colums: []\n", 4, "colums"),
        ("data:\n  tables:\n    - tablename: ok\n      columns:\n        - id: tsp\n          name: T\n"
         "          description: T\n          dataType: timestamp\n        - id: device_key\n          name: D\n"
         "          description: D\n          dataType: bigint\n", 9, "device_key"),
        ("data: [\n", None, ""),
        ("just text\n", 1, ""),
        ("data:\n  tables: 7\n", 2, "tables"),
        ("[" * 10_000 + "\n", 1, ""),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_wrong_template_names_the_line_and_the_rule(plant, tmp_path, template, line, about):
    file = tmp_path / "data-template.yml"
    file.write_text(template)
    with pytest.raises(CommandFailed) as failed:
        plant.run("app", "add", "hall", "wrong", "--template", file)
    assert failed.value.code in (1, 2)
    if line:
        assert re.search(rf"(line |:){line}\b", failed.value.stderr), failed.value.stderr
    assert about in failed.value.stderr


@pytest.mark.parametrize(
    ("line", "about", "suggestion"),
    [
        ("listener:\n  prot: 8443\n", "listener.prot", "port"),
        ("listener:\n  port: many\n", "listener.port", None),
        ("listener:\n  port: 70000\n", "listener.port", None),
        ("limits:\n  message: 16\n", "limits.message", None),
        ("limits:\n  welcome_timeout: 10\n", "limits.welcome_timeout", None),
        ("modules:\n  alarm:\n    enabled: true\n", "modules.alarm", "alarms"),
        ("modules:\n  alarms: yes\n", "modules.alarms", None),
        ("listener: 7\n", "listener", None),
        ("nonsense: 1\n", "nonsense", None),
        ("log:\n  level: loud\n", "log.level", None),
        ("realms:\n  'not a uri': {}\n", "not a uri", None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_check_names_the_line_the_key_and_what_to_do(gantry_binary, tmp_path, line, about, suggestion):
    installation = process.Gantry(tmp_path)
    installation.init()
    installation.settings(line)
    text = installation.configuration.read_text()
    key = line.rstrip("\n").splitlines()[1 if line.count("\n") > 1 else 0].split(":")[0]
    number = next(n for n, other in enumerate(text.splitlines(), 1) if other.startswith(key + ":"))
    done = gantry("check", "--config", installation.configuration)
    assert done.returncode == 78
    assert f"{installation.configuration}:{number}" in done.stderr and about in done.stderr, done.stderr
    if suggestion:
        assert suggestion in done.stderr
    served = gantry("serve", "--config", installation.configuration)
    assert served.returncode == 78, "the server does not start with what check refuses"


@pytest.mark.parametrize("text", ["listener: [\n", "\tlistener:\n", "a: b: c\n", "- list\n", "listener: {port: 1\n", "\x00\n", "[" * 10_000])
def test_check_survives_what_is_no_yaml(gantry_binary, tmp_path, text):
    file = tmp_path / "gantry.yml"
    file.write_text(text)
    done = gantry("check", "--config", file)
    assert done.returncode == 78 and str(file) in done.stderr


def test_check_names_every_mistake_at_once(gantry_binary, tmp_path):
    file = tmp_path / "gantry.yml"
    file.write_text("listener:\n  port: many\n  prot: 1\nlog:\n  level: loud\n")
    done = gantry("check", "--config", file)
    assert done.returncode == 78
    assert all(f"{file}:{line}" in done.stderr for line in (2, 3, 5)), done.stderr


def test_check_of_a_file_that_is_not_there(gantry_binary, tmp_path):
    done = gantry("check", "--config", tmp_path / "gantry.yml")
    assert done.returncode != 0 and "gantry.yml" in done.stderr


def test_the_default_file_has_every_key(gantry_binary, tmp_path):
    installation = process.Gantry(tmp_path)
    installation.init()
    done = gantry("check", "--config", installation.configuration)
    assert done.returncode == 0 and not done.stderr.strip(), done


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_well(gantry_binary, tmp_path, number):
    installation = process.Gantry(tmp_path, plain=True)
    installation.init()
    installation.start()
    begin = time.monotonic()
    assert installation.stop(number) == 0
    assert time.monotonic() - begin < 5


def test_the_socket_is_for_the_administrators_only(plant):
    mode = plant.socket.stat().st_mode
    assert stat.S_ISSOCK(mode) and mode & 0o007 == 0


def test_a_restart_finds_everything_again(appliance):
    before = [appliance.json(noun, "list") for noun in ("project", "app", "user")]
    appliance.stop()
    appliance.start()
    assert [appliance.json(noun, "list") for noun in ("project", "app", "user")] == before


def test_modules_can_be_switched_off(gantry_binary, tmp_path):
    installation = process.Gantry(tmp_path)
    installation.init()
    installation.settings("modules:\n  alarms:\n    enabled: false\n  webui:\n    enabled: false\n")
    installation.start()
    try:
        assert installation.http("/healthz")[0] == 200
        assert installation.http("/")[0] == 404
        assert installation.json("status")
    finally:
        assert installation.stop() == 0


def test_status_tells_version_and_address(plant):
    status = plant.json("status")
    assert re.match(r"\d+\.\d+\.\d+", status["version"])
    assert str(plant.port) in status["url"]


def test_status_counts_what_the_router_lets_pass_and_drops(gantry_binary, tmp_path):
    installation = process.Gantry(tmp_path, plain=True)
    installation.init()
    installation.settings("limits:\n  retained: 64KiB\n")
    installation.start()
    try:
        before = installation.json("status")
        session = wire.Peer(wire.RawSocket(installation.address, wire.CODECS["json"])).join()
        session.subscribe("org.example.counted")
        session.requests += 7
        session.publish("org.example.counted", exclude_me=False)
        session.publish("org.example.counted", "x" * 70_000, retain=True)
        session.request(wire.Message.CALL, {}, "org.example.counted.by.nobody")
        after = installation.json("status")
    finally:
        assert installation.stop() == 0
    more = {name: after[name] - before[name] for name in after if isinstance(after[name], int)}
    assert (more["request_id_gaps"], more["events_not_kept"], more["request_errors"]) == (1, 1, 1), more
    assert more["messages_in"] >= 4 and more["messages_out"] >= 4 and more["events_out"] >= 1, more
    assert (more["events_dropped"], more["protocol_violations"]) == (0, 0), more


def test_ready_in_half_a_second(gantry_binary, tmp_path):
    installation = process.Gantry(tmp_path)
    installation.init()
    times = []
    for _ in range(5):
        begin = time.monotonic()
        installation.start()
        times.append(time.monotonic() - begin)
        installation.stop()
    assert min(times) < 0.5, f"ready after {min(times):.2f} s"
