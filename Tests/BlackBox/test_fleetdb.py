"""Tables over the wire: what is appended is what history and the live feed show, and what is wrong says so."""

import time

import pytest

import entry
import gantry
from wire import Message


@pytest.fixture(scope="module")
def plant(gantry_binary, tmp_path_factory):
    """One of its own: in these histories nobody else's rows may stand."""
    with gantry.plant(tmp_path_factory.mktemp("fleetdb")) as installation:
        yield installation


class Table:
    """The table `sensordata` as a device's session sees it."""

    def __init__(self, plant, session):
        self.plant, self.session = plant, session
        self.uri = f"{plant.project}.{plant.press}.sensordata"
        self.keywords = {
            "DEVICE_SERIAL_NUMBER": plant.devices[0]["serial"],
            "DEVICE_KEY": str(plant.devices[0]["device_key"]),
            "DEVICE_NAME": "press-1",
        }
        Table.clock = max(getattr(Table, "clock", 0) + 1_000, int(time.time() * 1_000))
        self.begin = Table.clock

    def tsp(self):
        Table.clock += 1
        return Table.clock

    def append(self, row):
        answer = self.session.ask(Message.CALL, Message.RESULT, {}, f"append.{self.uri}", [row], self.keywords)
        assert answer[3] == [{"success": True}], answer
        return row

    def append_bulk(self, rows):
        answer = self.session.ask(Message.CALL, Message.RESULT, {}, f"appendBulk.{self.uri}", [rows], self.keywords)
        assert answer[3] == [{"success": True, "count": len(rows)}], answer

    def refuse(self, procedure, *arguments):
        request = self.session.request(Message.CALL, {}, procedure, list(arguments), self.keywords)
        error = self.session.expect(Message.ERROR)
        assert error[2] == request
        assert error[5] and isinstance(error[5][0], str), "the first argument says in words what is wrong"
        return error[4], error[5][0]

    def history(self, query=None, table="sensordata", **more):
        query = {"limit": 10_000, "timeRange": [self.begin, None], **(query or {}), **more}
        return self.session.call(f"history.transformed.{table}", query)[0]

    def feed(self):
        """Subscribes both feeds with a session of its own and returns the function that reads the next event."""
        reader = entry.join_as_app(self.plant, 1)
        single = reader.subscribe("transformed.sensordata")
        bulk = reader.subscribe("transformed.bulk.sensordata")

        def following():
            event = reader.expect(Message.EVENT)
            return {single: "single", bulk: "bulk"}[event[1]], event[4]

        return following


@pytest.fixture
def table(plant):
    with entry.join_as_app(plant) as session:
        yield Table(plant, session)


def test_the_events_row_is_the_historys_row(table):
    feed = table.feed()
    table.append(
        {
            "tsp": table.tsp(), "temperature": 21.25, "pressure": 3, "count": 12, "closed": False, "note": "größer",
            "detail": {"nested": [1, {"x": None}]},
        }
    )
    kind, [fed] = feed()
    [read] = table.history()
    assert kind == "single" and fed == read
    assert {key: type(value) for key, value in fed.items()} == {key: type(value) for key, value in read.items()}
    assert read["device_key"] == table.plant.devices[0]["device_key"]
    assert read["authid"] == table.plant.devices[0]["serial"]


def test_bulk_rows_come_as_one_event(table):
    feed = table.feed()
    table.append_bulk([{"tsp": table.tsp(), "count": n} for n in range(50)])
    kind, [fed] = feed()
    assert kind == "bulk" and [row["count"] for row in fed] == list(range(50))
    assert fed == table.history()


def test_the_published_forms_are_stored_too(table):
    feed = table.feed()
    session, keywords = table.session, table.keywords
    session.ask(
        Message.PUBLISH, Message.PUBLISHED, {"acknowledge": True}, table.uri, [{"tsp": table.tsp(), "count": 1}], keywords
    )
    assert feed()[1][0]["count"] == 1
    rows = [{"tsp": table.tsp(), "count": n} for n in (2, 3)]
    session.ask(Message.PUBLISH, Message.PUBLISHED, {"acknowledge": True}, f"bulk.{table.uri}", [rows], keywords)
    assert [row["count"] for row in feed()[1][0]] == [2, 3]
    assert [row["count"] for row in table.history()] == [1, 2, 3]


