"""Events past their retention leave for files and come back; no number changes by either, whenever it is broken off."""

import gzip
import io
import json
import os
import stat
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from analytics import archiving, recount
from analytics.archive_files import ArchiveError
from analytics.models import ArchivedPeriod, Conversation, Event, Message
from analytics.spam import SpamError, decide_spam
from analytics.tasks import archive_events, archive_events_of
from tests.analytics.test_oracle import snapshot
from tests.events import Chat, abandoned, escalated, resolved, send

RECEIVED = datetime(2026, 11, 10, 12, tzinfo=UTC)
LATER = datetime(2027, 12, 1, 3, 30, tzinfo=UTC)  # 395 days after 1 November 2026
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ARCHIVE_DIR = tmp_path / "archive"
    return settings.ARCHIVE_DIR


def archive(merchant, *, now=LATER) -> list[ArchivedPeriod]:
    return list(archiving.archive_events(merchant, now=now))


def restore(merchant, path) -> str:
    out = io.StringIO()
    call_command("ingest", str(path), merchant=merchant.slug, restore=True, stdout=out)
    return out.getvalue().strip()


def stored(merchant) -> list[tuple]:
    """All columns but the moment at which this database received the event."""
    events = Event.objects.for_merchant(merchant).order_by("occurred_at", "id")
    return list(events.values_list("occurred_at", "id", "type", "channel", "thread", "data"))


def numbers(merchant):
    """Without the mark on the conversations."""
    rollups, conversations, messages = snapshot(merchant)
    archived = [f.attname for f in Conversation._meta.concrete_fields].index("archived_in_id")
    return rollups, [row[:archived] + row[archived + 1 :] for row in conversations], messages


def lines_of(path) -> list[dict]:
    return [json.loads(line) for line in gzip.open(path)]


def old_shop(merchant) -> None:
    """Three days of October: one of each outcome, a customer who came back, a thread with a second conversation."""
    send(
        merchant,
        resolved("a", at="2026-10-20T09:00:00+00:00").rate(5).click().retrieve(results=[{"article_id": "k"}]),
        escalated("b", at="2026-10-20T22:30:00+00:00"),  # 00:30 of the next day in Berlin
        abandoned("c", at="2026-10-21T10:00:00+00:00"),
        Chat("d", at="2026-10-21T11:00:00+00:00")
        .start(customer_id="customer of a")
        .ask("Ä ‘½’ 訂單?")
        .answer(cost=1e-6),
        resolved("e", at="2026-10-22T09:00:00+00:00").ask("And the lamp?", after=3600).answer(cost=0.25).resolve(),
        now=RECEIVED,
    )
    recount.end_idle_conversations(merchant, now=RECEIVED)


def test_old_events_leave_for_files_and_numbers_stay(merchant, folder):
    old_shop(merchant)
    send(merchant, resolved("new", at="2026-11-05T09:00:00+00:00"), now=RECEIVED)
    before, events = numbers(merchant), stored(merchant)

    periods = archive(merchant)

    left = {thread for *_, thread, _data in stored(merchant)}
    assert left == {"new"}
    assert numbers(merchant) == before
    assert [str(period) for period in periods] == [f"{merchant.pk}/2026-10-{day}.ndjson.gz" for day in (20, 21, 22)]
    assert [(period.n_conversations, period.n_events) for period in periods] == [(2, 13), (2, 7), (2, 7)]
    lines = [line for period in periods for line in lines_of(folder / period.path)]
    assert {line["id"] for line in lines} == {str(row[1]) for row in events if row[4] != "new"}
    assert Conversation.objects.filter(archived_in=None).get().thread == "new"
    assert archive(merchant) == []


def test_what_was_archived_comes_back_as_it_was(merchant, folder):
    old_shop(merchant)
    before, events = snapshot(merchant), stored(merchant)
    periods = archive(merchant)
    assert stored(merchant) == []

    told = [restore(merchant, folder / period.path) for period in periods]

    assert told == [f"{n} accepted, 0 known already, 0 rejected" for n in (13, 7, 7)]
    assert stored(merchant) == events
    assert snapshot(merchant) == before
    assert restore(merchant, folder / periods[0].path) == "0 accepted, 13 known already, 0 rejected"
    assert recount.reconcile(merchant, now=LATER).n_conversations_changed == 0
    assert snapshot(merchant) == before
    assert ArchivedPeriod.objects.exclude(restored_at=None).count() == 3


