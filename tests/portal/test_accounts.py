import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal import tasks
from portal.models import Membership, Role, User

PASSWORD = "lamp warm hallway 42"


@pytest.fixture(autouse=True)
def _cheap_hashes(settings):
    """Argon2 is slow on purpose; a hundred tries would take a minute."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def olivia(owner):
    owner.set_password(PASSWORD)
    owner.save()
    return owner


def attempt(email="olivia@lumen.example", password=PASSWORD, ip="10.0.0.1", client=None, **extra):
    return (client or Client()).post(
        reverse("login"), {"username": email, "password": password, **extra}, REMOTE_ADDR=ip
    )


class TestSignIn:
    def test_leads_to_the_one_merchant(self, olivia):
        client = Client()
        assert attempt(client=client).url == reverse("home")
        assert client.get(reverse("home")).url == reverse("overview", kwargs={"slug": "lumen"})

    def test_the_case_of_the_address_does_not_matter(self, olivia):
        assert attempt(email="OLIVIA@Lumen.example").status_code == 302

    def test_goes_on_to_the_page_that_was_asked_for_but_never_to_another_site(self, olivia):
        assert attempt(next="/lumen/settings/").url == "/lumen/settings/"
        assert attempt(next="https://evil.example/").url == reverse("home")

    def test_says_the_same_for_a_wrong_password_and_an_unknown_address(self, olivia):
        wrong = attempt(password="not it at all")
        unknown = attempt(email="nobody@lumen.example")
        assert b"do not belong together" in wrong.content
        assert b"do not belong together" in unknown.content

    def test_the_ninth_try_within_15_minutes_is_refused_even_with_the_right_password(self, olivia):
        for _ in range(8):
            attempt(password="wrong wrong wrong")
        answer = attempt()
        assert answer.status_code == 200
        assert b"Too many tries. Wait 15 minutes" in answer.content
        assert attempt(ip="10.0.0.2").status_code == 302, "somebody else's tries must not lock the owner out elsewhere"
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            assert attempt().status_code == 302

    def test_a_success_clears_the_count(self, olivia):
        for _ in range(7):
            attempt(password="wrong wrong wrong")
        assert attempt().status_code == 302
        for _ in range(7):
            attempt(password="wrong wrong wrong")
        assert attempt().status_code == 302

    def test_many_addresses_from_one_place_are_limited_too(self, olivia):
        for n in range(60):
            attempt(email=f"guess{n}@lumen.example", password="x")
        assert b"Too many tries" in attempt().content

    def test_a_header_cannot_pretend_another_address(self, olivia, settings):
        for n in range(9):
            Client().post(
                reverse("login"),
                {"username": olivia.email, "password": "wrong"},
                REMOTE_ADDR="10.0.0.1",
                headers={"x-forwarded-for": f"1.1.1.{n}"},
            )
        assert b"Too many tries" in attempt().content

    def test_the_admin_is_behind_the_same_limit(self, staff):
        staff.set_password(PASSWORD)
        staff.save()
        for _ in range(8):
            attempt(email=staff.email, password="wrong wrong wrong")
        page = {"username": staff.email, "password": PASSWORD}
        assert Client().post("/admin/login/", page, REMOTE_ADDR="10.0.0.1").status_code == 200
        assert Client().post("/admin/login/", page, REMOTE_ADDR="10.0.0.2").status_code == 302


class TestSignOut:
    def test_ends_the_session(self, sign_in, owner):
        client = sign_in(owner)
        assert client.post(reverse("sign_out")).url == reverse("login")
        assert client.get(reverse("home")).status_code == 302

    def test_is_a_post(self, sign_in, owner):
        assert sign_in(owner).get(reverse("sign_out")).status_code == 405


class TestHome:
    def test_several_merchants_are_a_choice(self, sign_in, owner, other_merchant):
        Membership.objects.create(merchant=other_merchant, user=owner, role=Role.VIEWER)
        page = sign_in(owner).get(reverse("home")).content.decode()
        assert "Choose a merchant" in page
        assert 'href="/himal/"' in page
        assert 'href="/lumen/"' in page

    def test_none_says_what_to_do(self, sign_in, db):
        page = sign_in(User.objects.create_user("new@lumen.example")).get(reverse("home")).content.decode()
        assert "You belong to no merchant yet" in page
        assert "new@lumen.example" in page

    def test_anonymous_signs_in_first(self, db):
        assert Client().get(reverse("home")).url.startswith(reverse("login"))


class TestPassword:
    def ask(self, email, monkeypatch, callbacks, ip="10.0.0.1"):
        """Tasks run where they were sent, so the test sees the mail without a worker."""
        monkeypatch.setattr(tasks.send_password_mail, "delay", tasks.send_password_mail)
        with callbacks(execute=True):
            return Client().post(reverse("password_resets"), {"email": email}, REMOTE_ADDR=ip)

    def test_a_link_that_is_good_once(self, olivia, monkeypatch, django_capture_on_commit_callbacks):
        self.ask("Olivia@lumen.example", monkeypatch, django_capture_on_commit_callbacks)
        (message,) = mail.outbox
        path = re.search(r"(/password/\S+)", message.body).group(1)
        client = Client()
        form_url = client.get(path).url
        saved = client.post(form_url, {"new_password1": "fresh bread 1917", "new_password2": "fresh bread 1917"})
        assert saved.url == reverse("home")
        assert attempt(password="fresh bread 1917").status_code == 302
        assert b"no longer good" in Client().get(path).content

    def test_an_unknown_address_gets_the_same_answer_and_no_mail(
        self, db, monkeypatch, django_capture_on_commit_callbacks
    ):
        answer = self.ask("nobody@lumen.example", monkeypatch, django_capture_on_commit_callbacks)
        assert answer.url == reverse("password_reset_sent")
        assert mail.outbox == []

    def test_an_invited_user_without_a_password_can_ask_too(
        self, owner, monkeypatch, django_capture_on_commit_callbacks
    ):
        self.ask(owner.email, monkeypatch, django_capture_on_commit_callbacks)
        assert len(mail.outbox) == 1

    def test_no_more_than_three_mails_an_hour(self, olivia, monkeypatch, django_capture_on_commit_callbacks):
        for n in range(5):
            self.ask(olivia.email, monkeypatch, django_capture_on_commit_callbacks, ip=f"10.0.0.{n}")
        assert len(mail.outbox) == 3

    def test_a_short_password_is_refused_with_the_rule(self, sign_in, olivia):
        form = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
        answer = sign_in(olivia).post(reverse("account"), form)
        assert answer.status_code == 422
        assert b"at least 10 characters" in answer.content

    def test_changing_it_keeps_this_browser_and_ends_the_others(self, sign_in, olivia):
        here, elsewhere = sign_in(olivia), sign_in(olivia)
        form = {"old_password": PASSWORD, "new_password1": "fresh bread 1917", "new_password2": "fresh bread 1917"}
        assert here.post(reverse("account"), form).status_code == 302
        assert here.get(reverse("account")).status_code == 200
        assert elsewhere.get(reverse("account")).status_code == 302


def test_the_name_can_be_changed(sign_in, owner):
    sign_in(owner).post(reverse("account"), {"name": "Olive"})
    owner.refresh_from_db()
    assert owner.name == "Olive"
