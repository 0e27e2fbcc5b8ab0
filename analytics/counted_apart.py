"""Metrics that rollups cannot hold, each counted from its own table. A `Reader` answers for a window at once, by parts.

Its keys are (step, part): the start of the hour, day, week or month, and the value of `by`; None where nothing was
asked for. Instants are in UTC.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Avg, CharField, Count, DateField, DateTimeField, F, Func, QuerySet, StdDev, Value
from django.db.models.functions import Trunc
from django.utils.module_loading import import_string

from analytics.filters import Filters
from analytics.measured import Measured
from analytics.metrics import METRICS
from analytics.quality import Mean, Version, scores_in, versions
from analytics.quality_sums import read_sums, start_of
from analytics.queries import conversations
from analytics.segments import Segment
from portal.models import Merchant
from portal.periods import Period

Key = tuple[date | datetime | None, str | None]
APART = tuple(key for key, metric in METRICS.items() if not metric.is_in_totals)


class Reader(Protocol):
    def __call__(
        self, merchant: Merchant, period: Period, segment: Segment, *, step: str = "", by: str = ""
    ) -> dict[Key, Measured]: ...


def reader_of(metric: str) -> Reader:
    """Some tables live above this app, so the setting names the functions that read them."""
    reader: Reader = import_string(settings.METRIC_READERS[metric])
    return reader


def count_customers(
    merchant: Merchant, period: Period, segment: Segment, *, step: str = "", by: str = ""
) -> dict[Key, Measured]:
    """Distinct known customers: a customer of two days counts on both, and once in the whole."""
    rows = conversations(merchant, period, Filters()).filter(**segment.chosen).exclude(customer_id="")
    counted = grouped(rows, merchant, step=step, by=by).annotate(n=Count("customer_id", distinct=True))
    return {key_of(row): Measured(row["n"]) for row in counted}


def average_quality(
    merchant: Merchant, period: Period, segment: Segment, *, step: str = "", by: str = ""
) -> dict[Key, Measured]:
    """Of the one version that scored most conversations of the whole period."""
    found = versions(merchant, period)
    if not found:
        return {}
    best = found[0]
    if not segment.chosen and step != "hour" and by in ("", "channel"):
        means = _sealed_means(merchant, period, best, step=step, by=by)
    else:
        rows = scores_in(merchant, period, best).filter(
            **{f"conversation__{name}": value for name, value in segment.chosen.items()}
        )
        averages = grouped(rows, merchant, "conversation__", step=step, by=by).annotate(
            mean=Avg("overall"), n=Count("id"), deviation=StdDev("overall", sample=True)
        )
        means = {key_of(row): best.mean_of(row["mean"], row["n"], row["deviation"]) for row in averages}
    return {
        key: Measured(mean.value, mean.n, mean.low, mean.high, source=best.key, half_apart=mean.half_apart)
        for key, mean in means.items()
    }


def _sealed_means(merchant: Merchant, period: Period, version: Version, *, step: str, by: str) -> dict[Key, Mean]:
    """What sealed days hold: by day or longer, and by channel."""
    keys = (start_of(step) if step else "NULL", by or "NULL")
    sums = read_sums(merchant, period, *keys)
    return {key[3:]: version.mean(each) for key, each in sums.items() if key[:3] == version.columns}


def grouped(
    rows: "QuerySet[Any]", merchant: Merchant, prefix: str = "", *, step: str = "", by: str = ""
) -> "QuerySet[Any, dict[str, Any]]":
    """The rows by the step and the part that their conversation (at `prefix`) started in; annotate it with a number."""
    moment = F(f"{prefix}started_at")
    zone = Value(merchant.timezone)
    keys: dict[str, Any] = {
        "step": Value(None, output_field=DateField()),
        "part": Value(None, output_field=CharField()),
    }
    if step == "hour":
        keys["step"] = Func(Value("hour"), moment, zone, function="date_trunc", output_field=DateTimeField())
    elif step:
        keys["step"] = Trunc(moment, step, output_field=DateField(), tzinfo=merchant.zone)
    if by == "hour_of_week":
        local = Func(zone, moment, function="timezone", output_field=DateTimeField())
        keys["part"] = Func(local, Value("ID-HH24"), function="to_char", output_field=CharField())
    elif by:
        keys["part"] = F(f"{prefix}{by}")
    return rows.order_by().values(**keys)


def key_of(row: dict[str, Any]) -> Key:
    return row["step"], row["part"]


def read_apart(
    metrics: Iterable[str], merchant: Merchant, period: Period, segment: Segment, *, step: str = "", by: str = ""
) -> dict[str, dict[Key, Measured]]:
    """Those of the asked metrics that are not in the totals; one query each."""
    return {key: reader_of(key)(merchant, period, segment, step=step, by=by) for key in metrics if key in APART}
