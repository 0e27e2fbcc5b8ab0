"""From an upload in the portal to articles: preview, decision, undo of nothing, and the same again."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from improvement import article_fetching, article_importing
from improvement.articles import archive_article, save_article
from improvement.models import Article, ArticleImport, ArticleVersion, Chunk, EntryOutcome, ImportState
from improvement.tasks import apply_article_import, read_article_import
from portal.models import AuditEntry, Job, JobState
from tests.improvement.help_centre import HelpCentre

PATH = "/lumen/articles/imports/"
WRITTEN = datetime(2026, 7, 1, 9, tzinfo=UTC)
CSV = "external_id,title,body,language\nr,Return a lamp,Within 30 days.,en\np,Pay,By card.,en\n,,no title,en\n"


@pytest.fixture
def client(sign_in, reviewer):
    return sign_in(reviewer)


@pytest.fixture(autouse=True)
def _tasks_run_at_once(monkeypatch, django_capture_on_commit_callbacks):
    for task in (read_article_import, apply_article_import):
        monkeypatch.setattr(task, "delay", task)


def upload(client, capture, content=CSV, name="help.csv", **more):
    fields = {"language": "en", "audience": "public", **more}
    if content is not None:
        fields["file"] = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    with capture(execute=True):
        response = client.post(PATH, fields)
    assert response.status_code == 302, response.content.decode()
    return ArticleImport.objects.latest("pk")


def apply(client, capture, found, **more):
    with capture(execute=True):
        client.post(f"{PATH}{found.pk}/applications/", more)
    found.refresh_from_db()
    return found


def outcomes(found) -> dict[str, int]:
    counts = article_importing.count_outcomes(found)
    return {name: n for name, n in counts.items() if n}


def test_nothing_is_saved_before_somebody_says_so(client, django_capture_on_commit_callbacks, merchant):
    found = upload(client, django_capture_on_commit_callbacks)
    assert found.state == ImportState.READY
    assert outcomes(found) == {"new": 2, "refused": 1}
    assert not Article.objects.exists()
    html = client.get(f"{PATH}{found.pk}/").content.decode()
    assert "2 articles would be saved" in html
    html = client.get(f"{PATH}{found.pk}/?outcome=refused").content.decode()
    assert "help.csv, line 4" in html
    assert "<strong>title</strong> empty" in html
    apply(client, django_capture_on_commit_callbacks, found)
    assert found.state == ImportState.DONE
    assert set(Article.objects.values_list("external_id", "collection")) == {("r", "help"), ("p", "help")}
    assert Chunk.objects.count() == 4
    assert AuditEntry.objects.get(verb="article_import.applied").detail["new"] == 2
    assert Job.objects.latest("pk").message == "2 articles were saved."


def test_a_column_with_a_long_name_is_refused_and_named(client, django_capture_on_commit_callbacks):
    found = upload(client, django_capture_on_commit_callbacks, f"title,body,{'colour' * 100}\na,b,c\n")
    (entry,) = found.entries.all()
    assert (found.state, entry.field[:6], entry.reason[:14]) == (ImportState.READY, "colour", "unknown column")


def test_the_same_import_again_changes_nothing(client, django_capture_on_commit_callbacks, merchant):
    apply(client, django_capture_on_commit_callbacks, upload(client, django_capture_on_commit_callbacks))
    before = list(Article.objects.values_list("pk", "updated_at", "live_version"))
    again = upload(client, django_capture_on_commit_callbacks)
    assert outcomes(again) == {"unchanged": 2, "refused": 1}
    assert "No article would be saved" in client.get(f"{PATH}{again.pk}/").content.decode()
    apply(client, django_capture_on_commit_callbacks, again)
    assert list(Article.objects.values_list("pk", "updated_at", "live_version")) == before
    assert ArticleVersion.objects.count() == 2


def test_a_changed_row_says_what_changes_and_keeps_what_it_does_not_name(
    client, django_capture_on_commit_callbacks, merchant
):
    save_article(
        merchant,
        external_id="r",
        title="Return a lamp",
        body="Within 14 days.",
        updated_at=WRITTEN,
        audience="customers",
    )
    found = upload(client, django_capture_on_commit_callbacks)
    entry = found.entries.get(external_id="r")
    assert (entry.outcome, entry.reason, entry.audience) == ("changed", "body, collection", "customers")
    apply(client, django_capture_on_commit_callbacks, found)
    article = Article.objects.get(external_id="r")
    assert (article.live_version.number, article.live_version.body) == (2, "Within 30 days.\n")


def test_what_somebody_changes_after_the_preview_stays(client, django_capture_on_commit_callbacks, merchant):
    save_article(merchant, external_id="r", title="Return a lamp", body="Within 14 days.", updated_at=WRITTEN)
    found = upload(client, django_capture_on_commit_callbacks)
    save_article(merchant, external_id="r", title="Return a lamp", body="Within 60 days.", updated_at=WRITTEN)
    apply(client, django_capture_on_commit_callbacks, found)
    assert outcomes(found) == {"new": 1, "refused": 2}
    assert Article.objects.get(external_id="r").live_version.body == "Within 60 days.\n"
    assert "since the preview" in found.entries.get(external_id="r").reason


def test_a_page_that_is_gone_is_archived_on_request_alone(client, django_capture_on_commit_callbacks, merchant):
    apply(client, django_capture_on_commit_callbacks, upload(client, django_capture_on_commit_callbacks))
    save_article(merchant, external_id="own", title="Own", body="Written here.", updated_at=WRITTEN)
    shorter = "external_id,title,body\nr,Return a lamp,Within 30 days.\n"
    found = upload(client, django_capture_on_commit_callbacks, shorter)
    assert outcomes(found) == {"unchanged": 1, "missing": 1}
    apply(client, django_capture_on_commit_callbacks, found)
    assert Article.objects.filter(status="archived").count() == 0
    found = upload(client, django_capture_on_commit_callbacks, shorter)
    apply(client, django_capture_on_commit_callbacks, found, archive_missing="1")
    assert list(Article.objects.filter(status="archived").values_list("external_id", flat=True)) == ["p"]


def test_an_archived_article_comes_back_and_the_preview_says_so(client, django_capture_on_commit_callbacks, merchant):
    apply(client, django_capture_on_commit_callbacks, upload(client, django_capture_on_commit_callbacks))
    archive_article(Article.objects.get(external_id="p"), by=None, at=WRITTEN)
    found = upload(client, django_capture_on_commit_callbacks)
    assert found.entries.get(external_id="p").reason == "archived"


def test_a_failing_model_leaves_nothing_half_written(client, django_capture_on_commit_callbacks, merchant, settings):
    found = upload(client, django_capture_on_commit_callbacks)
    settings.OPENAI_API_KEY, settings.OPENAI_EMBEDDINGS = "sk-test", True
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    apply(client, django_capture_on_commit_callbacks, found)
    assert (found.state, Article.objects.count()) == (ImportState.READY, 0)
    assert found.state_reason
    assert Job.objects.latest("pk").state == JobState.FAILED
    settings.OPENAI_EMBEDDINGS = False
    apply(client, django_capture_on_commit_callbacks, found)
    assert Article.objects.count() == 2


def test_a_decision_is_taken_once(client, django_capture_on_commit_callbacks, merchant):
    found = upload(client, django_capture_on_commit_callbacks)
    apply(client, django_capture_on_commit_callbacks, found)
    page = client.post(f"{PATH}{found.pk}/applications/", follow=True).content.decode()
    assert "decided on already" in page
    apply_article_import(found.pk, Job.objects.latest("pk").pk)
    read_article_import(found.pk, Job.objects.latest("pk").pk)
    assert ArticleVersion.objects.count() == 2
    other = upload(client, django_capture_on_commit_callbacks)
    client.post(f"{PATH}{other.pk}/discards/")
    other.refresh_from_db()
    assert (other.state, other.entries.count()) == (ImportState.DISCARDED, 0)


def test_two_rows_with_one_id_are_told_apart(client, django_capture_on_commit_callbacks, merchant):
    found = upload(client, django_capture_on_commit_callbacks, "external_id,title,body\na,A,One.\na,B,Two.\n")
    refused = found.entries.get(outcome=EntryOutcome.REFUSED)
    assert (refused.place, refused.field) == ("help.csv, line 3", "external_id")


@pytest.mark.parametrize(
    "fields", [{}, {"address": "ftp://x.example/sitemap.xml"}, {"file": ("a.docx", b"x")}, {"file": ("a.md", b"")}]
)
def test_an_upload_that_cannot_be_read_comes_back(client, merchant, fields):
    if "file" in fields:
        fields = {"file": SimpleUploadedFile(*fields["file"])}
    response = client.post(PATH, {"language": "en", "audience": "public", **fields})
    assert response.status_code == 422
    assert not ArticleImport.objects.exists()


@pytest.fixture
def centre(settings, monkeypatch):
    settings.IMPORT_PRIVATE_ADDRESSES = True
    monkeypatch.setattr(article_fetching, "PAUSE_SECONDS", 0)
    server = HelpCentre().start()
    for n in range(3):
        server.put(f"/help/{n}", f"Topic {n}", f"This is what to know about topic number {n}.")
    yield server
    server.stop()


def test_a_help_centre_is_read_in_parts_and_again(
    client, django_capture_on_commit_callbacks, merchant, centre, monkeypatch
):
    monkeypatch.setattr(article_importing, "READ_SECONDS", 0)
    monkeypatch.setattr(article_importing, "PAGES_AT_ONCE", 2)
    found = upload(client, django_capture_on_commit_callbacks, None, address=f"{centre.origin}/sitemap.xml")
    assert (found.state, outcomes(found)) == (ImportState.READY, {"new": 3})
    assert found.collection == "127.0.0.1"
    apply(client, django_capture_on_commit_callbacks, found)
    assert set(Article.objects.values_list("source_url", flat=True)) == {f"{centre.origin}/help/{n}" for n in range(3)}
    del centre.pages["/help/2"]
    again = upload(
        client, django_capture_on_commit_callbacks, centre.sitemap(), name="sitemap.xml", collection="127.0.0.1"
    )
    assert outcomes(again) == {"unchanged": 2, "missing": 1}


def test_a_site_map_that_cannot_be_read_says_why(client, django_capture_on_commit_callbacks, merchant, centre):
    found = upload(client, django_capture_on_commit_callbacks, None, address=f"{centre.origin}/nothing.xml")
    assert (found.state, found.state_reason) == (ImportState.FAILED, "the server answered 404")


def test_the_command_imports_a_folder_tries_it_first_and_archives(merchant, tmp_path, capsys):
    (tmp_path / "a.md").write_text("# A\n\nText of a.")
    (tmp_path / "b.html").write_text("<h1>B</h1><p>Text of b, which is long enough.</p>")
    call_command("import_articles", tmp_path, merchant="lumen", collection="kb", dry_run=True)
    assert "2 new, 0 changed, 0 unchanged" in capsys.readouterr().out
    assert not Article.objects.exists()
    call_command("import_articles", tmp_path, merchant="lumen", collection="kb")
    (tmp_path / "b.html").unlink()
    call_command("import_articles", tmp_path, merchant="lumen", collection="kb", archive_missing=True)
    assert "0 created, 0 updated, 1 unchanged, 0 not read, 1 missing" in capsys.readouterr().out
    assert Article.objects.get(status="archived").title == "B"


def test_roles_and_other_merchants(sign_in, viewer, stranger, client, merchant, django_capture_on_commit_callbacks):
    found = upload(client, django_capture_on_commit_callbacks)
    assert sign_in(viewer).get(PATH).status_code == 403
    assert sign_in(stranger).get(f"{PATH}{found.pk}/").status_code == 404
    assert sign_in(stranger).post(f"/himal/articles/imports/{found.pk}/applications/").status_code == 404
    assert client.get(f"{PATH}{found.pk}/applications/").status_code == 405
    assert client.get(f"{PATH}999999/").status_code == 404
