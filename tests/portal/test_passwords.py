from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.portal.conftest import PASSWORD

NEW = "fresh bread 1917"
CHOICE = {"new_password1": NEW, "new_password2": NEW}
CHANGE = {"old_password": PASSWORD, **CHOICE}


class TestByMail:
    def ask(self, email, committed, ip="10.0.0.1"):
        with committed():
            return Client().post(reverse("password_resets"), {"email": email}, REMOTE_ADDR=ip)

    def test_a_link_that_is_good_once(self, olivia, committed, attempt, link_in_mail):
        self.ask("Olivia@lumen.example", committed)
        path, client = link_in_mail(), Client()
        with committed():
            assert client.post(client.get(path).url, CHOICE).url == reverse("home")
        assert mail.outbox[-1].subject == "Your password was changed"
        assert client.get("/lumen/").status_code == 200
        assert attempt(password=NEW).status_code == 302
        assert b"no longer good" in Client().get(path).content

    def test_it_ends_every_session(self, olivia, committed, sign_in, link_in_mail):
        elsewhere = sign_in(olivia)
        assert elsewhere.get("/account/").status_code == 200
        self.ask(olivia.email, committed)
        client = Client()
        client.post(client.get(link_in_mail()).url, CHOICE)
        assert olivia.sessions.count() == 1, "what it ended is not listed any more"
        assert elsewhere.get("/account/").status_code == 302

    def test_it_does_not_stand_for_the_second_step(self, olivia, committed, phone, sign_in, link_in_mail):
        """Also in a browser where the person is signed in with the old password."""
        app = phone(olivia)
        client = sign_in(olivia)
        self.ask(olivia.email, committed)
        assert client.post(client.get(link_in_mail()).url, CHOICE).url == reverse("sign_in_code")
        assert client.get("/lumen/").status_code == 302
        assert client.post(reverse("sign_in_code"), {"code": app.code()}).url == reverse("home")
        assert client.get("/lumen/").status_code == 200

    def test_an_unknown_address_gets_the_same_answer_and_no_mail(self, db, committed):
        assert self.ask("nobody@lumen.example", committed).url == reverse("password_reset_sent")
        assert mail.outbox == []

    def test_who_never_chose_a_password_can_ask_too(self, owner, committed):
        self.ask(owner.email, committed)
        assert len(mail.outbox) == 1

    def test_no_more_than_three_mails_an_hour(self, olivia, committed):
        for n in range(5):
            self.ask(olivia.email, committed, ip=f"10.0.0.{n}")
        assert len(mail.outbox) == 3


class TestChange:
    url = "/account/password/"

    def test_keeps_this_browser_ends_the_others_and_is_told_by_mail(self, sign_in, olivia, committed):
        here, elsewhere = sign_in(olivia), sign_in(olivia)
        with committed():
            assert here.post(self.url, CHANGE).url == reverse("account")
        assert olivia.sessions.count() == 1, "what it ended is not listed any more"
        assert here.get(reverse("account")).status_code == 200
        assert elsewhere.get(reverse("account")).status_code == 302
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([olivia.email], "Your password was changed")

    def test_a_short_password_is_refused_with_the_rule(self, sign_in, olivia):
        form = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
        answer = sign_in(olivia).post(self.url, form)
        assert answer.status_code == 422
        assert b"at least 10 characters" in answer.content

    def test_an_open_browser_cannot_be_used_to_guess_the_old_one(self, sign_in, olivia):
        client = sign_in(olivia)
        for _ in range(8):
            assert b"This is not your password" in client.post(self.url, {**CHANGE, "old_password": "guess"}).content
        assert b"Too many tries" in client.post(self.url, CHANGE).content
        olivia.refresh_from_db()
        assert olivia.check_password(PASSWORD)

    def test_anonymous_signs_in_first(self, db):
        assert Client().get(self.url).url == f"{reverse('login')}?next={self.url}"

    def test_other_methods_are_refused(self, sign_in, olivia):
        assert sign_in(olivia).delete(self.url).status_code == 405
