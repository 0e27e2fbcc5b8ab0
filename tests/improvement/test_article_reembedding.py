"""A merchant moves to another embedding model: nothing is compared across models, and the search never goes blank."""

import threading
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from improvement import article_reembedding
from improvement.article_reembedding import reembed
from improvement.article_search import search_articles
from improvement.articles import archive_article, save_article, unarchive_article
from improvement.models import Article, ArticleVersion, Chunk
from improvement.search_state import find_search_model, hold_search_model
from portal.embeddings import LOCAL_NAME, OPENAI_NAME, EmbeddingError, embed
from portal.models import Job

WRITTEN = datetime(2026, 7, 1, 9, tzinfo=UTC)


def save(merchant, name, body="Send it back within 30 days."):
    return save_article(merchant, external_id=name, title=f"Return a {name}", body=body, updated_at=WRITTEN)


def models(merchant) -> dict[str, int]:
    names = list(Chunk.objects.for_merchant(merchant).values_list("embedding_model", flat=True))
    return {name: names.count(name) for name in sorted(set(names))}


@pytest.fixture
def moved(merchant, openai_server, settings):
    """Three articles in the local model, and OpenAI configured since."""
    for name in ("lamp", "bulb", "cable"):
        save(merchant, name)
    settings.OPENAI_EMBEDDINGS = True
    return merchant


def test_the_search_goes_on_with_the_old_model_until_all_are_moved(moved, openai_server):
    assert find_search_model(moved) == LOCAL_NAME
    assert search_articles(moved, "return the lamp", 1)[0].article.external_id == "lamp"
    assert openai_server.requests == []  # the question was embedded with the old model, too
    found: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        found.append((done, total))
        assert search_articles(moved, "return the lamp", 1)[0].article.external_id == "lamp"

    assert reembed(moved, report=report) == 3
    assert found == [(3, 3)]
    assert models(moved) == {OPENAI_NAME: 6}
    assert find_search_model(moved) == OPENAI_NAME
    assert reembed(moved) == 0


def test_the_list_of_articles_shows_how_far_a_move_is_or_why_it_stopped(moved, settings, sign_in, viewer):
    client = sign_in(viewer)
    seen: list[str] = []
    there, settings.OPENAI_BASE_URL = settings.OPENAI_BASE_URL, "http://127.0.0.1:9/v1"
    with pytest.raises(EmbeddingError):
        reembed(moved)
    stopped = client.get("/lumen/articles/").content.decode()
    settings.OPENAI_BASE_URL = there
    reembed(moved, report=lambda done, total: seen.append(client.get("/lumen/articles/").content.decode()))
    assert "Failed" in stopped
    assert "Preparing articles for another model" in seen[0]
    assert "3 / 3" in seen[0]
    assert "Preparing articles" not in client.get("/lumen/articles/").content.decode()


def test_half_a_move_is_finished_the_next_time(moved):
    save(moved, "lamp", body="Send it back within 60 days.")  # saved meanwhile: in the new model at once
    assert find_search_model(moved) == LOCAL_NAME
    assert reembed(moved) == 2
    assert set(models(moved)) == {OPENAI_NAME}
    assert Chunk.objects.filter(article__external_id="lamp", text__contains="60").count() == 1


def test_a_model_that_is_away_leaves_everything_as_it_was(moved, settings):
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    before = models(moved)
    with pytest.raises(EmbeddingError):
        reembed(moved)
    assert models(moved) == before
    assert search_articles(moved, "return the lamp", 1)
    with pytest.raises(CommandError):
        call_command("reembed", merchant="lumen")


def test_an_archived_article_comes_back_in_the_model_of_now(moved):
    article = Article.objects.get(external_id="lamp")
    archive_article(article, by=None, at=WRITTEN)
    reembed(moved)
    unarchive_article(article, by=None, at=WRITTEN)
    assert set(models(moved)) == {OPENAI_NAME}
    assert article.chunks.count() == 2


def test_the_command_tells_what_it_moved(moved, capsys):
    call_command("reembed")
    assert f"lumen: 3 articles moved to {OPENAI_NAME}" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no merchant"):
        call_command("reembed", merchant="nobody")


def test_a_model_that_nobody_has_is_refused():
    with pytest.raises(EmbeddingError):
        embed(["a"], model="local:another")


def test_a_text_that_is_there_already_is_not_computed_again(merchant, openai_server, settings):
    settings.OPENAI_EMBEDDINGS = True
    save(merchant, "lamp", body="Send it back.\n\nWithin 30 days.")
    save(merchant, "lamp", body="Send it back.\n\nWithin 60 days.")
    assert openai_server.requests[-1].body["input"] == ["Within 60 days."]


def names_found(merchant) -> list[str]:
    return [hit.article.external_id for hit in search_articles(merchant, "return the shade", 1)]


def test_an_article_saved_during_the_move_is_found_at_once_and_after_it(moved):
    save(moved, "shade")
    assert find_search_model(moved) == LOCAL_NAME
    assert names_found(moved) == ["shade"]
    assert models(moved) == {LOCAL_NAME: 8, OPENAI_NAME: 2}
    assert reembed(moved) == 3
    assert models(moved) == {OPENAI_NAME: 8}


@pytest.mark.django_db(transaction=True)
def test_the_search_changes_over_only_when_who_writes_is_done_and_counted(moved, settings):
    """A writer that knows of the old model alone commits in the last moment: its article is moved, too."""
    writer_holds, may_commit = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            article = Article.objects.create(merchant=moved, external_id="late", title="Late", updated_at=WRITTEN)
            hold_search_model(moved, [LOCAL_NAME])
            version = ArticleVersion.objects.create(
                article=article, number=1, title="Late", body="Late", published_at=WRITTEN
            )
            Article.objects.filter(pk=article.pk).update(live_version=version)
            writer_holds.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert writer_holds.wait(10)
    timer = threading.Timer(0.2, may_commit.set)
    timer.start()
    assert reembed(moved) == 4
    writer.join(10)
    assert find_search_model(moved) == OPENAI_NAME
    assert not Article.objects.exclude(chunks__embedding_model=OPENAI_NAME).exists()
    with pytest.raises(EmbeddingError, match="try again"), transaction.atomic():
        hold_search_model(moved, [LOCAL_NAME])  # what was prepared before the move is refused


def test_a_move_that_crashed_goes_on_with_what_is_left_and_tells_how_far_it_is(moved, monkeypatch):
    monkeypatch.setattr(article_reembedding, "ARTICLES_AT_ONCE", 1)

    def crash(done: int, total: int) -> None:
        if done == 2:
            raise SystemExit

    with pytest.raises(SystemExit):
        reembed(moved, report=crash)
    job = Job.objects.get(kind="reembed")
    assert (job.done, job.total, job.state) == (2, 3, "running")
    assert find_search_model(moved) == LOCAL_NAME
    assert reembed(moved) == 1
    job.refresh_from_db()
    assert (job.state, job.message) == ("done", "1 article was moved.")
    assert models(moved) == {OPENAI_NAME: 6}
