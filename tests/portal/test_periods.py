"""Windows in the merchant's zone: half-open, right across clock changes, compared like with like."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.periods import (
    Period,
    PeriodError,
    day_start,
    hours,
    local_hour_start,
    next_hour,
    parse_period,
    steps,
    week_before,
)

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")
NOW = datetime(2026, 11, 23, 11, 20, tzinfo=UTC)  # Monday, 12:20 in Berlin


def window(**params):
    period = parse_period(params, zone=BERLIN, now=NOW)
    previous = period.previous()
    return [f"{moment:%m-%d %H:%M}" for moment in (period.start, period.end, previous.start, previous.end)]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["10-25 00:00", "11-23 13:00", "09-25 00:00", "10-24 13:00"]),
        ({"period": "7d"}, ["11-17 00:00", "11-23 13:00", "11-10 00:00", "11-16 13:00"]),
        ({"period": "day"}, ["11-23 00:00", "11-23 13:00", "11-22 00:00", "11-22 13:00"]),
        ({"period": "week"}, ["11-23 00:00", "11-23 13:00", "11-16 00:00", "11-16 13:00"]),
        ({"period": "month"}, ["11-01 00:00", "11-23 13:00", "10-01 00:00", "10-23 13:00"]),
        ({"period": "quarter"}, ["10-01 00:00", "11-23 13:00", "07-01 00:00", "08-23 13:00"]),
        ({"period": "year"}, ["01-01 00:00", "11-23 13:00", "01-01 00:00", "11-23 13:00"]),
        # A full month against the full month before, of another length.
        ({"from": "2026-10-01", "to": "2026-10-31"}, ["10-01 00:00", "11-01 00:00", "09-01 00:00", "10-01 00:00"]),
        ({"from": "2026-10-05", "to": "2026-10-07"}, ["10-05 00:00", "10-08 00:00", "10-02 00:00", "10-05 00:00"]),
        # The same asked by a day of it; one that is running is the running one.
        ({"period": "month", "on": "2026-10-17"}, ["10-01 00:00", "11-01 00:00", "09-01 00:00", "10-01 00:00"]),
        ({"period": "month", "on": "2026-11-02"}, ["11-01 00:00", "11-23 13:00", "10-01 00:00", "10-23 13:00"]),
        ({"period": "quarter", "on": "2026-02-28"}, ["01-01 00:00", "04-01 00:00", "10-01 00:00", "01-01 00:00"]),
        ({"period": "week", "on": "2026-10-25"}, ["10-19 00:00", "10-26 00:00", "10-12 00:00", "10-19 00:00"]),
        ({"period": "day", "on": "2026-10-26"}, ["10-26 00:00", "10-27 00:00", "10-25 00:00", "10-26 00:00"]),
        ({"period": "custom", "from": "2026-11-22"}, ["11-22 00:00", "11-23 13:00", "11-20 00:00", "11-21 13:00"]),
        ({"from": "2026-11-22", "to": "2026-12-31"}, ["11-22 00:00", "11-23 13:00", "11-20 00:00", "11-21 13:00"]),
    ],
)
def test_windows(params, expected):
    assert window(**params) == expected


def test_the_31st_has_no_counterpart_in_a_short_month():
    period = parse_period({"period": "month"}, zone=BERLIN, now=datetime(2026, 3, 31, 9, 20, tzinfo=UTC))
    previous = period.previous()
    assert (previous.start, previous.end) == (day_start(date(2026, 2, 1), BERLIN), day_start(date(2026, 3, 1), BERLIN))


def test_the_query_leads_back():
    for params in (
        {"period": "90d"},
        {"period": "month", "on": "2026-10-17"},
        {"period": "custom", "from": "2026-10-05", "to": "2026-10-07"},
    ):
        period = parse_period(params, zone=BERLIN, now=NOW)
        assert parse_period(period.query, zone=BERLIN, now=NOW) == period


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"period": "decade"}, "period"),
        ({"period": "custom"}, "from"),
        ({"from": "2026-02-30", "to": "2026-03-01"}, "from"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "to"),
        ({"from": "2026-11-24", "to": "2026-11-25"}, "from"),
        ({"from": "2020-01-01", "to": "2026-11-01"}, "from"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "from"),
        ({"from": "20261101", "to": "2026-11-02"}, "from"),
        ({"to": "9999-12-31"}, "from"),
        ({"from": "2026-11-01", "to": "9999-12-31"}, "to"),
        ({"period": "7d", "from": "2026-11-01"}, "period"),
        ({"period": "7d", "on": "2026-11-01"}, "on"),
        ({"period": "day", "on": "2026-11-24"}, "on"),
        ({"period": "day", "on": "yesterday"}, "on"),
        ({"from": "2026-11-01", "on": "2026-11-01"}, "on"),
    ],
)
def test_what_makes_no_sense_is_named(params, field):
    with pytest.raises(PeriodError) as caught:
        parse_period(params, zone=BERLIN, now=NOW)
    assert caught.value.field == field


def test_the_day_of_a_clock_change_has_25_hours_and_one_date():
    period = parse_period({"from": "2026-10-25", "to": "2026-10-25"}, zone=BERLIN, now=NOW)
    assert period.end.timestamp() - period.start.timestamp() == 25 * 3600
    assert period.days() == [date(2026, 10, 25)]


@pytest.mark.parametrize("name", ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"])
def test_hours_tile_the_year(name):
    """Every moment lies in exactly one hour, and hours follow each other without a gap."""
    zone, moment = ZoneInfo(name), datetime(2026, 1, 1, 0, 7, tzinfo=UTC)
    while moment.year == 2026:
        start, end = local_hour_start(moment, zone), next_hour(moment, zone)
        assert start.timestamp() <= moment.timestamp() < end.timestamp()
        assert local_hour_start(end, zone).timestamp() == end.timestamp()
        assert next_hour(start, zone).timestamp() == end.timestamp()
        moment += timedelta(minutes=50)


def day(zone: ZoneInfo, text: str) -> Period:
    return parse_period({"period": "day", "on": text}, zone=zone, now=NOW)


def test_hours_of_days_on_which_the_clock_changes():
    autumn = hours(day(BERLIN, "2026-10-25"))
    assert len(autumn) == 25
    assert [f"{hour:%H%z}" for hour in autumn[1:5]] == ["01+0200", "02+0200", "02+0100", "03+0100"]
    spring = hours(day(BERLIN, "2026-03-29"))
    assert len(spring) == 23
    assert [f"{hour:%H%z}" for hour in spring[1:4]] == ["01+0100", "03+0200", "04+0200"]
    assert len(hours(day(KATHMANDU, "2026-10-25"))) == 24
    today = hours(parse_period({"period": "day"}, zone=BERLIN, now=NOW))
    assert (len(today), f"{today[-1]:%H:%M}") == (13, "12:00")


def test_hours_of_a_zone_with_quarters():
    start = local_hour_start(datetime(2026, 11, 2, 9, 40, tzinfo=UTC), KATHMANDU)
    assert start.astimezone(UTC) == datetime(2026, 11, 2, 9, 15, tzinfo=UTC)


def test_midnight_that_does_not_exist():
    assert f"{day_start(date(2026, 3, 8), ZoneInfo('America/Havana')):%H:%M}" == "01:00"


def test_week_before_and_steps():
    week = week_before(NOW, BERLIN)
    assert (week.start, week.end) == (day_start(date(2026, 11, 16), BERLIN), day_start(date(2026, 11, 23), BERLIN))
    period = parse_period({"from": "2026-10-29", "to": "2026-11-03"}, zone=BERLIN, now=NOW)
    assert steps(period, "week") == [date(2026, 10, 26), date(2026, 11, 2)]
    assert steps(period, "month") == [date(2026, 10, 1), date(2026, 11, 1)]
    assert len(steps(period, "day")) == 6
