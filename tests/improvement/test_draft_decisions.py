import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from improvement.article_search import search_articles
from improvement.errors import (
    AlreadyDecidedError,
    CommentRequiredError,
    DraftInProgressError,
    OutdatedRevisionError,
    PersonalDataFoundError,
    RefusedError,
)
from improvement.models import ArticleStatus, ArticleVersion, Decision, DraftState, GapStatus, Review, Writer
from improvement.tasks import publish_draft
from portal.models import AuditEntry
from tests.improvement.gap_builder import make_draft, publish


@pytest.fixture
def draft(merchant, reviewer):
    return make_draft(merchant, by=reviewer)


def edit(draft, by, *, add="Ask us for help."):
    latest = draft.latest_revision
    return draft.edit(by=by, title=latest.title, body=f"{latest.body}\n{add}")


def test_an_approval_is_a_row_with_its_audit_entry(draft, owner):
    review = draft.approve(by=owner, revision=1, comment="Good", seconds_spent=40)
    assert (review.decision, review.reviewer, review.revision.number) == (Decision.APPROVED, owner, 1)
    assert draft.state == DraftState.APPROVED
    entry = AuditEntry.objects.get(verb="draft.approved")
    assert entry.detail == {"revision": 1, "comment": "Good", "own_edit": False}


def test_a_viewer_and_a_stranger_cannot_decide(draft, viewer, stranger):
    for user in (viewer, stranger):
        with pytest.raises(PermissionDenied):
            draft.approve(by=user, revision=1)
        with pytest.raises(PermissionDenied):
            edit(draft, user)
    draft.refresh_from_db()
    assert draft.state == DraftState.IN_REVIEW


def test_the_second_decision_gets_a_clear_error_and_changes_nothing(draft, owner, reviewer):
    draft.approve(by=owner, revision=1)
    with pytest.raises(AlreadyDecidedError, match="Olivia Owner has already decided: this draft is approved"):
        draft.reject(by=reviewer, revision=1, comment="No")
    assert Review.objects.get().decision == Decision.APPROVED


def test_deciding_on_an_outdated_revision_is_refused(draft, owner, reviewer):
    edit(draft, owner)
    with pytest.raises(OutdatedRevisionError, match="revision 1, but revision 2"):
        draft.approve(by=reviewer, revision=1)
    draft.refresh_from_db()
    assert draft.state == DraftState.IN_REVIEW
    assert not Review.objects.exists()
    assert not AuditEntry.objects.filter(verb="draft.approved").exists()


def test_a_rejection_needs_a_reason_and_opens_the_gap_again(draft, owner):
    with pytest.raises(CommentRequiredError):
        draft.reject(by=owner, revision=1, comment="  ")
    draft.reject(by=owner, revision=1, comment="Wrong topic")
    draft.gap.refresh_from_db()
    assert (draft.state, draft.state_reason, draft.gap.status) == ("rejected", "Wrong topic", GapStatus.OPEN)


def test_approving_ones_own_edit_is_allowed_and_recorded(draft, reviewer):
    edit(draft, reviewer)
    assert draft.approve(by=reviewer, revision=2).is_of_own_edit
    assert AuditEntry.objects.get(verb="draft.approved").detail["own_edit"] is True


@pytest.mark.parametrize("secret", ["Write to [email] about it.", "Pay with 4111 1111 1111 1111."])
def test_placeholders_and_cards_are_never_approved(draft, owner, secret):
    edit(draft, owner, add=secret)
    with pytest.raises(PersonalDataFoundError):
        draft.approve(by=owner, revision=2)
    draft.refresh_from_db()
    assert (draft.state, Review.objects.count()) == (DraftState.IN_REVIEW, 0)


def test_an_edit_is_a_new_unapproved_revision_checked_again(draft, owner):
    revision = edit(draft, owner, add="The link is valid for 90 days. [1]")
    assert (revision.number, revision.writer, revision.author) == (2, Writer.PERSON, owner)
    claim = next(claim for claim in revision.grounding if "90 days" in claim["claim"])
    assert (claim["is_supported"], claim["problem"]) == (False, "number")
    assert draft.latest_revision == revision
    with pytest.raises(RefusedError, match="Nothing was changed"):
        draft.edit(by=owner, title=revision.title, body=revision.body)


def test_an_edit_that_cannot_be_checked_is_refused_and_not_saved(draft, owner, settings):
    settings.OPENAI_API_KEY, settings.OPENAI_EMBEDDINGS = "sk-x", True
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(RefusedError, match="Nothing was saved"):
        edit(draft, owner)
    assert draft.revisions.count() == 1


def test_the_published_article_is_the_approved_text_without_marks(draft, owner, merchant):
    draft = publish(draft, by=owner)
    version = ArticleVersion.objects.get()
    assert version.revision == draft.latest_revision
    assert version.body.startswith("Choose Forgot password on the sign-in page.\n")
    assert "[1]" not in version.body
    assert (draft.state, draft.gap.status, draft.article.title) == (
        "published",
        "addressed",
        "How do I reset my password?",
    )
    assert search_articles(merchant, "reset password", 3)[0].article == draft.article


