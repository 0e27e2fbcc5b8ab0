"""Exports: the files hold what the cards and lists count, whatever a customer wrote, and however much there is."""

import csv
import io
import json
import re
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from analytics.export_formats import ENCODERS, Format
from analytics.export_rows import CONVERSATION_COLUMNS, conversation_rows, metric_columns
from analytics.filters import Filters
from analytics.models import Conversation
from analytics.queries import conversations, totals
from portal.periods import count_steps, parse_period
from tests.events import Chat, abandoned, escalated, resolved, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS, NUMBERS = "/api/v1/export/conversations", "/api/v1/export/metrics"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mixed(merchant):
    """Six conversations of two channels, one of the night on which Berlin's clock goes back, and a test."""
    send(
        merchant,
        resolved("a", at="2026-10-25T00:30:00+00:00"),
        resolved("b"),
        escalated("c"),
        abandoned("d", channel="email", at="2026-11-04T09:00:00+00:00"),
        Chat("e", channel="email", at="2026-11-10T09:00:00+00:00").start("ann").ask().answer(cost=0.5).rate(5),
        escalated("f", at="2026-11-19T09:00:00+00:00", reason="tool_failure"),
        Chat("t").start(is_test=True).ask().answer(),
    )


def body_of(answer) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body_of(answer).decode("utf-8"))))


def test_rows_are_what_the_list_and_the_card_count(api, merchant, mixed):
    period = parse_period({}, zone=merchant.zone, now=NOW)
    whole = totals(merchant, period, now=NOW)
    for outcome in ("", "resolved", "escalated", "abandoned", "ended", "excluded"):
        rows = rows_of(api("read").get(ROWS, {"outcome": outcome} if outcome else {}))
        listed = conversations(merchant, period, Filters(outcome=outcome))
        assert {int(row["id"]) for row in rows} == set(listed.values_list("pk", flat=True))
        assert len(rows) == getattr(whole, f"n_{outcome}" if outcome else "n_conversations")
    assert [row["conversation_id"] for row in rows_of(api("read").get(ROWS, {"channel": "email"}))] == ["d", "e"]


@pytest.mark.parametrize("step", ["hour", "day", "week", "month"])
@pytest.mark.parametrize("by", ["", "channel", "language", "agent_version"])
def test_counts_of_all_steps_and_parts_add_up_to_the_cards(api, merchant, mixed, step, by):
    rows = rows_of(api("read").get(NUMBERS, {"step": step, "period": "90d", **({"by": by} if by else {})}))
    period = parse_period({"period": "90d"}, zone=merchant.zone, now=NOW)
    whole = totals(merchant, period, now=NOW)
    for column in ("n_conversations", "n_resolved", "n_escalated", "n_excluded", "n_messages", "n_verified"):
        assert sum(int(row[column]) for row in rows) == getattr(whole, column)
    assert sum(float(row["agent_cost"] or 0) for row in rows) == 0.5
    parts = {row[by] for row in rows} if by else {""}
    assert len({(row["start"], row.get(by)) for row in rows}) == len(rows)
    assert len(rows) == count_steps(period, step) * len(parts)


def test_every_step_has_its_row_and_hours_tell_their_offset(api, mixed):
    rows = rows_of(api("read").get(NUMBERS, {"step": "hour", "period": "day", "on": "2026-10-25"}))
    assert len(rows) == 25
    assert [(row["start"], row["n_conversations"]) for row in rows[2:4]] == [
        ("2026-10-25T02:00:00+02:00", "1"),
        ("2026-10-25T02:00:00+01:00", "0"),
    ]
    days = rows_of(api("read").get(NUMBERS, {"from": "2026-11-01", "to": "2026-11-05"}))
    assert [(row["start"], row["n_conversations"], row["resolution_rate"]) for row in days][:3] == [
        ("2026-11-01", "0", ""),
        ("2026-11-02", "2", "0.5"),
        ("2026-11-03", "0", ""),
    ]


@pytest.mark.parametrize("path", [ROWS, NUMBERS])
def test_the_three_formats_hold_the_same(api, mixed, path):
    reader = api("read")
    table = rows_of(reader.get(path, {"format": "csv"}))
    array = json.loads(body_of(reader.get(path, {"format": "json"})))
    lines = [json.loads(line) for line in body_of(reader.get(path, {"format": "ndjson"})).splitlines()]
    assert array == lines
    assert list(table[0]) == list(array[0])
    for row, entry in zip(table, array, strict=True):
        assert [cell == "" for cell in row.values()] == [value in (None, "") for value in entry.values()]
        assert row.get("conversation_id") == entry.get("conversation_id")


def test_the_columns_are_those_of_the_documentation():
    page = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
    told = page.partition("<!-- columns of metrics -->")[2].partition("<!-- end of columns -->")[0]
    assert tuple(re.findall(r"`(\w+)`", told)) == metric_columns("")


