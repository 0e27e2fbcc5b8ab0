"""Hours by the wall clock: weeks lie on each other also where the clock was changed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics.weekly_hours import lay_out, read_weekly_hours
from portal.periods import day_start
from tests.events import escalated, resolved, send

BERLIN = ZoneInfo("Europe/Berlin")


def lay(by_hour, end, n_weeks=2):
    return lay_out({at: [n] for at, n in by_hour.items()}, ["n"], end=end, n_weeks=n_weeks)["n"]


def test_the_last_hour_is_the_last_of_the_last_row():
    end = datetime(2026, 11, 23, tzinfo=BERLIN)
    counts = lay({datetime(2026, 11, 22, 22, tzinfo=UTC): 7, datetime(2026, 11, 15, 22, tzinfo=UTC): 5}, end)
    assert (counts[1, 167], counts[0, 167], counts.sum()) == (7, 5, 12)


def test_an_hour_that_came_twice_counts_as_one_and_a_skipped_one_is_unknown():
    autumn = lay(
        {datetime(2026, 10, 25, 0, tzinfo=UTC): 6, datetime(2026, 10, 25, 1, tzinfo=UTC): 8},
        datetime(2026, 10, 26, tzinfo=BERLIN),
    )
    assert autumn[1, 146] == 7
    spring = lay({datetime(2026, 3, 29, 0, tzinfo=UTC): 6}, datetime(2026, 3, 30, tzinfo=BERLIN))
    assert np.isnan(spring[1, 146])
    assert spring[1, 145] == 6


def test_nine_in_the_morning_stays_nine_in_the_morning_across_the_change():
    counts = lay(
        {datetime(2026, 10, 23, 7, tzinfo=UTC): 3, datetime(2026, 10, 30, 8, tzinfo=UTC): 4},
        datetime(2026, 10, 31, tzinfo=BERLIN),
    )
    assert (counts[0, 153], counts[1, 153]) == (3, 4)


@pytest.mark.django_db
def test_counts_come_from_the_merchants_own_conversations(merchant, other_merchant):
    merchant.timezone = "Asia/Kathmandu"
    merchant.save()
    at = "2026-11-02T09:10:00+05:45"
    send(merchant, resolved("a", at=at), escalated("b", at=at, channel="email"))
    send(other_merchant, resolved("c", at=at))
    end = day_start(datetime(2026, 11, 3, tzinfo=merchant.zone).date(), merchant.zone)
    everything = read_weekly_hours(merchant, ["n_conversations", "n_escalated"], end=end, n_weeks=1)
    assert everything.counts["n_conversations"][0, 153] == 2
    assert everything.counts["n_conversations"].sum() == 2
    assert everything.moment(153).isoformat() == "2026-11-02T09:00:00+05:45"
    emails = read_weekly_hours(merchant, ["n_escalated"], end=end, n_weeks=1, channels=["email"])
    assert emails.counts["n_escalated"].sum() == 1
