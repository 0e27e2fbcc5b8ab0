"""Collects what the ROI formula needs for one period, and says which days of it can be verified already."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from analytics.comparison import NO_CHANGE, Change, Kind
from analytics.intervals import Z
from analytics.queries import START_TOLERANCE, data_from, totals
from analytics.totals import Totals
from improvement.models import Review
from portal.costs import Costs
from portal.models import Merchant
from portal.periods import Period, day_start
from reporting.roi import Mode, Roi, RoiInput, compute_roi


@dataclass(frozen=True, slots=True)
class Savings:
    """`period` is the part of the asked one that the result covers: in honest mode the days whose resolutions can be
    called verified. Where there is no such day, resolutions are taken to hold and the result `is_provisional`."""

    roi: Roi
    counts: RoiInput
    period: Period
    is_provisional: bool
    verified_at: datetime  # when the whole asked period can be verified
    asked: Period
    data_from: datetime | None

    @property
    def pending(self) -> Period | None:
        """The asked days that are left out until they can be verified."""
        if self.is_provisional or self.period.end == self.asked.end:
            return None
        return Period(start=self.period.end, end=self.asked.end, zone=self.asked.zone, kind="custom")

    @property
    def is_whole(self) -> bool:
        """Whether there was data from the start of the period on."""
        length = self.period.end - self.period.start
        return self.data_from is None or self.data_from < self.period.start + START_TOLERANCE * length


_NEW = Change(Kind.NEW, None, is_clear=True, direction="up", is_better=None)


def measure_savings(
    merchant: Merchant,
    period: Period,
    *,
    mode: Mode,
    now: datetime,
    costs: Costs,
    is_provisional: bool | None = None,
    first: datetime | None = None,
) -> Savings:
    """`is_provisional` is given where the result is to be compared with one that is; `first`, since when there is data,
    where it is known."""
    mature_until = find_mature_until(merchant, now=now)
    if is_provisional is None:
        is_provisional = mode is Mode.HONEST and mature_until <= period.start
    covered = period
    if mode is Mode.HONEST and not is_provisional and period.start < mature_until < period.end:
        covered = Period(start=period.start, end=mature_until, zone=period.zone, kind="custom")
    first = first or data_from(merchant)
    counts = build_counts(
        totals(merchant, covered, now=now, durations=False),
        costs=costs,
        n_days=_count_days(covered, first),
        review_seconds=_review_seconds(merchant, covered),
        assumes_verified=is_provisional,
    )
    return Savings(
        roi=compute_roi(counts, mode=mode),
        counts=counts,
        period=covered,
        is_provisional=is_provisional,
        verified_at=period.end + _maturity(merchant),
        asked=period,
        data_from=first,
    )


def find_mature_until(merchant: Merchant, *, now: datetime) -> datetime:
    """Every conversation that started before this local midnight has ended and outlived the re-contact window."""
    return day_start((now - _maturity(merchant)).astimezone(merchant.zone).date(), merchant.zone)


def _maturity(merchant: Merchant) -> timedelta:
    idle_hours = max(merchant.chat_idle_hours, merchant.email_idle_hours)
    return timedelta(hours=idle_hours, days=merchant.recontact_days)


def build_counts(
    total: Totals, *, costs: Costs, n_days: int, review_seconds: int, assumes_verified: bool = False
) -> RoiInput:
    return RoiInput(
        costs=costs,
        n_conversations=total.n_conversations,
        n_resolved=total.n_resolved,
        n_verified=total.n_resolved if assumes_verified else total.n_verified,
        n_days=n_days,
        n_ended=total.n_ended,
        n_confirmed=total.n_confirmed,
        n_escalated=total.n_escalated,
        n_recontacted=total.n_recontacted,
        n_with_cost=total.n_with_cost,
        agent_cost=total.agent_cost or Decimal(0),
        review_seconds=review_seconds,
        is_provisional=assumes_verified,
    )


def compare_savings(now: Savings, before: Savings) -> Change:
    """In percent where there were savings before. Clear where the counted resolutions differ beyond chance (as Poisson
    variables): the costs per conversation are inputs, not observations."""
    if not before.counts.n_conversations:
        return _NEW if now.counts.n_conversations else NO_CHANGE
    if before.roi.savings <= 0:
        return NO_CHANGE
    value = float(now.roi.savings / before.roi.savings) - 1
    n_now, n_before = int(now.roi.n_counted), int(before.roi.n_counted)
    if not value or abs(n_now - n_before) <= Z * math.sqrt(n_now + n_before):
        return Change(Kind.PERCENT, value, is_clear=False, direction="none", is_better=None)
    return Change(Kind.PERCENT, value, is_clear=True, direction="up" if value > 0 else "down", is_better=value > 0)


def _count_days(period: Period, first: datetime | None) -> int:
    """The days for which a platform fee is due: those before the first conversation ever are not."""
    days = period.days()
    return len(days) if first is None else sum(day >= first.astimezone(period.zone).date() for day in days)


def _review_seconds(merchant: Merchant, period: Period) -> int:
    reviews = Review.objects.for_merchant(merchant).filter(created_at__gte=period.start, created_at__lt=period.end)
    seconds: int | None = reviews.aggregate(seconds=Sum("seconds_spent"))["seconds"]
    return seconds or 0
