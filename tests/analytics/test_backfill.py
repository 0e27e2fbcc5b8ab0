"""Counting anew: with progress, from where it stopped, beside new events, and 10,000 idle conversations at once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from analytics import recount, tasks
from analytics.models import Conversation, Counting, Reconciliation, Recount, Rollup
from analytics.queries import totals
from portal.models import Job
from portal.periods import parse_period
from tests.events import Chat, resolved, send, still_open

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def told(merchant):
    send(merchant, *(resolved(f"c-{n}", at=f"2026-11-0{n + 1}T09:00:00+00:00") for n in range(6)))


def backfill(capsys, *arguments):
    call_command("backfill", *arguments)
    return capsys.readouterr().out


def spoil(merchant, *threads):
    Conversation.objects.for_merchant(merchant).filter(thread__in=threads).update(outcome="abandoned")
    Rollup.objects.for_merchant(merchant).update(n_resolved=9)


def test_it_repairs_and_says_what_changed(merchant, told, capsys):
    spoil(merchant, "c-1", "c-4")
    assert backfill(capsys, "--merchant", "lumen") == "lumen: 2 conversations changed, 6 of 6 hours repaired\n"
    assert backfill(capsys) == "lumen: 0 conversations changed, 0 of 6 hours repaired\n"
    assert totals(merchant, parse_period({}, zone=merchant.zone, now=NOW)).n_resolved == 6
    assert Counting.objects.get().counted_at == NOW


def test_days_narrow_the_threads(merchant, told, capsys):
    spoil(merchant, "c-1", "c-4")
    found = backfill(capsys, "--merchant", "lumen", "--from", "2026-11-02", "--to", "2026-11-02")
    assert found.startswith("lumen: 1 conversations changed")
    assert Conversation.objects.get(thread="c-4").outcome == "abandoned"
    assert backfill(capsys, "--from", "2026-11-05").startswith("lumen: 1 conversations changed")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--merchant", "nobody"], "no merchant"),
        (["--to", "2026-11-02"], "needs --from"),
        (["--from", "2026-11-03", "--to", "2026-11-02"], "is before"),
    ],
)
def test_what_makes_no_sense_is_refused(merchant, arguments, reason):
    with pytest.raises(CommandError, match=reason):
        call_command("backfill", *arguments)


def test_only_merchants_of_older_rules(merchant, other_merchant, told, capsys):
    send(other_merchant, resolved("c", at="2026-11-02T09:00:00+00:00"))
    Counting.objects.filter(merchant=other_merchant).update(rules_version=0)
    assert backfill(capsys, "--metric-version", "1").startswith("himal: ")
    assert backfill(capsys, "--metric-version", "1") == "Nothing to count anew.\n"


def interrupt_after(monkeypatch, n):
    """As if the worker died after n portions of one thread: with no chance to tidy up."""
    monkeypatch.setattr(recount, "THREADS_AT_ONCE", 1)
    refresh, calls = recount.refresh_threads, []

    def refresh_or_stop(*args, **kwargs):
        calls.append(kwargs)
        if len(calls) > n:
            raise KeyboardInterrupt
        return refresh(*args, **kwargs)

    monkeypatch.setattr(recount, "refresh_threads", refresh_or_stop)
    return calls


def test_an_interrupted_one_goes_on_where_it_stopped(merchant, told, capsys, monkeypatch):
    spoil(merchant, "c-0", "c-5")
    interrupt_after(monkeypatch, 4)
    with pytest.raises(KeyboardInterrupt):
        call_command("backfill")
    assert (Recount.objects.get().after, Reconciliation.objects.count()) == ("c-3", 0)
    monkeypatch.undo()
    monkeypatch.setattr(recount, "THREADS_AT_ONCE", 1)
    counted = interrupt_after(monkeypatch, 99)
    assert backfill(capsys) == "lumen: 2 conversations changed, 6 of 6 hours repaired\n"
    assert len(counted) == 2
    assert not Recount.objects.exists()


def test_changed_settings_whose_worker_died_are_counted_to_the_end(merchant, told, monkeypatch):
    """A killed worker leaves its mark; after a quarter of an hour the schedule goes on with it."""
    merchant.timezone = "Asia/Kathmandu"
    merchant.save()
    interrupt_after(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        recount.recount_if_outdated(merchant, now=NOW)
    monkeypatch.undo()
    Recount.objects.update(held_at=NOW)
    assert not recount.recount_if_outdated(merchant, now=NOW), "its worker may still be alive"
    with pytest.raises(recount.RecountRunningError):
        recount.recount_merchant(merchant, now=NOW)
    tasks.reconcile_merchant(merchant.pk)
    assert not Reconciliation.objects.exists()

    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        tasks.end_idle_conversations_of(merchant.pk)
        tasks.end_idle_conversations_of(merchant.pk)
    assert not Recount.objects.exists()
    hours = Rollup.objects.for_merchant(merchant).values_list("hour", flat=True)
    assert {hour.minute for hour in hours} == {15}, "local hours of +5:45"
    assert Reconciliation.objects.count() == 1
    assert Job.objects.first().state == "done"


def test_events_come_in_meanwhile(merchant, told, monkeypatch):
    monkeypatch.setattr(recount, "THREADS_AT_ONCE", 1)
    later = [resolved(f"new-{n}", at=f"2026-11-1{n}T09:00:00+00:00") for n in range(6)]
    recount.recount_merchant(merchant, now=NOW, report=lambda n: later and send(merchant, later.pop()))
    assert not later
    assert recount.reconcile(merchant, now=NOW).is_clean
    assert totals(merchant, parse_period({}, zone=merchant.zone, now=NOW)).n_resolved == 12


def test_idle_conversations_of_each_channel_end_after_their_own_time(merchant):
    asked = "2026-11-18T09:00:00+00:00"
    answered = Chat("answered", at=asked).ask().answer()
    mail = Chat("mail", at=asked, channel="email").ask().answer()
    with time_machine.travel(datetime(2026, 11, 18, 10, tzinfo=UTC)):
        send(merchant, still_open("asked", at=asked), answered, mail)
    assert recount.end_idle_conversations(merchant, now=NOW) == 2
    outcomes = dict(Conversation.objects.values_list("thread", "outcome"))
    assert outcomes == {"asked": "abandoned", "answered": "resolved", "mail": "open"}
    assert not Conversation.objects.get(thread="answered").is_confirmed
    assert recount.end_idle_conversations(merchant, now=NOW) == 0
    assert recount.end_idle_conversations(merchant, now=NOW + timedelta(days=1)) == 1


def test_many_idle_conversations_end_in_bounded_transactions(merchant, monkeypatch):
    monkeypatch.setattr(recount, "THREADS_AT_ONCE", 10)
    with time_machine.travel(datetime(2026, 11, 18, 10, tzinfo=UTC)):
        send(merchant, *(still_open(f"c-{n}", at="2026-11-18T09:00:00+00:00") for n in range(45)))
    sizes, refresh = [], recount.refresh_threads
    monkeypatch.setattr(recount, "refresh_threads", lambda c, s, **k: (sizes.append(len(s)), refresh(c, s, **k))[1])
    assert recount.end_idle_conversations(merchant, now=NOW) == 45
    assert sizes == [10, 10, 10, 10, 5]
