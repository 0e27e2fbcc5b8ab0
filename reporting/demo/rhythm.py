"""When people write and when somebody answers: weeks, hours, growth, releases of the agent, shifts of the team."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from reporting.demo.shop import ZONE

CHANNELS = {"widget": 0.52, "email": 0.22, "whatsapp": 0.17, "sms": 0.09}
_WEEKDAYS = (1.24, 1.10, 1.04, 1.00, 0.98, 0.86, 0.78)
_OFFICE = (1, 1, 1, 1, 1, 2, 4, 9, 16, 20, 20, 18, 15, 16, 17, 16, 14, 13, 11, 10, 9, 7, 4, 2)
_EVENING = (2, 1, 1, 1, 1, 1, 3, 6, 9, 11, 12, 12, 13, 12, 11, 11, 12, 14, 17, 20, 21, 17, 11, 5)
_HOURS = {"widget": _EVENING, "email": _OFFICE, "whatsapp": _EVENING, "sms": _OFFICE}
# From Monday; no day without one, so that nobody who chats waits longer than a chat lasts.
_SHIFTS = ((time(8), time(19)),) * 5 + ((time(10), time(16)), (time(11), time(15)))
_GROWTH = 0.22  # more conversations on the last day than on the first

BAD_WEEK_BEFORE = timedelta(days=38)  # the bad week is the Monday to Sunday around this day before the anchor
PUBLISHED_BEFORE = timedelta(days=26)


@dataclass(frozen=True, slots=True)
class Release:
    """A version of the agent, live from `start`."""

    start: date
    version: str
    is_bad: bool = False
    speed: float = 1.0  # factor on the time to answer


def releases(first: date, anchor: date) -> tuple[Release, ...]:
    """Versions are named after their month; the bad one lives for one week and is rolled back."""
    bad = bad_week(anchor)
    second, fixed, last = first + timedelta(days=25), bad + timedelta(days=15), anchor - timedelta(days=11)
    before = _version(second, 1)
    found = (
        Release(min(first, second), _version(first, 0)),
        Release(second, before, speed=0.95),
        Release(bad, bad_version(anchor), is_bad=True, speed=2.6),
        Release(bad + timedelta(days=7), before, speed=0.95),
        Release(fixed, _version(bad, 1), speed=0.9),
        Release(last, _version(last, 0), speed=0.8),
    )
    return tuple(sorted(found, key=lambda release: release.start))


def release_on(day: date, timeline: Sequence[Release]) -> Release:
    return [release for release in timeline if release.start <= day][-1]


def bad_week(anchor: date) -> date:
    """The Monday on which the bad version went live."""
    day = anchor - BAD_WEEK_BEFORE
    return day - timedelta(days=day.weekday())


def bad_version(anchor: date) -> str:
    return _version(bad_week(anchor), 0)


def published_at(anchor: date) -> datetime:
    return at_local(anchor - PUBLISHED_BEFORE, time(9, 40))


def at_local(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def local_day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(ZONE)).date()


def _version(day: date, number: int) -> str:
    return f"{day.year}.{day.month}.{number}"


def starts(rng: Random, first: date, *, days: int, total: int) -> Iterator[tuple[datetime, str]]:
    """(moment, channel) of each conversation, about `total` of them, day by day."""
    weights = [
        _WEEKDAYS[(first + timedelta(days=day)).weekday()] * (1 + _GROWTH * (day / days - 0.5)) * rng.uniform(0.9, 1.1)
        for day in range(days)
    ]
    owed = 0.0
    for day, weight in enumerate(weights):
        owed += total * weight / sum(weights)
        for _ in range(int(owed)):
            channel = rng.choices(list(CHANNELS), list(CHANNELS.values()))[0]
            hour = rng.choices(range(24), _HOURS[channel])[0]
            clock = time(hour, rng.randrange(60), rng.randrange(60), rng.randrange(1000) * 1000)
            yield at_local(first + timedelta(days=day), clock), channel
        owed -= int(owed)


def when_on_shift(moment: datetime) -> datetime:
    """The same moment if a teammate is at work, else soon after the next shift begins."""
    local = moment.astimezone(ZoneInfo(ZONE))
    opens, closes = _SHIFTS[local.weekday()]
    if opens <= local.time() < closes:
        return moment
    day = local.date() + timedelta(days=local.time() >= closes)
    # Whoever waited overnight is answered in the first hour and a half, in no particular order.
    return at_local(day, _SHIFTS[day.weekday()][0]) + timedelta(seconds=60 + moment.timestamp() * 7 % 5400)
