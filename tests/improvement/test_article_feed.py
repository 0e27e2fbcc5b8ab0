"""The feed of articles: a client that goes on from its cursor learns of every change, whoever is slow to commit."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from improvement.articles import archive_article, save_article
from improvement.models import Article

WRITTEN = datetime(2026, 7, 1, 9, tzinfo=UTC)
FEED = "/api/v1/articles/"
PATIENCE = 10


def save(merchant, name: str, body: str = "Within 30 days.") -> Article:
    return save_article(merchant, external_id=name, title=f"Return a {name}", body=body, updated_at=WRITTEN)


@contextmanager
def slow_to_commit(change) -> Iterator[None]:
    """Another connection has made the change, and commits it a little after the block has begun to wait for it."""
    made, may_commit = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            change()
            made.set()
            may_commit.wait(PATIENCE)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert made.wait(PATIENCE)
    timer = threading.Timer(0.15, may_commit.set)
    timer.start()
    try:
        yield
    finally:
        may_commit.set()
        writer.join(PATIENCE)


@pytest.mark.django_db(transaction=True)
def test_what_a_slow_writer_changes_is_never_behind_a_clients_cursor(api, merchant):
    read = api("read")
    lamp, cursor = save(merchant, "lamp"), ""
    slow = (
        lambda: save(merchant, "bulb"),
        lambda: save(merchant, "lamp", "Within 60 days."),
        lambda: archive_article(lamp, by=None, at=datetime.now(UTC) - timedelta(seconds=5)),
    )
    learned = []
    for number, change in enumerate(slow):
        with slow_to_commit(change):
            save(merchant, f"cable {number}")
            page = read.get(f"{FEED}{cursor}").json()
        cursor = f"?cursor={page['cursor']}"
        later = read.get(f"{FEED}{cursor}").json()
        assert later["results"] == []  # all there is was on the page, nothing comes to lie before its end
        learned += [(row["external_id"], row["version"], row["status"]) for row in page["results"]]
    assert learned == [
        *[("lamp", 1, "published"), ("bulb", 1, "published"), ("cable 0", 1, "published")],
        *[("lamp", 2, "published"), ("cable 1", 1, "published")],
        *[("lamp", 2, "archived"), ("cable 2", 1, "published")],
    ]


def test_a_clock_that_runs_back_moves_no_change_behind_an_earlier_one(merchant, time_machine):
    time_machine.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC), tick=False)
    first = save(merchant, "lamp").updated_at
    time_machine.move_to(datetime(2026, 11, 23, 8, tzinfo=UTC), tick=False)
    second = save(merchant, "bulb").updated_at
    article = Article.objects.get(external_id="lamp")
    archive_article(article, by=None, at=datetime(2026, 11, 23, 8, tzinfo=UTC))
    assert first < second < article.updated_at
