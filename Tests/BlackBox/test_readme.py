"""What README.md tells a newcomer to paste works when it is pasted."""

import os
import pathlib
import re
import subprocess
import sys

import gantry as process

README = (process.ROOT / "README.md").read_text()


def block(heading, language):
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.search(rf"```{language}\n(.*?)```", section, re.S)[1]


def test_the_quick_start(gantry_binary, tmp_path):
    (tmp_path / "docs").symlink_to(process.ROOT / "docs")
    environment = {**process.environment_with(), "PATH": f"{pathlib.Path(gantry_binary).parent}:{os.environ['PATH']}"}
    script = "set -e\n" + block("Try it without installing", "sh")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().endswith("Hello, Gantry!")


def install_the_line(appliance, project):
    """The commands, with this installation's configuration in place of the service's; the environment of the app."""
    for line in block("A device that stores readings", "sh").splitlines():
        words = line.removeprefix("sudo gantry ").split(" > ")[0].split()
        words = [str(process.ROOT / word) if word.startswith("etc/") else word for word in words]
        output = appliance.run(*[project if word == "hall" else word for word in words])
    environment = dict(line.removeprefix("export ").split("=", 1) for line in output.splitlines() if "=" in line)
    environment = {name: value.strip("'\"") for name, value in environment.items()}
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment}


def test_the_device_that_stores_readings(appliance):
    environment = install_the_line(appliance, "hall-of-the-readme")
    script = block("A device that stores readings", "python").replace(
        'await device.getHistory("line", {"limit": 10}))', 'await device.getHistory("line", {"limit": 10}))\n    await device.stop()'
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0 and "180.5" in done.stdout, done.stdout + done.stderr


def test_the_device_without_the_sdk(appliance):
    environment = install_the_line(appliance, "hall-without-sdk")
    script = [sys.executable, process.ROOT / "docs" / "device.py"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    answer, rows, speed = done.stdout.splitlines()
    assert answer == "{'success': True}" and "180.5" in rows and speed == "speed is 12 now"


def test_the_example_of_gantry_yml(gantry_binary, tmp_path):
    router = process.Gantry(tmp_path)
    router.init()
    settings = (process.ROOT / "etc" / "gantry.yml").read_text()
    example = re.search(r"Example:\n#\n((?:#.*\n)+)realms: \{\}", settings)[1]
    router.settings(re.sub(r"(?m)^#   ", "", example))
    router.run("check")
