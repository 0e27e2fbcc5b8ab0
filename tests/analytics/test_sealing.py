"""A sealed day tells the same as its hours and scores, whatever arrives after it was sealed."""

import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import quality, recount, scoring, sealing
from analytics.counted_apart import average_quality
from analytics.findings import LOOKED_AT
from analytics.ingest import ingest_events
from analytics.models import Conversation, DayChannel, DayRollup, QualityScore, Rollup, SealedDay
from analytics.quality_series import read_series
from analytics.queries import breakdown, compare, compare_by_parts, hours_of_week, series, totals
from analytics.sealing_proof import recheck_days
from analytics.segments import EVERYTHING, Segment
from analytics.tasks import recheck_sealed_days_of, seal_ended_days_of
from portal.models import Merchant
from portal.periods import Period, day_start
from tests.analytics import oracle
from tests.analytics.quality_cases import told
from tests.analytics.test_oracle import PLACES, THREADS, tell
from tests.analytics.test_quality_page import scored
from tests.events import Chat, escalated, resolved, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def period_of(merchant, first: str, last: str) -> Period:
    start, end = (day_start(datetime.fromisoformat(day).date(), merchant.zone) for day in (first, last))
    return Period(start, end, merchant.zone, "custom")


def numbers(merchant, period, now):
    """Everything that may be read from sealed days."""
    return (
        totals(merchant, period, now=now),
        totals(merchant, period, now=now, segment=Segment(channel="widget")),
        compare(merchant, period, now=now).previous,
        *(series(merchant, period, step=step, now=now) for step in ("hour", "day", "week", "month")),
        totals(merchant, period, now=now, segment=Segment(language="en")),
        totals(merchant, period, now=now, segment=Segment(channel="widget", agent_version="1"), durations=False),
        *(breakdown(merchant, period, by, now=now) for by in ("channel", "language", "hour_of_week", "handoff_reason")),
        hours_of_week(merchant, period),
        hours_of_week(merchant, period, segment=Segment(channel="email")),
        compare_by_parts(merchant, period, now=now)[1],
        [(version, sums.n, sums.tenths) for version, sums in quality.read_versions(merchant, period)],
    )


