import re
from datetime import timedelta

import pyotp
import pytest
from django.utils import timezone

from portal.models import ApiKey, AuditEntry, Authenticator, Invitation, Job, Membership, Merchant, Role, Scope
from tests.browser.conftest import inspect_page, keep_picture

pytestmark = pytest.mark.browser
WIDTHS = (1440, 390)


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
    now = timezone.now()
    sent = Invitation.create(merchant, "nadia@lumen.example", Role.REVIEWER, by=owner, at=now)
    sent.mark_sent(at=now)
    lost = Invitation.create(merchant, "nobody@lumen.example", Role.VIEWER, by=owner, at=now)
    lost.mark_unsent("The mail server answered 550: no such mailbox")
    Invitation.create(merchant, "late@lumen.example", Role.OWNER, by=owner, at=now - timedelta(days=9))
    Job.start(merchant, "recount", by=owner).report(1200, 9000, "Counting anew")
    job = Job.start(merchant, "draft", by=owner)
    job.report(34, 120, "Reading the questions of this gap")
    return job


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_the_settings(browse, lived_in, owner, width):
    page = browse(owner, width=width)
    for path, name in (
        ("settings/", "settings"),
        ("settings/conversations/", "settings-conversations"),
        ("settings/privacy/", "settings-privacy"),
        ("settings/model/", "settings-model"),
        ("settings/team/", "team"),
        ("settings/keys/", "keys"),
        ("settings/audit/", "audit"),
        (f"jobs/{lived_in.pk}/", "job"),
        ("nothing-here/", "404"),
    ):
        page.goto(f"/lumen/{path}")
        inspect_page(page, name)


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_outside_of_a_merchant(browse, lived_in, owner, width):
    invitation = Invitation.waiting(lived_in.merchant).get(email="nadia@lumen.example")
    invited = f"/account/invitations/{invitation.make_token()}/"
    page = browse(owner, width=width)
    for path, name in (
        ("/", "home"),
        ("/account/", "account"),
        ("/account/password/", "password-change"),
        ("/account/two-step/", "two-step-off"),
        (invited, "invitation-other"),
    ):
        page.goto(path)
        inspect_page(page, name)
    page = browse(None, width=width)
    for path, name in (
        ("/sign-in/", "sign-in"),
        ("/password/", "password"),
        ("/password/x/y/", "password-link"),
        (invited, "invitation-new"),
        ("/account/invitations/nothing/", "invitation-closed"),
    ):
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
    page.goto("/lumen/settings/conversations/")
    page.get_by_label("A chat ends after").fill("0")
    page.get_by_role("button", name="Save and count anew").click()
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
    page.get_by_text("Vera Viewer is now: Reviewer.").wait_for()
    assert Membership.objects.get(user=viewer).role == Role.REVIEWER
    page.get_by_role("button", name="Remove Vera Viewer").click()
    page.get_by_role("heading", name="Remove Vera Viewer from the team?").wait_for()
    page.get_by_role("button", name="Remove from the team").click()
    page.get_by_text("Vera Viewer was removed").wait_for()
    page.goto("/lumen/settings/privacy/")
    page.get_by_label("Email addresses").uncheck()
    page.get_by_label("A message to try it on").fill("+49 30 1234567 or kim@post.example")
    page.get_by_role("button", name="Try").click()
    page.get_by_text("[phone] or kim@post.example").wait_for()
    assert not page.get_by_label("Email addresses").is_checked()
    assert Merchant.objects.get(slug="lumen").redacts_emails
    page.locator(".sidebar").get_by_text("Olivia Owner").click()
    page.locator(".sidebar").get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_a_text_is_redacted_while_it_is_typed(browse, owner):
    page = browse(owner)
    page.goto("/lumen/settings/privacy/")
    page.get_by_text("My card [card] was charged twice").wait_for()
    page.get_by_label("A message to try it on").fill("Order 1001, kim@post.example")
    page.get_by_text("Order 1001, [email]").wait_for()
    page.get_by_label("Email addresses").uncheck()
    page.get_by_role("status").get_by_text("Order 1001, kim@post.example").wait_for()
    assert Merchant.objects.get(slug="lumen").redacts_emails, "trying saves nothing"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_second_step_from_setting_up_to_signing_in(browse, owner, width, theme):
    owner.set_password("lamp warm hallway 42")
    owner.save()
    page = browse(owner, width=width, theme=theme)
    page.goto("/account/two-step/")
    page.get_by_label("Your password").fill("lamp warm hallway 42")
    page.get_by_role("button", name="Set it up").click()
    page.get_by_text("The picture cannot be scanned?").click()
    inspect_page(page, "two-step-setup")
    app = pyotp.TOTP(page.locator("#secret").inner_text().replace(" ", ""))
    page.get_by_label("Code").fill(app.now())
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_role("heading", name="Keep these recovery codes").wait_for()
    inspect_page(page, "recovery-codes")
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").wait_for()
    codes = re.findall(r"[2-9a-z]{4}(?:-[2-9a-z]{4}){3}", page.evaluate("navigator.clipboard.readText()"))
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as a file").click()
    assert codes[0] in download.value.path().read_text()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/account/")
    inspect_page(page, "account-two-step")
    page.goto("/account/two-step/")
    inspect_page(page, "two-step-on")

    page = browse(None, width=width, theme=theme)
    page.goto("/lumen/settings/team/")
    page.get_by_label("Email").fill(owner.email)
    page.get_by_label("Password", exact=True).fill("lamp warm hallway 42")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="One more step").wait_for()
    inspect_page(page, "sign-in-code")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("This code is not right").wait_for()
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Team").wait_for()
    inspect_page(page, "team-two-step")
    assert Authenticator.find_active(owner)


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
    keep_picture(page, "admin")


def test_the_api_documentation_is_drawn(browse, db):
    page = browse(None)
    page.goto("/api/docs/")
    page.get_by_text("/api/v1/drafts/", exact=True).wait_for()
