from datetime import UTC, datetime

import pytest

from improvement.articles import save_article
from improvement.models import Article, ArticleStatus
from portal.models import AuditEntry

WRITTEN = datetime(2026, 7, 1, 9, tzinfo=UTC)
TEXT = {
    "title": "Return a lamp",
    "body": "Within **30 days**.\r\n\r\n- Print the label",
    "language": "en",
    "audience": "public",
    "tags": "returns, lamps",
}


@pytest.fixture
def article(merchant) -> Article:
    body = "Within **30 days**. <script>alert(1)</script>"
    return save_article(merchant, external_id="kb-1", title="Return a lamp", body=body, updated_at=WRITTEN)


def test_the_list_the_search_and_the_archive(sign_in, viewer, article, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(30):
        assert "Return a lamp" in client.get("/lumen/articles/").content.decode()
    assert "Return a lamp" in client.get("/lumen/articles/?q=send+it+back").content.decode()
    assert "Return a lamp" not in client.get("/lumen/articles/?status=archived").content.decode()
    assert "Write an article" not in client.get("/lumen/articles/").content.decode()


def test_an_empty_knowledge_base_says_how_to_fill_it(sign_in, reviewer):
    assert "No articles yet" in sign_in(reviewer).get("/lumen/articles/").content.decode()


def test_an_article_is_shown_sanitised_and_its_old_versions_stay(sign_in, viewer, article, merchant):
    save_article(merchant, external_id="kb-1", title="Return a lamp", body="Within 60 days.", updated_at=WRITTEN)
    client = sign_in(viewer)
    html = client.get(f"/lumen/articles/{article.pk}/").content.decode()
    assert "Within 60 days." in html
    old = client.get(f"/lumen/articles/{article.pk}/?version=1").content.decode()
    assert "<strong>30 days</strong>" in old
    assert "<script>alert" not in old
    for wrong in ("3", "x", "-1"):
        assert client.get(f"/lumen/articles/{article.pk}/?version={wrong}").status_code == 404


def test_a_reviewer_writes_previews_edits_and_archives(sign_in, reviewer):
    client = sign_in(reviewer)
    preview = client.post("/lumen/articles/new/", {**TEXT, "preview": "1"}).content.decode()
    assert "<strong>30 days</strong>" in preview
    assert not Article.objects.exists()
    client.post("/lumen/articles/new/", TEXT)
    article = Article.objects.get()
    assert article.tags == ["returns", "lamps"]
    assert article.live_version.published_by == reviewer
    assert "\r" not in article.live_version.body
    edit = f"/lumen/articles/{article.pk}/versions/"
    assert "returns, lamps" in client.get(edit).content.decode()
    client.post(edit, {**TEXT, "body": "Within 60 days."})
    assert [version.number for version in article.versions.all()] == [2, 1]
    client.post(f"/lumen/articles/{article.pk}/archivals/")
    article.refresh_from_db()
    assert article.status == ArticleStatus.ARCHIVED
    verbs = AuditEntry.objects.filter(actor=reviewer).values_list("verb", flat=True)
    assert list(verbs) == ["article.archived", "article.updated", "article.created"]


def test_a_text_with_faults_comes_back_with_what_was_typed(sign_in, reviewer):
    response = sign_in(reviewer).post("/lumen/articles/new/", {**TEXT, "title": "", "tags": "x" * 61})
    assert response.status_code == 422
    assert "Print the label" in response.content.decode()
    assert "at most 60 characters" in response.content.decode()


def test_roles_strangers_ids_and_methods(sign_in, viewer, stranger, reviewer, article):
    low, outside, inside = sign_in(viewer), sign_in(stranger), sign_in(reviewer)
    page = f"/lumen/articles/{article.pk}/"
    for path in ("/lumen/articles/new/", f"{page}versions/"):
        assert low.get(path).status_code == 403
        assert outside.get(path).status_code == 404
    assert low.post(f"{page}archivals/").status_code == 403
    assert outside.get(page).status_code == 404
    assert outside.get(f"/himal/articles/{article.pk}/").status_code == 404
    assert inside.get("/lumen/articles/999999/").status_code == 404
    assert inside.post(page).status_code == 405
    assert inside.get(f"{page}archivals/").status_code == 405
    assert inside.put("/lumen/articles/new/").status_code == 405


def test_the_api_puts_reads_lists_and_searches(api, merchant):
    client = api("review")
    text = {"title": "Return a lamp", "body": "Within 30 days.", "updated_at": "2026-07-01T09:00:00Z"}
    assert client.put("/api/v1/articles/kb-1/", text).status_code == 201
    again = client.put("/api/v1/articles/kb-1/", text)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    changed = client.put("/api/v1/articles/kb-1/", {**text, "body": "Within 60 days."}).json()
    assert (changed["version"], changed["body"], changed["published_at"]) == (
        2,
        "Within 60 days.\n",
        "2026-07-01T09:00:00Z",
    )
    read = api("read")
    assert read.get("/api/v1/articles/kb-1/").json()["version"] == 2
    (row,) = read.get("/api/v1/articles/?updated_since=2026-01-01T00:00:00Z").json()["results"]
    assert row["external_id"] == "kb-1"
    assert read.get("/api/v1/articles/?updated_since=2126-01-01T00:00:00Z").json()["results"] == []
    (hit,) = read.get("/api/v1/article-search/?q=send it back").json()
    assert (hit["article_id"], hit["title"]) == ("kb-1", "Return a lamp")


def test_the_api_refuses_what_it_should(api, other_merchant, article):
    read = api("read")
    assert read.put("/api/v1/articles/kb-1/", {}).status_code == 403
    assert api("review").get("/api/v1/articles/kb-1/").status_code == 403
    assert api("read", of=other_merchant).get("/api/v1/articles/kb-1/").status_code == 404
    assert read.get("/api/v1/article-search/").status_code == 400
    faulty = api("review").put("/api/v1/articles/kb-1/", {"title": "", "body": "x", "updated_at": "today"})
    assert set(faulty.json()["errors"]) == {"title", "updated_at"}
    assert api("review").put(f"/api/v1/articles/{'x' * 129}/", {**TEXT, "updated_at": WRITTEN}).status_code == 400


def test_support_staff_read_articles_and_versions_but_change_nothing(client, staff, article):
    client.force_login(staff)
    assert "Return a lamp" in client.get("/admin/improvement/article/").content.decode()
    assert client.get(f"/admin/improvement/article/{article.pk}/change/").status_code == 200
    assert client.get(f"/admin/improvement/articleversion/{article.live_version_id}/change/").status_code == 200
    assert client.get("/admin/improvement/article/add/").status_code == 403
    assert client.post(f"/admin/improvement/articleversion/{article.live_version_id}/change/", {}).status_code == 403
