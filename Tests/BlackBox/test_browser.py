"""The web UI in headless Chromium, with the local authority imported: what a person sees and does there."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

import entry
import gantry
from wire import Message

SIZES = [(390, 844), (1024, 600), (1440, 860), (1920, 1080)]
PAGES = ["/", "/devices", "/data", "/alarms", "/alarms?view=rules", "/functions", "/apps", "/people", "/realms", "/system"]
# Longer than any answer of a server on the same machine, shorter than anybody's patience.
PATIENCE_MS = 10_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@contextlib.contextmanager
def launched(playwright, installation, home):
    """A browser that trusts the installation's authority and nothing else of ours: no switch turns a warning off."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    certutil = ["certutil", "-d", f"sql:{database}"]
    authority = str(installation.certificate_authority)
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    subprocess.run([*certutil, "-A", "-t", "C,,", "-n", "gantry", "-i", authority], check=True)
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox"],  # the tests may run as root, in a container
        env={**os.environ, "HOME": str(home)},
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def chromium(playwright, plant, tmp_path_factory):
    with launched(playwright, plant, tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def screenshots(request):
    folder = pathlib.Path(os.environ.get("GANTRY_SCREENSHOTS", "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page, name):
        page.screenshot(path=folder / f"{name}.png")

    return keep


@contextlib.contextmanager
def window(chromium, installation, size=(1440, 860), scheme="light"):
    """An empty browser window. At its end: no error on its console, no request that left the server."""
    context = chromium.new_context(
        base_url=f"https://{installation.host}:{installation.port}",
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.complaints, page.hosts = [], set()
    page.on("console", lambda message: message.type in ("error", "warning") and page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: page.hosts.add(urlsplit(socket.url).netloc))
    yield page
    complaints, hosts = page.complaints, page.hosts
    context.close()
    assert complaints == []
    assert hosts - {""} == {f"{installation.host}:{installation.port}"}, "a request has left the server"


def sign_in(page, name, password=gantry.ADMIN_PASSWORD, to="/"):
    page.goto(to)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation").wait_for()


@pytest.fixture
def press(plant):
    """The app `press` on the first device, as its SDK would join: appends rows and offers functions."""
    device = entry.join_as_app(plant)
    device.key = plant.apps[0]["DEVICE_KEY"]

    def append(temperature, tsp=None, **more):
        row = {"tsp": tsp or time.time_ns() // 1_000_000, "temperature": temperature, **more}
        uri = f"append.{plant.project}.{plant.press}.sensordata"
        device.ask(Message.CALL, Message.RESULT, {}, uri, [row], {"DEVICE_KEY": device.key})

    device.append = append
    yield device
    device.wire.close()


def page_of(plant, path="/"):
    return f"{path}{'&' if '?' in path else '?'}realm={plant.realm}"


# The WAMP client that all pages stand on

CLIENT = """async ([script, realm, name, token, table]) => {
    const { Connection, WampError } = await import(script.replace('app.js', 'wamp.js'));
    const connection = new Connection({ realm, authid: name, ticket: () => token });
    const told = {};
    const life = new AbortController();
    const events = [];
    await connection.subscribe(`transformed.${table}`, (event) => events.push(event), { signal: life.signal });
    told.session = connection.details.authid;
    told.rows = (await connection.ask(`history.transformed.${table}`, {}, [{ limit: 5 }])).length;
    const failed = (promise) => promise.then(() => null, (error) => [error instanceof WampError, error.uri]);
    told.missing = await failed(connection.call('history.transformed.no_such_table'));
    told.forbidden = await failed(connection.subscribe('org.example.forbidden', () => {}));
    const chunks = [];
    const answer = await connection.call(`history.transformed.${table}`, [{ limit: 10000 }], {}, { onProgress: (part) => chunks.push(part.args[1].length) });
    told.chunks = chunks.length;
    told.total = chunks.reduce((a, b) => a + b, 0);
    told.final = answer.args[0].chunkCount;
    await new Promise((resolve) => setTimeout(resolve, 500));
    told.events = events.length;
    life.abort();
    connection.close();
    told.state = connection.state;
    told.closed = await failed(connection.call('wamp.session.get', [0]));
    const refused = new Connection({ realm, authid: name, ticket: () => 'no token' });
    await new Promise((resolve) => refused.addEventListener('state', resolve));
    told.refused = [refused.state, refused.refusal.uri];
    refused.close();
    return told;
}"""


def test_the_client_module_calls_subscribes_and_is_refused(chromium, plant, press):
    token = entry.sign_in(plant, "operator-anna")
    with window(chromium, plant) as page:
        page.goto("/")
        script = page.locator("script[src]").get_attribute("src")
        for start in range(0, 10_000, 500):  # over 8 MiB of JSON: comes in chunks
            begin = time.time_ns() // 1_000_000 - 86_400_000
            rows = [{"tsp": begin + start + i, "temperature": 1, "note": "x" * 900} for i in range(500)]
            uri = f"appendBulk.{plant.project}.{plant.press}.sensordata"
            press.ask(Message.CALL, Message.RESULT, {}, uri, [rows], {"DEVICE_KEY": plant.apps[1]["DEVICE_KEY"]})
        told = page.evaluate(CLIENT, [script, plant.realm, "operator-anna", token, "sensordata"])
    assert told["session"] == "operator-anna" and told["rows"] == 5 and told["events"] == 0
    assert told["missing"] == [True, "wamp.error.no_such_procedure"]
    assert told["forbidden"] == [True, "wamp.error.not_authorized"]
    assert told["chunks"] == told["final"] >= 2 and told["total"] == 10_000
    assert told["state"] == "closed" and told["closed"][0]
    assert told["refused"] == ["refused", "wamp.error.authentication_failed"]


# Signing in


def test_a_wrong_password_is_refused_in_words(chromium, plant):
    with window(chromium, plant) as page:
        page.goto("/")
        page.get_by_label("Name", exact=True).fill("operator-anna")
        page.get_by_label("Password", exact=True).fill("not my password at all")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).not_to_be_empty()
        expect(page.get_by_role("navigation")).to_have_count(0)
        # Chromium itself reports every answer of 4xx.
        page.complaints[:] = [text for text in page.complaints if "401" not in text]


def test_an_address_leads_through_the_door_to_its_page_and_survives_a_reload(chromium, plant):
    with window(chromium, plant) as page:
        sign_in(page, "operator-anna", to=page_of(plant, "/alarms"))
        expect(page.get_by_role("heading", name="Alarms", level=1)).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Alarms", level=1)).to_be_visible()


def test_signing_out_closes_the_door(chromium, plant):
    with window(chromium, plant) as page:
        sign_in(page, "operator-anna")
        page.get_by_label("Account operator-anna").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_password_that_was_handed_out_has_to_be_changed(chromium, plant):
    with entry.join_as_person(plant, "admin", realm="gantry.admin") as administrator:
        account = {"name": "berta", "role": "viewer"}
        created = administrator.ask(Message.CALL, Message.RESULT, {}, "gantry.user.add", [], account)[3][0]
    with window(chromium, plant) as page:
        page.goto("/")
        page.get_by_label("Name", exact=True).fill("berta")
        page.get_by_label("Password", exact=True).fill(created["password"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("New password", exact=False).first.fill("only she knows this sentence")
        page.get_by_label("New password, again").fill("only she knows this sentence")
        page.get_by_role("button", name="Set password").click()
        expect(page.get_by_role("navigation")).to_be_visible()


# The road from the device to the screen


def test_an_appended_value_is_on_screen_within_a_second(chromium, plant, press, screenshots):
    with window(chromium, plant) as page:
        begin = time.time_ns() // 1_000_000 - 300_000
        for step in range(60):
            press.append(20 + step % 7, tsp=begin + step * 5000, pressure=180, count=step)
        sign_in(page, "operator-anna", to=page_of(plant))
        chart = page.locator("gantry-chart canvas").first
        expect(chart).to_have_attribute("aria-label", re.compile("press-1 "))
        expect(page.locator(".live")).to_contain_text("live")
        for value in (33.25, 44.5, 27.75):
            sent = time.monotonic()
            press.append(value)
            expect(chart).to_have_attribute("aria-label", re.compile(rf"press-1 {value}"), timeout=1000)
            assert time.monotonic() - sent < 1
        expect(page.locator(".values")).to_contain_text("27.75")
        # The line is drawn, not only told: its colour is on the canvas.
        assert page.evaluate(DRAWN, "--series-1") > 50
        screenshots(page, "live-chart")


# How many pixels of the first chart have the colour of the first line.
DRAWN = """name => {
    const canvas = document.querySelector('gantry-chart canvas');
    const probe = document.createElement('canvas').getContext('2d');
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] > 200 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 24) count += 1;
    }
    return count;
}"""


def test_rows_of_a_range_are_listed_and_exported(chromium, plant, press):
    with window(chromium, plant) as page:
        press.append(61.5, note='=HYPERLINK("x"), "quoted"')
        sign_in(page, "viewer-anna", to=page_of(plant, f"/data?devices={press.key}"))
        expect(page.get_by_role("cell", name="61.5", exact=True).first).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export CSV…").click()
        text = pathlib.Path(download.value.path()).read_text(encoding="utf-8-sig")
        head, *rows = text.splitlines()
        assert head == "tsp,device_key,device,authid,temperature,pressure,count,closed,note,detail"
        [row] = [row for row in rows if ",61.5," in row]
        assert ',"\'=HYPERLINK(""x""), ""quoted""",' in row, "a cell that begins like a formula is a text"


def test_zooming_stands_in_the_address_and_survives_a_reload(chromium, plant, press):
    with window(chromium, plant) as page:
        press.append(50)
        sign_in(page, "viewer-anna", to=page_of(plant, f"/data?devices={press.key}"))
        chart = page.locator("gantry-chart canvas").first
        expect(chart).to_have_attribute("aria-label", re.compile("press-1 "))
        chart.focus()
        page.keyboard.press("+")
        page.wait_for_url(re.compile(r"from=\d+"))
        address = page.url
        page.reload()
        expect(page.locator("gantry-chart canvas").first).to_be_visible()
        assert page.url == address


# Alarms


def test_a_rule_written_here_raises_an_alarm_that_is_acknowledged_here(chromium, plant, press, screenshots):
    with window(chromium, plant) as page:
        sign_in(page, "engineer-anna", to=page_of(plant, "/alarms?view=rules"))
        press.append(20)
        page.get_by_role("button", name="New rule…").click()
        page.get_by_label("Name", exact=True).fill("Upper plate hot")
        page.get_by_label("critical: value").fill("90")
        page.get_by_label("major: value").fill("80")
        screenshots(page, "rule")
        page.get_by_role("button", name="Save rule").click()
        expect(page.get_by_role("cell", name="Upper plate hot")).to_be_visible()

        page.goto(page_of(plant))
        expect(page.locator(".live")).to_contain_text("live")
        press.append(91.5)
        row = page.get_by_role("row", name=re.compile("Upper plate hot"))
        expect(row).to_contain_text("91.5 °C > 90")
        expect(row).to_contain_text("not acknowledged")
        expect(page.locator(".badge.critical")).to_contain_text("1")
        screenshots(page, "alarm")
        row.get_by_role("button", name="Acknowledge").click()
        expect(row).to_contain_text("acknowledged by engineer-anna")
        screenshots(page, "alarm-acknowledged")
        press.append(20)
        expect(row).to_have_count(0)

        page.goto(page_of(plant, "/alarms?view=history"))
        for word in ("raised", "acknowledged", "returned"):
            expect(page.get_by_role("row", name=re.compile(f"{word}.*(Upper plate hot|$)")).first).to_be_visible()


def test_an_alarm_is_shelved_with_a_reason(chromium, plant, press):
    with entry.join_as_person(plant, "engineer-anna") as engineer:
        rule = {"name": "Strokes", "table": "sensordata", "severities": {"minor": [{"column": "count", "operator": ">", "value": 900}]}}
        engineer.call("alarms.rule.put", rule)
        with window(chromium, plant) as page:
            sign_in(page, "operator-anna", to=page_of(plant, "/alarms"))
            press.append(20, count=901)
            row = page.get_by_role("row", name=re.compile("Strokes"))
            row.get_by_role("button", name="Shelve").click()
            page.get_by_label("Reason").fill("counter is being replaced")
            page.get_by_role("button", name="Shelve", exact=True).click()
            expect(row).to_contain_text("counter is being replaced")
            expect(page.locator(".badge.minor")).to_have_count(0)
        press.append(20, count=1)
        engineer.call("alarms.rule.delete", {"name": "Strokes"})


# Functions


def test_a_device_function_is_called_and_answers(chromium, plant, press, screenshots):
    uri = f"{plant.project}.{press.key}.{plant.press}.PROD.set_level"
    press.ask(Message.REGISTER, Message.REGISTERED, {}, uri)
    with window(chromium, plant) as page:
        sign_in(page, "operator-anna", to=page_of(plant, f"/device?device={press.key}"))
        page.get_by_role("button", name="set_level…").click()
        page.get_by_label("Value of argument 1").fill("42")
        page.get_by_role("button", name="Call", exact=True).click()
        invocation = press.expect(Message.INVOCATION)
        assert invocation[4] == [42]
        press.send(Message.YIELD, invocation[1], {}, [{"level": 42}])
        expect(page.locator("function-form .result")).to_contain_text('"level": 42')
        screenshots(page, "function")

        page.get_by_role("button", name="Call", exact=True).click()
        invocation = press.expect(Message.INVOCATION)
        press.send(Message.ERROR, Message.INVOCATION, invocation[1], {}, "press.error.busy", ["the press is closing"])
        expect(page.locator("function-form .failure")).to_contain_text("the press is closing")


def test_a_viewer_is_shown_no_way_to_call_or_acknowledge(chromium, plant, press):
    with window(chromium, plant) as page:
        press.append(20)
        sign_in(page, "viewer-anna", to=page_of(plant, "/functions"))
        expect(page.get_by_text("A viewer cannot call functions.")).to_be_visible()
        page.goto(page_of(plant, "/people"))
        expect(page.get_by_text("Accounts are an administrator’s business.", exact=False)).to_be_visible()


# When the line breaks


def test_a_restart_greys_the_page_and_it_heals_by_itself(playwright, appliance, tmp_path):
    with launched(playwright, appliance, tmp_path / "browser") as browser, window(browser, appliance) as page:
        sign_in(page, "operator-anna", to=f"/?realm={appliance.realm}")
        expect(page.locator(".live")).to_contain_text("live")
        appliance.kill()
        expect(page.get_by_text("Connection lost")).to_be_visible()
        expect(page.locator("gantry-app.lost")).to_have_count(1)
        appliance.start()
        expect(page.get_by_text("Connection lost")).to_have_count(0, timeout=30_000)
        device = entry.join_as_app(appliance)
        row = {"tsp": time.time_ns() // 1_000_000, "temperature": 77.5}
        uri = f"append.{appliance.project}.{appliance.press}.sensordata"
        device.ask(Message.CALL, Message.RESULT, {}, uri, [row], {"DEVICE_KEY": appliance.apps[0]["DEVICE_KEY"]})
        chart = page.locator("gantry-chart canvas").first
        expect(chart).to_have_attribute("aria-label", re.compile("press-1 77.5"))
        device.wire.close()
        # What the browser says of its own while nobody listens.
        page.complaints[:] = [text for text in page.complaints if "ERR_CONNECTION_REFUSED" not in text]


# How it looks


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_every_page_fits_every_screen_in_both_schemes(chromium, plant, press, screenshots, size):
    begin = time.time_ns() // 1_000_000 - 600_000
    for step in range(120):
        press.append(40 + step % 11, tsp=begin + step * 5000, pressure=180 + step % 5, count=step, closed=True)
    pictures = {}
    for scheme in ("light", "dark"):
        with window(chromium, plant, size, scheme) as page:
            sign_in(page, "engineer-anna", to=page_of(plant))
            for path in PAGES:
                page.goto(page_of(plant, path))
                page.locator("main > *").first.wait_for()
                page.wait_for_timeout(400)
                name = re.sub(r"\W+", "-", path).strip("-") or "overview"
                screenshots(page, f"{name}-{size[0]}x{size[1]}-{scheme}")
                pictures[name, scheme] = page.screenshot()
                wide = page.evaluate("[...document.querySelectorAll('html, main')].map(e => e.scrollWidth - e.clientWidth)")
                assert max(wide) <= 0, f"{path} is wider than the screen"
    for name in {name for name, _ in pictures}:
        assert pictures[name, "light"] != pictures[name, "dark"], f"{name} does not know the dark"


def test_the_keyboard_reaches_everything(chromium, plant, press):
    press.append(20)
    with window(chromium, plant) as page:
        sign_in(page, "engineer-anna", to=page_of(plant))
        page.locator("gantry-chart").first.wait_for()
        page.evaluate("document.activeElement.blur()")
        reached = set()
        for _ in range(80):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.tagName"))
        for name in ("Skip to the page", "Devices", "Alarms", "System", "15 min", "CANVAS"):
            assert any(text.startswith(name) for text in reached), f"{name} is not reached"
        page.goto(page_of(plant, "/devices"))
        page.get_by_role("searchbox").wait_for()
        page.keyboard.press("/")
        page.keyboard.type("press-2")
        expect(page.get_by_role("link", name="press-2")).to_be_visible()
        expect(page.get_by_role("link", name="press-1")).to_have_count(0)


def test_pages_are_kept_by_the_browser_and_found_under_no_other_address(plant):
    status, headers, body = plant.http("/")
    assert status == 200 and headers["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert plant.http("/", headers={"If-None-Match": headers["ETag"]})[0] == 304
    [script] = re.findall(r'src="([^"]+)"', body.decode())
    status, headers, _ = plant.http(script)
    assert status == 200 and "immutable" in headers["Cache-Control"]
    assert plant.http("/no-such-page")[0] == 404
    assert plant.http("/assets/../app.js")[0] in (400, 404)
