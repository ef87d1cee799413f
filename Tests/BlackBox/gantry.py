"""The binary under test as a process: starts it on a free port, waits until it is ready, stops it by its own id."""

import contextlib
import json
import os
import pathlib
import shlex
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("GANTRY_BINARY", ROOT / ".build/release/gantry"))
ADMIN_PASSWORD = "correct horse battery staple"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class CommandFailed(AssertionError):
    def __init__(self, arguments, done):
        super().__init__(f"gantry {shlex.join(arguments)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        self.code, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr


def environment_with(changes=None):
    """This process's environment without variables of the tests' own that look like settings, and with changes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GANTRY_")}
    return {**kept, "NO_COLOR": "1", **(changes or {})}


def gantry(*arguments, environment=None, input=None, timeout=60):
    """Runs one command and returns what it did, whatever its exit code."""
    return subprocess.run(
        [str(BINARY), *map(str, arguments)],
        capture_output=True,
        text=True,
        input=input,
        timeout=timeout,
        env=environment_with(environment),
    )


class Gantry:
    """One installation in a folder of its own, and its daemon."""

    host = "127.0.0.1"

    def __init__(self, folder, plain=False):
        self.folder = pathlib.Path(folder)
        self.configuration = self.folder / "etc" / "gantry.yml"
        self.data = self.folder / "data"
        self.socket = self.folder / "gantry.sock"
        self.log = self.folder / "log"
        self.port = free_port()
        self.plain = plain
        self.process = None
        self.tls = None

    @property
    def environment(self):
        return {"GANTRY_LISTENER_PORT": str(self.port), "GANTRY_LISTENER_UNIX_SOCKET": str(self.socket)}

    @property
    def address(self):
        return (self.host, self.port)

    @property
    def websocket_url(self):
        return f"{'ws' if self.tls is None else 'wss'}://{self.host}:{self.port}/ws"

    @property
    def certificate_authority(self):
        return self.data / "keys" / "ca.pem"

    def init(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        arguments = ["init", "--config", self.configuration.parent, "--data", self.data]
        if self.plain:
            arguments += ["--example", "plain"]
        else:
            password = self.folder / "admin-password"
            password.write_text(ADMIN_PASSWORD + "\n")
            arguments += ["--admin-password-file", password]
        done = gantry(*arguments, environment=self.environment)
        if done.returncode != 0:
            raise CommandFailed([str(a) for a in arguments], done)
        return done

    def settings(self, text):
        """Puts lines in place of gantry.yml's section of the same name; `text` is YAML with one or more sections."""
        sections = {line.split(":")[0] for line in text.splitlines() if line and line[0].isalpha()}
        kept, dropping = [], False
        for line in self.configuration.read_text().splitlines():
            if line and not line[0].isspace() and line[0] != "#":
                dropping = line.split(":")[0] in sections
            if not dropping:
                kept.append(line)
        self.configuration.write_text("\n".join(kept) + "\n" + text)

    def start(self, wrapper=(), wait=True):
        command = [*map(str, wrapper), str(BINARY), "serve", "--config", str(self.configuration), "--data", str(self.data)]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment_with(self.environment), start_new_session=True
            )
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self, timeout=20):
        """Until /readyz answers; returns the seconds that it took."""
        begin = time.monotonic()
        while time.monotonic() - begin < timeout:
            if self.process.poll() is not None:
                raise AssertionError(f"gantry serve ended with {self.process.returncode}\n{self.log.read_text()[-4000:]}")
            if self.is_ready():
                return time.monotonic() - begin
            time.sleep(0.01)
        raise AssertionError(f"gantry serve was not ready in {timeout} s\n{self.log.read_text()[-4000:]}")

    def is_ready(self):
        try:
            return self.http("/readyz", timeout=1)[0] == 200
        except (OSError, urllib.error.URLError, ssl.SSLError):
            return False

    def http(self, path, method="GET", body=None, headers=None, timeout=5):
        """(status, headers, body) of one HTTP request, over TLS with the local authority when there is TLS."""
        scheme = "http" if self.plain else "https"
        request = urllib.request.Request(
            f"{scheme}://{self.host}:{self.port}{path}", data=body, method=method, headers=headers or {}
        )
        context = None if self.plain else self.tls_context()
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def tls_context(self):
        return ssl.create_default_context(cafile=self.certificate_authority)

    def use_tls(self):
        self.tls = self.tls_context()
        return self

    def stop(self, signal_number=signal.SIGTERM, timeout=15):
        """Ends the daemon and returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"gantry serve did not stop in {timeout} s") from None
        self.process = None
        return code

    def kill(self):
        """kill -9"""
        self.process.kill()
        self.process.wait()
        self.process = None

    def run(self, *arguments, input=None):
        """A command of the command line against this installation; returns its standard output."""
        arguments = [*map(str, arguments), "--config", str(self.configuration)]
        done = gantry(*arguments, environment=self.environment, input=input)
        if done.returncode != 0:
            raise CommandFailed(arguments, done)
        return done.stdout

    def json(self, *arguments, input=None):
        return json.loads(self.run(*arguments, "-o", "json", input=input))

    def env(self, *arguments):
        """The lines NAME=value of `-o env`, as a shell would read them."""
        environment = {}
        for line in self.run(*arguments, "-o", "env").splitlines():
            words = shlex.split(line.removeprefix("export "), comments=True)
            for word in words:
                name, _, value = word.partition("=")
                environment[name] = value
        return environment

    def status_of_process(self, field):
        """A line of /proc/PID/status, e.g. VmRSS."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise KeyError(field)


@contextlib.contextmanager
def plant(folder):
    """A furnished installation with TLS that runs; ends well, if the test has not ended it."""
    installation = Gantry(folder)
    installation.init()
    installation.use_tls()
    installation.start()
    try:
        furnish(installation)
        yield installation
    finally:
        code = installation.stop()
    assert code in (None, 0), installation.log.read_text()[-4000:]


def furnish(installation):
    """Project `hall` with the app `press` on two devices, and the app `oven` on the first one only."""
    template = ROOT / "Tests" / "BlackBox" / "data-template.yml"
    installation.project = installation.json("project", "add", "hall")["swarm_key"]
    installation.press = installation.json("app", "add", "hall", "press", "--template", template)["app_key"]
    installation.oven = installation.json("app", "add", "hall", "oven", "--template", template)["app_key"]
    installation.devices = [installation.json("device", "add", "hall", name) for name in ("press-1", "press-2")]
    installation.apps = [
        installation.env("app", "install", "hall", "press", device, "--stage", "prod")
        for device in ("press-1", "press-2")
    ]
    installation.env("app", "install", "hall", "oven", "press-1", "--stage", "prod")
    installation.realm = f"realm-{installation.project}-{installation.press}-prod"
    for role in ("viewer", "operator", "engineer"):
        password = installation.folder / f"{role}-password"
        password.write_text(ADMIN_PASSWORD + "\n")
        installation.run("user", "add", f"{role}-anna", "--role", role, "--password-file", password)