def test_a_published_row_that_cannot_be_stored_is_told_in_error_logs(table):
    begin = int(time.time() * 1_000) - 1
    table.session.publish(table.uri, {"temperature": 1})
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        logs = table.history({"timeRange": [begin, None]}, table="error-logs")
        if any("tsp" in str(row["msg"]) for row in logs):
            return
        time.sleep(0.05)
    raise AssertionError("error-logs say nothing about it")


@pytest.mark.parametrize(
    ("column", "given", "stored"),
    [
        ("temperature", 1, 1),
        ("temperature", 1.0, 1),
        ("temperature", "2.5", 2.5),
        ("temperature", "warm", None),
        ("count", "17", 17),
        ("count", 2**53, 2**53),
        ("count", 1.5, None),
        ("closed", "true", True),
        ("closed", 1, True),
        ("closed", "yes", None),
        ("note", 5, "5"),
        ("detail", [1, "two"], [1, "two"]),
        ("detail", None, None),
        ("no_such_column", 1, None),
    ],
    ids=str,
)
def test_values_become_the_columns_type(table, column, given, stored):
    table.append({"tsp": table.tsp(), column: given})
    [row] = table.history()
    if column == "no_such_column":
        assert column not in row
    else:
        assert row[column] == stored and type(row[column]) is type(stored)


@pytest.mark.parametrize("tsp", ["2026-01-15T08:00:00Z", "2026-01-15T08:00:00", "2026-01-15T09:00:00+01:00", 1_768_464_000_000])
def test_times_in_every_form_are_milliseconds_afterwards(table, tsp):
    table.append({"tsp": tsp, "note": f"time {tsp}"})
    expected = 1_768_464_000_000
    rows = table.history({"timeRange": [expected, expected + 1], "filterAnd": [
        {"column": "note", "operator": "=", "value": f"time {tsp}"}]})
    assert rows and all(row["tsp"] == expected and type(row["tsp"]) is int for row in rows)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([{"column": "count", "operator": "=", "value": 3}], [3]),
        ([{"column": "count", "operator": "!=", "value": 3}], [0, 1, 2, 4]),
        ([{"column": "count", "operator": "<>", "value": 3}], [0, 1, 2, 4]),
        ([{"column": "count", "operator": ">", "value": 2}], [3, 4]),
        ([{"column": "count", "operator": "<=", "value": 1}], [0, 1]),
        ([{"column": "count", "operator": "IN", "value": [1, 4, 9]}], [1, 4]),
        ([{"column": "count", "operator": "NOT IN", "value": [1, 4, 9]}], [0, 2, 3]),
        ([{"column": "note", "operator": "LIKE", "value": "A%"}], [0, 2]),
        ([{"column": "note", "operator": "ILIKE", "value": "a%"}], [0, 1, 2]),
        ([{"column": "note", "operator": "NOT LIKE", "value": "A%"}], [1, 3]),
        ([{"column": "note", "operator": "IS NULL"}], [4]),
        ([{"column": "note", "operator": "IS NOT NULL"}], [0, 1, 2, 3]),
        ([{"column": "note", "operator": "!=", "value": "Anna"}], [1, 2, 3]),
        ([{"column": "closed", "operator": "=", "value": True}], [1, 3]),
        ([{"column": "detail.axis", "operator": ">=", "value": 3}], [3, 4]),
        ([{"column": "count", "operator": ">", "value": 0}, {"column": "count", "operator": "<", "value": 3}], [1, 2]),
        (
            [{"combinator": "OR", "filters": [
                {"column": "count", "operator": "=", "value": 0}, {"column": "count", "operator": "=", "value": 4}]}],
            [0, 4],
        ),
        ([{"column": "unknown", "operator": "=", "value": 1}], [0, 1, 2, 3, 4]),
        ([{"latest": True}], [4]),
        ([], [0, 1, 2, 3, 4]),
        (None, [0, 1, 2, 3, 4]),
    ],
    ids=str,
)
def test_filters(table, filters, expected):
    for number, note in enumerate(["Anna", "anton", "Axel", "Ben", None]):
        table.append(
            {"tsp": table.tsp(), "count": number, "note": note, "closed": number % 2 == 1, "detail": {"axis": number}}
        )
    assert [row["count"] for row in table.history(filterAnd=filters)] == expected


def test_limit_offset_and_range_count_from_the_newest_and_answer_in_order(table):
    times = [table.append({"tsp": table.tsp(), "count": number})["tsp"] for number in range(20)]
    assert [row["count"] for row in table.history(limit=3)] == [17, 18, 19]
    assert [row["count"] for row in table.history(limit=3, offset=5)] == [12, 13, 14]
    assert [row["count"] for row in table.history(timeRange=[times[5], times[8]])] == [5, 6, 7]
    assert [row["count"] for row in table.history(timeRange=[None, times[2]], limit=2)] == [0, 1]
    assert table.history(timeRange=[times[8], times[8]]) == []