def test_an_empty_database_gets_the_numbers_from_the_files(merchant, other_merchant, folder):
    old_shop(merchant)
    before, events = numbers(merchant), stored(merchant)
    periods = archive(merchant)
    other_merchant.timezone = merchant.timezone
    other_merchant.save()

    for period in periods:
        restore(other_merchant, folder / period.path)
    recount.end_idle_conversations(other_merchant, now=RECEIVED)

    assert stored(other_merchant) == events
    assert numbers(other_merchant)[0] == before[0]
    assert Message.objects.for_merchant(other_merchant).count() == Message.objects.for_merchant(merchant).count()


def test_a_restored_file_stays_a_week_and_leaves_as_the_same_file(merchant, folder, time_machine):
    old_shop(merchant)
    before = snapshot(merchant)
    period = archive(merchant)[0]
    time_machine.move_to(LATER, tick=False)
    restore(merchant, folder / period.path)
    send(merchant, resolved("young", at=LATER - timedelta(days=1)), now=LATER)

    assert archive(merchant, now=LATER + timedelta(days=6)) == []
    assert archive(merchant, now=LATER + timedelta(days=8)) == [period]

    assert ArchivedPeriod.objects.count() == 3
    assert sorted(path.name for path in (folder / str(merchant.pk)).iterdir()) == [
        f"2026-10-{day}.ndjson.gz" for day in (20, 21, 22)
    ]
    assert len(before[1]) == Conversation.objects.exclude(archived_in=None).count()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/Los_Angeles"])
def test_recounts_keep_archived_numbers_and_move_them_with_the_zone(merchant, other_merchant, zone):
    """`other` keeps its events: the archive of `merchant` must make no difference."""
    for each in (merchant, other_merchant):
        each.timezone, each.chat_idle_hours = "Europe/Berlin", 24
        each.save()
        old_shop(each)
        each.timezone = zone
        each.save()
    recount.recount_merchant(merchant, now=RECEIVED)
    merchant.timezone = "Europe/Berlin"
    merchant.save()
    recount.recount_merchant(merchant, now=RECEIVED)
    assert archive(merchant)
    merchant.timezone = zone
    merchant.save()

    assert recount.recount_if_outdated(merchant, now=LATER) == (zone != "Europe/Berlin")
    recount.recount_merchant(other_merchant, now=LATER)
    found = recount.reconcile(merchant, now=LATER)

    assert (found.n_conversations_changed, found.n_buckets_changed) == (0, 0)
    assert numbers(merchant)[0] == numbers(other_merchant)[0]
    assert len(numbers(merchant)[1]) == 6


def test_another_idle_time_leaves_archived_conversations_as_they_were_counted(merchant):
    chat = resolved("a", at="2026-10-20T09:00:00+00:00")
    chat.ask("More?", after=3600).answer().ask("And more?", after=10 * 3600).answer()
    send(merchant, chat, now=RECEIVED)
    send(merchant, Chat("n", at="2026-11-04T09:00:00+00:00").ask().answer().ask(after=10 * 3600).answer(), now=RECEIVED)
    recount.end_idle_conversations(merchant, now=RECEIVED)
    archive(merchant)
    merchant.chat_idle_hours = 5
    merchant.save()

    recount.recount_if_outdated(merchant, now=LATER)

    episodes = Conversation.objects.order_by("started_at").values_list("thread", "episode")
    assert list(episodes) == [("a", 1), ("a", 2), ("n", 1), ("n", 2)]


def test_a_late_event_in_an_archived_thread_opens_the_next_conversation_and_changes_no_old_one(merchant):
    old_shop(merchant)
    archive(merchant)
    before = numbers(merchant)
    late = Chat("e", at=LATER - timedelta(days=390)).rate(1).reopen().ask("Hello again, where is it?").answer()

    assert send(merchant, late, now=LATER).accepted == 4

    episodes = list(Conversation.objects.filter(thread="e").order_by("episode"))
    assert [(one.episode, one.customer_id) for one in episodes] == [(n, "customer of e") for n in (1, 2, 3)]
    assert [one.is_disputed for one in episodes] == [False, False, False]
    after = numbers(merchant)
    assert [row for row in after[0] if row in before[0]] == before[0]
    assert recount.reconcile(merchant, now=LATER).n_conversations_changed == 0


