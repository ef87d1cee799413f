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


def test_the_device_that_stores_readings(appliance):
    """The commands, with this installation's configuration in place of the service's, and the app with its environment."""
    for line in block("A device that stores readings", "sh").splitlines():
        words = line.removeprefix("sudo gantry ").split(" > ")[0].split()
        words = [str(process.ROOT / word) if word.startswith("etc/") else word for word in words]
        if words[:2] == ["project", "add"]:
            words[2] = "hall-of-the-readme"
        else:
            words = ["hall-of-the-readme" if word == "hall" else word for word in words]
        output = appliance.run(*words)
    environment = dict(line.removeprefix("export ").split("=", 1) for line in output.splitlines() if "=" in line)
    environment = {name: value.strip("'\"") for name, value in environment.items()}
    script = block("A device that stores readings", "python").replace(
        'await device.getHistory("line", {"limit": 10}))', 'await device.getHistory("line", {"limit": 10}))\n    await device.stop()'
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
    )
    assert done.returncode == 0 and "180.5" in done.stdout, done.stdout + done.stderr
