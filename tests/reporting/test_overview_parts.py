"""What stands around the numbers of the overview: marks on the trend, findings in words, the hours of the week."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from analytics.findings import find_changes
from analytics.queries import breakdown, hours_of_week
from analytics.totals import Totals, add_up
from portal.periods import parse_period
from reporting.findings_words import tell_findings
from reporting.heatmap import build_heatmap
from reporting.marks import Mark, place_marks, read_marks
from reporting.models import Anomaly
from tests.events import escalated, resolved, send

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def period(merchant):
    return parse_period({"period": "7d"}, zone=merchant.zone, now=NOW)


def ended(resolved, escalated, **more):
    return Totals(n_conversations=resolved + escalated, n_resolved=resolved, n_escalated=escalated, **more)


def test_a_change_is_told_with_its_place_and_leads_to_the_conversations(merchant, period):
    parts = {
        "channel": {
            "widget": (ended(600, 400), ended(600, 400)),
            "whatsapp": (ended(300, 200), ended(100, 400)),
        }
    }
    findings = find_changes(ended(900, 600), ended(700, 800), parts)
    [line] = tell_findings(findings, merchant, period)
    assert line.headline == "Resolution rate fell by 13.3 points to 46.7%"
    assert line.detail == (
        "Most likely because of the channel WhatsApp: 60.0% before, 20.0% now. Escalation rate rose by 13.3 points."
    )
    assert line.kind == "bad"
    assert line.url == f"/{merchant.slug}/conversations/?period=7d&channel=whatsapp&outcome=resolved"


def test_what_came_and_what_went_is_said_so(merchant, period):
    def detail(before, after):
        parts = {"agent_version": {"1": (ended(600, 400), ended(420, 280)), "2": (before, after)}}
        whole = [add_up(windows[side] for windows in parts["agent_version"].values()) for side in (0, 1)]
        return tell_findings(find_changes(*whole, parts), merchant, period)[-1].detail

    assert "agent version 2, which is new: 10.0% there" in detail(Totals(), ended(30, 270))
    assert "agent version 2, which is no longer in use: 10.0% there" in detail(ended(30, 270), Totals())


def test_more_conversations_are_neither_good_nor_bad(merchant, period):
    [line] = tell_findings(find_changes(ended(600, 400), ended(900, 600), {}), merchant, period)
    assert (line.headline, line.detail, line.kind) == (
        "50% more conversations: 1,500", "It happened everywhere alike.", "",
    )  # fmt: skip


@pytest.mark.django_db
def test_articles_versions_and_anomalies_are_marked_where_they_happened(merchant, other_merchant, period):
    send(merchant, resolved("a", at="2026-11-18T10:00:00+00:00"))
    for whose in (merchant, other_merchant):
        moment = datetime(2026, 11, 20, 8, tzinfo=UTC)
        Anomaly.objects.create(
            merchant=whose, metric="n_conversations", is_above=True, started_at=moment, ended_at=moment, found_at=NOW,
            value=60, expected=10, low=3, high=20, z=7, worst_from=moment, worst_to=moment,
        )  # fmt: skip
    marks = read_marks(merchant, period, new_versions=["1"])
    assert [(mark.kind, mark.label) for mark in marks] == [
        ("version", "Agent version 1 began"),
        ("anomaly", "Unusually many conversations"),
    ]
    assert not read_marks(merchant, period, new_versions=[])[0].url.startswith("/other")


def test_marks_stand_on_the_bar_of_their_day():
    days = [date(2026, 11, day) for day in range(16, 23)]
    article = Mark(datetime(2026, 11, 18, 10, tzinfo=UTC), "article", "Article “Customs” went live")
    version = Mark(datetime(2026, 11, 18, 11, tzinfo=UTC), "version", "Agent version 2 began")
    elsewhere = Mark(datetime(2026, 10, 1, tzinfo=UTC), "version", "Agent version 1 began")
    assert place_marks([article, version, elsewhere], days, step="day") == [
        {"index": 2, "kind": "several", "labels": [article.label, version.label]}
    ]
    assert place_marks([version], [date(2026, 11, 16)], step="week")[0]["index"] == 0


@pytest.mark.django_db
def test_the_busiest_hour_is_the_darkest_in_the_merchants_zone(merchant, period):
    merchant.timezone = "Asia/Kathmandu"
    merchant.save()
    chats = [resolved(f"r{n}", at="2026-11-18T10:10:00+05:45") for n in range(6)]
    send(merchant, *chats, escalated("e", at="2026-11-19T23:30:00+05:45"))
    heatmap = build_heatmap(hours_of_week(merchant, period))
    assert heatmap.busiest == "Wednesday 10:00 – 11:00"
    wednesday, thursday = heatmap.rows[2], heatmap.rows[3]
    assert (wednesday.n, wednesday.cells[10].level, wednesday.cells[11].level) == (6, 6, 0)
    assert wednesday.cells[10].label == "Wednesday 10:00 – 11:00: 6 conversations, 100.0% resolved"
    assert thursday.cells[23].level == 1
    assert thursday.cells[23].label == "Thursday 23:00 – 00:00: 1 conversation, 0.0% resolved"


@pytest.mark.django_db
def test_the_light_count_of_hours_is_the_breakdown_by_hours(merchant, period):
    send(merchant, resolved("a", at="2026-11-18T10:10:00+01:00"), escalated("b", at="2026-11-18T23:10:00+01:00"))
    light = hours_of_week(merchant, period)
    whole = breakdown(merchant, period, "hour_of_week", now=NOW)
    assert [(part.key, part.n, part.totals.resolution_rate) for part in light] == [
        (part.key, part.n, part.totals.resolution_rate) for part in whole
    ]


@pytest.mark.django_db
def test_an_empty_week_has_no_heat(merchant, period):
    assert build_heatmap(hours_of_week(merchant, period)) is None