def test_a_customer_who_comes_back_late_still_flips_an_archived_conversation(merchant):
    send(merchant, resolved("a", at="2026-10-31T09:00:00+00:00"), now=RECEIVED)
    archive(merchant)
    back = Chat("x", at="2026-11-03T09:00:00+00:00").start(customer_id="customer of a").ask().answer().resolve()

    send(merchant, back, now=LATER)

    assert Conversation.objects.get(thread="a").recontacted_at == datetime(2026, 11, 3, 9, 1, tzinfo=UTC)
    found = recount.reconcile(merchant, now=LATER)
    assert (found.n_buckets_changed, found.n_conversations_changed) == (0, 0)


def test_an_archived_event_sent_again_under_a_longer_retention_counts_nothing_twice(merchant, settings):
    chats = [
        resolved("a", at="2026-10-20T09:00:00+00:00"),
        escalated("b", at="2026-10-21T09:00:00+00:00"),
        Chat("fell idle", at="2026-10-22T09:00:00+00:00").start().ask().answer().ask("And?").answer(),
    ]
    send(merchant, *chats, now=RECEIVED)
    recount.end_idle_conversations(merchant, now=RECEIVED)
    archive(merchant)
    before = numbers(merchant)
    assert send(merchant, *chats, now=LATER).rejected[0].error.endswith("is older than 395 days.")
    settings.EVENT_RETENTION_DAYS = 800

    send(merchant, *chats, now=LATER)

    assert numbers(merchant) == before
    assert recount.reconcile(merchant, now=LATER).n_conversations_changed == 0
    assert numbers(merchant) == before


def test_a_conversation_goes_as_a_whole_and_its_thread_goes_on(merchant):
    """The last message came on the day after the border, so it stays; the one before it has ended and goes."""
    chat = resolved("a", at="2026-10-25T09:00:00+00:00")
    chat.ask("Next one", after=6 * 86_400 + 13 * 3600).answer().ask("Still there?", after=4 * 3600).answer().resolve()
    send(merchant, chat, now=RECEIVED)
    before = numbers(merchant)

    (period,) = archive(merchant)

    assert (period.n_conversations, period.n_events) == (1, 4)
    assert Event.objects.count() == 5
    assert recount.reconcile(merchant, now=LATER).n_conversations_changed == 0
    assert numbers(merchant) == before
    (second,) = archive(merchant, now=LATER + timedelta(days=1))
    assert (second.n_conversations, Event.objects.count()) == (1, 0)


def test_a_conversation_stays_until_its_last_rating_and_its_last_receipt_are_old(merchant):
    """`rated` was rated behind the border. An event of `late` came two days ago, so its next conversation stays too."""
    send(merchant, resolved("rated", at="2026-10-30T09:00:00+00:00").rate(5, after=3 * 86_400), now=RECEIVED)
    late = resolved("late", at="2026-10-29T09:00:00+00:00").ask("Next", after=36 * 3600).answer().resolve()
    send(merchant, late, now=RECEIVED)
    send(merchant, Chat("late", at="2026-10-30T06:00:00+00:00").rate(4), now=LATER - timedelta(days=2))
    assert archive(merchant) == []
    assert [period.n_conversations for period in archive(merchant, now=LATER + timedelta(days=8))] == [2, 1]
    assert Event.objects.count() == 0


def test_what_is_open_outdated_or_without_a_conversation_waits(merchant):
    send(merchant, Chat("lone", at="2026-10-30T09:00:00+00:00").start(customer_id="ann"), now=RECEIVED)
    send(
        merchant, Chat("open", at="2026-10-20T09:00:00+00:00").start().ask(), now=datetime(2026, 10, 20, 12, tzinfo=UTC)
    )
    assert archive(merchant) == [], "the sweeper has not ended it yet, and a lone start may still lead somewhere"
    recount.end_idle_conversations(merchant, now=LATER)
    merchant.email_idle_hours = 48
    merchant.save()
    assert archive(merchant) == [], "counted anew first"
    recount.recount_if_outdated(merchant, now=LATER)
    assert [period.n_conversations for period in archive(merchant)] == [1]
    assert Event.objects.get().thread == "lone"
    assert [period.n_conversations for period in archive(merchant, now=LATER + timedelta(days=90))] == [0]


