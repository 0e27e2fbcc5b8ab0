from datetime import UTC, datetime

import pytest

from portal.models import AuditEntry

URL = "/lumen/settings/audit/"


def test_lists_who_did_what_newest_first(sign_in, owner, merchant, django_assert_max_num_queries):
    for n in range(60):
        AuditEntry.record(merchant, f"draft.approved {n}", by=owner, on=owner, detail={"scopes": ["read", "review"]})
    client = sign_in(owner)
    with django_assert_max_num_queries(13):
        first = client.get(URL).content.decode()
    assert "Draft approved 59" in first
    assert "Draft approved 9<" not in first
    assert "1–50 of 60" in first
    assert "read, review" in first
    assert "Draft approved 9<" in client.get(URL, {"page": 2}).content.decode()


def test_an_empty_trail_says_what_will_be_there(sign_in, owner):
    assert b"Nothing has happened yet" in sign_in(owner).get(URL).content


def test_entries_of_others_are_not_there(sign_in, owner, stranger, other_merchant):
    AuditEntry.record(other_merchant, "secret.done", by=stranger, on=stranger)
    assert b"secret.done" not in sign_in(owner).get(URL).content


def test_owners_only(sign_in, reviewer, stranger, merchant):
    assert sign_in(reviewer).get(URL).status_code == 403
    assert sign_in(stranger).get(URL).status_code == 404


def test_nobody_posts_there(sign_in, owner):
    assert sign_in(owner).post(URL).status_code == 405


class TestNarrowing:
    @pytest.fixture
    def trail(self, merchant, owner, reviewer):
        """What the owner did to a key and the reviewer to a draft; the second after midnight in Berlin, not in UTC."""
        for verb, by, at in (
            ("api_key.created", owner, datetime(2026, 11, 20, 12, tzinfo=UTC)),
            ("draft.approved", reviewer, datetime(2026, 11, 20, 23, 30, tzinfo=UTC)),
            ("draft.edited", owner, datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ):
            entry = AuditEntry.record(merchant, verb, by=by, on=by)
            AuditEntry.objects.filter(pk=entry.pk).update(created_at=at)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, ["draft.edited", "draft.approved", "api_key.created"]),
            ({"who": "Remi Reviewer"}, ["draft.approved"]),
            ({"topic": "draft"}, ["draft.edited", "draft.approved"]),
            ({"topic": "draft", "who": "Olivia Owner"}, ["draft.edited"]),
            ({"since": "2026-11-21"}, ["draft.edited", "draft.approved"]),
            ({"until": "2026-11-20"}, ["api_key.created"]),
            ({"since": "2026-11-21", "until": "2026-11-21"}, ["draft.approved"]),
        ],
    )
    def test_by_person_topic_and_local_days(self, trail, sign_in, owner, asked, found):
        page = sign_in(owner).get(URL, asked)
        assert [entry.verb for entry in page.context["page"]] == found

    def test_offers_who_and_what_there_is_and_nothing_of_others(self, trail, sign_in, owner, stranger, other_merchant):
        AuditEntry.record(other_merchant, "secret.done", by=stranger, on=stranger)
        page = sign_in(owner).get(URL).content.decode()
        assert '<option value="Remi Reviewer">' in page
        assert '<option value="api_key">API key</option>' in page
        assert "Stig" not in page
        assert "secret" not in page

    def test_nothing_found_says_so_and_leads_back(self, trail, sign_in, owner):
        page = sign_in(owner).get(URL, {"since": "2027-01-01"}).content.decode()
        assert "Nothing of that kind" in page
        assert "Show everything" in page

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"since": "yesterday"}, "since"),
            ({"since": "2026-11-22", "until": "2026-11-20"}, "until"),
            ({"who": "X"}, "who"),
        ],
    )
    def test_what_cannot_be_is_told_at_its_field(self, trail, sign_in, owner, asked, field):
        page = sign_in(owner).get(URL, asked)
        assert page.status_code == 422
        assert f'id="id_{field}_error"' in page.content.decode()

    def test_the_next_page_keeps_what_was_asked(self, merchant, sign_in, owner):
        for n in range(60):
            AuditEntry.record(merchant, f"draft.approved {n}", by=owner, on=owner)
        assert "topic=draft&amp;page=2" in sign_in(owner).get(URL, {"topic": "draft"}).content.decode()
