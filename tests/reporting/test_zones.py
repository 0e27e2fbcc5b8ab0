"""A merchant's days are those of its own wall clock: cards, trend, lists and file agree on them, at midnight and when
the clock changes. What is told stands here with the local day that it belongs to."""

import csv
from datetime import UTC, date

import pytest
import time_machine

from portal.models import Merchant, Role
from tests.events import Chat, send
from tests.reporting.conftest import NOW

pytestmark = pytest.mark.django_db
# Instant (UTC) → local day.
KATHMANDU = {  # +05:45
    "2026-10-31T18:14:59": "2026-10-31",
    "2026-10-31T18:15:00": "2026-11-01",
    "2026-11-14T18:14:59": "2026-11-14",
    "2026-11-14T18:15:00": "2026-11-15",
    "2026-11-14T18:29:59": "2026-11-15",
    "2026-11-15T18:14:59": "2026-11-15",
    "2026-11-15T18:15:00": "2026-11-16",
}
NEW_YORK_IN_AUTUMN = {  # 1 November: the hour from one to two comes twice
    "2026-11-01T03:59:59": "2026-10-31",
    "2026-11-01T04:00:00": "2026-11-01",
    "2026-11-01T05:30:00": "2026-11-01",
    "2026-11-01T06:30:00": "2026-11-01",
    "2026-11-02T04:59:59": "2026-11-01",
    "2026-11-02T05:00:00": "2026-11-02",
}
NEW_YORK_IN_SPRING = {  # 8 March: the hour from two to three does not come
    "2026-03-01T04:59:59": "2026-02-28",
    "2026-03-01T05:00:00": "2026-03-01",
    "2026-03-08T04:59:59": "2026-03-07",
    "2026-03-08T05:00:00": "2026-03-08",
    "2026-03-08T06:59:59": "2026-03-08",
    "2026-03-08T07:00:00": "2026-03-08",
    "2026-03-09T03:59:59": "2026-03-08",
    "2026-03-09T04:00:00": "2026-03-09",
    "2026-04-01T03:59:59": "2026-03-31",
    "2026-04-01T04:00:00": "2026-04-01",
}
STORIES = {
    "Kathmandu": ("Asia/Kathmandu", KATHMANDU, "2026-11-15"),
    "autumn": ("America/New_York", NEW_YORK_IN_AUTUMN, "2026-11-01"),
    "spring": ("America/New_York", NEW_YORK_IN_SPRING, "2026-03-08"),
}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(params=STORIES)
def shop(request, db, make_member, sign_in):
    """→ client, days of the conversations, the day that matters. Every other conversation is handed to a person."""
    zone, moments, day = STORIES[request.param]
    merchant = Merchant.objects.create(slug="shop", name="Shop", timezone=zone)
    for number, moment in enumerate(moments):
        chat = Chat(f"c-{number}", at=f"{moment}+00:00").ask().answer()
        send(merchant, chat.hand_off().close() if number % 2 else chat.resolve())
    client = sign_in(make_member(merchant, Role.VIEWER, email="vera@shop.example", name="Vera"))
    return client, [date.fromisoformat(each) for each in moments.values()], date.fromisoformat(day)


@pytest.mark.parametrize("kind", ["day", "week", "month", "custom"])
def test_cards_trend_hours_lists_and_file_count_the_same_local_days(shop, kind):
    client, days, day = shop
    query = f"period=custom&from={day}&to={days[-2]}" if kind == "custom" else f"period={kind}&on={day}"
    page = client.get(f"/shop/?{query}")
    period, overview = page.context["period"], page.context["overview"]
    assert period.kind == kind
    expected = [days.count(each) for each in period.days()]
    n = sum(expected)
    assert 0 < n < len(days)

    cards = {card.key: (card, url) for card, url in overview.cards}
    assert cards["n_conversations"][0].value == str(n)
    assert overview.trend.config["data"]["datasets"][0]["data"] == expected
    assert sum(cell.n for row in overview.heatmap.rows for cell in row.cells) == n
    rows = client.get(cards["n_conversations"][1]).context["page"].rows
    assert sorted(each.started_at.astimezone(period.zone).date() for each in rows) == sorted(
        each for each in days if each in period.days()
    )

    file = b"".join(client.get(f"/shop/export/metrics/?{query}&format=csv")).decode("utf-8-sig")
    lines = list(csv.DictReader(file.splitlines()))
    assert [(line["start"], int(line["n_conversations"])) for line in lines] == list(
        zip(map(str, period.days()), expected, strict=True)
    )
    n_resolved = sum(int(line["n_resolved"]) for line in lines)
    assert len(client.get(cards["resolution_rate"][1]).context["page"].rows) == n_resolved
    assert cards["resolution_rate"][0].value == f"{n_resolved / n:.1%}"


def test_the_day_of_a_clock_change_is_as_long_as_it_was(shop):
    client, _days, day = shop
    period = client.get(f"/shop/?period=day&on={day}").context["period"]
    hours = {date(2026, 11, 15): 24, date(2026, 11, 1): 25, date(2026, 3, 8): 23}
    assert (period.end.astimezone(UTC) - period.start.astimezone(UTC)).total_seconds() == hours[day] * 3600