def test_columns_choose_and_time_device_and_author_always_come(table):
    table.append({"tsp": table.tsp(), "count": 1, "note": "x", "detail": {"a": {"b": 7}}})
    [row] = table.history(columns=["note"])
    assert set(row) == {"tsp", "device_key", "authid", "note"}


@pytest.mark.parametrize(
    "query",
    [None, {}, {"limit": -1}, {"limit": 10_001}, {"limit": "ten"}, {"limit": 5, "offset": -1},
     {"limit": 5, "timeRange": "today"}, {"limit": 5, "timeRange": [1]}, {"limit": 5, "timeRange": ["noon", None]},
     {"limit": 5, "filterAnd": {"column": "count"}}, {"limit": 5, "filterAnd": [{"column": "count", "operator": "~"}]},
     {"limit": 5, "columns": "count"}],
    ids=str,
)
def test_a_query_that_cannot_be_is_refused_in_words(table, query):
    error, _ = table.refuse("history.transformed.sensordata", query)
    assert error.startswith(("wamp.error.", "sys.dataservice.error.")), error


@pytest.mark.parametrize(
    "row", [{}, {"temperature": 1}, {"tsp": None}, {"tsp": "yesterday"}, {"tsp": True}, {"tsp": 1e300}, [], "row", None, 17],
    ids=str,
)
def test_a_row_that_cannot_be_is_refused_in_words(table, row):
    error, reason = table.refuse(f"append.{table.uri}", row)
    assert error in ("wamp.error.runtime_error", "wamp.error.invalid_argument"), error
    if isinstance(row, dict):
        assert "tsp" in reason
    assert table.history() == []


def test_bulk_is_all_or_nothing(table):
    rows = [{"tsp": table.tsp(), "count": n} for n in range(100)]
    table.refuse(f"appendBulk.{table.uri}", [*rows, {"count": 100}])
    assert table.history() == []
    table.append_bulk(rows)
    assert [row["count"] for row in table.history()] == list(range(100))


def test_a_large_history_comes_in_chunks_when_progress_is_wanted(table):
    for _ in range(10):
        table.append_bulk([{"tsp": table.tsp(), "note": "y" * 1_000, "count": n} for n in range(900)])
    session = table.session
    request = session.request(
        Message.CALL, {"receive_progress": True}, "history.transformed.sensordata",
        [{"limit": 10_000, "timeRange": [table.begin, None]}],
    )
    chunks = []
    while True:
        result = session.expect(Message.RESULT, timeout=20)
        assert result[1] == request
        if not result[2].get("progress"):
            break
        index, rows = result[3]
        assert index == len(chunks)
        chunks.append(rows)
    [final] = result[3]
    assert final == {"chunked": True, "chunkCount": len(chunks), "totalRows": 9_000, "order": "asc"}
    assert len(chunks) > 1
    newest_first = [row["tsp"] for chunk in chunks for row in chunk]
    assert newest_first == sorted(newest_first, reverse=True) and len(newest_first) == 9_000


def test_an_undeclared_table_has_no_procedure(table):
    request = table.session.request(Message.CALL, {}, f"append.{table.uri}2", [{"tsp": table.tsp()}])
    table.session.expect_error(Message.CALL, request, "wamp.error.no_such_procedure")


def test_appends_from_many_sessions_at_once_are_each_stored_once(plant, table):
    sessions = [entry.join_as_app(plant, number % 2) for number in range(8)]
    for number in range(200):
        for index, session in enumerate(sessions):
            session.request(
                Message.CALL, {}, f"append.{table.uri}",
                [{"tsp": table.tsp(), "count": index * 1_000 + number}], {"DEVICE_KEY": str(index)},
            )
            if number >= 50:
                assert session.expect(Message.RESULT)[3] == [{"success": True}]
    for session in sessions:
        for _ in range(50):
            assert session.expect(Message.RESULT)[3] == [{"success": True}]
    counts = [row["count"] for row in table.history()]
    assert sorted(counts) == sorted(index * 1_000 + number for index in range(8) for number in range(200))
    for index in range(8):
        own = [row["count"] for row in table.history() if row["count"] // 1_000 == index]
        assert own == [index * 1_000 + number for number in range(200)], "a publisher's order is kept"
    for session in sessions:
        session.wire.close()
