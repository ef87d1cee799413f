"""The vendor's SDK, unmodified, given the environment that `gantry app install -o env` prints and nothing else."""

import os
import threading
import time

import pytest

import gantry
import sdk

SDKS = {"1.10": None, "1.9": os.environ.get("GANTRY_SDK_1_9")}


@pytest.fixture(params=SDKS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def plant(gantry_binary, tmp_path_factory):
    """One of its own: in these histories nobody else's rows may stand."""
    with gantry.plant(tmp_path_factory.mktemp("ironflock")) as installation:
        yield installation


def app(installation, device=0, version="1.10"):
    python = SDKS[version]
    if version != "1.10" and not python:
        pytest.fail("GANTRY_SDK_1_9 names no Python with the SDK of that version; Tests/run makes one", pytrace=False)
    return sdk.App(installation.apps[device], **({"python": python} if python else {}))


def now():
    """The time in milliseconds, a little later with every call, so that rows have an order."""
    now.last = max(now.last + 1, int(time.time() * 1_000))
    return now.last


now.last = 0


def test_the_environment_is_what_the_sdk_reads(plant):
    environment = plant.apps[0]
    assert environment["DEVICE_SERIAL_NUMBER"] == plant.devices[0]["serial"]
    assert environment["DEVICE_KEY"] == str(plant.devices[0]["device_key"])
    assert environment["DEVICE_NAME"] == "press-1" and environment["APP_NAME"] == "press"
    assert environment["SWARM_KEY"] == str(plant.project) and environment["APP_KEY"] == str(plant.press)
    assert environment["ENV"] == "PROD"
    assert environment["DEVICE_ENDPOINT_URL"].startswith("wss://")
    assert environment["APP_AUTH_ID"].endswith("@" + environment["DEVICE_SERIAL_NUMBER"])
    assert environment["APP_AUTH_SECRET"] not in ("", environment["DEVICE_SERIAL_NUMBER"])
    assert os.path.exists(environment["SSL_CERT_FILE"])
    again = plant.env("app", "install", "hall", "press", "press-1", "--stage", "prod")
    assert again == environment, "the environment can be printed again"


def test_append_feed_and_history_show_the_same_row(plant, version):
    with app(plant, version=version) as device:
        device.do("subscribe", table="sensordata")
        row = {
            "tsp": now(), "temperature": 21.5, "pressure": 7, "count": 2**40, "closed": True, "note": "Übergabe",
            "detail": {"axes": [1, 2.5, None], "text": "x"},
        }
        assert device.do("append", table="sensordata", row=row)["success"] is True
        fed = device.row()
        [read] = device.do("history", table="sensordata", query={"limit": 1})
        assert fed == read
        assert {key: read[key] for key in row} == row
        assert read["device_key"] == plant.devices[0]["device_key"]
        assert read["authid"] == plant.devices[0]["serial"]


def test_publish_to_table(plant, version):
    """1.10 appends by a call; 1.9 publishes, and the row is stored all the same."""
    with app(plant, version=version) as device:
        device.do("subscribe", table="sensordata")
        tsp = now()
        device.do("publish", table="sensordata", row={"tsp": tsp, "temperature": 30})
        assert device.row()["tsp"] == tsp
        device.do("publish_rows", table="sensordata", rows=[{"tsp": now(), "count": n} for n in range(5)])
        assert [device.row()["count"] for _ in range(5)] == list(range(5))


def test_bulk_is_all_or_nothing(plant, version):
    with app(plant, version=version) as device:
        begin = now()
        result = device.do("append_rows", table="sensordata", rows=[{"tsp": now(), "count": n} for n in range(100)])
        assert result == {"success": True, "count": 100}
        with pytest.raises(RuntimeError, match="tsp"):
            device.do("append_rows", table="sensordata", rows=[{"tsp": now(), "count": 100}, {"count": 101}])
        rows = device.do("history", table="sensordata", query={"limit": 1_000, "timeRange": [begin, None]})
        assert [row["count"] for row in rows] == list(range(100))


def test_a_row_without_its_time_says_so(plant):
    with app(plant) as device:
        with pytest.raises(RuntimeError, match="tsp"):
            device.do("append", table="sensordata", row={"temperature": 1})


def test_history_over_eight_megabytes_comes_in_chunks(plant, version):
    with app(plant, version=version) as device:
        begin = now()
        for batch in range(10):
            rows = [{"tsp": now(), "count": batch * 900 + n, "note": "x" * 1_000} for n in range(900)]
            device.do("append_rows", table="sensordata", rows=rows)
        query = {"limit": 10_000, "timeRange": [begin, None]}
        answer = device.do("count", table="sensordata", query=query, timeout=60)
        assert answer == {"count": 9_000, "sum": sum(range(9_000)), "sorted": True}


def test_a_device_function_is_called_from_another_device(plant, version):
    with app(plant, 0, version) as first, app(plant, 1) as second:
        first.do("register", name="press-1")
        answer = second.do("call", device_key=plant.devices[0]["device_key"], args=["now", 3])
        assert answer == {"device": "press-1", "args": ["now", 3]}
        with pytest.raises(RuntimeError, match="no_such_procedure"):
            first.do("call", device_key=plant.devices[1]["device_key"], args=[])


def test_error_logs(plant):
    with app(plant) as device:
        device.do("report_error", message="The plate does not close")
        rows = device.do("history", table="error-logs", query={"limit": 10})
        assert any("The plate does not close" in str(row.values()) for row in rows)


def test_a_table_that_the_template_does_not_have(plant):
    """The SDK waits a minute for it, in case the platform is starting; here it is enough that nothing is stored."""
    with app(plant) as device:
        device.begin("append", table="nonsense", row={"tsp": now()})
        device.do("append", table="sensordata", row={"tsp": now(), "note": "goes on"})


def test_a_restart_in_the_middle_loses_no_acknowledged_row_and_the_feed_goes_on(appliance):
    with app(appliance, 0) as writer, app(appliance, 1) as reader:
        reader.do("subscribe", table="sensordata")
        answered, stop = [], threading.Event()

        def write():
            number = 0
            while not stop.is_set():
                try:
                    writer.do("append", table="sensordata", row={"tsp": now(), "count": number}, timeout=60)
                    answered.append(number)
                except RuntimeError:
                    pass  # No answer: the row may be there or not. The next one is another row.
                number += 1

        thread = threading.Thread(target=write)
        thread.start()
        for restart in (appliance.stop, appliance.kill):
            time.sleep(1)
            restart()
            appliance.start()
        before = len(answered)
        deadline = time.monotonic() + 40
        while len(answered) < before + 50 and time.monotonic() < deadline:
            time.sleep(0.1)
        stop.set()
        thread.join(70)
        assert len(answered) >= before + 50, "the writer did not come back"
        rows = reader.do("history", table="sensordata", query={"limit": 10_000})
        stored = [row["count"] for row in rows]
        assert set(answered) <= set(stored)
        assert len(stored) == len(set(stored)), "no answered row is stored twice"
        fed = set()
        deadline = time.monotonic() + 30
        while set(answered) - fed and time.monotonic() < deadline:
            fed.add(reader.row(timeout=30)["count"])
        assert set(answered) <= fed, "the feed catches up with what it missed"
