from datetime import UTC, datetime

import pytest

from improvement.articles import save_article
from improvement.models import Article, ArticleImport, ArticleStatus
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
    found = ArticleImport.start(article.merchant, name="help.csv", collection="help", language="en", audience="public")
    found.entries.create(number=1, place="help.csv, line 2", outcome="refused", reason="empty")
    assert "line 2" in client.get(f"/admin/improvement/articleimport/{found.pk}/change/").content.decode()
    assert client.get("/admin/improvement/articlepair/").status_code == 200
    assert client.post(f"/admin/improvement/articleversion/{article.live_version_id}/change/", {}).status_code == 403


TEXT_OVER_REST = {"title": "Return a lamp", "body": "Within 30 days.", "updated_at": "2026-07-01T09:00:00Z"}


def test_many_articles_come_at_once_and_again_change_nothing(api, merchant):
    client = api("review")
    rows = [{**TEXT_OVER_REST, "external_id": f"kb-{n}", "title": f"Topic {n}"} for n in range(3)]
    first = client.post("/api/v1/articles/", {"articles": rows}).json()
    assert [(row["external_id"], row["is_new"], row["version"]) for row in first] == [
        ("kb-0", True, 1),
        ("kb-1", True, 1),
        ("kb-2", True, 1),
    ]
    rows[1]["body"] = "Within 60 days."
    second = client.post("/api/v1/articles/", {"articles": rows}).json()
    assert [(row["is_changed"], row["version"]) for row in second] == [(False, 1), (True, 2), (False, 1)]
    assert AuditEntry.objects.filter(actor_name__contains="test review").count() == 4


def test_one_bad_or_outdated_row_refuses_them_all(api, merchant):
    client = api("review")
    rows = [{**TEXT_OVER_REST, "external_id": f"kb-{n}"} for n in range(2)]
    wrong = client.post("/api/v1/articles/", {"articles": [rows[0], {**rows[1], "title": ""}]})
    assert (wrong.status_code, list(wrong.json()["errors"]["articles"]["1"])) == (400, ["title"])
    twice = client.post("/api/v1/articles/", {"articles": [rows[0], rows[0]]})
    assert twice.json()["errors"] == {"articles": {"1": {"external_id": ["kb-0 is in place 0 already."]}}}
    assert client.post("/api/v1/articles/", {"articles": []}).status_code == 400
    assert client.post("/api/v1/articles/", {"articles": rows * 51}).status_code == 400
    client.put("/api/v1/articles/kb-1/", TEXT_OVER_REST)
    outdated = client.post("/api/v1/articles/", {"articles": [rows[0], {**rows[1], "body": "New.", "if_version": 0}]})
    assert outdated.status_code == 412
    assert outdated.json()["detail"].startswith("articles.1.if_version: kb-1 is at version 1.")
    assert list(Article.objects.values_list("external_id", flat=True)) == ["kb-1"]


