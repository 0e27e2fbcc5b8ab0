"""A proposed article and what may happen to it. Every edit is a new revision; a review decides on exactly one."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from improvement.errors import (
    AlreadyDecidedError,
    CommentRequiredError,
    DraftInProgressError,
    OutdatedRevisionError,
    PersonalDataFoundError,
    RefusedError,
)
from improvement.models.article import Article, ArticleStatus
from improvement.models.decision import Decision
from improvement.models.gap import Gap, GapStatus
from improvement.personal_data import find_unpublishable
from portal.embeddings import EmbeddingError
from portal.models import ApiKey, AuditEntry, Job, Membership, Role, User
from portal.models.scoped import MerchantScoped
from portal.templatetags.formats import in_sentence

if TYPE_CHECKING:
    from improvement.models.review import Review
    from improvement.models.revision import DraftRevision


class DraftState(models.TextChoices):
    WRITING = "writing", _("Writing")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FAILED = "failed", _("Failed")


ACTIVE_STATES = (DraftState.WRITING, DraftState.IN_REVIEW, DraftState.APPROVED)


def may_review(draft: "Draft", user: User) -> bool:
    """Reviewers and owners of the merchant, and the platform's support staff with the permission."""
    if user.is_active and user.is_staff and user.has_perm("improvement.change_draft"):
        return True
    memberships = Membership.objects.filter(merchant=draft.merchant_id, user=user, role__gte=Role.REVIEWER)
    return user.is_active and memberships.exists()