def test_an_archived_conversation_is_not_marked_as_spam_though_its_thread_goes_on(merchant):
    chat = resolved("a", at="2026-10-20T09:00:00+00:00").ask("Next", after=20 * 86_400).answer().resolve()
    send(merchant, chat, now=RECEIVED)
    archive(merchant)
    first, second = Conversation.objects.order_by("episode")
    with pytest.raises(SpamError, match="past their retention"):
        decide_spam(first, is_spam=True, by=None, now=LATER)
    assert decide_spam(second, is_spam=True, by=None, now=LATER)
    assert [one.exclusion for one in Conversation.objects.order_by("episode")] == ["", "spam"]


class Killed(BaseException):
    """Not an error that anything catches."""


@pytest.mark.parametrize("moment", ["writing", "before the rename", "after the rename"])
def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_there_twice(merchant, folder, monkeypatch, moment):
    old_shop(merchant)
    events, before = stored(merchant), numbers(merchant)
    real_replace, real_fsync = os.replace, os.fsync

    def replace(source, target):
        if moment == "after the rename":
            real_replace(source, target)
        raise Killed

    def fsync(handle):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync if moment == "writing" else real_fsync)
        patch.setattr(os, "replace", replace)
        with pytest.raises(Killed):
            archive(merchant)
    assert (stored(merchant), numbers(merchant), ArchivedPeriod.objects.count()) == (events, before, 0)

    periods = archive(merchant)

    assert (len(periods), Event.objects.count(), numbers(merchant)) == (3, 0, before)
    files = sorted((folder / str(merchant.pk)).iterdir())
    assert [path.name for path in files] == [f"2026-10-{day}.ndjson.gz" for day in (20, 21, 22)]
    ids = [line["id"] for path in files for line in lines_of(path)]
    assert sorted(ids) == sorted(str(row[1]) for row in events)


@pytest.mark.parametrize(("n_bytes", "says"), [(-9, "cannot be read back"), (0, "does not hold what was written")])
def test_what_cannot_be_read_back_is_not_deleted(merchant, monkeypatch, n_bytes, says):
    """A disk that loses the end, and one that loses everything, which is a gzip file of no events."""
    old_shop(merchant)
    real_fsync = os.fsync

    def lose(handle):
        os.ftruncate(handle, os.fstat(handle).st_size + n_bytes if n_bytes else 0)
        real_fsync(handle)

    monkeypatch.setattr(os, "fsync", lose)
    with pytest.raises(ArchiveError, match=says):
        archive(merchant)
    assert (Event.objects.count(), ArchivedPeriod.objects.count()) == (27, 0)


def test_a_late_event_between_reading_and_deleting_keeps_its_conversation(merchant, monkeypatch):
    """The rating is within the retention, and is a part of the last conversation of its thread."""
    old_shop(merchant)
    real_fsync, n_files = os.fsync, iter(range(100))

    def let_in(handle):
        if stat.S_ISREG(os.fstat(handle).st_mode) and next(n_files) == 2:
            send(merchant, Chat("e", at="2026-11-03T09:00:00+00:00").rate(5), now=LATER)
        real_fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", let_in)
        periods = archive(merchant)
    assert [period.path[-13:-10] for period in periods] == ["-20", "-21"]
    assert [row[4] for row in stored(merchant)] == ["e"] * 8
    assert recount.reconcile(merchant, now=LATER).n_conversations_changed == 0
    assert [period.n_events for period in archive(merchant, now=LATER + timedelta(days=8))] == [8]


def test_the_command_and_the_task_may_run_twice(merchant, other_merchant, time_machine, capsys):
    time_machine.move_to(LATER, tick=False)
    old_shop(merchant)
    send(other_merchant, resolved("z", at="2026-10-20T09:00:00+00:00"), now=RECEIVED)
    out = io.StringIO()
    call_command("archive_events", merchant="himal", stdout=out)
    assert out.getvalue() == "4 events of before 2026-11-01 left for 1 files\n"
    with pytest.raises(CommandError, match="no merchant"):
        call_command("archive_events", merchant="nobody")

    archive_events()
    for _ in range(2):
        archive_events_of(merchant.pk)

    assert (Event.objects.count(), ArchivedPeriod.objects.count()) == (0, 4)
    out = io.StringIO()
    call_command("storage_status", stdout=out)
    assert "31 events in" in out.getvalue()
    assert "missing files  none" in out.getvalue()
