from datetime import timedelta

import pytest
from django.utils import timezone

from improvement.models import ArticleVersion, Review
from improvement.tasks import publish_draft
from portal.models import AuditEntry
from tests.improvement.gap_builder import make_draft, make_gap

PROBLEM = "application/problem+json"


@pytest.fixture
def draft(merchant, reviewer):
    return make_draft(merchant, by=reviewer)


def reviews_url(draft) -> str:
    return f"/api/v1/drafts/{draft.pk}/reviews/"


def test_a_list_holds_each_draft_with_its_latest_revision(api, draft, django_assert_max_num_queries):
    client = api("read")
    with django_assert_max_num_queries(6):
        body = client.get("/api/v1/drafts/").json()
    row = body["results"][0]
    assert (row["id"], row["state"], row["gap_name"]) == (draft.pk, "in_review", "reset password")
    assert row["revision"]["title"] == "How do I reset my password?"
    assert row["revision"]["citations"][0]["quote"]


def test_updated_since_and_the_cursor_lead_through_all_drafts_once(api, merchant, reviewer):
    drafts = [make_gap(merchant, name=f"gap {number}").request_draft(by=reviewer) for number in range(3)]
    client, seen, url = api("read"), [], "/api/v1/drafts/?page_size=2"
    while url:
        page = client.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == [draft.pk for draft in drafts]
    later = (timezone.now() + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert client.get(f"/api/v1/drafts/?updated_since={later}").json()["results"] == []


def test_an_unreadable_filter_is_named(api, draft):
    answer = api("read").get("/api/v1/drafts/?updated_since=soon&state=lost")
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    assert set(answer.json()["errors"]) == {"updated_since", "state"}


def test_one_draft_shows_its_decisions(api, draft, owner):
    draft.reject(by=owner, revision=1, comment="No")
    body = api("read").get(f"/api/v1/drafts/{draft.pk}/").json()
    assert body["reviews"][0]["comment"] == "No"
    assert body["effect"] is None


def test_a_key_approves_exactly_the_revision_it_names(api, draft):
    answer = api("review").post(reviews_url(draft), {"decision": "approved", "revision": 1})
    assert answer.status_code == 201
    assert answer.json()["revision"] == 1
    review = Review.objects.get()
    assert (review.reviewer, str(review.api_key)[:11]) == (None, "test review")
    assert AuditEntry.objects.get(verb="draft.approved").detail["api_key"].startswith("test review")
    publish_draft(draft.pk)
    assert ArticleVersion.objects.get().revision.number == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"decision", "revision"}),
        ({"decision": "maybe", "revision": 0}, {"decision", "revision"}),
        ({"decision": "rejected", "revision": 1}, {"comment"}),
        ({"decision": "rejected", "revision": 1, "comment": " "}, {"comment"}),
    ],
)
def test_a_bad_decision_names_its_fields(api, draft, body, fields):
    answer = api("review").post(reviews_url(draft), body)
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    assert set(answer.json()["errors"]) == fields
    assert not Review.objects.exists()


def test_an_outdated_revision_and_a_second_decision_are_conflicts(api, draft, owner):
    draft.edit(by=owner, title="Another title", body="Ask us.")
    client = api("review")
    answer = client.post(reviews_url(draft), {"decision": "approved", "revision": 1})
    assert (answer.status_code, answer["Content-Type"]) == (409, PROBLEM)
    assert "revision 2 is there now" in answer.json()["detail"]
    assert client.post(reviews_url(draft), {"decision": "approved", "revision": 2}).status_code == 201
    again = client.post(reviews_url(draft), {"decision": "rejected", "revision": 2, "comment": "No"})
    assert (again.status_code, Review.objects.count()) == (409, 1)


def test_the_scope_decides(api, draft, client):
    assert api("read").post(reviews_url(draft), {"decision": "approved", "revision": 1}).status_code == 403
    assert api("ingest").get("/api/v1/drafts/").status_code == 403
    assert client.get("/api/v1/drafts/").status_code == 401
    assert not Review.objects.exists()


def test_another_merchants_key_finds_nothing(api, draft, other_merchant):
    assert api("read", of=other_merchant).get("/api/v1/drafts/").json()["results"] == []
    assert api("read", of=other_merchant).get(f"/api/v1/drafts/{draft.pk}/").status_code == 404
    answer = api("review", of=other_merchant).post(reviews_url(draft), {"decision": "approved", "revision": 1})
    assert (answer.status_code, Review.objects.count()) == (404, 0)


def test_wrong_method_is_405(api, draft):
    assert api("read").post("/api/v1/drafts/").status_code == 405
    assert api("review").get(reviews_url(draft)).status_code == 405