def unsealed(merchant, period, now):
    """The same, read from hours and scores alone."""
    with transaction.atomic():
        sealing.unseal_all(merchant)
        found = numbers(merchant, period, now)
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db(transaction=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(threads=THREADS, place=PLACES, seed=st.integers(0, 2**32))
def test_sealed_days_equal_their_hours_whatever_arrives_later(threads, place, seed):
    zone_name, first = place
    merchant = Merchant.objects.create(slug=uuid4().hex, name="Sealed", timezone=zone_name)
    events, shuffle = tell(threads, first), random.Random(seed)
    sent = events + shuffle.sample(events, len(events) // 3)
    shuffle.shuffle(sent)
    end = max(oracle.at(event) for event in events)
    period = period_of(merchant, first[:10], (end + timedelta(days=3)).isoformat()[:10])
    while sent:
        size = shuffle.randint(1, 7)
        ingest_events(merchant, sent[:size], now=end + timedelta(minutes=1))
        sent = sent[size:]
        if shuffle.random() < 0.6:
            sealing.seal_days(merchant, now=end + timedelta(days=shuffle.choice([0, 1, 2])))
    recount.end_idle_conversations(merchant, now=end + timedelta(hours=30))
    # A moment at which some hours of a day are mature and others are not.
    for now in (end + timedelta(hours=30), end - timedelta(days=1) + timedelta(days=8, hours=3)):
        assert numbers(merchant, period, now) == unsealed(merchant, period, now)
    sealing.seal_days(merchant, now=end + timedelta(days=4))
    assert SealedDay.objects.for_merchant(merchant).exists() == Rollup.objects.for_merchant(merchant).exists()
    assert numbers(merchant, period, NOW) == unsealed(merchant, period, NOW)
    assert sealing.seal_days(merchant, now=end + timedelta(days=4)) == 0
    assert recheck_days(merchant) == []


@pytest.mark.django_db
def test_a_page_reads_sealed_days_instead_of_their_hours(merchant):
    """Hours that are wrong on purpose do not show, because the day above them is sealed."""
    send(merchant, resolved(), now=NOW)
    assert sealing.seal_days(merchant, now=NOW) == 18  # 2 to 19 November; today is not over
    Rollup.objects.for_merchant(merchant).update(n_resolved=5)
    whole = period_of(merchant, "2026-11-01", "2026-11-08")
    assert totals(merchant, whole, now=NOW).n_resolved == 1
    half = Period(whole.start, datetime(2026, 11, 2, 12, tzinfo=UTC), merchant.zone, "custom")
    assert totals(merchant, half, now=NOW).n_resolved == 5


@pytest.mark.django_db
def test_a_late_event_unseals_its_own_day_alone(merchant):
    send(merchant, resolved(), resolved("c-2", at="2026-11-03T09:00:00+00:00"), now=NOW)
    sealing.seal_days(merchant, now=NOW)
    send(merchant, escalated("c-3", at="2026-11-03T22:00:00+00:00"), now=NOW)
    unsealed_days = {datetime(2026, 11, 2, 23, tzinfo=UTC)}
    sealed = set(SealedDay.objects.for_merchant(merchant).values_list("starts_at", flat=True))
    assert len(sealed) == 17
    assert not sealed & unsealed_days
    assert not DayRollup.objects.for_merchant(merchant).filter(starts_at__in=unsealed_days).exists()
    assert totals(merchant, period_of(merchant, "2026-11-01", "2026-11-08"), now=NOW).n_conversations == 3
    assert sealing.seal_days(merchant, now=NOW) == 1


@pytest.mark.django_db
def test_a_recontact_unseals_the_day_that_it_refutes(merchant):
    send(merchant, resolved(), now=NOW)
    sealing.seal_days(merchant, now=NOW)
    again = Chat("c-2", at="2026-11-06T09:00:00+00:00").start(customer_id="customer of c-1").ask().answer()
    send(merchant, again, now=NOW)
    assert totals(merchant, period_of(merchant, "2026-11-02", "2026-11-03"), now=NOW).n_recontacted == 1


@pytest.mark.django_db
def test_a_new_score_unseals_the_day_of_its_conversation(merchant):
    with time_machine.travel(NOW, tick=False):
        conversation = told(merchant, at="2026-11-10T09:00:00+00:00")
        sealing.seal_days(merchant, now=NOW)
        period = period_of(merchant, "2026-11-01", "2026-11-15")
        assert quality.summary(merchant, period) is None
        scoring.score_locally(merchant, [conversation], now=NOW)
        (score,) = QualityScore.objects.for_merchant(merchant)
        assert quality.summary(merchant, period).overall.value == score.overall
        assert sealing.seal_days(merchant, now=NOW) == 1
        assert quality.summary(merchant, period).overall.value == score.overall


@pytest.mark.django_db
def test_means_and_deviations_of_sealed_scores_are_those_of_the_scores(merchant):
    with time_machine.travel(NOW, tick=False):
        for number, overall in enumerate((0.1, 0.25, 0.7, 0.7, 1.0)):
            told(merchant, f"c-{number}", at=f"2026-11-{12 + number}T09:00:00+00:00")
            scored(merchant, f"c-{number}", overall, accuracy=None if number % 2 else overall / 2)
        period = period_of(merchant, "2026-11-01", "2026-11-20")
        before = quality.summary(merchant, period)
        weeks = read_series(merchant, period, [before.version], step="week").lines[0].means
        sealing.seal_days(merchant, now=NOW)
        after = quality.summary(merchant, period)
        assert after.overall.value == pytest.approx(0.55)
        assert (after.overall.low, after.overall.high) == pytest.approx((0.2279, 0.8721), abs=1e-4)
        assert after.dimensions[1].mean.n == 3
        assert (before.overall.low, before.n_scored) == (pytest.approx(after.overall.low), 5)
        assert [mean.n for mean in weeks.values()] == [4, 1]
        again = read_series(merchant, period, [after.version], step="week").lines[0].means
        assert [mean.n for mean in again.values()] == [4, 1]
        ((_version, sums),) = quality.read_versions(merchant, period)
        assert sums.tenths == [0, 1, 1, 0, 0, 0, 0, 2, 0, 1]


@pytest.mark.django_db
def test_an_excluded_conversation_takes_its_score_out_of_a_sealed_day(merchant):
    with time_machine.travel(NOW, tick=False):
        told(merchant, at="2026-11-10T09:00:00+00:00")
        scored(merchant, "c-1", 0.8)
        sealing.seal_days(merchant, now=NOW)
        period = period_of(merchant, "2026-11-01", "2026-11-15")
        assert quality.summary(merchant, period).n_scored == 1
        again = Chat("c-1", at="2026-11-10T09:00:30+00:00").start(is_test=True)
        send(merchant, again, now=NOW)
        assert Conversation.objects.for_merchant(merchant).get().exclusion == "test"
        assert quality.summary(merchant, period) is None


@pytest.mark.django_db
def test_a_changed_zone_moves_sealed_days(merchant):
    send(merchant, resolved(at="2026-11-02T22:30:00+00:00"), now=NOW)  # the next day in Kathmandu
    sealing.seal_days(merchant, now=NOW)
    merchant.timezone = "Asia/Kathmandu"
    merchant.save()
    recount.recount_if_outdated(merchant, now=NOW)
    sealing.seal_days(merchant, now=NOW)
    points = series(merchant, period_of(merchant, "2026-11-02", "2026-11-05"), now=NOW)
    assert [point.totals.n_conversations for point in points] == [0, 1, 0]


@pytest.mark.django_db
def test_the_scheduled_task_may_run_twice(merchant):
    with time_machine.travel(NOW, tick=False):
        send(merchant, resolved())
        seal_ended_days_of(merchant.pk)
        seal_ended_days_of(merchant.pk)
    assert SealedDay.objects.for_merchant(merchant).count() == 18


@pytest.mark.django_db
def test_the_nightly_check_finds_and_repairs_a_sealed_day_that_is_wrong(merchant, caplog):
    with time_machine.travel(NOW, tick=False):
        told(merchant, at="2026-11-07T09:00:00+00:00")
        scored(merchant, "c-1", 0.8)
        sealing.seal_days(merchant, now=NOW)
        assert recheck_days(merchant) == []
        DayRollup.objects.for_merchant(merchant).update(n_resolved=7)
        assert recheck_days(merchant) == [datetime(2026, 11, 6, 23, tzinfo=UTC)]
        sealing.seal_days(merchant, now=NOW)
        DayChannel.objects.for_merchant(merchant).update(n_resolved=7)
        period = period_of(merchant, "2026-11-07", "2026-11-08")
        assert totals(merchant, period, now=NOW).n_resolved == 7
        recheck_sealed_days_of(merchant.pk)
        assert totals(merchant, period, now=NOW).n_resolved == 1
        assert "1 sealed days differed" in caplog.text
        sealed = SealedDay.objects.for_merchant(merchant).filter(starts_at=period.start)
        sealed.update(handoffs={"tool_failure": 1})
        assert recheck_days(merchant) == [period.start]
        sealing.seal_days(merchant, now=NOW)
        scored(merchant, "c-1", 0.3, version="behind our back")
        assert recheck_days(merchant) == [period.start]
        assert len(quality.versions(merchant, period)) == 2


@pytest.mark.django_db
def test_parts_tell_what_findings_look_at_as_their_breakdowns_do(merchant):
    """Of languages and versions less is read than of the whole: it must be enough."""
    for number, (language, version) in enumerate((("en", "1"), ("de", "1"), ("de", "2"), ("", "2"))):
        chat = Chat(f"c-{number}", at=f"2026-11-0{number + 3}T09:00:00+00:00")
        chat.start(customer_id=f"u-{number}", language=language, agent_version=version).ask().answer(after=number + 2)
        send(merchant, chat.rate(2 + number).close(), now=NOW)
    period = period_of(merchant, "2026-11-05", "2026-11-07")
    whole, parts = compare_by_parts(merchant, period, now=NOW)
    assert whole.current == totals(merchant, period, now=NOW)
    assert whole.previous == totals(merchant, period.previous(), now=NOW)
    for dimension, windows in parts.items():
        for side, window in enumerate((period.previous(), period)):
            told = {part.key: part.totals for part in breakdown(merchant, window, dimension, now=NOW)}
            assert set(told) == {key for key, pair in windows.items() if pair[side].n_conversations}
            for key, expected in told.items():
                for metric in LOOKED_AT:
                    assert getattr(windows[key][side], metric) == getattr(expected, metric), (dimension, key, metric)
                assert windows[key][side].response_time == expected.response_time


@pytest.mark.django_db
def test_quality_by_day_and_channel_is_the_same_from_days_and_from_scores(merchant):
    """Whole, and of a part: the first is read from sealed days, the other from the scores themselves."""
    with time_machine.travel(NOW, tick=False):
        for number, channel in enumerate(("widget", "email", "widget", "sms")):
            told(merchant, f"c-{number}", at=f"2026-11-0{number % 2 + 4}T09:00:00+00:00", channel=channel)
            scored(merchant, f"c-{number}", number / 4)
        period = period_of(merchant, "2026-11-01", "2026-11-08")
        sealing.seal_days(merchant, now=NOW)
        for step in ("", "day", "week", "month"):
            by_channel = average_quality(merchant, period, EVERYTHING, step=step, by="channel")
            for channel in ("widget", "email", "sms"):
                alone = average_quality(merchant, period, Segment(channel=channel), step=step)
                assert {key[0]: value for key, value in by_channel.items() if key[1] == channel} == {
                    key[0]: value for key, value in alone.items()
                }
        whole = average_quality(merchant, period, EVERYTHING)[None, None]
        assert (whole.value, whole.n) == (0.375, 4)


@pytest.mark.django_db
def test_hours_and_handoffs_of_a_sealed_day_are_those_of_its_conversations(merchant):
    at = "2026-10-25T00:20:00+00:00"  # 02:20 in Berlin, an hour before the clock goes back to 02:00
    hour_later = "2026-10-25T01:20:00+00:00"
    send(
        merchant,
        escalated(at=at),
        escalated("c-2", at=hour_later, reason="tool_failure"),
        resolved("c-3", at=at),
        now=NOW,
    )
    sealing.seal_days(merchant, now=NOW)
    Rollup.objects.for_merchant(merchant).update(n_conversations=90)  # nobody looks there
    period = period_of(merchant, "2026-10-20", "2026-10-27")
    hours = {part.key: (part.n, part.totals.n_escalated) for part in hours_of_week(merchant, period) if part.n}
    assert hours == {"7-02": (3, 2)}
    reasons = [(part.key, part.n) for part in breakdown(merchant, period, "handoff_reason", now=NOW)]
    assert reasons == [("missing_knowledge", 1), ("tool_failure", 1)]
