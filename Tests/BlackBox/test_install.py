"""install.sh: installs, upgrades in place, keeps what is there, takes itself away again, and says what is wrong."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

import pytest

import gantry as process

ROOT = pathlib.Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="install.sh makes a system user, which takes root")


def install(*arguments, timeout=120, user=None):
    command = [str(ROOT / "install.sh"), *map(str, arguments)]
    if user:
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd="/", env=process.environment_with())


@pytest.fixture
def place(gantry_binary):
    """A prefix, a configuration and a data directory that the system user can reach; nothing of the system's own."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gantry-install-", dir="/var/tmp"))
    folder.chmod(0o755)
    where = ["--prefix", folder / "opt", "--config", folder / "etc", "--data", folder / "data"]
    yield folder, where
    install(*where, "--uninstall")
    shutil.rmtree(folder)


def test_install_upgrade_and_uninstall(place, gantry_binary):
    folder, where = place
    port = process.free_port()
    done = install(*where, "--port", port, "--binary", gantry_binary)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f":{port}/" in done.stdout and str(folder / "etc/ca.pem") in done.stdout
    assert re.search(r"password +([a-z0-9]{6}-){3}[a-z0-9]{6}", done.stdout)
    assert not list(pathlib.Path("/usr/local/bin").glob("gantry")) or "opt/gantry" in os.readlink("/usr/local/bin/gantry")

    gantry = folder / "opt/current/gantry"
    assert gantry.stat().st_size < 100 * 2**20
    assert b".symtab" not in subprocess.run(["readelf", "-SW", gantry], capture_output=True).stdout, "not stripped"
    options = ["--config", folder / "etc/gantry.yml"]
    assert subprocess.run([gantry, "status", *options], capture_output=True).returncode == 0
    assert (folder / "data").stat().st_mode & 0o077 == 0, "data is the system user's alone"
    owner = {(folder / "data" / name).owner() for name in os.listdir(folder / "data")}
    assert owner == {"gantry"}
    subprocess.run([gantry, "project", "add", "kept", *options], check=True, capture_output=True)
    authority = (folder / "data/keys/ca.pem").read_bytes()
    configuration = (folder / "etc/gantry.yml").read_text() + "\n# mine\n"
    (folder / "etc/gantry.yml").write_text(configuration)

    again = install(*where, "--binary", gantry_binary)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "accounts are as they were" in again.stdout
    assert (folder / "etc/gantry.yml").read_text() == configuration
    assert (folder / "data/keys/ca.pem").read_bytes() == authority
    listed = subprocess.run([gantry, "project", "list", "-o", "json", *options], capture_output=True, text=True)
    assert listed.returncode == 0 and "kept" in listed.stdout

    gone = install(*where, "--uninstall")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert not (folder / "opt").exists() and (folder / "etc/gantry.yml").exists() and (folder / "data/keys").exists()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    purged = install(*where, "--uninstall", "--purge")
    assert purged.returncode == 0 and not (folder / "data").exists() and not (folder / "etc").exists()


def test_installing_without_starting(place, gantry_binary):
    folder, where = place
    port = process.free_port()
    done = install(*where, "--port", port, "--binary", gantry_binary, "--no-start")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "etc/gantry.yml").exists() and "start " in done.stdout
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_the_demo_streams(place, gantry_binary):
    folder, where = place
    done = install(*where, "--port", process.free_port(), "--binary", gantry_binary, "--demo")
    assert done.returncode == 0, done.stdout + done.stderr
    options = ["--config", folder / "etc/gantry.yml", "-o", "json"]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        listed = subprocess.run([folder / "opt/current/gantry", "device", "list", "demo", *options], capture_output=True)
        if any(device.get("connected") for device in json.loads(listed.stdout)):
            return
        time.sleep(0.2)
    raise AssertionError("the virtual device did not connect: " + (folder / "data/gantry.log").read_text()[-2_000:])


def test_a_dry_run_does_nothing(place, gantry_binary):
    folder, where = place
    done = install(*where, "--binary", gantry_binary, "--dry-run")
    assert done.returncode == 0 and "would" in done.stdout
    assert list(folder.iterdir()) == []


def test_a_port_in_use(place, gantry_binary):
    folder, where = place
    with socket.create_server(("0.0.0.0", 0)) as server:
        done = install(*where, "--port", server.getsockname()[1], "--binary", gantry_binary)
    assert done.returncode == 1 and "is in use" in done.stderr
    assert list(folder.iterdir()) == []


def test_without_root(place, gantry_binary):
    _, where = place
    done = install(*where, "--binary", gantry_binary, user=65_534)
    assert done.returncode == 1 and "root" in done.stderr


def test_without_a_toolchain(place):
    _, where = place
    command = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/nonexistent", str(ROOT / "install.sh"), *map(str, where), "--dry-run"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode == 0 or "building as" in done.stdout:
        pytest.skip("this machine has a toolchain where install.sh looks without a PATH")
    assert done.returncode == 1 and "Swift" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--port", "0"], ["--port", "many"], ["--port"], ["--nonsense"], ["--purge"], ["--prefix", "/"], ["--data", "/var/lib"],
     ["--demo", "--no-start"], ["--data", "/var/tmp/with blank"], ["--prefix", "/opt/second", "--uninstall", "--purge"]],
    ids=" ".join,
)
def test_wrong_options_end_with_2(arguments):
    done = install(*arguments, "--dry-run")
    assert done.returncode == 2 and done.stderr


def test_a_file_that_is_no_gantry(place, tmp_path):
    _, where = place
    done = install(*where, "--binary", "/bin/true", "--no-start")
    assert done.returncode == 1 and "not Gantry" in done.stderr
