"""The feed of articles: a client that goes on from its cursor learns of every change, whoever is slow to commit."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from improvement.api.article_bodies import NEW_TEXTS_EXAMPLE, SAVED_EXAMPLE
from improvement.articles import archive_article, save_article
from improvement.models import Article
from portal.models import AuditEntry

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


def test_a_deleted_article_is_archived_and_comes_through_the_feed_as_gone(api, merchant, other_merchant):
    client, read = api("review"), api("read")
    save(merchant, "lamp")
    save(merchant, "lamp", "Within 60 days.")
    cursor = read.get(FEED).json()["cursor"]
    assert read.delete(f"{FEED}lamp/").status_code == 403
    assert client.delete(f"{FEED}bulb/").status_code == 404
    assert api("review", of=other_merchant).delete(f"{FEED}lamp/").status_code == 404
    late = client.delete(f"{FEED}lamp/", headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["detail"][:20]) == (412, "lamp is at version 2")
    assert client.delete(f"{FEED}lamp/", headers={"If-Match": "newest"}).status_code == 400
    assert read.get(f"{FEED}?cursor={cursor}").json()["results"] == []
    for _again in range(2):
        assert client.delete(f"{FEED}lamp/", headers={"If-Match": '"2"'}).status_code == 204
    (gone,) = read.get(f"{FEED}?cursor={cursor}").json()["results"]
    assert (gone["external_id"], gone["status"]) == ("lamp", "archived")
    entry = AuditEntry.objects.get(verb="article.archived")
    assert "test review" in entry.actor_name
    text = {"title": "Return a lamp", "body": "Within 60 days.", "updated_at": "2026-07-01T09:00:00Z"}
    assert client.put(f"{FEED}lamp/", text).json()["status"] == "published"


def test_the_batch_of_the_documentation_is_taken(api, merchant):
    client = api("review")
    for days in (10, 20, 25):
        save(merchant, "kb-17", f"Within {days} days.")
    saved = client.post(FEED, NEW_TEXTS_EXAMPLE)
    assert saved.status_code == 200
    assert [{**row, "updated_at": None} for row in saved.json()] == [
        {**row, "updated_at": None} for row in SAVED_EXAMPLE
    ]
