"""The search of articles: meaning and words, filters, tenancy, languages, and the plans behind it."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from improvement import word_counting
from improvement.article_search import Filter, find_candidates, search_articles, soft_maximum, weigh_words
from improvement.articles import save_article
from improvement.models import Audience, Chunk
from portal.embeddings import embed, model_name

WRITTEN = datetime(2026, 7, 1, 9, tzinfo=UTC)


def save(merchant, external_id, title, body, **more):
    return save_article(merchant, external_id=external_id, title=title, body=body, updated_at=WRITTEN, **more)


def ids(merchant, query, limit=5, **wanted):
    return [hit.article.external_id for hit in search_articles(merchant, query, limit, Filter(**wanted))]


@pytest.fixture
def shop(merchant):
    save(merchant, "returns", "Return a lamp", "Send it back within 30 days.\n\n## Abroad\n\nPay the parcel yourself.")
    save(merchant, "dimmer", "Dim your lamp", "Turn the knob slowly.")
    save(merchant, "bulb", "Choose a bulb", "The model QX-77 takes an E14 bulb.")
    save(merchant, "margins", "Margins of lamps", "We return 40 % to the dealer.", audience=Audience.INTERNAL)
    save(merchant, "ruecksendung", "Lampe zurückgeben", "Senden Sie die Lampe binnen 30 Tagen zurück.", language="de")
    return merchant


def test_a_question_finds_by_meaning_and_a_code_by_its_letters(shop):
    assert ids(shop, "how do I send my order back", 1) == ["returns"]
    assert ids(shop, "QX-77", 1) == ["bulb"]
    assert ids(shop, "does QX-77 get dim when I turn it", 1) == ["bulb"]


def test_a_hit_names_the_headings_that_its_passage_stands_under(shop):
    (hit,) = search_articles(shop, "who pays the parcel from abroad", 1, Filter(language="en"))
    assert (hit.passage, hit.heading) == ("Pay the parcel yourself.", "Abroad")
    assert 0 < hit.words <= 1
    assert -1 <= hit.similarity <= 1


def test_an_article_for_the_team_is_found_by_those_who_ask_for_it_alone(shop):
    assert "margins" not in ids(shop, "dealer margin of lamps")
    assert ids(shop, "dealer margin of lamps", 1, audiences=[Audience.INTERNAL]) == ["margins"]


def test_a_language_finds_its_regions_too(shop):
    save(shop, "usa", "Return it in America", "Drop the parcel at a store.", language="en-US")
    assert ids(shop, "Lampe zurückgeben", language="de") == ["ruecksendung"]
    assert "usa" in ids(shop, "return parcel at a store", language="en")
    assert "usa" not in ids(shop, "return parcel at a store", language="e")


def test_words_are_stemmed_as_their_language_says(shop):
    texts = dict(Chunk.objects.for_merchant(shop).values_list("text", "word_config"))
    assert texts["Turn the knob slowly."] == "english"
    words = weigh_words(shop, "Tage", model_name())
    found = find_candidates(shop, embed(["Tage"])[0], words, Filter(language="de"), model=model_name())
    assert max(one.words for one in found) == 1  # "Tagen" in the text
    save(shop, "dimmer", "Dim your lamp", "Turn the knob slowly.", language="de")
    assert set(Chunk.objects.filter(article__external_id="dimmer").values_list("word_config", flat=True)) == {"german"}


def test_another_merchants_words_weigh_nothing_and_are_not_found(shop, other_merchant):
    before = weigh_words(shop, "send the lamp", model_name())
    for n in range(5):
        save(other_merchant, f"lamp-{n}", f"Lamp {n}", "Send the lamp to us.")
    assert weigh_words(shop, "send the lamp", model_name()) == before
    assert not any(hit.startswith("lamp-") for hit in ids(shop, "send the lamp", 20))


@pytest.mark.parametrize("query", ["'", "a' | b:*", "\\", "\x00lamp", "!!! & ((", "lamp " * 500])
def test_whatever_is_typed_is_a_question(shop, query):
    assert isinstance(ids(shop, query), list)


def test_an_exact_passage_beats_several_that_fit_somewhat():
    assert soft_maximum([0.8]) > soft_maximum([0.7, 0.7, 0.7])
    assert soft_maximum([0.7, 0.7]) > soft_maximum([0.7])
    assert soft_maximum([0.7, -0.2]) == pytest.approx(0.7, abs=1e-6)


def explain(statement, asked) -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", asked)
        return "\n".join(row[0] for row in cursor.fetchall())


def asked_for(merchant, query):
    captured = {}
    words = weigh_words(merchant, query, model_name())

    def keep(run, sql, params, many, context):
        if "near AS" in sql:
            captured.update(sql=sql, params=params)
        return run(sql, params, many, context)

    with connection.execute_wrapper(keep):
        find_candidates(merchant, embed([query])[0], words, model=model_name())
    return captured["sql"], captured["params"]


COPY = """
    INSERT INTO improvement_chunk
        (merchant_id, article_id, position, heading, text, word_config, embedding, embedding_model)
    SELECT merchant_id, article_id, n, '', 'Passage ' || n || ' about word' || mod(n, 500), word_config, embedding,
        embedding_model
    FROM (SELECT DISTINCT ON (merchant_id) * FROM improvement_chunk) one, generate_series(100, 2000) AS n
"""


@pytest.fixture
def two_large_shops(shop, other_merchant):
    save(other_merchant, "boots", "Return boots", "Send the boots back.")
    with connection.cursor() as cursor:
        cursor.execute(COPY)
        cursor.execute("ANALYZE improvement_chunk")
    return shop


def test_a_merchant_below_ten_thousand_passages_is_scanned_exactly_and_nobody_else(two_large_shops):
    plan = explain(*asked_for(two_large_shops, "send the lamp"))
    assert "chunk_merchant" in plan
    assert "Seq Scan on improvement_chunk" not in plan
    assert "hnsw" not in plan


def test_words_are_counted_in_the_index_of_words(two_large_shops):
    asked = {"model": model_name(), "lexemes": ["send", "lamp"]}
    plan = explain(word_counting._COUNT.format(merchant=two_large_shops.pk), asked)
    assert "chunk_words" in plan


def test_the_measurement_of_search_leaves_nothing_behind(db, tmp_path, capsys):
    (tmp_path / "articles.jsonl").write_text(
        '{"external_id": "r", "title": "Returns", "body": "- send it back"}\n'
        '{"external_id": "p", "title": "Payment", "body": "- pay by card"}\n'
    )
    (tmp_path / "questions.jsonl").write_text(
        '{"text": "can I send it back", "topic": "r", "covered": true}\n'
        '{"text": "paying by card", "topic": "p", "covered": true}\n'
        '{"text": "weather", "topic": "w", "covered": false}\n'
    )
    call_command("evaluate_search", tmp_path)
    out = capsys.readouterr().out
    assert '"questions": 2' in out
    assert '"recall@1": 1.0' in out
    assert not Chunk.objects.exists()
