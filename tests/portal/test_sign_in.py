from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.models import Membership, Role, User
from tests.portal.conftest import PASSWORD


class TestPasswordStep:
    def test_leads_to_the_one_merchant(self, olivia, attempt):
        client = Client()
        assert attempt(client=client).url == reverse("home")
        assert client.get(reverse("home")).url == reverse("overview", kwargs={"slug": "lumen"})

    def test_the_case_of_the_address_does_not_matter(self, olivia, attempt):
        assert attempt(email="OLIVIA@Lumen.example").status_code == 302

    def test_goes_on_to_the_page_that_was_asked_for_but_never_to_another_site(self, olivia, attempt):
        assert attempt(next="/lumen/settings/").url == "/lumen/settings/"
        assert attempt(next="https://evil.example/").url == reverse("home")

    def test_says_the_same_for_a_wrong_password_and_an_unknown_address(self, olivia, attempt):
        wrong = attempt(password="not it at all")
        unknown = attempt(email="nobody@lumen.example")
        assert b"do not belong together" in wrong.content
        assert b"do not belong together" in unknown.content

    def test_the_ninth_try_within_15_minutes_is_refused_even_with_the_right_password(self, olivia, attempt):
        for _ in range(8):
            attempt(password="wrong wrong wrong")
        answer = attempt()
        assert answer.status_code == 200
        assert b"Too many tries. Wait 15 minutes" in answer.content
        assert attempt(ip="10.0.0.2").status_code == 302, "somebody else's tries must not lock the owner out elsewhere"
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            assert attempt().status_code == 302

    def test_a_success_clears_the_count(self, olivia, attempt):
        for _ in range(2):
            for _ in range(7):
                attempt(password="wrong wrong wrong")
            assert attempt().status_code == 302

    def test_many_addresses_from_one_place_are_limited_too(self, olivia, attempt):
        for n in range(60):
            attempt(email=f"guess{n}@lumen.example", password="x")
        assert b"Too many tries" in attempt().content

    def test_a_header_cannot_pretend_another_address(self, olivia, attempt):
        for n in range(8):
            form = {"username": olivia.email, "password": "wrong"}
            headers = {"x-forwarded-for": f"1.1.1.{n}"}
            Client().post(reverse("login"), form, REMOTE_ADDR="10.0.0.1", headers=headers)
        assert b"Too many tries" in attempt().content


