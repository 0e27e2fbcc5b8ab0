"""All calendar arithmetic: half-open windows in a merchant's own zone. Pure; `now` always comes from the caller.

A window that is still running ends with the hour that is running, because numbers are kept by the hour. Its previous
window is cut at the same time of day, so that half a Monday is never compared with a whole one.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ROLLING_DAYS = {"7d": 7, "30d": 30, "90d": 90}
CALENDAR_MONTHS = {"month": 1, "quarter": 3, "year": 12}
CALENDAR_KINDS = ("day", "week", *CALENDAR_MONTHS)
KINDS = (*ROLLING_DAYS, *CALENDAR_KINDS, "custom")
DEFAULT_KIND = "30d"
MAX_CUSTOM_DAYS = 1100
# Before it no agent sent events; far earlier a date has no instant in every zone.
FIRST_DAY = date(2000, 1, 1)


class PeriodError(ValueError):
    """The asked period makes no sense; `field` is the query parameter at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Period:
    """`start <= moment < end`, both aware and in `zone`. `on` is the day by which it was asked for, `later` the day by
    which the window after it can be."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    kind: str
    on: date | None = None
    later: date | None = None

    def days(self) -> list[date]:
        """The local dates that the window touches."""
        last = (self.end - timedelta(microseconds=1)).astimezone(self.zone).date()
        return [self.start.date() + timedelta(days=n) for n in range((last - self.start.date()).days + 1)]

    def previous(self) -> "Period":
        """The window before: calendar windows step by months, others by their number of days; the clock stays."""
        months = self._whole_months()
        if months:
            first = add_months(self.start.date(), -months)
            # The 31st at 14:00 has no counterpart in a month of 30 days; the window then ends with the month.
            start = day_start(first, self.zone)
            end = min(_same_clock(self.end, add_months(self.end.date(), -months), self.zone), self.start, key=_instant)
        else:
            shift = timedelta(days=7 if self.kind == "week" else len(self.days()))
            start = day_start(self.start.date() - shift, self.zone)
            end = _same_clock(self.end, self.end.date() - shift, self.zone)
        return Period(start=start, end=end, zone=self.zone, kind=self.kind)

    @property
    def earlier(self) -> date | None:
        """A day by which the calendar window before can be asked for; other windows have none."""
        day = self.start.date() - timedelta(days=1)
        return day if self.kind in CALENDAR_KINDS and day >= FIRST_DAY else None

    def _whole_months(self) -> int:
        """By how many months the window before starts earlier; 0 where the window is not made of months."""
        if self.kind in CALENDAR_MONTHS:
            return CALENDAR_MONTHS[self.kind]
        first, after = self.start.date(), self.end.date()
        is_months = first.day == after.day == 1 and self.end == day_start(after, self.zone)
        return (after.year - first.year) * 12 + after.month - first.month if is_months else 0

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that lead to this window again."""
        if self.kind != "custom":
            return {"period": self.kind} | ({"on": self.on.isoformat()} if self.on else {})
        days = self.days()
        return {"period": "custom", "from": days[0].isoformat(), "to": days[-1].isoformat()}


