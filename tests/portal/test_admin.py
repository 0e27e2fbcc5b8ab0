import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from portal.models import ApiKey, AuditEntry, Authenticator, Heartbeat, Job, LlmCall, Scope

OURS = ("portal", "analytics", "improvement", "reporting")


@pytest.fixture
def rows(merchant, viewer, owner):
    _row, key = ApiKey.create(merchant, name="Agent", scopes=[Scope.INGEST], created_by=owner)
    Job.start(merchant, "draft", by=owner)
    Heartbeat.beat("scheduler", at=timezone.now())
    LlmCall.objects.create(
        merchant=merchant, purpose="judge", prompt_version="judge.v1", model="m", input_hash="0" * 64
    )
    return key


def changelist(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_every_list_opens_for_staff_and_for_nobody_else(sign_in, staff, owner, rows):
    client = sign_in(staff)
    for model in admin.site._registry:
        if model._meta.app_label in OURS:
            assert client.get(changelist(model)).status_code == 200, model
            assert sign_in(owner).get(changelist(model)).status_code == 302, model


def test_lists_can_be_searched(sign_in, staff, rows):
    client = sign_in(staff)
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label in OURS and model_admin.search_fields:
            assert client.get(changelist(model), {"q": "lumen"}).status_code == 200, model


def test_no_secret_is_shown(sign_in, staff, rows):
    key = ApiKey.objects.get()
    page = sign_in(staff).get(reverse("admin:portal_apikey_change", args=[key.pk])).content.decode()
    assert key.prefix in page
    assert key.key_hash not in page
    assert rows not in page


@pytest.mark.parametrize("model", [ApiKey, AuditEntry, LlmCall, Job, Heartbeat])
def test_records_cannot_be_changed(sign_in, staff, rows, model):
    client = sign_in(staff)
    name = f"admin:portal_{model._meta.model_name}"
    row = model.objects.first()
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {"name": "x"}).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_staff_can_revoke_a_leaked_key(sign_in, staff, rows):
    form = {"action": "revoke_keys", "_selected_action": [ApiKey.objects.get().pk]}
    sign_in(staff).post(changelist(ApiKey), form)
    assert not ApiKey.objects.get().is_active
    assert AuditEntry.objects.filter(verb="api_key.revoked", actor=staff).count() == 1


def test_staff_without_permissions_see_no_lists(sign_in, db, rows):
    from portal.models import User

    trainee = User.objects.create_user("trainee@aftercare.example", is_staff=True)
    client = sign_in(trainee)
    assert client.get("/admin/").status_code == 200
    assert client.get(changelist(AuditEntry)).status_code == 403
    assert b"Audit trail" not in client.get("/admin/").content


def test_staff_can_add_a_user(sign_in, staff):
    from portal.models import User

    form = {
        "email": "New@lumen.example",
        "name": "New",
        "usable_password": "true",
        "password1": "lamp warm 42 hall",
        "password2": "lamp warm 42 hall",
        **{f"memberships-{field}": "0" for field in ("TOTAL_FORMS", "INITIAL_FORMS")},
    }
    answer = sign_in(staff).post(reverse("admin:portal_user_add"), form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert User.objects.filter(email__iexact="new@lumen.example").exists()


def test_staff_can_help_somebody_who_lost_the_phone(sign_in, staff, viewer, rows, phone, committed, mailoutbox):
    phone(viewer)
    form = {"action": "turn_off_two_step", "_selected_action": [viewer.pk]}
    with committed():
        sign_in(staff).post(reverse("admin:portal_user_changelist"), form)
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get(verb="account.two_step_turned_off")
    assert (entry.actor, entry.object_name) == (staff, "Vera Viewer")
    (message,) = mailoutbox
    assert message.to == [viewer.email]
    assert "by the support staff of the platform" in message.body


def test_a_password_that_staff_choose_is_told_to_its_owner_and_ends_the_sessions(
    sign_in, staff, viewer, committed, mailoutbox
):
    hers = sign_in(viewer)
    form = {"usable_password": "true", "password1": "lamp warm 42 hall", "password2": "lamp warm 42 hall"}
    with committed():
        sign_in(staff).post(reverse("admin:auth_user_password_change", args=[viewer.pk]), form)
    viewer.refresh_from_db()
    assert viewer.check_password("lamp warm 42 hall")
    assert [message.subject for message in mailoutbox] == ["Your password was changed"]
    assert viewer.sessions.count() == 0
    assert hers.get("/account/").status_code == 302


def test_staff_change_their_own_password_where_everybody_does(sign_in, staff):
    assert sign_in(staff).get("/admin/password_change/").url == "/account/password/"
