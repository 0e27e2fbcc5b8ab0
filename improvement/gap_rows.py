"""Writes groups of questions into gaps: known ones keep their id, name and status, the others are new."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from improvement.gap_matching import Known, match_groups
from improvement.keyphrases import build_names, name_topics
from improvement.models import Draft, Gap, GapStatus, Question, Review
from improvement.search import to_array
from improvement.stream import Asked, Stream
from portal.embeddings import Vectors, model_name
from portal.models import AuditEntry, Merchant

# As many new questions after its article went live say that the article does not answer the topic.
MIN_TO_REOPEN = 5
UNDECIDED = (GapStatus.OPEN, GapStatus.REOPENED)


@dataclass(frozen=True, slots=True)
class Group:
    members: list[Asked]
    centre: Vectors


def store_groups(merchant: Merchant, stream: Stream, groups: Sequence[Group], covered: Sequence[str]) -> list[Gap]:
    """Returns the new gaps. `covered` are texts of covered questions, for names that tell topics apart."""
    gaps = list(Gap.objects.for_merchant(merchant).order_by("pk"))
    n_members = Counter(Question.objects.for_merchant(merchant).values_list("gap_id", flat=True))
    known = [
        Known(gap.pk, n_members[gap.pk], to_array([gap.centroid])[0] if gap.embedding_model == model_name() else None)
        for gap in gaps
    ]
    members = [[one.gap_id for one in group.members] for group in groups]
    matched = match_groups(members, [group.centre for group in groups], known)
    phrases = name_topics([[one.text for one in group.members] for group in groups], covered)
    names = iter(
        build_names(
            [options for options, gap_id in zip(phrases, matched, strict=True) if gap_id is None],
            taken=[gap.name for gap in gaps],
        )
    )
    by_id = {gap.pk: gap for gap in gaps}
    new: list[Gap] = []
    for group, options, gap_id in zip(groups, phrases, matched, strict=True):
        gap = by_id[gap_id] if gap_id is not None else Gap(merchant=merchant, name=next(names))
        fill_gap(gap, group, options)
        if gap_id is None:
            new.append(gap)
        assign(gap, group)
        reopen_if_asked_again(gap, group)
    release_others(merchant, stream, groups, gaps, {gap_id for gap_id in matched if gap_id is not None})
    return new


def fill_gap(gap: Gap, group: Group, phrases: Sequence[str]) -> None:
    moments = [one.asked_at for one in group.members]
    gap.keyphrases, gap.centroid, gap.embedding_model = list(phrases), group.centre, model_name()
    is_new = gap.pk is None
    gap.first_asked_at = min(moments) if is_new else min(*moments, gap.first_asked_at)
    gap.last_asked_at = max(moments) if is_new else max(*moments, gap.last_asked_at)
    if is_new:
        gap.save()
    else:  # the status may be changing under a reviewer's hand right now
        fields = ["keyphrases", "centroid", "embedding_model", "first_asked_at", "last_asked_at", "updated_at"]
        gap.save(update_fields=fields)


def assign(gap: Gap, group: Group) -> None:
    moved = [one.question_id for one in group.members if one.gap_id != gap.pk]
    Question.objects.filter(pk__in=moved).update(gap=gap)


def published_at(gap: Gap) -> datetime | None:
    reviews = Review.objects.filter(draft__gap=gap, published_at__isnull=False).order_by("-published_at")
    moment: datetime | None = reviews.values_list("published_at", flat=True).first()
    return moment


def reopen_if_asked_again(gap: Gap, group: Group) -> None:
    if gap.status != GapStatus.ADDRESSED:
        return
    since = published_at(gap)
    n_later = sum(since is None or one.asked_at > since for one in group.members)
    if n_later < MIN_TO_REOPEN:
        return
    if Gap.objects.filter(pk=gap.pk, status=GapStatus.ADDRESSED).update(status=GapStatus.REOPENED):
        gap.refresh_from_db(fields=["status"])
        AuditEntry.record(gap.merchant, "gap.reopened", by=None, on=gap, detail={"questions_since": n_later})


def release_others(
    merchant: Merchant, stream: Stream, groups: Sequence[Group], gaps: Sequence[Gap], matched: set[int]
) -> None:
    """Questions that are in no group leave their gap; those of a gap that was decided on stay as its history.

    An open gap that lost its questions because they are covered now has been addressed by somebody.
    """
    kept = {gap.pk for gap in gaps if gap.status not in UNDECIDED}
    grouped = {one.question_id for group in groups for one in group.members}
    loose = [one for one in stream.asked if one.gap_id is not None and one.question_id not in grouped]
    Question.objects.filter(pk__in=[one.question_id for one in loose if one.gap_id not in kept]).update(gap=None)
    for gap in gaps:
        if gap.pk in matched or gap.pk in kept:
            continue
        former = [one.question_id for one in loose if one.gap_id == gap.pk]
        n_covered = Question.objects.for_merchant(merchant).filter(pk__in=former, is_covered=True).count()
        has_draft = Draft.objects.filter(gap=gap).exists()
        if former and n_covered > len(former) / 2 and not has_draft:
            gap.move_to(GapStatus.ADDRESSED, _("The knowledge base answers these questions now."))
