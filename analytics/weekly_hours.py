"""Counts per local hour, as whole weeks that end with one moment: what anomalies are looked for in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Sum

from analytics.anomalies import HOURS, Hours
from analytics.models import Rollup
from portal.models import Merchant
from portal.periods import normalized

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """`counts[column]` is (weeks, 168); hour 0 of each row lies whole weeks before hour 0 of the last row."""

    counts: Mapping[str, Hours]
    end: datetime

    def moment(self, hour: int) -> datetime:
        """When hour `hour` of the last week began."""
        local = self.end.replace(tzinfo=None) - (HOURS - hour) * HOUR
        return normalized(local.replace(tzinfo=self.end.tzinfo))


def read_weekly_hours(
    merchant: Merchant, columns: Sequence[str], *, end: datetime, n_weeks: int, channels: Sequence[str] = ()
) -> WeeklyHours:
    """Sums of rollup columns. `end` is the end of a local hour in the merchant's zone. Scans the unique index
    rollup_bucket."""
    first = normalized((end.replace(tzinfo=None) - n_weeks * HOURS * HOUR).replace(tzinfo=end.tzinfo))
    rows = Rollup.objects.for_merchant(merchant).filter(hour__gte=first, hour__lt=end)
    if channels:
        rows = rows.filter(channel__in=channels)
    sums = rows.values("hour").annotate(**{f"of_{column}": Sum(column) for column in columns})
    by_hour = {hour: values for hour, *values in sums.values_list("hour", *(f"of_{column}" for column in columns))}
    return WeeklyHours(lay_out(by_hour, columns, end=end, n_weeks=n_weeks), end)


def lay_out(
    by_hour: Mapping[datetime, Sequence[int]], names: Sequence[str], *, end: datetime, n_weeks: int
) -> dict[str, Hours]:
    """By the wall clock: an hour that the clock ran through twice holds their mean, one that it skipped is NaN."""
    n_hours = n_weeks * HOURS
    zone = end.tzinfo
    last = end.replace(tzinfo=None)
    sums = np.zeros((len(names), n_hours))
    for moment, values in by_hour.items():
        position = n_hours - round((last - moment.astimezone(zone).replace(tzinfo=None)) / HOUR)
        if 0 <= position < n_hours:
            sums[:, position] += values
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - a merchant's moment always has one
    for position in range(n_hours):
        local = last - (n_hours - position) * HOUR
        offset, offset_again = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
        if offset is not None and offset_again is not None and offset != offset_again:
            sums[:, position] = sums[:, position] / 2 if offset > offset_again else np.nan
    return {name: sums[number].reshape(n_weeks, HOURS) for number, name in enumerate(names)}
