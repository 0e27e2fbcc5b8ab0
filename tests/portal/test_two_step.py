import re
from datetime import timedelta

import pyotp
import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from portal.encryption import DecryptionError, decrypt, encrypt
from portal.models import AuditEntry, Authenticator, RecoveryCode
from portal.models.authenticator import hash_code
from tests.portal.conftest import PASSWORD

URL = "/account/two-step/"
SETUP = f"{URL}setup/"
CODES = f"{URL}recovery-codes/"
REMOVAL = f"{URL}removal/"


def shown_codes(page) -> list[str]:
    return re.findall(r"<code>((?:[2-9a-z]{4}-){3}[2-9a-z]{4})</code>", page.content.decode())


def app_of(page) -> pyotp.TOTP:
    """What an app makes of the key on the page."""
    return pyotp.TOTP(re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', page.content.decode()).group(1).replace(" ", ""))


class TestTurningItOn:
    def begin(self, client):
        assert client.post(URL, {"password": PASSWORD}).url == SETUP
        return client.get(SETUP)

    def test_needs_the_password_then_a_code_and_shows_ten_codes_once(self, sign_in, olivia, merchant, committed):
        client = sign_in(olivia)
        page = self.begin(client)
        assert b"data:image/svg+xml" in page.content
        with committed():
            done = client.post(SETUP, {"code": app_of(page).now()})
        codes = shown_codes(done)
        assert len(set(codes)) == 10
        assert "no-store" in done["Cache-Control"]
        assert Authenticator.find_active(olivia)
        assert client.get(SETUP).url == URL, "the key is not shown again"
        again = client.get(URL).content.decode()
        assert not any(code in again for code in codes)
        assert mail.outbox[-1].subject == "Two-step sign-in was turned on"
        assert AuditEntry.objects.for_merchant(merchant).get().verb == "account.two_step_turned_on"

    def test_neither_the_key_nor_the_codes_are_in_the_database(self, sign_in, olivia):
        client = sign_in(olivia)
        page = self.begin(client)
        secret = app_of(page).secret
        (code, *_rest) = shown_codes(client.post(SETUP, {"code": app_of(page).now()}))
        row = Authenticator.objects.get()
        assert secret not in row.secret
        assert row.read_secret() == secret
        hashes = set(RecoveryCode.objects.values_list("code_hash", flat=True))
        assert hash_code(code) in hashes
        assert not any(code.replace("-", "") in stored for stored in hashes)

    def test_it_signs_out_browsers_that_only_knew_the_password(self, sign_in, olivia):
        here, there = sign_in(olivia), sign_in(olivia)
        here.post(SETUP, {"code": app_of(self.begin(here)).now()})
        assert here.get("/account/").status_code == 200
        assert there.get("/account/").status_code == 302

    def test_a_wrong_password_begins_nothing(self, sign_in, olivia):
        answer = sign_in(olivia).post(URL, {"password": "guess"})
        assert answer.status_code == 422
        assert b"This is not your password" in answer.content
        assert not Authenticator.objects.exists()

    def test_a_wrong_code_turns_nothing_on_and_the_picture_stays(self, sign_in, olivia):
        client = sign_in(olivia)
        page = self.begin(client)
        wrong = client.post(SETUP, {"code": f"{(int(app_of(page).now()) + 1) % 1_000_000:06}"})
        assert wrong.status_code == 422
        assert app_of(wrong).secret == app_of(page).secret
        assert Authenticator.find_active(olivia) is None

    def test_a_setup_that_lies_about_for_15_minutes_begins_anew(self, sign_in, olivia):
        client = sign_in(olivia)
        page = self.begin(client)
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            assert client.get(SETUP).url == URL
            assert client.post(SETUP, {"code": app_of(page).now()}).url == URL
            assert app_of(self.begin(client)).secret != app_of(page).secret
        assert Authenticator.find_active(olivia) is None

    def test_an_open_browser_cannot_replace_an_app_that_is_in_use(self, sign_in, olivia, phone):
        app, client = phone(olivia), sign_in(olivia)
        client.post(URL, {"password": PASSWORD})
        assert client.get(SETUP).url == URL
        assert Authenticator.objects.get().read_secret() == app.totp.secret


class TestRecoveryCodes:
    def test_new_ones_replace_the_old(self, sign_in, olivia, phone, committed):
        app, client = phone(olivia), sign_in(olivia)
        with committed():
            codes = shown_codes(client.post(CODES, {"password": PASSWORD}))
        assert len(codes) == 10
        now = timezone.now()
        assert not RecoveryCode.use(olivia, app.recovery_codes[0], at=now)
        assert RecoveryCode.use(olivia, codes[0], at=now)
        assert not RecoveryCode.use(olivia, codes[0], at=now)
        assert mail.outbox[-1].subject == "Your recovery codes were replaced"

    def test_need_the_password(self, sign_in, olivia, phone):
        app = phone(olivia)
        assert sign_in(olivia).post(CODES, {"password": "guess"}).status_code == 422
        assert RecoveryCode.use(olivia, app.recovery_codes[0], at=timezone.now())

    def test_are_one_persons(self, olivia, viewer, phone):
        app = phone(olivia)
        assert not RecoveryCode.use(viewer, app.recovery_codes[0], at=timezone.now())

    def test_are_not_there_without_an_app(self, sign_in, olivia):
        assert sign_in(olivia).post(CODES, {"password": PASSWORD}).url == URL
        assert not RecoveryCode.objects.exists()


class TestTurningItOff:
    def test_needs_the_password_and_is_told_by_mail(self, sign_in, olivia, phone, committed, attempt, merchant):
        phone(olivia)
        client = sign_in(olivia)
        assert client.post(REMOVAL, {"password": "guess"}).status_code == 422
        with committed():
            assert client.post(REMOVAL, {"password": PASSWORD}).url == "/account/"
        assert not Authenticator.objects.exists()
        assert not RecoveryCode.objects.exists()
        assert mail.outbox[-1].subject == "Two-step sign-in was turned off"
        assert AuditEntry.objects.for_merchant(merchant).first().verb == "account.two_step_turned_off"
        assert attempt().url == "/"


@pytest.mark.parametrize("url", [URL, SETUP, CODES, REMOVAL])
class TestEveryPage:
    def test_anonymous_signs_in_first(self, url, db):
        assert Client().get(url).url == f"/sign-in/?next={url}"

    def test_other_methods_are_refused(self, url, sign_in, olivia):
        assert sign_in(olivia).delete(url).status_code == 405

    def test_opens_or_leads_to_the_page_that_explains(self, url, sign_in, olivia, phone):
        assert sign_in(olivia).get(url).status_code == (200 if url == URL else 302)
        phone(olivia)
        assert sign_in(olivia).get(url).status_code == (302 if url == SETUP else 200)


class TestKeysOfTheSite:
    def test_an_app_outlives_a_new_secret_key_and_then_no_longer_needs_the_old_one(self, olivia, phone, settings):
        app, old = phone(olivia), settings.SECRET_KEY
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "an entirely new key", [old]
        assert Authenticator.find_active(olivia).accepts(app.code(), at=timezone.now())
        settings.SECRET_KEY_FALLBACKS = []
        later = timezone.now() + timedelta(minutes=1)
        assert Authenticator.find_active(olivia).accepts(app.code(steps=2), at=later)

    def test_with_the_key_lost_codes_are_refused_and_recovery_codes_still_work(self, olivia, phone, settings, caplog):
        app = phone(olivia)
        settings.SECRET_KEY = "an entirely new key"
        assert not Authenticator.find_active(olivia).accepts(app.code(), at=timezone.now())
        assert "cannot use codes" in caplog.text
        assert RecoveryCode.use(olivia, app.recovery_codes[0], at=timezone.now())

    def test_what_was_encrypted_for_one_purpose_is_of_no_use_for_another(self):
        assert decrypt(encrypt("key", purpose="a"), purpose="a") == "key"
        with pytest.raises(DecryptionError):
            decrypt(encrypt("key", purpose="a"), purpose="b")
