import pytest

from improvement.models import Draft, DraftState, Effect, Gap, Review
from improvement.tasks import publish_draft, write_draft
from portal.models import Job
from tests.improvement.gap_builder import make_draft, make_gap, publish


@pytest.fixture
def draft(merchant, reviewer):
    return make_draft(merchant, by=reviewer)


def url(draft, tail="") -> str:
    return f"/lumen/drafts/{draft.pk}/{tail}"


def text(answer) -> str:
    return answer.content.decode()


# The list


def test_the_list_shows_waiting_drafts_first(draft, merchant, owner, sign_in, django_assert_max_num_queries):
    rejected = make_draft(merchant, gap=make_gap(merchant, name="older gap"))
    rejected.reject(by=owner, revision=1, comment="No")
    client = sign_in(owner)
    with django_assert_max_num_queries(30):
        page = client.get("/lumen/drafts/")
    assert [row.pk for row in page.context["page"]] == [draft.pk, rejected.pk]
    assert "In review" in text(page)
    assert "sentences" in text(page)


def test_the_list_of_one_state(draft, owner, sign_in):
    client = sign_in(owner)
    assert len(client.get("/lumen/drafts/?state=to_review").context["page"]) == 1
    assert "No draft is in this state" in text(client.get("/lumen/drafts/?state=published"))


def test_an_empty_list_says_where_drafts_come_from(viewer, sign_in):
    assert "A draft starts from a gap" in text(sign_in(viewer).get("/lumen/drafts/"))


def test_strangers_and_wrong_methods_at_the_list(stranger, owner, client, sign_in):
    assert sign_in(stranger).get("/lumen/drafts/").status_code == 404
    assert sign_in(owner).post("/lumen/drafts/").status_code == 405
    assert client.get("/lumen/drafts/").status_code == 302


# The review page


def test_the_review_page_shows_the_article_beside_its_sources(draft, reviewer, sign_in, django_assert_max_num_queries):
    client = sign_in(reviewer)
    with django_assert_max_num_queries(30):
        page = client.get(url(draft))
    assert page.status_code == 200
    html = text(page)
    assert '<a class="cite" href="#source-1"' in html
    assert 'id="source-1"' in html
    assert f"/lumen/conversations/{draft.latest_revision.citations[0]['conversation_id']}/" in html
    assert "Assembled from teammates’ answers" in html
    assert "sentences are backed by their sources" in html
    assert "Past questions it would cover" in html
    assert 'name="revision" value="1"' in html


def test_a_sentence_without_support_is_marked(draft, reviewer, sign_in):
    draft.edit(by=reviewer, title="T", body="The link is valid for 90 days. [1]\n\nCall <b>us</b>.")
    html = text(sign_in(reviewer).get(url(draft)))
    assert '<mark class="claim" id="claim-0">The link is valid for 90 days.</mark>' in html
    assert "A number here stands in none of its sources." in html
    assert "No source is cited." in html
    assert "<b>us</b>" not in html


def test_earlier_revisions_show_what_changed(draft, reviewer, sign_in):
    latest = draft.latest_revision
    draft.edit(by=reviewer, title=latest.title, body=latest.body.replace("30 minutes", "45 minutes"))
    html = text(sign_in(reviewer).get(url(draft)))
    assert "<del>30</del><ins>45</ins>" in html


def test_a_viewer_reads_but_cannot_decide(draft, viewer, sign_in):
    client = sign_in(viewer)
    html = text(client.get(url(draft)))
    assert "It waits for a reviewer" in html
    assert "<form" not in html.split('id="content"')[1].split("</main>")[0]
    for tail in ("reviews/", "revisions/", "publications/", "withdrawals/"):
        assert client.post(url(draft, tail), {"decision": "approved", "revision": 1}).status_code == 403
    assert client.post(f"/lumen/gaps/{draft.gap_id}/drafts/").status_code == 403
    assert not Review.objects.exists()


def test_strangers_find_no_draft(draft, stranger, sign_in):
    client = sign_in(stranger)
    assert client.get(url(draft)).status_code == 404
    assert client.get(f"/himal/drafts/{draft.pk}/").status_code == 404
    for tail in ("reviews/", "revisions/", "publications/", "withdrawals/"):
        assert client.post(url(draft, tail)).status_code == 404
        assert client.post(f"/himal/drafts/{draft.pk}/{tail}").status_code == 404
    assert client.post(f"/himal/gaps/{draft.gap_id}/drafts/").status_code == 404


