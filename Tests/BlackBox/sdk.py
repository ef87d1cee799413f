"""Holds sdk_app.py processes: one device each, the SDK's version chosen by its Python environment."""

import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

APP = pathlib.Path(__file__).with_name("sdk_app.py")
# What a device has beside the variables that Gantry prints: nothing that could lead it elsewhere.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class App:
    def __init__(self, environment, python=sys.executable):
        self.process = subprocess.Popen(
            [python, str(APP)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**{name: os.environ[name] for name in KEPT if name in os.environ}, **environment},
        )
        self.rows = queue.Queue()
        self._answers = {}
        self._changed = threading.Condition()
        self._errors = []
        self._started = False
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=lambda: self._errors.extend(self.process.stderr), daemon=True).start()

    def __enter__(self):
        self._wait(lambda: self._started, 30, "it never joined")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _listen(self):
        for line in self.process.stdout:
            if not line.startswith("{"):
                continue
            message = json.loads(line)
            if "row" in message:
                self.rows.put(message["row"])
                continue
            with self._changed:
                if "started" in message:
                    self._started = True
                else:
                    self._answers[message["number"]] = message
                self._changed.notify_all()

    def _wait(self, condition, timeout, what):
        deadline = time.monotonic() + timeout
        with self._changed:
            while not condition():
                remaining = deadline - time.monotonic()
                if remaining <= 0 or self.process.poll() is not None:
                    raise AssertionError(f"SDK app: {what}; it said:\n{''.join(self._errors)[-3000:]}")
                self._changed.wait(min(remaining, 0.2))

    def begin(self, do, **command):
        """Sends a command and returns its number, for `end`."""
        self._number += 1
        self.process.stdin.write(json.dumps({"number": self._number, "do": do, **command}) + "\n")
        self.process.stdin.flush()
        return self._number

    def end(self, number, timeout=30):
        self._wait(lambda: number in self._answers, timeout, f"no answer to command {number}")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def do(self, verb, timeout=30, **command):
        return self.end(self.begin(verb, **command), timeout)

    def row(self, timeout=5):
        """The next row of the live feed."""
        return self.rows.get(timeout=timeout)
