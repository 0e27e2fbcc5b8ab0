from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore as OldStore
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.devices import name_device
from portal.models import Session
from portal.tasks import forget_ended_sessions

URL = "/account/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/1 Safari/604.1"
)


@pytest.fixture
def browser():
    def open_browser(user, agent):
        client = Client(headers={"user-agent": agent})
        client.force_login(user)
        client.get(URL)
        return client

    return open_browser


class TestProfile:
    def test_the_name_can_be_changed(self, sign_in, owner):
        assert sign_in(owner).post(URL, {"name": "Olive"}).url == URL
        owner.refresh_from_db()
        assert owner.name == "Olive"

    def test_a_name_that_is_too_long_is_refused_at_its_field(self, sign_in, owner):
        answer = sign_in(owner).post(URL, {"name": "O" * 121})
        assert answer.status_code == 422
        assert b'id="id_name_error"' in answer.content
        owner.refresh_from_db()
        assert owner.name == "Olivia Owner"

    def test_anonymous_signs_in_first(self, db):
        assert Client().get(URL).url == f"{reverse('login')}?next={URL}"

    def test_other_methods_are_refused(self, sign_in, owner):
        assert sign_in(owner).delete(URL).status_code == 405


class TestSessions:
    def test_lists_each_browser_and_says_which_is_this_one(self, browser, owner, viewer):
        browser(viewer, IPHONE)
        browser(owner, EDGE)
        page = browser(owner, FIREFOX).get(URL).content.decode()
        assert "Edge on Windows" in page
        assert "iPhone" not in page, "that is somebody else's"
        this_one = page.index("This one")
        assert page.rindex("Firefox on Linux", 0, this_one) > page.rfind("Edge on Windows", 0, this_one)
        assert page.count("This one") == 1

    def test_when_it_was_last_seen_is_right_to_five_minutes(self, browser, owner):
        now = timezone.now()
        with time_machine.travel(now, tick=False):
            client = browser(owner, FIREFOX)
        for minutes, seen in ((4, 0), (6, 6), (10, 6), (12, 12)):
            with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
                client.get(URL)
            assert Session.objects.get().seen_at == now + timedelta(minutes=seen), minutes

    def test_a_visit_in_between_costs_no_query(self, browser, owner, django_assert_num_queries):
        client = browser(owner, FIREFOX)
        with django_assert_num_queries(3):  # session, user, memberships
            client.get("/")

    def test_one_is_signed_out(self, browser, owner):
        here, there = browser(owner, FIREFOX), browser(owner, IPHONE)
        row = Session.objects.get(user_agent=IPHONE)
        assert here.post(f"/account/sessions/{row.public_id}/removals/").url == URL
        assert there.get(URL).status_code == 302
        assert here.get(URL).status_code == 200

    def test_its_key_is_not_on_the_page(self, browser, owner):
        page = browser(owner, FIREFOX).get(URL).content.decode()
        assert Session.objects.get().session_key not in page

    def test_all_others_are_signed_out(self, browser, owner, viewer):
        here, *others = (browser(owner, agent) for agent in (FIREFOX, IPHONE, EDGE))
        not_mine = browser(viewer, EDGE)
        page = here.post("/account/sessions/removals/", follow=True)
        assert b"2 other browsers were signed out" in page.content
        assert [client.get(URL).status_code for client in others] == [302, 302]
        assert not_mine.get(URL).status_code == 200

    def test_somebody_elses_is_not_there(self, browser, owner, viewer):
        theirs = browser(viewer, EDGE)
        row = Session.objects.get()
        assert browser(owner, FIREFOX).post(f"/account/sessions/{row.public_id}/removals/").status_code == 404
        assert theirs.get(URL).status_code == 200

    def test_signing_out_is_a_post(self, sign_in, owner):
        for path in ("/account/sessions/removals/", "/account/sessions/x/removals/"):
            assert sign_in(owner).get(path).status_code == 405
            assert Client().post(path).status_code == 302

    def test_what_ran_out_is_forgotten(self, browser, owner, viewer):
        browser(owner, FIREFOX)
        browser(viewer, EDGE)
        Session.objects.filter(user=viewer).update(expire_date=timezone.now() - timedelta(seconds=1))
        for _ in range(2):
            forget_ended_sessions()
        assert Session.objects.get().user == owner

    def test_an_update_of_the_software_signs_nobody_out(self, owner, settings):
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
        client = Client()
        client.force_login(owner)
        OldStore().create()  # somebody anonymous
        settings.SESSION_ENGINE = "portal.sessions"
        import_module("portal.migrations.0003_session").move_sessions(apps, None)
        assert Session.objects.get().user == owner
        assert client.get(URL).status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_has_a_name_for_people(agent, name):
    assert str(name_device(agent)) == name