def test_nothing_to_export_is_a_header_or_an_empty_list(api, merchant):
    reader = api("read")
    assert body_of(reader.get(ROWS)).decode().strip() == ",".join(CONVERSATION_COLUMNS)
    assert json.loads(body_of(reader.get(ROWS, {"format": "json"}))) == []
    assert body_of(reader.get(ROWS, {"format": "ndjson"})) == b""


def test_names_kinds_and_zone_of_a_file(api, other_merchant):
    send(other_merchant, resolved("a", at="2026-11-02T18:30:00+00:00"))
    answer = api("read", of=other_merchant).get(ROWS, {"from": "2026-11-03", "to": "2026-11-03"})
    name = 'attachment; filename="himal-conversations-2026-11-03-to-2026-11-03.csv"'
    assert (answer["content-type"], answer["content-disposition"]) == ("text/csv; charset=utf-8", name)
    [row] = rows_of(answer)
    assert row["started_at"] == "2026-11-03T00:16:00+05:45"


@pytest.mark.parametrize("said", ["=1+1", "+49 30 1", "-2", "@cmd", "\t=1", "  =1", "＝1"])
def test_no_cell_is_a_formula(api, merchant, said):
    send(merchant, Chat("a").start(customer_id="x").ask(f"{said} please, where is it?").answer())
    [row] = rows_of(api("read").get(ROWS))
    assert row["question"][0] == "'"
    [entry] = json.loads(body_of(api("read").get(ROWS, {"format": "json"})))
    assert entry["question"][0] != "'"


def test_commas_quotes_lines_and_umlauts_survive(api, merchant):
    send(merchant, Chat("a").start().ask('Größe "L",\nbitte? 日本').answer())
    [row] = rows_of(api("read").get(ROWS))
    assert row["question"] == 'Größe "L",\nbitte? 日本'


def test_numbers_stay_numbers():
    rows = [(-1, -0.5, True, None)]
    text = b"".join(ENCODERS[Format.CSV](("a", "b", "c", "d"), rows, ZoneInfo("UTC"))).decode()
    assert text.splitlines() == ["a,b,c,d", "-1,-0.5,true,"]


@pytest.mark.parametrize("kind", list(Format))
def test_memory_does_not_grow_with_the_rows_and_the_first_bytes_come_early(kind):
    drawn = 0

    def many(n: int):
        nonlocal drawn
        for drawn in range(n):
            yield (drawn, "a question of some length " * 4, NOW)

    def peak(n: int) -> int:
        tracemalloc.start()
        size = sum(len(chunk) for chunk in ENCODERS[kind](("n", "text", "at"), many(n), ZoneInfo("UTC")))
        assert size > n * 100
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(20_000) < 1.5 * peak(2_000)
    next(ENCODERS[kind](("n", "text", "at"), many(20_000), ZoneInfo("UTC")))
    assert drawn < 1_000


def test_the_first_row_comes_before_the_database_read_the_last(merchant, django_assert_num_queries):
    """A cursor of the server that fetches as it goes, within one transaction."""
    Conversation.objects.bulk_create(
        Conversation(
            merchant=merchant,
            thread=f"c-{n}",
            channel="widget",
            started_at=NOW - timedelta(minutes=n),
            last_event_at=NOW,
            updated_at=NOW,
        )
        for n in range(4_500)
    )
    period = parse_period({}, zone=merchant.zone, now=NOW)
    rows = conversation_rows(merchant, period, Filters(), now=NOW)
    with django_assert_num_queries(2):  # the savepoint and the declaration of the cursor
        next(rows)
    assert len(list(rows)) == 4_499


@pytest.mark.parametrize(
    ("url", "field"),
    [
        (f"{ROWS}?format=xlsx", "format"),
        (f"{ROWS}?topic=nonsense", "topic"),
        (f"{ROWS}?period=decade", "period"),
        (f"{ROWS}?page_size=3", "page_size"),
        (f"{NUMBERS}?by=outcome", "by"),
        (f"{NUMBERS}?step=minute", "step"),
        (f"{NUMBERS}?outcome=resolved", "outcome"),
    ],
)
def test_bad_parameters_are_named(api, merchant, url, field):
    answer = api("read").get(url)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize("path", ["conversations", "metrics"])
class TestPages:
    def test_a_viewer_gets_the_file_that_spreadsheets_read(self, path, sign_in, viewer, api, mixed):
        answer = sign_in(viewer).get(f"/lumen/export/{path}/?period=30d&channel=email")
        text = body_of(answer).decode()
        assert text[0] == "\ufeff"
        rest = api("read").get(f"/api/v1/export/{path}?period=30d&channel=email")
        assert text[1:] == body_of(rest).decode()
        assert answer["content-disposition"] == rest["content-disposition"]

    def test_strangers_wrong_questions_and_methods(self, path, sign_in, stranger, viewer, merchant):
        assert sign_in(stranger).get(f"/lumen/export/{path}/").status_code == 404
        assert sign_in(viewer).post(f"/lumen/export/{path}/").status_code == 405
        for wrong in ("period=decade", "channel=fax", "format=xlsx"):
            assert sign_in(viewer).get(f"/lumen/export/{path}/?{wrong}").status_code == 400
