"""A large merchant's own vector index and word counts: made beside the writers, dropped when nobody needs them."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from improvement import article_index, word_counting
from improvement.article_index import index_name, is_indexed, keep_index, keep_indexes, list_indexes
from improvement.article_search import search_articles, selective, weigh_words
from improvement.articles import save_article
from improvement.models import Chunk, WordCount
from portal.embeddings import model_name

WRITTEN = datetime(2026, 7, 1, 9, tzinfo=UTC)
LONG = "Send it back.\n\nWithin 30 days.\n\nPrint the label.\n\nBring it."


def save(merchant, name="returns"):
    return save_article(merchant, external_id=name, title=f"Return {name}", body=LONG, updated_at=WRITTEN)


@pytest.fixture
def large(monkeypatch, merchant):
    """Five passages, which are many here."""
    monkeypatch.setattr(article_index, "EXACT_BELOW", 4)
    save(merchant)
    yield merchant
    for name in list_indexes():
        article_index.drop_index(name)


@pytest.mark.django_db(transaction=True)
def test_a_large_merchant_gets_an_index_of_its_own_and_loses_it_when_it_shrinks(large, other_merchant):
    assert keep_index(large, model_name())
    assert keep_index(large, model_name())  # a second time changes nothing
    assert keep_indexes() == 1
    assert not is_indexed(other_merchant, model_name())
    assert search_articles(large, "send it back", 1)[0].article.external_id == "returns"
    Chunk.objects.all().delete()
    assert keep_indexes() == 0
    assert list_indexes() == []


@pytest.mark.django_db(transaction=True)
def test_the_index_of_a_merchant_that_left_and_one_that_was_interrupted_are_dropped(large):
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX chunk_hnsw_999_0 ON improvement_chunk (id) WHERE merchant_id = 999")
        name = index_name(large, model_name())
        cursor.execute(f"CREATE INDEX {name} ON improvement_chunk (id)")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])
    assert keep_indexes() == 1
    assert list_indexes() == [name]
    assert is_indexed(large, model_name())


@pytest.mark.django_db(transaction=True)
def test_who_writes_while_the_index_is_made_waits_for_nobody(large):
    def build() -> None:
        try:
            keep_index(large, model_name())
        finally:
            connection.close()

    builder = threading.Thread(target=build)
    with transaction.atomic():
        save(large, "lamp")  # the build waits for the end of this transaction, and others do not wait for the build
        builder.start()
        for _try in range(200):
            if article_index.find_index(index_name(large, model_name())) is False:
                break
            threading.Event().wait(0.01)
        save(large, "bulb")
        assert article_index.find_index(index_name(large, model_name())) is False
    builder.join(20)
    assert is_indexed(large, model_name())
    assert {hit.article.external_id for hit in search_articles(large, "return the bulb", 3)} >= {"bulb", "lamp"}


def test_words_weigh_the_same_whether_they_were_counted_before_or_are_counted_now(merchant, monkeypatch):
    for name in ("lamp", "bulb", "cable"):
        save(merchant, name)
    before = set(weigh_words(merchant, "return the bulb", model_name()))
    monkeypatch.setattr(word_counting, "COUNTED_ABOVE", 5)
    monkeypatch.setattr(word_counting, "FREQUENT", 2)
    word_counting.count_frequent_words(merchant, model_name(), now=WRITTEN)
    assert WordCount.objects.get().frequent["return"] == 3
    assert "bulb" not in WordCount.objects.get().frequent
    assert set(weigh_words(merchant, "return the bulb", model_name())) == before
    Chunk.objects.all().delete()
    word_counting.count_frequent_words(merchant, model_name(), now=WRITTEN)
    assert not WordCount.objects.exists()


def test_words_that_very_many_passages_share_bring_no_candidates(merchant, monkeypatch):
    for name in ("lamp", "bulb", "cable"):
        save(merchant, name)
    words = weigh_words(merchant, "return the bulb", model_name())
    assert set(selective(words)) == {"return", "bulb"}
    monkeypatch.setattr("improvement.article_search.MAX_SHARING", 2)
    assert set(selective(words)) == {"bulb"}


def test_a_word_is_as_frequent_in_whatever_language_it_is_read(merchant):
    for name in ("lamp", "bulb", "cable"):
        save(merchant, name)
    save_article(merchant, external_id="de", title="Kabel", body="Ein Kabel.", language="de", updated_at=WRITTEN)
    words = weigh_words(merchant, "bulb", model_name())
    assert {word.n_passages for word in words} == {1}
    assert {word.config for word in words} == {"english", "german"}
