"""What the rubric page tells: what holds, what a change would do, what changes have done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.db.models import Avg, Count, Q
from django.utils.functional import Promise

from analytics.models import QualityScore, RubricVersion, Scorer
from analytics.rubric import HOUSE_RUBRIC, RUBRIC, Rubric, build_rubric, rubric_of
from analytics.rubric_changes import contents, describe_changes
from analytics.scoring_queue import JUDGE_WINDOW, count_overlap, eligible
from analytics.version_steps import ScorerStep, read_steps
from portal import llm
from portal.models import LlmCall, Merchant

Change = tuple[str | Promise, str]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rubric that is not saved would change. `cost` in USD, None where it is not known."""

    rubric: Rubric
    changes: Sequence[Change]
    asks_anew: bool
    n_read: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class PastVersion:
    """`row` is None for the house rubric, which was there before all others."""

    number: int
    row: RubricVersion | None
    changes: Sequence[Change]
    is_current: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """How many of the conversations that ended within the last 30 days a judge has scored, by any version."""

    n: int
    n_eligible: int

    @property
    def share(self) -> float | None:
        return self.n / self.n_eligible if self.n_eligible else None


def build_preview(
    merchant: Merchant, weights: Mapping[str, int], own: Sequence[Mapping[str, Any]], *, now: datetime
) -> Preview:
    latest = RubricVersion.objects.for_merchant(merchant).first()
    rubric = build_rubric("", weights, own)
    asks_anew = rubric.questions != (rubric_of(latest) if latest else HOUSE_RUBRIC).questions
    n_read = count_overlap(merchant, now=now) if asks_anew and llm.is_configured() and merchant.judged_share else 0
    calls = LlmCall.objects.for_merchant(merchant).filter(purpose="judge", created_at__gte=now - JUDGE_WINDOW)
    mean = calls.aggregate(mean=Avg("cost"))["mean"]
    changes = _named(describe_changes(contents(latest), (weights, own)), own)
    return Preview(rubric, changes, asks_anew, n_read, None if mean is None else mean * n_read)


def read_history(merchant: Merchant) -> list[PastVersion]:
    """The latest first, the house rubric last."""
    rows = list(RubricVersion.objects.for_merchant(merchant).select_related("created_by", "api_key"))
    found = []
    for row, older in zip_longest(rows, rows[1:]):
        own = [*row.own_criteria, *(older.own_criteria if older else [])]
        changes = _named(describe_changes(contents(older), contents(row)), own)
        found.append(PastVersion(row.number, row, changes, is_current=row is rows[0]))
    return [*found, PastVersion(int(HOUSE_RUBRIC.version), None, (), is_current=not rows)]


def read_last_steps(merchant: Merchant) -> list[ScorerStep]:
    """From the version before to the current one; none without a version of the merchant's own."""
    rows = list(RubricVersion.objects.for_merchant(merchant)[:2])
    if not rows:
        return []
    older = rubric_of(rows[1]) if len(rows) > 1 else HOUSE_RUBRIC
    return read_steps(merchant, older, rubric_of(rows[0]))


def count_judged(merchant: Merchant, *, now: datetime) -> Judged:
    recent = eligible(merchant).filter(ended_at__gte=now - JUDGE_WINDOW)
    scored = QualityScore.objects.for_merchant(merchant).filter(scorer=Scorer.LLM).values("conversation")
    found = recent.aggregate(n_eligible=Count("pk"), n=Count("pk", filter=Q(pk__in=scored)))
    return Judged(**found)


def _named(changes: Mapping[str, str], own: Sequence[Mapping[str, Any]]) -> list[Change]:
    labels: dict[str, str | Promise] = {one["key"]: one["label"] for one in own}
    labels |= {str(key): criterion.label for key, criterion in RUBRIC.items()}
    return [(labels.get(key, key), told) for key, told in changes.items()]
