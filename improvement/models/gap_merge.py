"""Two gaps that a person called one. Nothing is lost: the merged gap keeps its row, and undoing brings it back."""

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from improvement.errors import RefusedError
from improvement.models.gap import Gap
from improvement.models.question import Question
from portal.models import ApiKey, AuditEntry, Merchant, User
from portal.models.scoped import MerchantScoped


class GapMerge(MerchantScoped):
    source = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="merges")
    target = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="merges_into")
    question_ids = ArrayField(models.BigIntegerField(), default=list)  # what the source held
    by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    undone_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(undone_at__isnull=True), name="gap_merged_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_id} into {self.target_id}"

    def undo(self, *, by: User | None, via: ApiKey | None = None) -> None:
        """What came from the source and is still in the target goes back. Raises RefusedError the second time."""
        with transaction.atomic():
            lock_gaps(self.merchant)
            claimed = GapMerge.objects.filter(pk=self.pk, undone_at=None)
            if claimed.update(undone_at=timezone.now(), undone_by=by) != 1:
                raise RefusedError(_t("Nothing was changed: these two gaps are apart already."))
            self.refresh_from_db(fields=["undone_at", "undone_by"])
            Gap.objects.filter(pk=self.source_id).update(merged_into=None, updated_at=timezone.now())
            # What had been merged into the source before came along, and goes back with it.
            earlier = Gap.objects.filter(
                merges__target=self.source_id, merges__undone_at=None, merged_into=self.target_id
            )
            earlier.update(merged_into=self.source_id, updated_at=timezone.now())
            back = Question.objects.filter(pk__in=self.question_ids, gap=self.target_id)
            n_back = back.update(gap=self.source_id)
            move_numbers(self.source, self.target)
            detail = {"from": self.target.name, "questions": n_back}
            AuditEntry.record(self.merchant, "gap.merge_undone", by=by, on=self.source, detail=detail, via=via)


def merge_gaps(source: Gap, target: Gap, *, by: User | None, via: ApiKey | None = None) -> GapMerge:
    """All questions of `source`, and what is asked like them from now on, belong to `target`.

    Raises RefusedError where either has a draft on its way or is merged already.
    """
    with transaction.atomic():
        gaps = lock_gaps(source.merchant)
        locked = {pk: gaps[pk] for pk in (source.pk, target.pk) if pk in gaps}
        if len(locked) != 2 or any(gap.merged_into_id is not None for gap in locked.values()):
            raise RefusedError(_t("Choose two different gaps that are not part of another one."))
        if locked[source.pk].is_in_work:
            raise RefusedError(_t("A gap with an article on its way cannot become part of another one."))
        moved = list(Question.objects.filter(gap=source).values_list("pk", flat=True))
        Question.objects.filter(pk__in=moved).update(gap=target)
        # Whatever was merged into the source before goes along.
        Gap.objects.filter(models.Q(pk=source.pk) | models.Q(merged_into=source)).update(
            merged_into=target, updated_at=timezone.now()
        )
        merge = GapMerge.objects.create(
            merchant=source.merchant, source=source, target=target, question_ids=moved, by=by, at=timezone.now()
        )
        move_numbers(source, target)
        detail = {"into": target.name, "questions": len(moved)}
        AuditEntry.record(source.merchant, "gap.merged", by=by, on=source, detail=detail, via=via)
    return merge


def lock_gaps(merchant: Merchant) -> dict[int, Gap]:
    """All gaps of the merchant, for whoever is about to move questions between them: first the gaps, then questions,
    so that two who do it wait for each other and never in a circle."""
    gaps = Gap.objects.for_merchant(merchant).select_for_update(no_key=True).order_by("pk").defer("centroid")
    return {gap.pk: gap for gap in gaps}


def move_numbers(*gaps: Gap) -> None:
    """The counts are right at once; the impact follows with the next refresh."""
    for gap in gaps:
        gap.n_questions = Question.objects.filter(gap=gap).count()
        if not gap.n_questions:
            gap.impact_per_week, gap.money_per_week = 0, 0
        gap.save(update_fields=["n_questions", "impact_per_week", "money_per_week", "updated_at"])
        gap.refresh_from_db(fields=["merged_into"])
