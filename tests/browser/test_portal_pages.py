import pytest
from django.utils import timezone

from portal.models import ApiKey, AuditEntry, Job, Membership, Role, Scope
from tests.browser.conftest import inspect_page

pytestmark = pytest.mark.browser
LOOKS = [(width, theme) for width in (1440, 390) for theme in ("light", "dark")]


@pytest.fixture
def lived_in(merchant, other_merchant, owner, reviewer, viewer):
    """A merchant whose pages have something on them."""
    Membership.objects.create(merchant=other_merchant, user=owner, role=Role.VIEWER)
    used, _key = ApiKey.create(merchant, name="Agent, production", scopes=[Scope.INGEST], created_by=owner)
    ApiKey.objects.filter(pk=used.pk).update(last_used_at=timezone.now())
    ApiKey.create(merchant, name="Dashboard of the board", scopes=[Scope.READ, Scope.REVIEW], created_by=owner)
    old, _key = ApiKey.create(merchant, name="Trial", scopes=[Scope.READ], created_by=owner)
    old.revoke(by=owner, at=timezone.now())
    Membership.objects.get(user=viewer).change_role(Role.REVIEWER, by=owner)
    detail = {"name": "Lumen → Lumen Lighting", "chat_idle_hours": "24 → 48"}
    AuditEntry.record(merchant, "merchant.settings_changed", by=owner, on=merchant, detail=detail)
    job = Job.start(merchant, "draft", by=owner)
    job.report(34, 120, "Reading the questions of this gap")
    return job


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_of_the_settings(browse, lived_in, owner, width, theme):
    page = browse(owner, width=width, theme=theme)
    for path, name in (
        ("settings/", "settings"),
        ("settings/team/", "team"),
        ("settings/keys/", "keys"),
        ("settings/audit/", "audit"),
        (f"jobs/{lived_in.pk}/", "job"),
        ("nothing-here/", "404"),
    ):
        page.goto(f"/lumen/{path}")
        inspect_page(page, name)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_outside_of_a_merchant(browse, lived_in, owner, width, theme):
    page = browse(owner, width=width, theme=theme)
    for path, name in (("/", "home"), ("/account/", "account")):
        page.goto(path)
        inspect_page(page, name)
    page = browse(None, width=width, theme=theme)
    for path, name in (("/sign-in/", "sign-in"), ("/password/", "password"), ("/password/x/y/", "password-link")):
        page.goto(path)
        inspect_page(page, name)


def test_a_wrong_password_is_told_at_the_form(browse, owner):
    page = browse(None)
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(owner.email)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").get_by_text("do not belong together").wait_for()
    inspect_page(page, "sign-in-wrong")


def test_errors_of_the_settings_stand_at_their_fields(browse, owner):
    page = browse(owner, width=390)
    page.goto("/lumen/settings/")
    page.get_by_label("A chat ends after").fill("0")
    page.get_by_role("button", name="Save settings").click()
    page.get_by_text("Nothing was saved yet").wait_for()
    described_by = page.get_by_label("A chat ends after").get_attribute("aria-describedby")
    assert "id_chat_idle_hours_error" in described_by
    inspect_page(page, "settings-errors")


def test_a_key_is_created_copied_and_revoked_after_a_question(browse, owner):
    page = browse(owner)
    page.goto("/lumen/settings/keys/")
    page.get_by_label("Name").fill("Agent")
    page.get_by_label("Send events").check()
    page.get_by_role("button", name="Create key").click()
    key = page.locator("#key").inner_text()
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == key
    inspect_page(page, "key-created")
    page.get_by_role("button", name="Revoke Agent").click()
    dialog = page.get_by_role("dialog")
    inspect_page(page, "key-confirm")
    dialog.get_by_role("button", name="Cancel").click()
    assert ApiKey.objects.get().is_active
    page.get_by_role("button", name="Revoke Agent").click()
    dialog.get_by_role("button", name="Revoke key").click()
    page.get_by_text("was revoked").wait_for()
    assert not ApiKey.objects.get().is_active


def test_everything_works_without_javascript(browse, owner, viewer):
    page = browse(owner, javascript=False)
    page.goto("/lumen/settings/team/")
    page.get_by_label("Role of Vera Viewer").select_option("Reviewer")
    page.get_by_role("row", name="Vera Viewer").get_by_role("button", name="Change").click()
    assert Membership.objects.get(user=viewer).role == Role.REVIEWER
    page.locator(".sidebar").get_by_text("Olivia Owner").click()
    page.locator(".sidebar").get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_the_theme_is_kept_per_browser(browse, owner):
    page = browse(owner, theme="light")
    page.goto("/lumen/settings/")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    page.locator(".sidebar").get_by_text("Olivia Owner").click()
    toggle = page.locator(".sidebar [data-theme-toggle]")
    toggle.click()
    toggle.click()
    assert "Theme: dark" in toggle.inner_text()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark


def test_the_keyboard_reaches_the_content_first(browse, owner):
    page = browse(owner)
    page.goto("/lumen/settings/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_phone_reaches_every_section(browse, owner):
    page = browse(owner, width=390)
    page.goto("/lumen/settings/team/")
    page.locator(".tabbar summary").click()
    inspect_page(page, "more")
    page.locator(".tabbar__sheet").get_by_role("link", name="Settings").click()
    page.get_by_role("heading", name="Settings", exact=True).wait_for()
    small = page.evaluate(
        """[...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
        .filter((e) => e.checkVisibility() && !e.closest('p') && e.type !== 'checkbox')
        .filter((e) => { const b = e.getBoundingClientRect(); return b.width && b.height < 43.5 && b.top >= 0; })
        .map((e) => e.outerHTML.slice(0, 90))"""
    )
    assert small == []


def test_progress_is_asked_for_until_the_work_has_ended(browse, owner, lived_in):
    page = browse(owner)
    page.goto(f"/lumen/jobs/{lived_in.pk}/")
    page.get_by_text("34 / 120").wait_for()
    lived_in.report(60, 120, "Writing")
    page.get_by_text("60 / 120").wait_for(timeout=5000)
    lived_in.finish("3 drafts written", at=timezone.now())
    page.get_by_text("3 drafts written").wait_for(timeout=5000)
    page.get_by_text("Ended just now").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_admin_works_under_its_policy(browse, staff, lived_in, theme):
    page = browse(staff, theme=theme)
    for path in ("/admin/", "/admin/portal/merchant/", "/admin/portal/auditentry/"):
        page.goto(path)
        assert page.evaluate("typeof Alpine") == "object"
    page.screenshot(path="artifacts/admin.png")


def test_the_api_documentation_is_drawn(browse, db):
    page = browse(None)
    page.goto("/api/docs/")
    page.get_by_text("/api/v1/drafts/", exact=True).wait_for()
