import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from improvement.article_search import search_articles
from improvement.articles import archive_article, save_article
from improvement.models import Article, ArticleStatus, ArticleVersion, Chunk
from improvement.search import nearest_chunks
from portal.embeddings import embed, model_name
from portal.models import AuditEntry

WRITTEN = datetime(2026, 7, 1, 9, tzinfo=UTC)
RETURNS = "You can return a lamp within 30 days.\n\n- Print the label\n- Bring the parcel to a shop"


def save(merchant, external_id="kb-returns", title="Return a lamp", body=RETURNS, **more) -> Article:
    return save_article(merchant, external_id=external_id, title=title, body=body, updated_at=WRITTEN, **more)


def test_a_new_article_has_version_1_passages_with_vectors_and_an_audit_entry(merchant, owner):
    article = save(merchant, by=owner)
    assert article.live_version.number == 1
    assert article.live_version.published_at == WRITTEN
    chunks = list(article.chunks.values_list("text", "embedding_model"))
    assert chunks[0] == ("Return a lamp", model_name())
    assert ("Print the label", model_name()) in chunks
    assert AuditEntry.objects.get(verb="article.created").actor == owner


def test_the_same_text_again_changes_nothing(merchant):
    first = save(merchant)
    again = save(merchant)
    assert again.updated_at == first.updated_at
    assert ArticleVersion.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_a_changed_text_is_a_second_version_with_its_own_passages(merchant):
    save(merchant)
    article = save(merchant, body="You can return a lamp within 60 days.")
    assert [version.number for version in article.versions.all()] == [2, 1]
    assert article.live_version.number == 2
    assert list(article.chunks.values_list("text", flat=True)) == [
        "Return a lamp",
        "You can return a lamp within 60 days.",
    ]


def test_changed_tags_are_kept_without_a_new_version(merchant):
    first = save(merchant)
    article = save(merchant, tags=["returns"])
    assert article.tags == ["returns"]
    assert article.updated_at > first.updated_at
    assert article.versions.count() == 1


def test_two_merchants_may_use_the_same_external_id(merchant, other_merchant):
    mine, theirs = save(merchant), save(other_merchant)
    assert mine.pk != theirs.pk


def test_an_archived_article_is_found_no_more_and_comes_back_when_saved(merchant):
    article = save(merchant)
    archive_article(article, by=None, at=WRITTEN)
    assert search_articles(merchant, "return a lamp", 5) == []
    assert save(merchant).status == ArticleStatus.PUBLISHED
    assert [hit.article for hit in search_articles(merchant, "return a lamp", 5)] == [article]


def test_nearest_passages_are_the_merchants_own(merchant, other_merchant):
    save(merchant, "kb-dimmer", "Dim your lamp", "Turn the knob slowly.")
    save(merchant)
    save(other_merchant, "kb-boots", "Return boots", "Send the boots back to us.")
    (matches,) = nearest_chunks(merchant, embed(["How do I send a lamp back?"]), 3)
    assert matches[0].text == "Return a lamp"
    assert [match.similarity for match in matches] == sorted((m.similarity for m in matches), reverse=True)
    assert not any("boots" in match.text for match in matches)


def test_search_finds_by_meaning_and_by_rare_words(merchant):
    save(merchant)
    save(merchant, "kb-bulb", "Choose a bulb", "The model QX-77 takes an E14 bulb.")
    assert search_articles(merchant, "send my order back", 1)[0].article.external_id == "kb-returns"
    assert search_articles(merchant, "QX-77", 1)[0].article.external_id == "kb-bulb"
    assert search_articles(merchant, "   ", 1) == []


def test_search_is_silent_without_articles(merchant):
    assert search_articles(merchant, "anything", 3) == []
    assert nearest_chunks(merchant, embed(["anything"]), 3) == [[]]


def test_import_keeps_good_lines_and_names_bad_ones(merchant, tmp_path, capsys):
    good = {"external_id": "a", "title": "A", "body": "Text", "updated_at": "2026-07-01T09:00:00Z", "tags": []}
    file = tmp_path / "articles.jsonl"
    lines = [json.dumps(good), "{", json.dumps({**good, "external_id": "b", "updated_at": "2026-07-01T09:00:00"})]
    file.write_text("\n".join([*lines, json.dumps({**good, "colour": "red"})]))
    with pytest.raises(CommandError, match="3 articles"):
        call_command("import_articles", file, merchant="lumen")
    out = capsys.readouterr()
    assert "1 created, 0 updated, 0 unchanged, 3 not read, 0 missing" in out.out
    assert "articles.jsonl, line 2:" in out.err
    assert "line 3: updated_at has no time zone" in out.err
    assert "colour" in out.err


def test_importing_twice_changes_nothing(merchant, tmp_path, capsys):
    line = {"external_id": "a", "title": "A", "body": "Text", "updated_at": "2026-07-01T09:00:00Z"}
    file = tmp_path / "articles.jsonl"
    file.write_text(json.dumps(line))
    call_command("import_articles", file, merchant="lumen")
    call_command("import_articles", file, merchant="lumen")
    assert "0 created, 0 updated, 1 unchanged, 0 not read" in capsys.readouterr().out
    assert Chunk.objects.count() == 2


def test_import_refuses_an_unknown_merchant_and_a_missing_file(merchant, tmp_path):
    with pytest.raises(CommandError, match="no merchant"):
        call_command("import_articles", tmp_path / "x", merchant="nobody")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_articles", tmp_path / "x", merchant="lumen")