class Draft(MerchantScoped):
    gap = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="drafts")
    article = models.ForeignKey(Article, null=True, on_delete=models.SET_NULL, related_name="drafts")
    state = models.CharField(max_length=10, choices=DraftState.choices, default=DraftState.WRITING)
    state_reason = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["gap"], condition=models.Q(state__in=ACTIVE_STATES), name="draft_active_once_per_gap"
            )
        ]
        indexes = [
            models.Index(fields=["merchant", "state", "-created_at"], name="draft_list"),
            models.Index(fields=["merchant", "updated_at", "id"], name="draft_updated"),
        ]

    def __str__(self) -> str:
        return f"Draft {self.pk} · {self.gap.name}"

    @property
    def latest_revision(self) -> "DraftRevision | None":
        return self.revisions.first()

    @property
    def latest_review(self) -> "Review | None":
        return self.reviews.first()

    @property
    def is_live(self) -> bool:
        return self.article is not None and self.article.status == ArticleStatus.PUBLISHED

    def find_waiting_approval(self) -> "Review | None":
        """The latest approval, unless its text is live. One that was overtaken by a later approval never goes live."""
        latest: Review | None = self.reviews.filter(decision=Decision.APPROVED).select_related("revision").first()
        return latest if latest is not None and latest.published_at is None else None

    def approve(
        self, *, by: User | None, revision: int, comment: str = "", via: ApiKey | None = None, seconds_spent: int = 0
    ) -> "Review":
        """Decides on exactly revision number `revision` and starts its publication on commit.

        Raises AlreadyDecidedError, OutdatedRevisionError, PersonalDataFoundError; then nothing was changed.
        """
        actor = {"reviewer": by, "api_key": via, "seconds_spent": seconds_spent}
        with transaction.atomic():
            review = self._decide(Decision.APPROVED, DraftState.APPROVED, revision, comment, actor)
            if found := find_unpublishable(f"{review.revision.title}\n{review.revision.body}"):
                raise PersonalDataFoundError(
                    _t("This text holds personal data that must not be published: %(found)s. Edit it out first.")
                    % {"found": ", ".join(found)}
                )
            self.start_publication()
        return review

    def reject(
        self, *, by: User | None, revision: int, comment: str, via: ApiKey | None = None, seconds_spent: int = 0
    ) -> "Review":
        """Decides on exactly revision number `revision`; the gap opens again unless an earlier text of it is live."""
        if not comment.strip():
            raise CommentRequiredError(_t("Say why: the reason is kept with the draft."))
        actor = {"reviewer": by, "api_key": via, "seconds_spent": seconds_spent}
        with transaction.atomic():
            state = self._state_if_rejected()
            review = self._decide(Decision.REJECTED, state, revision, comment, actor)
            if state == DraftState.REJECTED:
                self.gap.open_again()
            else:
                self.gap.move_to(GapStatus.ADDRESSED)
        return review

    def edit(self, *, by: User, title: str, body: str) -> "DraftRevision":
        """Adds a revision that nobody has approved yet, with its sentences checked against the sources again.

        Raises RefusedError while the draft is being written, beside another active draft, or without a text.
        """
        # The checks read questions and articles, whose models are loaded after this one.
        from improvement.revising import build_edited_revision  # noqa: PLC0415

        if not may_review(self, by):
            raise PermissionDenied
        if not title.strip() or not body.strip():
            raise RefusedError(_t("An article needs a title and a text."))
        try:
            checked = build_edited_revision(self, by=by, title=title.strip(), body=body.strip())
        except EmbeddingError as error:
            raise RefusedError(_t("Nothing was saved, because the text could not be checked. %s") % error) from error
        with transaction.atomic():
            was = self.state
            self._claim_for_edit()
            last = self.latest_revision
            is_same = last is not None and (last.title, last.body) == (checked.title, checked.body)
            # A rejected or withdrawn text may be put forward again as it is.
            if is_same and was in (DraftState.IN_REVIEW, DraftState.APPROVED, DraftState.PUBLISHED):
                raise RefusedError(_t("Nothing was changed, so there is no new revision."))
            checked.number = last.number + 1 if last else 1
            checked.save(force_insert=True)
            self.gap.move_to(GapStatus.IN_REVIEW)
            AuditEntry.record(self.merchant, "draft.edited", by=by, on=self, detail={"revision": checked.number})
        return checked

    def withdraw(self, *, by: User, comment: str = "") -> None:
        """Takes the published article out of the knowledge base; the gap opens again."""
        from improvement.articles import archive_article  # noqa: PLC0415

        if not may_review(self, by):
            raise PermissionDenied
        with transaction.atomic():
            self._claim((DraftState.PUBLISHED,), DraftState.WITHDRAWN, comment)
            if self.article is not None:
                archive_article(self.article, by=by, at=timezone.now())
            self.gap.open_again()
            AuditEntry.record(self.merchant, "draft.withdrawn", by=by, on=self, detail={"comment": comment})

    def start_writing(self, *, by: User | None) -> Job:
        """Starts the writer after commit, with a job that the page shows. Safe to call again for a stuck draft."""
        from improvement.tasks import write_draft  # noqa: PLC0415

        job = Job.start(self.merchant, "write_draft", by=by, target_id=self.pk)
        transaction.on_commit(lambda: write_draft.delay(self.pk, job.pk), robust=True)
        return job

    def start_publication(self) -> None:
        """Starts the task after commit. Safe to call again: a text that is live already is not published twice."""
        from improvement.tasks import publish_draft  # noqa: PLC0415

        transaction.on_commit(lambda: publish_draft.delay(self.pk), robust=True)

    def _decide(
        self, decision: Decision, state: DraftState, revision: int, comment: str, actor: dict[str, Any]
    ) -> "Review":
        reviewer, api_key = actor["reviewer"], actor["api_key"]
        if (reviewer is None) == (api_key is None):
            raise ValueError("A decision has one author: a user or an API key.")
        if reviewer is not None and not may_review(self, reviewer):
            raise PermissionDenied
        self._claim((DraftState.IN_REVIEW,), state, comment if decision == Decision.REJECTED else "")
        # The row is locked from here on, so no edit can slip in between.
        latest = self.revisions.get(number=self.revisions.aggregate(n=models.Max("number"))["n"])
        if latest.number != revision:
            raise OutdatedRevisionError(
                _t("You decided on revision %(seen)s, but revision %(latest)s is there now. Read it and decide again.")
                % {"seen": revision, "latest": latest.number}
            )
        review: Review = self.reviews.create(
            merchant=self.merchant, revision=latest, decision=decision, comment=comment.strip(), **actor
        )
        detail = {"revision": latest.number, "comment": comment, "own_edit": review.is_of_own_edit}
        if api_key is not None:
            detail["api_key"] = str(api_key)
        AuditEntry.record(self.merchant, f"draft.{decision}", by=reviewer, on=self, detail=detail)
        return review

    def _claim(self, expected: tuple[DraftState, ...], state: DraftState, reason: str = "") -> None:
        changes = {"state": state, "state_reason": reason.strip()[:300], "updated_at": timezone.now()}
        if Draft.objects.filter(pk=self.pk, state__in=expected).update(**changes) != 1:
            raise self._build_refusal()
        self.refresh_from_db(fields=list(changes))

    def _claim_for_edit(self) -> None:
        try:
            with transaction.atomic():
                editable = tuple(state for state in DraftState if state != DraftState.WRITING)
                self._claim(editable, DraftState.IN_REVIEW)
        except IntegrityError as error:
            raise DraftInProgressError(_t("Another draft of this gap is in progress. Edit that one.")) from error

    def _build_refusal(self) -> RefusedError:
        self.refresh_from_db(fields=["state"])
        review = self.latest_review
        if review is not None and self.state != DraftState.IN_REVIEW:
            return AlreadyDecidedError(
                _t("%(name)s has already decided: this draft is %(state)s.")
                % {"name": review.reviewer_name, "state": in_sentence(self.get_state_display())}
            )
        return AlreadyDecidedError(
            _t("That cannot be done now: this draft is %(state)s.") % {"state": in_sentence(self.get_state_display())}
        )

    def _state_if_rejected(self) -> DraftState:
        """An earlier approved text stays what it was: waiting for its publication, or live."""
        if self.find_waiting_approval() is not None:
            return DraftState.APPROVED
        return DraftState.PUBLISHED if self.is_live else DraftState.REJECTED
