"""Would the draft have answered past questions that its writer never saw, and would it get in the way of others?"""

from typing import Any

import numpy as np
from pgvector.django import CosineDistance

from improvement.material import find_held_out
from improvement.models import Gap, Question
from improvement.sentences import split_claims, strip_marks
from portal.embeddings import Vectors, embed, model_name

COVERED_FROM = 0.6  # cosine of a question to the nearest piece of an article
N_NEIGHBOURS = 50


def run_backtest(gap: Gap, title: str, body: str, *, holds_out: bool = True) -> dict[str, Any]:
    """As DraftRevision.backtest stores it. `n_held_out` is 0 where there were too few questions to spare any.

    Without `holds_out` there are none either: the first writer of this draft has seen them all.

    A regression is a question that the knowledge base covers and that would now find the draft first.
    """
    vectors = embed_pieces(title, body)
    unseen = find_held_out(gap) if holds_out else []
    held_out = [question for question in unseen if question.embedding_model == model_name()]
    neighbours = find_neighbours(gap)
    return {
        "n_held_out": len(held_out),
        "covered_before": sum(bool(question.is_covered) for question in held_out),
        "covered_after": sum(
            bool(question.is_covered) or _nearest(question, vectors) >= COVERED_FROM for question in held_out
        ),
        "n_neighbours": len(neighbours),
        "regressions": sum(_nearest(question, vectors) > (question.nearest_similarity or 1) for question in neighbours),
    }


def embed_pieces(title: str, body: str) -> Vectors:
    """The title and every sentence, as the search would see them."""
    return embed([title, *(claim.text.strip("“”") for claim in split_claims(strip_marks(body)))])


def find_neighbours(gap: Gap) -> list[Question]:
    """The covered questions of other topics that are nearest to the gap."""
    covered = Question.objects.for_merchant(gap.merchant).filter(
        is_covered=True, embedding_model=model_name(), nearest_similarity__isnull=False
    )
    return list(covered.exclude(gap=gap).order_by(CosineDistance("embedding", gap.centroid))[:N_NEIGHBOURS])


def _nearest(question: Question, vectors: Vectors) -> float:
    return float((vectors @ np.asarray(question.embedding, dtype=np.float32)).max())
