"""What waits for the local scorer, scored by one worker per merchant."""

from collections.abc import Callable
from datetime import datetime
from itertools import count

from django.core.cache import cache

from analytics.scoring import LOCAL_BATCH, score_locally
from analytics.scoring_queue import waiting_for_local
from analytics.trained_scorers import load_scorer
from portal.models import Merchant

LEASE_SECONDS = 120  # renewed with each batch, so a worker that is killed keeps the others waiting no longer


def score_waiting_locally(
    merchant: Merchant, *, now: datetime, batches: int | None = None, report: Callable[[int], None] = lambda n: None
) -> int:
    """Batch after batch until none waits, or `batches` are done; `report` is told the size of each. Returns how many
    have a score now. Nothing where another worker is at it. Raises EmbeddingError.

    Each batch is stored whole or not at all, so a worker that is killed leaves nothing half and nothing twice.
    """
    lease, n_scored = f"local-scoring-{merchant.pk}", 0
    if not cache.add(lease, 1, LEASE_SECONDS):
        return 0
    try:
        scorer, waiting = None, waiting_for_local(merchant, now=now)
        for _batch in count() if batches is None else range(batches):
            conversations = list(waiting[:LOCAL_BATCH])
            if not conversations:
                break
            scorer = scorer or load_scorer(merchant)
            n_scored += score_locally(merchant, conversations, now=now, scorer=scorer)
            cache.touch(lease, LEASE_SECONDS)
            report(len(conversations))
    finally:
        cache.delete(lease)
    return n_scored
