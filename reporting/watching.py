"""Looks for unusual hours, keeps them, and asks for the emails about them: one for each incident."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from analytics.anomalies import (
    HOURS,
    JOIN_WITHIN,
    MIN_WEEKS,
    Incident,
    find_unusual_rate,
    find_unusual_volume,
    join_outliers,
)
from analytics.models import Channel
from analytics.queries import data_from, data_to
from analytics.weekly_hours import WeeklyHours, read_weekly_hours
from portal.models import Merchant
from portal.periods import local_hour_start
from reporting.models import Among, Anomaly, Delivery, Subscription, Topic

# How much past teaches the band.
MAX_WEEKS = 8
NEAR = timedelta(hours=JOIN_WITHIN)
# What was found so long after it ended is on the page, but nobody's alarm any more.
NEWS_FOR = timedelta(hours=36)
CHATS = [channel for channel in Channel.values if channel != Channel.EMAIL]
RATES = {
    "resolution_rate": "n_resolved",
    "escalation_rate": "n_escalated",
    "abandonment_rate": "n_abandoned",
}
ENDED = tuple(RATES.values())


@dataclass(frozen=True, slots=True)
class Found:
    """An incident with its metric and moments."""

    metric: str
    among: Among
    incident: Incident
    hours: WeeklyHours

    @property
    def start(self) -> datetime:
        return self.hours.moment(self.incident.first)

    @property
    def end(self) -> datetime:
        return self.hours.moment(self.incident.last + 1)


def watch(merchant: Merchant, *, now: datetime) -> list[int]:
    """Ids of the emails that are to go out. Safe to run twice: an incident that is known is only brought up to date."""
    found = sorted(find_incidents(merchant, now=now), key=lambda each: -abs(each.incident.worst.z))
    with transaction.atomic():
        # One look at a time: two would both take an incident for new.
        Merchant.objects.select_for_update().get(pk=merchant.pk)
        new = [anomaly for each in found if (anomaly := record(merchant, each, now=now))]
        return [pk for anomaly in new for pk in announce(anomaly, now=now)]


def find_incidents(merchant: Merchant, *, now: datetime) -> Iterator[Found]:
    """Volume counts at once; a rate counts when its conversations had the time to end."""
    hour = local_hour_start(_judged_until(merchant, now), merchant.zone)
    for hours in _read(merchant, ("n_conversations",), end=hour):
        for incident in join_outliers(find_unusual_volume(hours.counts["n_conversations"])):
            yield Found("n_conversations", Among.ALL, incident, hours)
    for among, channels in ((Among.CHATS, CHATS), (Among.EMAILS, [Channel.EMAIL.value])):
        end = local_hour_start(hour - timedelta(hours=_idle_hours(merchant, among)), merchant.zone)
        for hours in _read(merchant, ENDED, end=end, channels=channels):
            yield from _clearest(_unusual_rates(hours, among))


def _judged_until(merchant: Merchant, now: datetime) -> datetime:
    """Silence counts, but for a demo: its agent has sent all that it ever will."""
    latest = data_to(merchant) if merchant.is_demo else None
    return min(now, latest) if latest else now


def _idle_hours(merchant: Merchant, among: str) -> int:
    """For how long the conversations of the last hour that can be judged may still have been open."""
    return {Among.CHATS: merchant.chat_idle_hours, Among.EMAILS: merchant.email_idle_hours}.get(Among(among), 0)


def enough_from(first: datetime) -> datetime:
    """From when on there are enough weeks of data, for data that begins with `first`."""
    return first + (MIN_WEEKS + 1) * timedelta(hours=HOURS)


def _read(
    merchant: Merchant, columns: Sequence[str], *, end: datetime, channels: Sequence[str] = ()
) -> Iterator[WeeklyHours]:
    """As many whole weeks as there is data for; nothing where these are too few."""
    first = data_from(merchant)
    n_weeks = min(MAX_WEEKS + 1, (end - first) // timedelta(hours=HOURS)) if first else 0
    if n_weeks > MIN_WEEKS:
        yield read_weekly_hours(merchant, columns, end=end, n_weeks=n_weeks, channels=channels)


def _unusual_rates(hours: WeeklyHours, among: Among) -> list[Found]:
    ended = np.sum([hours.counts[column] for column in ENDED], axis=0)
    return [
        Found(metric, among, incident, hours)
        for metric, column in RATES.items()
        for incident in join_outliers(find_unusual_rate(hours.counts[column], ended))
    ]


def _clearest(found: list[Found]) -> list[Found]:
    """The three rates are shares of one whole: of those that moved together the clearest stands for all."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda one: -abs(one.incident.worst.z)):
        if all(each.start - NEAR > other.end or each.end + NEAR < other.start for other in kept):
            kept.append(each)
    return kept


def record(merchant: Merchant, found: Found, *, now: datetime) -> Anomaly | None:
    """The anomaly where it is new; a known one takes over what is worse or later."""
    worst = found.incident.worst
    near = Anomaly.near(merchant, found.start, found.end, within=NEAR)
    of_rate = [found.metric] if found.metric not in RATES else list(RATES)
    known = near.filter(among=found.among, metric__in=of_rate)
    if found.metric not in RATES:
        known = known.filter(is_above=worst.z > 0)
    numbers = {
        "value": worst.value,
        "expected": worst.expected,
        "low": worst.low,
        "high": worst.high,
        "z": worst.z,
        "worst_from": found.hours.moment(worst.first),
        "worst_to": found.hours.moment(worst.last + 1),
    }
    if anomaly := known.first():
        anomaly.started_at, anomaly.ended_at = min(anomaly.started_at, found.start), max(anomaly.ended_at, found.end)
        if anomaly.metric == found.metric and abs(worst.z) > abs(anomaly.z):
            for name, number in numbers.items():
                setattr(anomaly, name, number)
        anomaly.save()
        return None
    return Anomaly.objects.create(
        merchant=merchant,
        metric=found.metric,
        among=found.among,
        is_above=worst.z > 0,
        started_at=found.start,
        ended_at=found.end,
        found_at=now,
        **numbers,
    )


def announce(anomaly: Anomaly, *, now: datetime) -> list[int]:
    """Asks for one email to each owner who wants it, unless the same hours were told of already or are long past."""
    told = Anomaly.near(anomaly.merchant, anomaly.started_at, anomaly.ended_at, within=NEAR)
    is_old = anomaly.ended_at < now - NEWS_FOR - timedelta(hours=_idle_hours(anomaly.merchant, anomaly.among))
    if is_old or told.exclude(announced_at=None).exists():
        return []
    anomaly.announced_at = now
    anomaly.save(update_fields=["announced_at"])
    subscriptions = Subscription.active(anomaly.merchant, Topic.ANOMALIES)
    addresses = sorted({subscription.user.email.lower() for subscription in subscriptions})
    return Delivery.request(anomaly.merchant, addresses, anomaly=anomaly)
