"""The tools that come with the server: a virtual device, and a load generator for any WAMP router."""

import json

import pytest

import entry
from gantry import gantry


@pytest.mark.parametrize("mode", ["rpc", "fanout"])
@pytest.mark.parametrize("url", ["ws://{}:{}/ws", "rs://{}:{}"], ids=["websocket", "rawsocket"])
def test_bench_measures_a_router(plain_router, mode, url):
    url = url.format(*plain_router.address)
    done = gantry("bench", url, "--mode", mode, "--duration", "0.5", "--peers", "4", "-o", "json")
    assert done.returncode == 0, done
    figures = json.loads(done.stdout)
    assert any(isinstance(figure, (int, float)) and figure > 100 for figure in figures.values()), figures


def test_bench_says_when_nobody_is_there(gantry_binary):
    done = gantry("bench", "ws://127.0.0.1:1/ws", "--duration", "0.1")
    assert done.returncode == 3 and done.stderr


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
