"""Publishes exactly the revision that was approved, whatever was edited since."""

from datetime import datetime

from django.db import transaction

from improvement.articles import save_article
from improvement.models import Draft, DraftState, GapStatus, Review
from improvement.sentences import strip_marks
from portal.models import AuditEntry

KEY_PREFIX = "aftercare-"


def publish(draft: Draft, *, now: datetime) -> Review | None:
    """The review whose text went live; None where nothing approved waits. Safe to call twice and at the same time."""
    with transaction.atomic():
        rows = Draft.objects.select_for_update(of=("self",)).select_related("merchant", "gap", "article")
        locked = rows.get(pk=draft.pk)
        review: Review | None = locked.find_waiting_approval()
        if review is None:
            return None
        revision = review.revision
        locked.article = save_article(
            locked.merchant,
            external_id=locked.article.external_id if locked.article else f"{KEY_PREFIX}{locked.pk}",
            title=revision.title,
            body=strip_marks(revision.body),
            language=revision.language,
            updated_at=now,
            by=review.reviewer,
            revision=revision,
        )
        review.published_at = now
        review.save(update_fields=["published_at"])
        if locked.state == DraftState.APPROVED:
            locked.state, locked.state_reason = DraftState.PUBLISHED, ""
            locked.gap.move_to(GapStatus.ADDRESSED)
        locked.save(update_fields=["article", "state", "state_reason", "updated_at"])
        detail = {"revision": revision.number, "article": locked.article.pk}
        AuditEntry.record(locked.merchant, "draft.published", by=review.reviewer, on=locked, detail=detail)
    return review


def record_failure(draft: Draft, reason: str) -> None:
    """The draft stays approved: the page shows why and offers to try again."""
    Draft.objects.filter(pk=draft.pk, state=DraftState.APPROVED).update(state_reason=reason[:300])