def test_bad_ids_are_404_and_wrong_methods_405(draft, owner, sign_in):
    client = sign_in(owner)
    assert client.get("/lumen/drafts/999999/").status_code == 404
    assert client.post("/lumen/gaps/999999/drafts/").status_code == 404
    assert client.post(url(draft)).status_code == 405
    for tail in ("reviews/", "revisions/", "publications/", "withdrawals/"):
        assert client.post(f"/lumen/drafts/999999/{tail}").status_code == 404
        assert client.get(url(draft, tail)).status_code == 405
    assert client.get(f"/lumen/gaps/{draft.gap_id}/drafts/").status_code == 405


def test_while_it_is_written_the_page_shows_the_job(merchant, owner, sign_in):
    draft = make_gap(merchant).request_draft(by=owner)
    html = text(sign_in(owner).get(url(draft)))
    assert f"/lumen/jobs/{Job.objects.get().pk}/" in html
    assert "hx-get" in html


def test_a_failed_draft_says_why_and_can_be_written_by_hand(merchant, owner, sign_in):
    draft = make_gap(merchant, [("How do I reset my password?", None)] * 3).request_draft(by=owner)
    write_draft(draft.pk, Job.objects.get().pk)
    client = sign_in(owner)
    html = text(client.get(url(draft)))
    assert "No teammate has answered" in html
    assert "Try again" in html
    client.post(url(draft, "revisions/"), {"title": "How do I reset my password?", "body": "Choose Forgot password."})
    draft.refresh_from_db()
    assert (draft.state, draft.latest_revision.author) == (DraftState.IN_REVIEW, owner)


def test_the_page_of_a_published_draft_shows_whether_it_helped(draft, owner, sign_in, time_machine):
    draft = publish(draft, by=owner)
    Effect.objects.create(
        merchant=draft.merchant,
        version=draft.article.live_version,
        gap=draft.gap,
        verdict="helped",
        n_before=100,
        n_after=80,
        rate_before=0.1,
        rate_after=0.7,
        control_change=0.05,
        change=0.55,
        change_low=0.43,
        change_high=0.66,
        measured_at="2026-11-23T09:00Z",
    )
    client = sign_in(owner)
    html = text(client.get(url(draft)))
    for part in ("Helped", "+55.0 pts", "+43.0 pts", "+66.0 pts", "(n = 100)", "(n = 80)", "Unpublish the article"):
        assert part in html
    assert "+55.0 pts" in text(client.get("/lumen/drafts/"))
    assert "+55.0 pts" in text(client.get(f"/lumen/articles/{draft.article_id}/"))


# What can be done


def test_a_reviewer_starts_a_draft_from_a_gap_once(merchant, reviewer, sign_in, redis_server):
    gap, client = make_gap(merchant), sign_in(reviewer)
    first = client.post(f"/lumen/gaps/{gap.pk}/drafts/")
    second = client.post(f"/lumen/gaps/{gap.pk}/drafts/")
    draft = Draft.objects.get()
    assert (first.url, second.url) == (url(draft), url(draft))


def test_approving_on_the_page(draft, owner, sign_in):
    answer = sign_in(owner).post(
        url(draft, "reviews/"), {"decision": "approved", "revision": 1, "opened_at": 1}, follow=True
    )
    assert "Approved. The article goes live in a moment." in text(answer)
    review = Review.objects.get()
    assert (review.reviewer, review.seconds_spent) == (owner, 3600)
    publish_draft(draft.pk)
    assert Gap.objects.get().status == "addressed"


def test_rejecting_without_a_reason_shows_the_form_again(draft, owner, sign_in):
    answer = sign_in(owner).post(url(draft, "reviews/"), {"decision": "rejected", "revision": 1})
    assert answer.status_code == 422
    assert "Say why" in text(answer)
    assert not Review.objects.exists()


def test_a_decision_on_an_old_revision_is_refused_with_a_message(draft, owner, reviewer, sign_in):
    draft.edit(by=reviewer, title="Newer", body="Newer text.")
    answer = sign_in(owner).post(url(draft, "reviews/"), {"decision": "approved", "revision": 1}, follow=True)
    assert "revision 2 is there now" in text(answer)
    assert not Review.objects.exists()


def test_an_edit_that_is_refused_keeps_what_was_typed(draft, owner, sign_in):
    draft.reject(by=owner, revision=1, comment="No")
    draft.gap.request_draft(by=owner)
    answer = sign_in(owner).post(url(draft, "revisions/"), {"title": "T", "body": "A long text that I typed."})
    assert answer.status_code == 409
    assert "A long text that I typed." in text(answer)


def test_unpublishing_and_publishing_again(draft, owner, sign_in):
    draft = publish(draft, by=owner)
    client = sign_in(owner)
    assert "the gap is open again" in text(client.post(url(draft, "withdrawals/"), follow=True))
    assert "withdrawn" in text(client.post(url(draft, "withdrawals/"), follow=True))
    assert "Nothing approved waits" in text(client.post(url(draft, "publications/"), follow=True))
    assert Gap.objects.get().status == "reopened"