def test_a_text_made_from_an_old_version_is_refused(api, merchant):
    client, path = api("review"), "/api/v1/articles/kb-1/"
    assert client.put(path, TEXT_OVER_REST, headers={"If-Match": '"0"'}).headers["ETag"] == '"1"'
    changed = {**TEXT_OVER_REST, "body": "Within 60 days."}
    assert client.put(path, changed, headers={"If-Match": '"1"'}).headers["ETag"] == '"2"'
    late = client.put(path, {**TEXT_OVER_REST, "body": "Within 90 days."}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert "version 2" in late.json()["detail"]
    assert api("read").get(path).json()["body"] == "Within 60 days.\n"
    assert client.put(path, changed, headers={"If-Match": "2"}).status_code == 400


def test_what_is_for_the_team_alone_leaves_the_agents_feed(api, merchant):
    client, read = api("review"), api("read")
    client.put("/api/v1/articles/kb-1/", TEXT_OVER_REST)
    secret = {**TEXT_OVER_REST, "title": "Margins", "body": "Forty per cent."}
    client.put("/api/v1/articles/kb-2/", {**secret, "audience": "internal"})
    assert [row["external_id"] for row in read.get("/api/v1/articles/").json()["results"]] == ["kb-1"]
    both = read.get("/api/v1/articles/?audience=public&audience=internal").json()["results"]
    assert {row["external_id"]: row["body"] for row in both}["kb-2"] == "Forty per cent.\n"
    assert read.get("/api/v1/article-search/?q=forty per cent margins").json()[0]["article_id"] == "kb-1"
    # It was given to the agent once, so the agent is told that it is gone, and nothing more.
    client.put("/api/v1/articles/kb-1/", {**TEXT_OVER_REST, "audience": "internal"})
    (gone,) = read.get("/api/v1/articles/").json()["results"]
    assert (gone["external_id"], gone["status"], gone["title"], gone["body"]) == ("kb-1", "archived", "", "")
    assert read.get("/api/v1/articles/?status=published").json()["results"] == []
    # An update that names no audience does not make it public.
    client.put("/api/v1/articles/kb-2/", secret)
    assert Article.objects.get(external_id="kb-2").audience == "internal"


def test_archived_articles_come_through_the_cursor_as_gone(api, merchant):
    from improvement.articles import archive_article

    client, read = api("review"), api("read")
    for n in range(3):
        client.put(f"/api/v1/articles/kb-{n}/", {**TEXT_OVER_REST, "title": f"T{n}"})
    page = read.get("/api/v1/articles/?page_size=3").json()
    assert (len(page["results"]), page["next"]) == (3, None)
    found = Article.objects.get(external_id="kb-0")
    archive_article(found, by=None, at=datetime.now(UTC))
    later = read.get(f"/api/v1/articles/?cursor={page['cursor']}").json()
    assert [(row["external_id"], row["status"]) for row in later["results"]] == [("kb-0", "archived")]


def test_an_old_version_comes_back_as_the_newest_and_an_archive_is_undone(sign_in, reviewer, merchant, article):
    save_article(merchant, external_id="kb-1", title="Return a lamp", body="Within 60 days.", updated_at=WRITTEN)
    client, page = sign_in(reviewer), f"/lumen/articles/{article.pk}/"
    html = client.get(f"{page}?version=2").content.decode()
    assert "<del>" in html
    assert "<ins>60</ins>" in html
    client.post(f"{page}restorations/", {"number": "1", "live": "1"})  # somebody saved version 2 since
    assert article.versions.count() == 2
    client.post(f"{page}restorations/", {"number": "1", "live": "2"})
    article.refresh_from_db()
    assert (article.live_version.number, article.live_version.body) == (3, article.versions.get(number=1).body)
    assert client.post(f"{page}restorations/", {"number": "9", "live": "3"}).status_code == 404
    client.post(f"{page}archivals/")
    client.post(f"{page}unarchivals/")
    article.refresh_from_db()
    assert article.status == ArticleStatus.PUBLISHED
    assert AuditEntry.objects.filter(verb="article.unarchived").count() == 1


def test_two_who_save_at_once_both_keep_their_text(sign_in, reviewer, merchant, article):
    client, edit = sign_in(reviewer), f"/lumen/articles/{article.pk}/versions/"
    assert 'name="version" value="1"' in client.get(edit).content.decode()
    save_article(merchant, external_id="kb-1", title="Theirs", body="Theirs is 60 days.", updated_at=WRITTEN)
    answer = client.post(edit, {**TEXT, "body": "Mine is 90 days.", "version": "1"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Mine is 90 days." in html
    assert "Theirs is 60 days." in html
    assert 'name="version" value="2"' in html
    assert 'data-unsaved="changed"' in html
    assert article.versions.count() == 2
    assert client.post(edit, {**TEXT, "body": "Mine is 90 days.", "version": "2"}).status_code == 302
    assert [version.body for version in article.versions.all()][:2] == ["Mine is 90 days.\n", "Theirs is 60 days.\n"]


def test_a_model_that_is_away_keeps_the_text_and_says_what_to_do(sign_in, reviewer, merchant, settings):
    settings.OPENAI_API_KEY, settings.OPENAI_EMBEDDINGS = "sk-test", True
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    answer = sign_in(reviewer).post("/lumen/articles/new/", TEXT)
    assert answer.status_code == 503
    html = answer.content.decode()
    assert "Print the label" in html
    assert "save it again in a minute" in html
    assert not Article.objects.exists()


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:msgbox(1))",
    "![a](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    '[a](https://x.example "\\" onmouseover=alert(1) x=\\"")',
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "| a |\n| - |\n| <script>alert(1)</script> |",
    "```html\n<script>alert(1)</script>\n```",
    "<style>@import 'https://x.example'</style>",
    "<math><mtext></mtext><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<a href='https://x.example' style='position:fixed'>a</a>",
    "&#x3C;script&#x3E;alert(1)&#x3C;/script&#x3E;",
    "[a](&#106;avascript:alert(1))",
    "[a](java\nscript:alert(1))",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_nothing_that_is_written_runs_in_the_preview_or_on_the_page(sign_in, reviewer, merchant, body):
    from html.parser import HTMLParser

    client = sign_in(reviewer)
    preview = client.post("/lumen/articles/previews/", {"title": body[:200], "body": body}).content.decode()
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Reader().feed(preview)
    allowed = {"p", "div", "h2", "a", "em", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}
    assert {tag for tag, _attrs in found} <= allowed
    for _tag, attrs in found:
        assert not any(name.startswith("on") or name in ("style", "srcdoc", "src") for name in attrs)
        assert attrs.get("href", "https://").startswith(("https://", "http://", "mailto:", "tel:"))
    article = save_article(merchant, external_id="x", title="X", body=body, updated_at=WRITTEN)
    page = client.get(f"/lumen/articles/{article.pk}/").content.decode()
    shown = preview.split('<div class="prose">')[1].strip().removesuffix("</div>").strip()
    assert shown in page


def test_a_preview_is_for_those_who_may_write(sign_in, viewer, stranger):
    assert sign_in(viewer).post("/lumen/articles/previews/", {}).status_code == 403
    assert sign_in(stranger).post("/lumen/articles/previews/", {}).status_code == 404


def test_the_list_filters_by_language_and_audience(sign_in, viewer, merchant, article):
    save_article(merchant, external_id="de", title="Rückgabe", body="Text", language="de", updated_at=WRITTEN)
    save_article(merchant, external_id="in", title="Margins", body="Text", audience="internal", updated_at=WRITTEN)
    client = sign_in(viewer)
    german = client.get("/lumen/articles/?language=de").content.decode()
    assert "Rückgabe" in german
    assert "Return a lamp" not in german
    internal = client.get("/lumen/articles/?audience=internal").content.decode()
    assert "Margins" in internal
    assert "Rückgabe" not in internal
    assert "Nothing found" in client.get("/lumen/articles/?language=de&audience=internal").content.decode()
    assert "Margins" in client.get("/lumen/articles/?q=margins").content.decode()
    assert "Margins" not in client.get("/lumen/articles/?q=margins&audience=public").content.decode()
