import pytest
from django.test import Client
from django.urls import reverse

from portal.models import AuditEntry

URL = "/lumen/settings/"


@pytest.fixture
def form():
    return {
        "name": "Lumen",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "locale": "en",
        "chat_idle_hours": "48",
        "email_idle_hours": "72",
        "recontact_days": "7",
        "redacts_cards": "on",
        "redacts_emails": "on",
        "monthly_llm_budget": "50.00",
    }


def test_an_owner_changes_them_and_the_trail_says_what(sign_in, owner, merchant, form):
    assert reverse("settings", kwargs={"slug": "lumen"}) == URL
    assert sign_in(owner).post(URL, form).url == URL
    merchant.refresh_from_db()
    assert (merchant.name, merchant.chat_idle_hours, merchant.redacts_phones) == ("Lumen", 48, False)
    (entry,) = AuditEntry.objects.for_merchant(merchant)
    assert (entry.verb, entry.actor) == ("merchant.settings_changed", owner)
    assert entry.detail == {
        "name": "Lumen Lighting → Lumen",
        "chat_idle_hours": "24 → 48",
        "redacts_phones": "True → False",
    }


def test_sending_the_same_again_writes_nothing(sign_in, owner, merchant, form):
    client = sign_in(owner)
    client.post(URL, form)
    page = client.post(URL, form, follow=True)
    assert b"Nothing was changed" in page.content
    assert AuditEntry.objects.for_merchant(merchant).count() == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "This field is required"),
        ("timezone", "Mars/Olympus", "Select a valid choice"),
        ("currency", "XXQ", "Select a valid choice"),
        ("chat_idle_hours", "0", "greater than or equal to 1"),
        ("recontact_days", "61", "less than or equal to 60"),
        ("monthly_llm_budget", "-1", "greater than or equal to 0"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_saved(sign_in, owner, merchant, form, field, value, says):
    answer = sign_in(owner).post(URL, {**form, field: value})
    assert answer.status_code == 422
    assert says in str(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in answer.content.decode()
    merchant.refresh_from_db()
    assert merchant.chat_idle_hours == 24


def test_a_viewer_reads_but_cannot_save(sign_in, viewer, merchant, form, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(12):
        page = client.get(URL).content.decode()
    assert "Europe/Berlin" in page
    assert "Save settings" not in page
    assert client.post(URL, form).status_code == 403
    merchant.refresh_from_db()
    assert merchant.name == "Lumen Lighting"


def test_a_stranger_sees_nothing_there(sign_in, stranger, merchant):
    assert sign_in(stranger).get(URL).status_code == 404


def test_anonymous_signs_in_first(merchant):
    assert Client().get(URL).url == f"/sign-in/?next={URL}"


def test_other_methods_are_refused(sign_in, owner):
    assert sign_in(owner).delete(URL).status_code == 405


def test_zones_with_quarter_hours_are_offered(sign_in, owner):
    page = sign_in(owner).get(URL).content.decode()
    assert 'value="Asia/Kathmandu"' in page
    assert 'value="Etc/GMT+3"' not in page
