"""What a merchant can see of the state of the numbers: proofs, rejections, progress; and no customer's words."""

from datetime import UTC, datetime

import pytest
import time_machine

from analytics import recount
from analytics.data_health import read_data_health
from analytics.ingest import ingest_events
from analytics.models import RejectedEvents, Rollup
from portal.models import Job
from tests.events import Chat, resolved, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE = "/lumen/data-health/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def event(**changes):
    return Chat("c", at="2026-11-20T09:00:00+00:00").ask("My card is 4111").events[0] | changes


def reasons(merchant):
    return {(row.field, row.error): row.n for row in RejectedEvents.objects.for_merchant(merchant)}


def test_what_is_rejected_is_kept_with_its_reason_and_counted(merchant, other_merchant):
    bad = [event(channel="fax"), event(channel="pigeon"), event(type="conversation.exploded"), event()]
    result = ingest_events(merchant, bad, now=NOW)
    assert (result.accepted, len(result.rejected)) == (1, 3)
    ingest_events(merchant, [event(channel="smoke", id="7" * 36)], now=NOW)
    found = reasons(merchant)
    assert {field: n for (field, _error), n in found.items()} == {"channel": 2, "type": 1, "id": 1}
    assert not RejectedEvents.objects.for_merchant(other_merchant).exists()
    row = RejectedEvents.objects.get(field="id")
    assert (row.day, row.last_at, row.last_event_id) == (NOW.date(), NOW, "7" * 36)


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "Ann's “secret” word"},
        {"type": "secret's\n'type'"},
        {"Ann is secret": 1},
        {"data": {"text": "x", "secret words (of Ann)": 1}},
        {"occurred_at": "secret"},
        {"occurred_at": "2036-11-20T09:00:00+00:00"},
        {"id": "secret"},
        {"data": {"text": ["secret"]}},
    ],
)
def test_no_word_of_the_sender_is_kept(merchant, changes):
    assert len(ingest_events(merchant, [event(**changes)], now=NOW).rejected) == 1
    row = RejectedEvents.objects.for_merchant(merchant).get()
    row.last_event_id = ""
    for text in ("secret", "Ann", "2036"):
        assert text not in f"{row.field} {row.error}"


def test_a_misspelt_field_is_kept_by_its_name(merchant):
    ingest_events(merchant, [event(data={"text": "x", "confidense": 1})], now=NOW)
    assert {field for field, _error in reasons(merchant)} == {"data.confidense"}


def test_a_broken_client_fills_no_table(merchant, monkeypatch):
    monkeypatch.setattr("analytics.rejections.MAX_REASONS_A_DAY", 3)
    for n in range(6):
        ingest_events(merchant, [event(**{f"field_{n}": 1}), event(**{f"other_{n}": 1})], now=NOW)
    found = reasons(merchant)
    assert len(found) == 4
    assert sum(found.values()) == 12
    assert found["", "Other reasons"] == 9


def test_the_page_shows_proofs_and_rejections(sign_in, viewer, merchant):
    send(merchant, resolved("c-1", at="2026-11-02T09:00:00+00:00"))
    recount.reconcile(merchant, now=NOW)
    client = sign_in(viewer)
    assert "All equal" in client.get(PAGE).content.decode()
    Rollup.objects.for_merchant(merchant).update(n_resolved=5)
    recount.reconcile(merchant, now=NOW)
    ingest_events(merchant, [event(channel="fax")] * 2, now=NOW)
    page = client.get(PAGE).content.decode()
    assert "Repaired" in page
    assert "n_resolved 5 → 1" in page
    assert "Use one of widget, email" in page
    health = read_data_health(merchant, now=NOW)
    assert (health.n_rejected, health.data_to) == (2, datetime(2026, 11, 2, 9, 2, 2, tzinfo=UTC))


def test_the_page_shows_a_recount_that_runs(sign_in, viewer, merchant):
    client = sign_in(viewer)
    assert "Counting anew" not in client.get(PAGE).content.decode()
    Job.start(merchant, "recount").report(30, 100, "Counting anew")
    assert "Counting anew" in client.get(PAGE).content.decode()


def test_an_empty_merchant_is_told_what_will_come(sign_in, viewer, merchant):
    page = sign_in(viewer).get(PAGE).content.decode()
    assert "Not proved yet" in page
    assert "None within 30 days" in page


def test_stranger_404_wrong_method_405(sign_in, viewer, stranger, merchant):
    assert sign_in(stranger).get(PAGE).status_code == 404
    assert sign_in(viewer).post(PAGE).status_code == 405
