"""What earlier rubric versions found and the current one would find too: only the overall score is computed anew.

The local scorer reads no rubric, so its dimensions hold under every version. A judge's hold where it would be asked the
same questions: then weights alone have changed, and no model is paid twice for one answer.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from analytics.models import Counting, QualityScore, RubricVersion, Scorer
from analytics.rubric import HOUSE_RUBRIC, Rubric, rubric_of
from analytics.scoring_queue import scorer_version
from analytics.sealing import unseal_conversations
from portal.models import Merchant

AT_ONCE = 2_000

# `weights` has one row for each criterion that counts. round() of numeric is exact where Python's is of the double; the
# two may differ by one in the sixth place.
_COPY = """
    INSERT INTO analytics_qualityscore (merchant_id, conversation_id, scorer, scorer_version, rubric_version, overall,
        helpfulness, accuracy, politeness, completeness, criteria, rationale, quotes, contributions, llm_call_id,
        created_at, read_state_at)
    SELECT old.merchant_id, old.conversation_id, old.scorer, old.scorer_version, %(to)s, weighed.overall,
        old.helpfulness, old.accuracy, old.politeness, old.completeness, old.criteria, old.rationale, old.quotes,
        old.contributions, old.llm_call_id, %(now)s, old.read_state_at
    FROM analytics_qualityscore old CROSS JOIN LATERAL (
        SELECT round((sum(weight * score) / sum(weight))::numeric, 6)::float8 AS overall
        FROM (
            SELECT weight, (old.criteria || jsonb_build_object('helpfulness', old.helpfulness, 'accuracy', old.accuracy,
                'politeness', old.politeness, 'completeness', old.completeness) ->> key)::float8 AS score
            FROM unnest(%(keys)s::text[], %(weights)s::float8[]) AS weights(key, weight)
        ) AS scores WHERE score IS NOT NULL
    ) AS weighed
    WHERE old.id = ANY(%(ids)s) AND weighed.overall IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING conversation_id
"""


def carry_over(merchant: Merchant, *, report: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Returns how many scores the current version got. Interrupted, it goes on where it stopped; done, it does nothing.
    Safe beside the schedule: a score that came meanwhile stays."""
    row = RubricVersion.objects.for_merchant(merchant).first()
    if row is None or row.carried_over_at is not None:
        return 0
    rubric = rubric_of(row)
    found = [_missing(merchant, rubric, scorer, older) for scorer, older in sources(merchant, rubric)]
    total, done, n_added = sum(map(len, found)), 0, 0
    for ids in found:
        for start in range(0, len(ids), AT_ONCE):
            portion = ids[start : start + AT_ONCE]
            n_added += _copy(merchant, rubric, portion)
            done += len(portion)
            report(done, total)
    RubricVersion.objects.for_merchant(merchant).filter(pk=row.pk).update(carried_over_at=timezone.now())
    return n_added


def sources(merchant: Merchant, rubric: Rubric) -> Iterator[tuple[Scorer, Rubric]]:
    """The earlier versions whose scores hold for `rubric`, by scorer, the latest first."""
    rows = RubricVersion.objects.for_merchant(merchant).filter(number__lt=int(rubric.version))
    for older in [*map(rubric_of, rows), HOUSE_RUBRIC]:
        yield Scorer.LOCAL, older
        if older.questions == rubric.questions:
            yield Scorer.LLM, older


def _missing(merchant: Merchant, rubric: Rubric, scorer: Scorer, older: Rubric) -> Sequence[int]:
    """Ids of scores of the older version without one of the current, those of the latest conversations first."""
    scores = QualityScore.objects.for_merchant(merchant).filter(
        scorer=scorer, scorer_version=scorer_version(merchant, scorer)
    )
    done = scores.filter(rubric_version=rubric.version).values("conversation")
    left = scores.filter(rubric_version=older.version).exclude(conversation__in=done)
    return list(left.order_by("-conversation_id").values_list("pk", flat=True))


def _copy(merchant: Merchant, rubric: Rubric, ids: Sequence[int]) -> int:
    counting = [criterion for criterion in rubric.criteria if criterion.weight]
    parameters: dict[str, Any] = {
        "to": rubric.version,
        "now": timezone.now(),
        "keys": [str(criterion.key) for criterion in counting],
        "weights": [criterion.weight for criterion in counting],
        "ids": list(ids),
    }
    with transaction.atomic():
        Counting.lock(merchant)
        with connection.cursor() as cursor:
            cursor.execute(_COPY, parameters)
            added = [row[0] for row in cursor.fetchall()]
        unseal_conversations(merchant, added)
    return len(added)