def parse_period(params: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> Period:
    """Reads ?period=, &on= and &from=&to= (dates, both included). Raises PeriodError.

    7d, 30d and 90d end today. day, week, month, quarter and year are the running ones, or with `on` those that this day
    is in. `from` alone means until today, and needs no period=custom.
    """
    is_custom = bool(params.get("from") or params.get("to"))
    kind = params.get("period") or ("custom" if is_custom else DEFAULT_KIND)
    if kind not in KINDS:
        raise PeriodError("period", f"“{kind}” is not a period. Use one of {', '.join(KINDS)}.")
    if is_custom and kind != "custom":
        raise PeriodError("period", f"from and to do not go with period={kind}. Leave out one or the other.")
    running_end = next_hour(now, zone)
    today = now.astimezone(zone).date()
    on = _parse_date(params, "on") if params.get("on") else None
    if kind == "custom":
        if on:
            raise PeriodError("on", f"on goes with {', '.join(CALENDAR_KINDS)} only. Leave it out.")
        return _custom_period(params, zone=zone, today=today, running_end=running_end)
    if kind in ROLLING_DAYS:
        if on:
            raise PeriodError("on", f"on goes with {', '.join(CALENDAR_KINDS)} only. Use from and to instead.")
        first = today - timedelta(days=ROLLING_DAYS[kind] - 1)
        return Period(start=day_start(first, zone), end=running_end, zone=zone, kind=kind)
    return _calendar_period(kind, on, zone=zone, today=today, running_end=running_end)


def _calendar_period(kind: str, on: date | None, *, zone: ZoneInfo, today: date, running_end: datetime) -> Period:
    """The day, week, month, quarter or year that `on` is in, up to now where it is running."""
    day = on or today
    if day > today:
        raise PeriodError("on", f"{day} is in the future.")
    if kind in CALENDAR_MONTHS:
        months = CALENDAR_MONTHS[kind]
        first = date(day.year, (day.month - 1) // months * months + 1, 1)
        after = add_months(first, months)
    else:
        first = step_start(day, kind)
        after = first + timedelta(days=7 if kind == "week" else 1)
    end = min(day_start(after, zone), running_end, key=_instant)
    later = after if after <= today else None
    return Period(start=day_start(first, zone), end=end, zone=zone, kind=kind, on=on, later=later)


def _custom_period(params: Mapping[str, str], *, zone: ZoneInfo, today: date, running_end: datetime) -> Period:
    first = _parse_date(params, "from")
    last = _parse_date(params, "to") if params.get("to") else today
    if first > today:
        raise PeriodError("from", f"{first} is in the future.")
    if first > last:
        raise PeriodError("to", f"The period ends on {last} before it starts on {first}.")
    if (last - first).days >= MAX_CUSTOM_DAYS:
        raise PeriodError("from", f"Ask for at most {MAX_CUSTOM_DAYS} days at once.")
    end = min(day_start(last + timedelta(days=1), zone), running_end, key=_instant)
    return Period(start=day_start(first, zone), end=end, zone=zone, kind="custom")


def _parse_date(params: Mapping[str, str], field: str) -> date:
    text = params.get(field) or ""
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None:
        raise PeriodError(field, f"“{text}” is not a date. Write it as 2026-11-23.")
    if not FIRST_DAY <= day < date.max:
        raise PeriodError(field, f"Ask for days from {FIRST_DAY} on.")
    return day


def week_before(now: datetime, zone: ZoneInfo) -> Period:
    """The last full Monday–Sunday week before `now`."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return Period(
        start=day_start(monday - timedelta(days=7), zone), end=day_start(monday, zone), zone=zone, kind="custom"
    )


STEPS = ("hour", "day", "week", "month")


def step_start(day: date, step: str) -> date:
    """The first day of the local day, week (Monday) or month that `day` is in; hours are no matter of days."""
    if step == "day":
        return day
    if step == "week":
        return day - timedelta(days=day.weekday())
    if step == "month":
        return day.replace(day=1)
    raise PeriodError("step", f"“{step}” is not a step. Use one of {', '.join(STEPS[1:])}.")


def steps(period: Period, step: str) -> list[date]:
    """The starts of all days, weeks or months that the window touches, in order."""
    return sorted({step_start(day, step) for day in period.days()})


def hours(period: Period) -> list[datetime]:
    """The starts of all local hours of the window; a day of a clock change has 23 or 25, told apart by their offset."""
    starts = [local_hour_start(period.start, period.zone)]
    while _instant(following := next_hour(starts[-1], period.zone)) < _instant(period.end):
        starts.append(following)
    return starts


def count_steps(period: Period, step: str) -> int:
    """How many points a series has, without making them."""
    if step == "hour":
        return math.ceil((_instant(period.end) - _instant(period.start)) / 3600)
    return len(steps(period, step))


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day; where midnight does not exist, the instant at which the clock jumps."""
    return normalized(datetime.combine(day, time(), tzinfo=zone))


def local_hour_start(moment: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the local hour of `moment` began (an hour of the wall clock, also in +05:45)."""
    return moment.astimezone(zone).replace(minute=0, second=0, microsecond=0)


def next_hour(moment: datetime, zone: ZoneInfo) -> datetime:
    """The start of the local hour after that of `moment`.

    Half-hour clock changes (Lord Howe) make hours of 30 and of 90 minutes, hence the steps.
    """
    start = local_hour_start(moment, zone)
    steps = (local_hour_start(_plus(start, timedelta(minutes=n), zone), zone) for n in (30, 60, 90, 120))
    return next(step for step in steps if _instant(step) > _instant(moment))


def add_months(day: date, months: int) -> date:
    """The same day `months` later; where that month is too short, the first day of the month after."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)


def normalized(moment: datetime) -> datetime:
    """The same instant, spelled with a wall-clock time that exists."""
    zone = moment.tzinfo
    return moment.astimezone(ZoneInfo("UTC")).astimezone(zone)


def _same_clock(moment: datetime, day: date, zone: ZoneInfo) -> datetime:
    return normalized(datetime.combine(day, moment.timetz().replace(tzinfo=None), tzinfo=zone))


def _plus(moment: datetime, duration: timedelta, zone: ZoneInfo) -> datetime:
    return (moment.astimezone(ZoneInfo("UTC")) + duration).astimezone(zone)


def _instant(moment: datetime) -> float:
    """Two datetimes of one zone compare by wall clock in Python; across a clock change only instants are right."""
    return moment.timestamp()
