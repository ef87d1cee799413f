"""kill -9 and the order of system calls: an answered append is on disk, and nothing answered is there twice."""

import random
import re
import subprocess
import threading
import time


import entry
import wire
from wire import Message

KILLS = 50


class Writer(threading.Thread):
    """Appends numbered rows, several calls under way at once, and remembers which were answered."""

    def __init__(self, appliance, name, first):
        super().__init__(daemon=True)
        self.appliance, self.writer, self.number = appliance, name, first
        self.answered = []

    def run(self):
        uri = f"append.{self.appliance.project}.{self.appliance.press}.sensordata"
        under_way = {}
        try:
            session = entry.join_as_app(self.appliance, self.writer % 2)
            while True:
                while len(under_way) < 16:
                    # Above 90 is the alarm of test_alarm_states_survive; one device only, so that there is one alarm.
                    row = {"tsp": int(time.time() * 1_000), "count": self.number, "note": f"writer {self.writer}"}
                    request = session.request(Message.CALL, {}, uri, [row], {"DEVICE_KEY": str(self.writer)})
                    under_way[request] = self.number
                    self.number += 1
                result = session.expect(Message.RESULT)
                self.answered.append(under_way.pop(result[1]))
        except (wire.Closed, OSError, AssertionError, TimeoutError):
            pass  # The server is gone, which is what this test is about.


def stored(appliance):
    """Every stored row's (writer, count), read page by page."""
    found = []
    with entry.join_as_person(appliance, "engineer-anna") as session:
        offset = 0
        while True:
            [rows] = session.call("history.transformed.sensordata", {"limit": 10_000, "offset": offset})
            found += [(row["note"], row["count"]) for row in rows]
            offset += len(rows)
            if len(rows) < 10_000:
                return found


def test_fifty_kills_lose_no_answered_row_and_no_alarm(appliance):
    chance = random.Random(50)
    rule = {
        "name": "too hot", "table": "sensordata", "auto_resolve": False,
        "severities": {"critical": [{"column": "temperature", "operator": ">", "value": 90}]},
    }
    with entry.join_as_person(appliance, "engineer-anna") as session:
        session.call("alarms.rule.put", rule)
    answered, alarmed, ready = set(), set(), []
    for kill in range(KILLS):
        writers = [Writer(appliance, name, kill * 1_000_000) for name in range(3)]
        for writer in writers:
            writer.start()
        # A device of its own for each round: its alarm has to be there ever after.
        with entry.join_as_app(appliance) as session:
            uri = f"append.{appliance.project}.{appliance.press}.sensordata"
            time.sleep(chance.uniform(0.02, 0.2))
            answer = session.ask(
                Message.CALL, Message.RESULT, {}, uri,
                [{"tsp": int(time.time() * 1_000), "temperature": 95, "count": -1 - kill, "note": "alarm"}],
                {"DEVICE_KEY": str(1_000 + kill)},
            )
            assert answer[3] == [{"success": True}]
            answered.add(("alarm", -1 - kill))
            alarmed.add(1_000 + kill)
        appliance.kill()
        for writer in writers:
            writer.join(10)
            answered |= {(f"writer {writer.writer}", number) for number in writer.answered}
        begin = time.monotonic()
        appliance.start()
        ready.append(time.monotonic() - begin)
    assert len(answered) > KILLS * 3, f"only {len(answered)} rows were answered: there was no load"
    rows = stored(appliance)
    assert len(rows) == len(set(rows)), "a row is stored twice"
    assert answered <= set(rows), f"{len(answered - set(rows))} answered rows are lost"
    with entry.join_as_person(appliance, "engineer-anna") as session:
        alarms = session.call("alarms.list")[0]
    assert {alarm["device_key"] for alarm in alarms} == alarmed, "an alarm was lost with its evaluation"
    assert all(alarm["state"] == "active_unacknowledged" and alarm["severity"] == "critical" for alarm in alarms)
    assert max(ready) < 3, f"ready after {max(ready):.1f} s"


def test_an_acknowledged_alarm_is_acknowledged_after_a_kill(appliance):
    rule = {
        "name": "too hot", "table": "sensordata",
        "severities": {"major": [{"column": "temperature", "operator": ">", "value": 90}]},
    }
    with entry.join_as_person(appliance, "engineer-anna") as session:
        session.call("alarms.rule.put", rule)
        session.subscribe("alarms.on_change")
        with entry.join_as_app(appliance) as device:
            uri = f"append.{appliance.project}.{appliance.press}.sensordata"
            device.call(uri, {"tsp": int(time.time() * 1_000), "temperature": 91, "DEVICE_KEY": 7})
        raised = session.expect(Message.EVENT)[4][0]
        session.ask(
            Message.CALL, Message.RESULT, {}, "alarms.acknowledge", [],
            {"rule": "too hot", "device_key": raised["device_key"], "comment": "seen"},
        )
    appliance.kill()
    appliance.start()
    with entry.join_as_person(appliance, "engineer-anna") as session:
        [alarm] = session.call("alarms.list")[0]
    assert alarm["state"] == "active_acknowledged" and alarm["acknowledgement"]["text"] == "seen"


def test_no_answer_leaves_before_its_fdatasync(appliance):
    """The system calls of the daemon, in order: between the write of a row's page and its RESULT there is a sync.

    The payload of the RESULT is on the wire in the clear (plain WAMP from loopback), so strace can see it.
    """
    appliance.stop()
    trace = appliance.folder / "strace"
    calls = "trace=pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync,close,openat"
    appliance.start(wrapper=["strace", "-f", "-tt", "-y", "-s", "512", "-e", calls, "-o", trace])
    environment = appliance.apps[0]
    peer = wire.Peer(wire.RawSocket(appliance.address, wire.CODECS["json"]))
    rounds = 30
    with entry.join(appliance, appliance.realm, environment["APP_AUTH_ID"], environment["APP_AUTH_SECRET"], peer=peer) as session:
        uri = f"append.{appliance.project}.{appliance.press}.sensordata"
        for number in range(rounds):
            session.call(uri, {"tsp": int(time.time() * 1_000) + number, "count": number})
    # strace passes no signal on to the daemon that it traces.
    children = subprocess.run(["pgrep", "-P", str(appliance.process.pid)], capture_output=True, text=True)
    for child in children.stdout.split():
        subprocess.run(["kill", child], check=True)
    appliance.process.wait(20)
    appliance.process = None

    unsynced, answers, premature, stored_writes = set(), 0, [], 0
    pending_sync = {}
    for line in trace.read_text(errors="replace").splitlines():
        thread = line.split()[0]
        table_file = re.search(r"<([^>]*/fleetdb/[^>]*\.db(?:-wal)?)>", line)
        if "pwrite64(" in line and table_file:
            unsynced.add(table_file[1])
            stored_writes += 1
        elif re.search(r"f(data)?sync\(", line) and table_file:
            if "unfinished" in line:
                pending_sync[thread] = table_file[1]
            else:
                unsynced.discard(table_file[1])
        elif "sync resumed" in line and thread in pending_sync:
            unsynced.discard(pending_sync.pop(thread))
        elif re.search(r"(write|writev|sendto|sendmsg)\(\d+<(TCP|socket)", line) and "success" in line:
            answers += line.count("success")
            if unsynced:
                premature.append(line[:200])
    assert stored_writes >= rounds, f"the trace shows only {stored_writes} writes of tables"
    assert answers >= rounds, f"the trace shows only {answers} answers"
    assert not premature, "answers that left before the disk had their rows:\n" + "\n".join(premature[:5])
