"""A merchant moves to another embedding model: nothing is compared across models, and the search never goes blank."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from improvement.article_reembedding import find_search_model, reembed
from improvement.article_search import search_articles
from improvement.articles import archive_article, save_article, unarchive_article
from improvement.models import Article, Chunk
from portal.embeddings import LOCAL_NAME, OPENAI_NAME, EmbeddingError, embed

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
