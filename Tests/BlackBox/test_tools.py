"""The tools that come with the server: a virtual device, and a load generator for any WAMP router."""

import json

import pytest

import entry
from gantry import gantry


def bench(*arguments, **options):
    """What a short measurement has found; it has to have found something, and nothing wrong."""
    done = gantry("bench", *arguments, "--duration", "0.4", "--warm-up", "0.1", "-o", "json", **options)
    assert done.returncode == 0, done
    assert done.stderr == "", "no progress is shown where nobody watches"
    figures = json.loads(done.stdout)
    assert figures["operations"] > 0 and figures["errors"] == 0 and figures["lost"] == 0, figures
    assert 0 < figures["p50_us"] <= figures["p99_us"] <= figures["p999_us"], figures
    return figures


@pytest.mark.parametrize("mode", ["rpc", "fanout", "fanin", "ack", "sparse", "join"])
@pytest.mark.parametrize("url", ["ws://{}:{}/ws", "rs://{}:{}"], ids=["websocket", "rawsocket"])
def test_bench_measures_a_router(plain_router, mode, url):
    figures = bench(url.format(*plain_router.address), "--mode", mode, "--peers", "4", "--pid", plain_router.process.pid)
    assert figures["server_cpu_us"] >= 0 and figures["server_rss_kib"] > 1_000, figures


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
def test_bench_speaks_every_serializer_to_another(plain_router, serializer):
    url = "ws://{}:{}/ws".format(*plain_router.address)
    bench(url, "--mode", "fanout", "--serializer", serializer, "--receiver-serializer", "json", "--peers", "3")


@pytest.mark.parametrize("match", ["exact", "prefix", "wildcard"])
def test_bench_publishes_to_many_topics_each_of_which_one_subscriber_has(plain_router, match):
    url = "rs://{}:{}".format(*plain_router.address)
    bench(url, "--mode", "fanout", "--topics", "1200", "--match", match, "--peers", "3")


def test_bench_holds_idle_sessions_and_weighs_them(plain_router):
    url = "ws://{}:{}/ws".format(*plain_router.address)
    figures = bench(url, "--mode", "idle", "--peers", "300", "--pid", plain_router.process.pid)
    assert figures["operations"] == figures["sessions"] == 300 and figures["idle_cpu_percent"] >= 0
    assert figures["rss_kib_per_session"] < 100


def test_bench_takes_the_median_of_its_windows(plain_router):
    figures = bench("rs://{}:{}".format(*plain_router.address), "--windows", "3")
    assert figures["per_second_min"] <= figures["per_second"] <= figures["per_second_max"]


def test_bench_calls_a_procedure_that_is_there(plain_router):
    bench("rs://{}:{}".format(*plain_router.address), "--procedure", "wamp.session.count", "--peers", "2")


def test_bench_reaches_a_router_over_tls(plain_router):
    address = "{}:{}".format(*plain_router.address)
    for url in (f"wss://{address}/ws", f"rss://{address}"):
        bench(url, "--ca", plain_router.certificate_authority)
    done = gantry("bench", f"wss://{address}/ws", "--duration", "0.1")
    assert done.returncode == 3 and "certificate" in done.stderr.lower(), "nobody vouches for the router here"


def test_bench_reaches_a_router_over_its_unix_socket(plain_router):
    done = gantry("bench", f"unix://{plain_router.socket}", "--realm", "no.such.realm", "--duration", "0.1")
    assert done.returncode == 1 and "no.such.realm" in done.stderr, done


def test_bench_appends_rows_as_devices_do(plant, tmp_path):
    files = []
    for name in ("bench-1", "bench-2"):
        plant.run("device", "add", "hall", name)
        files.append(tmp_path / f"{name}.env")
        files[-1].write_text(plant.run("app", "install", "hall", "press", name, "--stage", "prod", "-o", "env"))
    template = entry.gantry.ROOT / "Tests" / "BlackBox" / "data-template.yml"
    arguments = ["--mode", "append", "--template", template, "--peers", "4", "--depth", "2"]
    for file in files:
        arguments += ["--environment", file]
    query = {"limit": 10, "filterAnd": [{"column": "note", "operator": "=", "value": "bench-2"}]}
    single, bulk = bench(*arguments), bench(*arguments, "--rows", "20", "--step", "50")
    assert single["rows_per_operation"] == 1 and bulk["rows_per_operation"] == 20
    with entry.join_as_person(plant, "viewer-anna") as viewer:
        assert len(viewer.call("history.transformed.sensordata", query)[0]) == 10


@pytest.mark.parametrize(
    "arguments",
    [
        ["--mode", "fanout", "--size", "8"],
        ["--peers", "0"],
        ["--mode", "rpc", "--topics", "5"],
        ["--serializer", "xml"],
        ["--match", "sometimes"],
        ["--authid", "somebody"],
        ["--arguments", "{", "--procedure", "a.b"],
        ["--mode", "append"],
    ],
)
def test_bench_says_what_is_wrong_with_its_arguments(plain_router, arguments):
    done = gantry("bench", "rs://{}:{}".format(*plain_router.address), *arguments, "--duration", "0.1")
    assert done.returncode in (2, 64) and "--" in done.stderr, done


def test_bench_says_when_nobody_is_there(gantry_binary):
    done = gantry("bench", "ws://127.0.0.1:1/ws", "--duration", "0.1")
    assert done.returncode == 3 and done.stderr


def test_bench_says_when_there_is_no_such_process(plain_router):
    done = gantry("bench", "rs://{}:{}".format(*plain_router.address), "--pid", "999999999", "--duration", "0.1")
    assert done.returncode == 1 and "999999999" in done.stderr


def test_simulate_is_a_device(plant, tmp_path):
    device = json.loads(plant.run("device", "add", "hall", "simulated", "-o", "json"))
    file = tmp_path / "device.env"
    file.write_text(plant.run("app", "install", "hall", "press", "simulated", "--stage", "prod", "-o", "env"))
    template = entry.gantry.ROOT / "Tests" / "BlackBox" / "data-template.yml"
    query = {"limit": 1_000, "filterAnd": [{"column": "device_key", "operator": "=", "value": device["device_key"]}]}
    with entry.join_as_person(plant, "viewer-anna") as viewer:
        done = gantry("simulate", "--template", template, "--environment", file, "--interval", "0.01", "--count", "20")
        assert done.returncode == 0, done
        rows = viewer.call("history.transformed.sensordata", query)[0]
    assert len(rows) == 20
    assert isinstance(rows[-1]["temperature"], (int, float)) and rows[-1]["authid"] == device["serial"]
