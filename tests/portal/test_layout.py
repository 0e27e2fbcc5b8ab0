"""What stands around every page: navigation, switcher, security headers, error pages."""

import pytest
from django.test import Client
from django.urls import reverse

from portal import navigation
from portal.models import Membership, Role

URL = "/lumen/settings/team/"


def test_all_sections_are_there_and_the_current_one_is_marked(sign_in, viewer):
    page = sign_in(viewer).get(URL)
    links = page.context["nav"].links
    assert [link.section.url_name for link in links] == [section.url_name for section in navigation.SECTIONS]
    assert [link.section.url_name for link in links if link.is_current] == ["settings"]
    assert 'aria-current="true"' in page.content.decode()


def test_the_switcher_lists_exactly_the_merchants_of_the_user(sign_in, viewer, other_merchant):
    assert "Himal Outfitters" not in sign_in(viewer).get(URL).content.decode()
    Membership.objects.create(merchant=other_merchant, user=viewer, role=Role.VIEWER)
    page = sign_in(viewer).get(URL).content.decode()
    assert "Himal Outfitters" in page
    assert 'href="/himal/"' in page


def test_a_section_shows_what_waits_in_it(sign_in, viewer, merchant, monkeypatch):
    counted = []

    def count(asked):
        counted.append(asked)
        return 1234

    monkeypatch.setitem(navigation._counts, "reports", (count, "reports wait"))
    page = sign_in(viewer).get(URL).content.decode()
    assert "1,234" in page
    assert "reports wait" in page
    assert counted
    assert set(counted) == {merchant}


def test_a_page_writes_its_title_once(sign_in, viewer):
    page = sign_in(viewer).get(URL).content.decode()
    assert "<title>Team · Lumen Lighting · Aftercare</title>" in page
    assert "<h1>Team</h1>" in page


def test_portal_pages_run_no_inline_script_and_no_eval(sign_in, viewer):
    answer = sign_in(viewer).get(URL)
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    page = answer.content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize(("path", "allowed"), [("/admin/login/", "'unsafe-eval'"), ("/api/docs/", "'unsafe-inline'")])
def test_bundled_interfaces_get_only_what_they_need(db, path, allowed):
    policy = Client().get(path)["Content-Security-Policy"]
    assert allowed in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_api_documentation_asks_no_other_host(db):
    page = Client().get(reverse("api_docs")).content.decode()
    assert "https://" not in page
    assert "/static/drf_spectacular_sidecar/" in page


class TestErrorPages:
    def test_404_says_what_may_be_wrong(self, sign_in, viewer):
        answer = sign_in(viewer).get("/lumen/nothing/")
        assert answer.status_code == 404
        assert b"There is nothing at this address" in answer.content

    def test_403_says_who_can_help(self, sign_in, viewer):
        answer = sign_in(viewer).get("/lumen/settings/audit/")
        assert answer.status_code == 403
        assert b"An owner can change your role" in answer.content

    def test_an_old_form_says_to_load_again(self, owner):
        client = Client(enforce_csrf_checks=True)
        answer = client.post(reverse("login"), {"username": "a", "password": "b"})
        assert answer.status_code == 403
        assert b"This form is too old" in answer.content

    def test_500_stands_alone(self, rf):
        from portal.pages.errors import server_error

        answer = server_error(rf.get("/lumen/"))
        assert answer.status_code == 500
        assert b"Something broke on our side" in answer.content

    def test_500_of_the_api_is_json(self, rf):
        from portal.pages.errors import server_error

        answer = server_error(rf.get("/api/v1/metrics/"))
        assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")

    def test_400(self, rf, db):
        from django.contrib.auth.models import AnonymousUser

        from portal.pages.errors import bad_request

        request = rf.get("/lumen/")
        request.user = AnonymousUser()
        answer = bad_request(request)
        assert answer.status_code == 400
        assert b"could not be read" in answer.content
