from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import Counting
from analytics.recount import recount_if_outdated
from portal.models import AuditEntry, Job, JobState, LlmCall, Merchant
from portal.recounts import find_recount
from reporting.models import Subscription, Topic
from tests.events import resolved, send

GENERAL = "/lumen/settings/"
CONVERSATIONS = f"{GENERAL}conversations/"
PRIVACY = f"{GENERAL}privacy/"
TRIALS = f"{PRIVACY}trials/"
MODEL = f"{GENERAL}model/"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = {
    GENERAL: {"name": "Lumen", "timezone": "Europe/Berlin", "currency": "EUR", "locale": "en"},
    CONVERSATIONS: {"chat_idle_hours": "48", "email_idle_hours": "72", "recontact_days": "7"},
    PRIVACY: {"redacts_cards": "on", "redacts_emails": "on"},
    MODEL: {"monthly_llm_budget": "12.50", "judged_share": "100"},
}


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        (GENERAL, {"name": "Lumen Lighting → Lumen"}),
        (CONVERSATIONS, {"chat_idle_hours": "24 → 48"}),
        (PRIVACY, {"redacts_phones": "on → off"}),
        (MODEL, {"monthly_llm_budget": "50.00 → 12.50"}),
    ],
)
class TestEveryPage:
    def test_an_owner_changes_it_and_the_trail_says_what(self, url, detail, sign_in, owner, merchant):
        client = sign_in(owner)
        assert client.post(url, GOOD[url]).url == url
        (entry,) = AuditEntry.objects.for_merchant(merchant)
        assert (entry.verb, entry.actor, entry.detail) == ("merchant.settings_changed", owner, detail)
        again = client.post(url, GOOD[url], follow=True)
        assert b"Nothing was changed" in again.content
        assert AuditEntry.objects.for_merchant(merchant).count() == 1

    def test_changes_nothing_that_is_on_another_page(self, url, detail, sign_in, owner, merchant):
        names = ("name", "chat_idle_hours", "redacts_phones", "monthly_llm_budget", "timezone", "redacts_cards")
        before = {name: getattr(merchant, name) for name in names}
        sign_in(owner).post(url, GOOD[url])
        merchant.refresh_from_db()
        changed = {name for name in names if getattr(merchant, name) != before[name]}
        assert changed == set(detail)

    def test_a_viewer_reads_but_cannot_save(
        self, url, detail, sign_in, viewer, merchant, django_assert_max_num_queries
    ):
        client = sign_in(viewer)
        with django_assert_max_num_queries(13):
            page = client.get(url).content.decode()
        assert "disabled" in page
        assert "Save" not in page
        assert client.post(url, GOOD[url]).status_code == 403
        assert not AuditEntry.objects.exists()

    def test_stranger_anonymous_and_other_methods(self, url, detail, sign_in, stranger, owner):
        assert sign_in(stranger).get(url).status_code == 404
        assert Client().get(url).url == f"/sign-in/?next={url}"
        assert sign_in(owner).delete(url).status_code == 405


