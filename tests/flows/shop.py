"""The lamp shop's story in the database: told once, for all tests of a module."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from portal.celery import app
from tests.flows.story import ARTICLES, Topic, fortnight


@contextmanager
def committed(blocker) -> Iterator[None]:
    """Outlives a test, because a server's threads must see it and telling it takes seconds; emptied at the end.

    The tests of the module need the mark django_db, or there is no test database.
    """
    with blocker.unblock():
        assert connection.settings_dict["NAME"].startswith("test_")
        try:
            yield
        finally:
            call_command("flush", verbosity=0, interactive=False)


PASSWORD = "correct horse battery"


def open_shop():
    """The merchant and its owner, who signs in with PASSWORD."""
    from portal.models import Membership, Merchant, Role, User

    shop = Merchant.objects.create(slug="lumen", name="Lumen", timezone="Europe/Berlin", currency="EUR", locale="en")
    owner = User.objects.create_user("owner@lumen.example", PASSWORD, name="Olivia Owner")
    Membership.objects.create(merchant=shop, user=owner, role=Role.OWNER)
    return shop, owner


def tell(shop, *topics: Topic, end: datetime | None = None, edition: str = "") -> None:
    """A fortnight with these uncovered topics, everything computed that follows from it."""
    from analytics.ingest import ingest_events
    from improvement.articles import save_article
    from improvement.coverage import read_new_questions
    from improvement.gaps import refresh_gaps

    now = timezone.now()
    for external_id, (title, body) in ARTICLES.items():
        save_article(shop, external_id=external_id + edition, title=title + edition, body=body, updated_at=now)
    events = fortnight(end or now.replace(microsecond=0) - timedelta(days=1), *topics)
    assert not ingest_events(shop, events, now=now).rejected
    read_new_questions(shop, now)
    refresh_gaps(shop, now)
    call_command("score_conversations", merchant=shop.slug, verbosity=0)


def draft_for(shop, topic: Topic, *, by):
    """Written by the task as the worker would run it."""
    from improvement.models import Gap

    word = topic.name
    gap = next(gap for gap in Gap.objects.for_merchant(shop) if word in " ".join([gap.name, *gap.keyphrases]).lower())
    with tasks_run_at_once():
        draft = gap.request_draft(by=by)
    draft.refresh_from_db()
    return draft


def publish(draft, *, by):
    with tasks_run_at_once():
        draft.approve(by=by, revision=draft.revisions.latest("number").number, comment="")
    draft.refresh_from_db()
    return draft


@contextmanager
def tasks_run_at_once() -> Iterator[None]:
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    try:
        yield
    finally:
        app.conf.update(task_always_eager=False, task_eager_propagates=False)


def write_report(shop, *, weeks_ago: int = 0):
    from portal.periods import week_before
    from reporting.report import get_or_build_report

    now = timezone.now()
    week = week_before(now - timedelta(weeks=weeks_ago), shop.zone)
    report, _is_new = get_or_build_report(shop, week, now=now)
    return report
