"""A scaled-down load of the made-up shop through the real pipeline."""

import re
from datetime import date
from email import message_from_bytes
from email.policy import default
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from analytics.models import Calibration, Conversation, Event, QualityScore
from improvement.models import Article, Question
from portal.local_stack.demo import DEMO_PASSWORD
from portal.models import ApiKey, Membership, Merchant, Role, User
from reporting.demo.load import STEPS, begin, record_loaded
from reporting.demo.removal import remove_demo
from reporting.models import Delivery, Report

ANCHOR = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _frozen(time_machine, settings, tmp_path):
    time_machine.move_to("2026-11-23T09:00:00+01:00", tick=False)
    settings.EMAIL_FILE_PATH = str(tmp_path / "outbox")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def load_demo(*options: str) -> str:
    out = StringIO()
    call_command("load_demo", *options, stdout=out)
    return out.getvalue()


def run(load, *steps) -> None:
    for step in steps or STEPS:
        step.run(load, lambda share: None)


def count_rows() -> dict[str, int]:
    ours = [apps.get_app_config(name) for name in ("portal", "analytics", "improvement", "reporting")]
    return {model._meta.label: model.objects.count() for app in ours for model in app.get_models()}


@pytest.mark.django_db
def test_a_small_load_fills_every_page_and_doing_all_of_it_again_changes_nothing():
    load = begin(total=60)
    load.pages = load.pages[:4]
    run(load)
    shop = Merchant.objects.get(slug="talwind")
    assert shop.is_demo
    assert 50 <= Conversation.objects.for_merchant(shop).count() <= 75
    assert Article.objects.for_merchant(shop).count() == 6
    for model in (Event, Question, QualityScore, Calibration, Report):
        assert model.objects.for_merchant(shop).exists(), model
    assert {delivery.state for delivery in Delivery.objects.for_merchant(shop)} == {"sent"}

    before = count_rows()
    run(load)
    assert count_rows() == before


@pytest.mark.django_db
def test_what_is_loaded_is_left_as_it_is_and_says_how_to_sign_in():
    record_loaded(begin(total=5))
    before = count_rows()
    said = load_demo()
    assert "it ends on 23 November 2026" in said
    assert "owner@demo.example" in said
    assert "admin@demo.example" in said
    assert count_rows() == before


@pytest.mark.django_db
def test_the_owner_sees_both_shops_and_nobody_else_the_empty_one():
    load = begin(anchor=ANCHOR, total=10)
    roles = {user.email: role for user, role in ((m.user, m.role) for m in load.merchant.memberships.all())}
    assert roles == {
        "owner@demo.example": Role.OWNER,
        "reviewer@demo.example": Role.REVIEWER,
        "reviewer.two@demo.example": Role.REVIEWER,
        "viewer@demo.example": Role.VIEWER,
    }
    assert [m.user.email for m in Membership.objects.filter(merchant__slug="talwind-rental")] == ["owner@demo.example"]
    admin = User.objects.get(email="admin@demo.example")
    assert admin.is_superuser
    assert admin.check_password(DEMO_PASSWORD)


@pytest.mark.django_db
def test_a_colleague_is_invited_once_by_a_mail_whose_link_works(client, settings):
    settings.EMAIL_BACKEND = "portal.mail.OutboxBackend"
    for _ in range(2):
        begin(anchor=ANCHOR, total=10)
    (mail,) = Path(settings.EMAIL_FILE_PATH).glob("*.eml")
    text = message_from_bytes(mail.read_bytes(), policy=default).get_body("plain").get_content()
    page = client.get(re.search(r"/account/invitations/\S+", text)[0])
    assert b"You will sign in with <strong>trainee@demo.example</strong>" in page.content


@pytest.mark.django_db
def test_an_interrupted_load_is_completed_on_another_day_with_the_same_events(time_machine):
    load = begin(total=40)
    run(load, STEPS[1])
    n_events = Event.objects.for_merchant(load.merchant).count()
    assert n_events > 0

    time_machine.move_to("2026-11-25T09:00:00+01:00", tick=False)
    again = begin()
    assert again.anchor == load.anchor == ANCHOR
    assert again.events == load.events
    run(again, STEPS[1])
    assert Event.objects.for_merchant(load.merchant).count() == n_events


@pytest.mark.django_db
def test_a_site_that_others_can_reach_gets_no_accounts_with_a_known_password(settings):
    settings.ALLOWED_HOSTS = ["portal.shop.example"]
    with pytest.raises(CommandError, match="--force"):
        load_demo()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_merchant_of_somebody_else_at_the_same_address_is_left_alone():
    Merchant.objects.create(slug="talwind", name="Somebody Else")
    with pytest.raises(CommandError, match="belongs to Somebody Else"):
        load_demo()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_an_api_key_is_made_only_on_request():
    record_loaded(begin(total=5))
    load_demo()
    assert not ApiKey.objects.exists()
    assert "ac_" in load_demo("--api-key")
    assert ApiKey.objects.count() == 1


@pytest.mark.django_db
def test_a_removed_demo_leaves_its_users_and_other_merchants(merchant):
    load = begin(total=30)
    load.pages = load.pages[:1]
    run(load, *STEPS[:2])
    remove_demo()
    assert list(Merchant.objects.all()) == [merchant]
    assert User.objects.filter(email="owner@demo.example").exists()
    assert not Event.objects.exists()