@pytest.mark.parametrize(
    ("url", "field", "value", "says"),
    [
        (GENERAL, "name", "", "This field is required"),
        (GENERAL, "timezone", "Mars/Olympus", "Select a valid choice"),
        (GENERAL, "currency", "XXQ", "Select a valid choice"),
        (CONVERSATIONS, "chat_idle_hours", "0", "greater than or equal to 1"),
        (CONVERSATIONS, "email_idle_hours", "721", "less than or equal to 720"),
        (CONVERSATIONS, "recontact_days", "61", "less than or equal to 60"),
        (MODEL, "monthly_llm_budget", "-1", "greater than or equal to 0"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_saved(sign_in, owner, merchant, url, field, value, says):
    answer = sign_in(owner).post(url, {**GOOD[url], field: value})
    assert answer.status_code == 422
    assert says in str(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in answer.content.decode()
    before = Merchant.objects.values().get(pk=merchant.pk)
    assert (before["name"], before["chat_idle_hours"], before["monthly_llm_budget"]) == ("Lumen Lighting", 24, 50)


def test_zones_with_quarter_hours_are_offered(sign_in, owner):
    page = sign_in(owner).get(GENERAL).content.decode()
    assert 'value="Asia/Kathmandu"' in page
    assert 'value="Etc/GMT+3"' not in page


def test_what_is_set_on_other_pages_is_told_and_linked(sign_in, owner, merchant):
    client = sign_in(owner)
    page = client.get(GENERAL).content.decode()
    assert f'href="{reverse("roi", kwargs={"slug": "lumen"})}"' in page
    assert "costs €3.33: a guess" in page
    assert "You do not get it" in page
    assert "You get none." in page
    Subscription.subscribe(merchant, owner, at=NOW, topic=Topic.ANOMALIES)
    assert "You get one when something is out of the ordinary." in client.get(GENERAL).content.decode()
    Subscription.subscribe(merchant, owner, at=NOW)
    assert "every Monday at 08:00" in client.get(GENERAL).content.decode()


class TestCountingAnew:
    """A change of zone, idle time or re-contact days counts all numbers anew, and the page shows how far that is."""

    @pytest.fixture
    def counted(self, merchant):
        send(merchant, *(resolved(f"c-{n}", at=datetime(2026, 11, 20, 9 + n, tzinfo=UTC)) for n in range(3)), now=NOW)
        return merchant

    def test_the_settings_that_numbers_depend_on_are_the_same_in_both_rooms(self, merchant):
        assert set(Merchant.COUNTED_BY) == Counting.settings_of(merchant).keys() - {"rules_version"}

    def test_waits_then_runs_then_is_done(self, counted, sign_in, owner):
        client = sign_in(owner)
        client.post(CONVERSATIONS, GOOD[CONVERSATIONS])
        page = client.get(CONVERSATIONS).content.decode()
        assert "Waiting" in page
        assert "every 2s" in page
        counted.refresh_from_db()
        assert recount_if_outdated(counted, now=NOW)
        job = Job.objects.for_merchant(counted).get()
        assert (job.state, job.done, job.total, job.started_by) == (JobState.DONE, 3, 3, owner)
        assert "All numbers were counted anew" in client.get(CONVERSATIONS).content.decode()

    def test_a_changed_zone_counts_too_and_a_changed_name_does_not(self, counted, sign_in, owner):
        client = sign_in(owner)
        client.post(GENERAL, GOOD[GENERAL])
        assert find_recount(counted) is None
        client.post(GENERAL, {**GOOD[GENERAL], "timezone": "Asia/Kathmandu"})
        assert find_recount(counted).state == JobState.WAITING

    def test_changed_back_before_it_began_nothing_is_left_waiting(self, counted, sign_in, owner):
        client = sign_in(owner)
        client.post(CONVERSATIONS, GOOD[CONVERSATIONS])
        client.post(CONVERSATIONS, {**GOOD[CONVERSATIONS], "chat_idle_hours": "24"})
        assert Job.objects.for_merchant(counted).count() == 1
        counted.refresh_from_db()
        assert not recount_if_outdated(counted, now=NOW)
        assert find_recount(counted).state == JobState.DONE
        assert "were counted anew" not in client.get(CONVERSATIONS).content.decode()

    def test_a_failure_is_shown_and_goes_on_to_whoever_called(self, counted, sign_in, owner, monkeypatch):
        client = sign_in(owner)
        client.post(CONVERSATIONS, GOOD[CONVERSATIONS])
        counted.refresh_from_db()
        monkeypatch.setattr("analytics.recount.rollup.recount", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            recount_if_outdated(counted, now=NOW)
        assert "Counting anew stopped" in client.get(CONVERSATIONS).content.decode()
        monkeypatch.undo()
        assert recount_if_outdated(counted, now=NOW)
        (job,) = Job.objects.for_merchant(counted)
        assert job.state == JobState.DONE, "the next attempt goes on with the same job"

    def test_it_is_asked_for_once_the_change_is_saved(self, counted, sign_in, owner, committed):
        import analytics.tasks  # noqa: F401 - the web process names the task without knowing it

        with committed():
            sign_in(owner).post(CONVERSATIONS, GOOD[CONVERSATIONS])
        assert find_recount(counted).state == JobState.DONE


class TestTryingRedaction:
    text = "Card 4242 4242 4242 4242, kim@post.example, +49 30 1234567"

    def test_shows_what_would_be_stored_with_the_boxes_as_they_are_and_saves_nothing(self, sign_in, owner, merchant):
        page = sign_in(owner).post(TRIALS, {"text": self.text, "redacts_emails": "on"}).content.decode()
        assert "Card 4242 4242 4242 4242, [email], +49 30 1234567" in page
        merchant.refresh_from_db()
        assert merchant.redacts_cards

    def test_for_htmx_only_the_result(self, sign_in, owner):
        form = {"text": self.text, "redacts_cards": "on", "redacts_emails": "on", "redacts_phones": "on"}
        answer = sign_in(owner).post(TRIALS, form, headers={"HX-Request": "true"}).content.decode()
        assert "Card [card], [email], [phone]" in answer
        assert "<html" not in answer

    def test_viewers_try_it_with_what_is_set(self, sign_in, viewer):
        page = sign_in(viewer).post(TRIALS, {"text": self.text}).content.decode()
        assert "Card [card], [email], [phone]" in page

    def test_the_page_opens_with_an_example(self, sign_in, viewer):
        page = sign_in(viewer).get(PRIVACY).content.decode()
        assert "My card [card] was charged twice for order 48213" in page

    def test_how_long_events_are_kept_is_told(self, sign_in, viewer, settings):
        settings.EVENT_RETENTION_DAYS = 123
        assert b"<strong>123 days</strong>" in sign_in(viewer).get(PRIVACY).content

    def test_markup_stays_text(self, sign_in, owner):
        assert b"<b>x</b>" not in sign_in(owner).post(TRIALS, {"text": "<b>x</b>"}).content

    def test_a_text_that_is_too_long_is_refused(self, sign_in, owner):
        answer = sign_in(owner).post(TRIALS, {"text": "x" * 2001})
        assert answer.status_code == 422
        assert b"at most 2000 characters" in answer.content

    def test_stranger_and_method(self, sign_in, stranger, owner):
        assert sign_in(stranger).post(TRIALS, {"text": "x"}).status_code == 404
        assert sign_in(owner).get(TRIALS).status_code == 405


def test_the_model_page_says_what_was_spent_or_that_there_is_none(sign_in, viewer, merchant, settings):
    client = sign_in(viewer)
    settings.OPENAI_API_KEY = ""
    assert b"No language model is connected here" in client.get(MODEL).content
    settings.OPENAI_API_KEY = "sk-test"
    LlmCall.objects.create(
        merchant=merchant, purpose="judge", prompt_version="judge.v1", model="m", input_hash="0" * 64, cost="1.25"
    )
    assert "Used this month: $1.25" in client.get(MODEL).content.decode()