class TestCodeStep:
    def test_the_password_alone_opens_nothing(self, olivia, attempt, phone):
        phone(olivia)
        client = Client()
        assert attempt(client=client).url == reverse("sign_in_code")
        assert client.get("/lumen/").url.startswith(reverse("login"))
        assert client.get("/admin/").url.startswith("/admin/login/")

    def test_the_code_opens_the_page_that_was_asked_for(self, olivia, attempt, phone):
        app, client = phone(olivia), Client()
        attempt(client=client, next="/lumen/settings/")
        assert client.post(reverse("sign_in_code"), {"code": app.code()}).url == "/lumen/settings/"
        assert client.get("/lumen/settings/").status_code == 200

    def test_a_code_is_good_once(self, olivia, attempt, phone):
        app, first, second = phone(olivia), Client(), Client()
        for client in (first, second):
            attempt(client=client)
        code = app.code()
        assert first.post(reverse("sign_in_code"), {"code": code}).status_code == 302
        refused = second.post(reverse("sign_in_code"), {"code": code})
        assert refused.status_code == 422
        assert b"was used before" in refused.content
        assert second.get("/lumen/").status_code == 302

    def test_a_clock_may_be_one_step_off_and_no_more(self, olivia, attempt, phone):
        app, client = phone(olivia), Client()
        attempt(client=client)
        assert client.post(reverse("sign_in_code"), {"code": app.code(steps=2)}).status_code == 422
        assert client.post(reverse("sign_in_code"), {"code": app.code(steps=1)}).status_code == 302

    def test_a_recovery_code_is_good_once_however_it_is_typed(self, olivia, attempt, phone, committed, mailoutbox):
        app, first, second = phone(olivia), Client(), Client()
        for client in (first, second):
            attempt(client=client)
        typed = app.recovery_codes[0].upper().replace("-", " ")
        with committed():
            assert first.post(f"{reverse('sign_in_code')}?with=recovery", {"code": typed}).status_code == 302
        (message,) = mailoutbox
        assert message.subject == "A recovery code was used to sign in"
        assert "9 recovery codes are left" in message.body
        assert second.post(reverse("sign_in_code"), {"code": typed}).status_code == 422

    def test_six_wrong_codes_are_enough_wherever_they_come_from(self, olivia, attempt, phone, committed, mailoutbox):
        app = phone(olivia)
        with committed():
            for n in range(6):
                client = Client()
                attempt(client=client, ip=f"10.0.0.{n}")
                client.post(reverse("sign_in_code"), {"code": "000000"}, REMOTE_ADDR=f"10.0.0.{n}")
        refused = client.post(reverse("sign_in_code"), {"code": app.code()})
        assert b"Too many tries. Wait 15 minutes" in refused.content
        assert [message.subject for message in mailoutbox] == ["Somebody knows your password, but not your code"]
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            attempt(client=client)
            assert client.post(reverse("sign_in_code"), {"code": app.code()}).status_code == 302

    def test_waits_ten_minutes_for_the_code(self, olivia, attempt, phone):
        app, client = phone(olivia), Client()
        attempt(client=client)
        with time_machine.travel(timezone.now() + timedelta(minutes=11)):
            assert client.post(reverse("sign_in_code"), {"code": app.code()}).url == reverse("login")

    def test_a_password_changed_meanwhile_ends_the_wait(self, olivia, attempt, phone):
        app, client = phone(olivia), Client()
        attempt(client=client)
        olivia.set_password("another one entirely")
        olivia.save()
        assert client.post(reverse("sign_in_code"), {"code": app.code()}).url == reverse("login")

    def test_nobody_gets_there_without_a_password(self, db):
        assert Client().get(reverse("sign_in_code")).url == reverse("login")
        assert Client().put(reverse("sign_in_code")).status_code == 405

    def test_a_setup_that_was_not_finished_asks_for_nothing(self, olivia, attempt):
        from portal.models import Authenticator

        Authenticator.start(olivia, at=timezone.now())
        assert attempt().url == reverse("home")


class TestAdmin:
    @pytest.fixture
    def sam(self, staff, cheap_hashes):
        staff.set_password(PASSWORD)
        staff.save()
        return staff

    def test_its_own_page_leads_to_the_one_door(self, sam, attempt):
        client = Client()
        url = client.get("/admin/portal/user/").url
        assert client.get(url).url == f"{reverse('login')}?next=/admin/portal/user/"
        answer = client.post("/admin/login/", {"username": sam.email, "password": PASSWORD})
        assert answer.url.startswith(reverse("login"))
        assert client.get("/admin/").status_code == 302
        assert attempt(email=sam.email, client=client, next="/admin/portal/user/").url == "/admin/portal/user/"
        assert client.get("/admin/portal/user/").status_code == 200

    def test_is_behind_the_second_step(self, sam, attempt, phone):
        app, client = phone(sam), Client()
        attempt(email=sam.email, client=client, next="/admin/")
        assert client.get("/admin/").status_code == 302
        assert client.post(reverse("sign_in_code"), {"code": app.code()}).url == "/admin/"
        assert client.get("/admin/").status_code == 200

    def test_whoever_is_signed_in_and_not_staff_is_told_so(self, sign_in, owner, sam):
        assert sign_in(owner).get("/admin/login/?next=/admin/").status_code == 403
        assert sign_in(sam).get("/admin/login/?next=https://evil.example/").url == "/admin/"


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