def test_approved_then_edited_publishes_only_the_approved_text(draft, owner):
    draft.approve(by=owner, revision=1)
    edit(draft, owner, add="Never approved.")
    publish_draft(draft.pk)
    draft.refresh_from_db()
    version = ArticleVersion.objects.get()
    assert version.revision.number == 1
    assert "Never approved" not in version.body
    assert draft.state == DraftState.IN_REVIEW
    draft.approve(by=owner, revision=2)
    publish_draft(draft.pk)
    assert [version.revision.number for version in draft.article.versions.all()] == [2, 1]
    assert "Never approved" in draft.article.versions.first().body


def test_an_approval_that_was_overtaken_never_goes_live(draft, owner):
    draft.approve(by=owner, revision=1)
    edit(draft, owner, add="Better.")
    draft.approve(by=owner, revision=2)
    publish_draft(draft.pk)
    publish_draft(draft.pk)
    assert [version.revision.number for version in ArticleVersion.objects.all()] == [2]


def test_rejecting_an_edit_leaves_the_live_text_alone(draft, owner):
    draft = publish(draft, by=owner)
    edit(draft, owner)
    draft.reject(by=owner, revision=2, comment="Keep the old one")
    draft.gap.refresh_from_db()
    assert (draft.state, draft.gap.status) == ("published", "addressed")
    assert draft.article.status == ArticleStatus.PUBLISHED


def test_publishing_twice_makes_one_version_and_one_audit_entry(draft, owner):
    publish(draft, by=owner)
    publish_draft(draft.pk)
    assert ArticleVersion.objects.count() == 1
    assert AuditEntry.objects.filter(verb="draft.published").count() == 1


def test_withdrawing_archives_the_article_and_reopens_the_gap(draft, owner, merchant):
    draft = publish(draft, by=owner)
    draft.withdraw(by=owner, comment="Outdated")
    draft.article.refresh_from_db()
    draft.gap.refresh_from_db()
    assert (draft.state, draft.article.status, draft.gap.status) == ("withdrawn", "archived", "reopened")
    assert search_articles(merchant, "reset password", 3) == []
    with pytest.raises(AlreadyDecidedError):
        draft.withdraw(by=owner)


def test_a_withdrawn_text_can_be_put_forward_and_published_again(draft, owner):
    draft = publish(draft, by=owner)
    draft.withdraw(by=owner)
    draft.edit(by=owner, title=draft.latest_revision.title, body=draft.latest_revision.body)
    draft = publish(draft, by=owner)
    assert (draft.state, draft.article.status, draft.article.versions.count()) == ("published", "published", 2)


def test_an_old_draft_cannot_come_back_beside_an_active_one(draft, owner):
    draft.reject(by=owner, revision=1, comment="No")
    draft.gap.request_draft(by=owner)
    with pytest.raises(DraftInProgressError):
        edit(draft, owner)


def test_a_failed_publication_is_kept_on_the_draft_and_can_be_started_again(draft, owner, settings):
    draft.approve(by=owner, revision=1)
    settings.OPENAI_API_KEY, settings.OPENAI_EMBEDDINGS = "sk-x", True
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    publish_draft.apply(args=[draft.pk], retries=3)
    draft.refresh_from_db()
    assert draft.state == DraftState.APPROVED
    assert "embedding service" in draft.state_reason
    settings.OPENAI_EMBEDDINGS = False
    publish_draft(draft.pk)
    draft.refresh_from_db()
    assert (draft.state, draft.state_reason) == (DraftState.PUBLISHED, "")


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_the_same_moment_one_decides(merchant, owner, reviewer, redis_server):
    draft = make_draft(merchant, by=owner)
    barrier = threading.Barrier(2)
    outcomes = []

    def decide(verb, **arguments):
        try:
            mine = type(draft).objects.get(pk=draft.pk)
            barrier.wait()
            outcomes.append(getattr(mine, verb)(revision=1, **arguments).decision)
        except AlreadyDecidedError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=["approve"], kwargs={"by": owner}),
        threading.Thread(target=decide, args=["reject"], kwargs={"by": reviewer, "comment": "No"}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    review = Review.objects.get()
    draft.refresh_from_db()
    assert sorted(outcomes) == sorted([review.decision, "refused"])
    assert draft.state == review.decision


@pytest.mark.django_db(transaction=True)
def test_an_edit_at_the_moment_of_an_approval_is_never_what_goes_live(merchant, owner, reviewer, redis_server):
    draft = make_draft(merchant, by=owner)
    barrier = threading.Barrier(2)
    outcomes = []

    def run(action):
        try:
            mine = type(draft).objects.get(pk=draft.pk)
            barrier.wait()
            action(mine)
            outcomes.append("done")
        except OutdatedRevisionError:
            outcomes.append("outdated")
        finally:
            connection.close()

    actions = (lambda mine: mine.approve(by=owner, revision=1), lambda mine: edit(mine, reviewer, add="Slipped in."))
    threads = [threading.Thread(target=run, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    publish_draft(draft.pk)
    assert all("Slipped in" not in version.body for version in ArticleVersion.objects.all())
    assert len(outcomes) == 2
