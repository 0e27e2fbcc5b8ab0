"""Would the draft have answered past questions that its writer never saw, and would it get in the way of others?

The whole judgement of coverage runs twice over the same past questions, once with the draft in the knowledge base. Of
the gap's own questions only those that were kept from the writer take part.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from improvement.agent_signals import Signal
from improvement.article_passages import Passages, embed_passages
from improvement.coverage_features import Base
from improvement.coverage_model import Judgement, judge
from improvement.judging import known_signals, number_articles, questions_of
from improvement.material import find_held_out
from improvement.models import Gap
from improvement.search import KnowledgeBase, load_knowledge_base
from improvement.spelling import correct_spelling
from improvement.stream import Stream, load_stream

MAX_CONTEXT = 2000  # the newest questions of other topics
N_NEIGHBOURS = 50


@dataclass(frozen=True, slots=True)
class Replay:
    """One judgement; `finds_draft` is True where the draft is the nearest article."""

    judgement: Judgement
    finds_draft: Any


def run_backtest(
    gap: Gap, title: str, body: str, *, now: datetime, replaces: int | None = None, holds_out: bool = True
) -> dict[str, int]:
    """As DraftRevision.backtest stores it. `n_held_out` is 0 where there were too few questions to spare any.

    Without `holds_out` there are none either: the first writer of this draft has seen them all. `replaces`: the id of
    the article that an earlier revision of the draft is. A regression is a neighbouring question that another article
    covers and that would be uncovered, or would find the draft first. Raises EmbeddingError.
    """
    held_out = {question.pk for question in find_held_out(gap)} if holds_out else set()
    stream = select_stream(load_stream(gap.merchant, now), gap, held_out)
    knowledge = without_article(load_knowledge_base(gap.merchant), replaces)
    before = replay(gap, stream, knowledge, None)
    after = replay(gap, stream, knowledge, embed_passages(title, body))
    is_held_out = np.array([one.question_id in held_out for one in stream.asked], dtype=bool)
    was, is_now = before.judgement.is_covered, after.judgement.is_covered
    neighbours = find_neighbours(gap, stream, was & ~is_held_out)
    return {
        "n_held_out": int(is_held_out.sum()),
        "covered_before": int((is_held_out & was).sum()),
        "covered_after": int((is_held_out & is_now).sum()),
        "n_neighbours": len(neighbours),
        "regressions": int((~is_now | after.finds_draft)[neighbours].sum()),
    }


def select_stream(stream: Stream, gap: Gap, held_out: set[int]) -> Stream:
    others = [row for row, one in enumerate(stream.asked) if one.gap_id != gap.pk][-MAX_CONTEXT:]
    rows = sorted(others + [row for row, one in enumerate(stream.asked) if one.question_id in held_out])
    return Stream([stream.asked[row] for row in rows], stream.vectors[rows])


def without_article(knowledge: KnowledgeBase, article_id: int | None) -> KnowledgeBase:
    rows = [row for row, found in enumerate(knowledge.article_ids) if found != article_id]
    return KnowledgeBase(
        [knowledge.chunk_ids[row] for row in rows],
        [knowledge.article_ids[row] for row in rows],
        [knowledge.texts[row] for row in rows],
        knowledge.vectors[rows],
    )


def replay(gap: Gap, stream: Stream, knowledge: KnowledgeBase, draft: Passages | None) -> Replay:
    base = number_articles(knowledge)
    asked = correct_spelling(questions_of(stream), base)
    signals = known_signals(gap.merchant, stream, knowledge, np.ones(len(stream.asked), dtype=np.bool_))
    if draft is None:
        return Replay(judge(asked, base, signals), np.zeros(len(stream.asked), dtype=bool))
    number = base.article.max(initial=-1) + 1
    with_draft = Base(
        [*base.texts, *draft.texts],
        np.concatenate([base.vectors, draft.vectors]),
        np.append(base.article, np.full(len(draft.texts), number, dtype=np.intp)),
    )
    finds_draft = np.zeros(len(stream.asked), dtype=bool)
    if len(stream.asked):
        finds_draft = (stream.vectors @ with_draft.vectors.T).argmax(axis=1) >= len(base.vectors)
    # What the agent showed in these conversations says nothing about a text that it did not have.
    signals = np.where(finds_draft[:, None], int(Signal.UNKNOWN), signals)
    return Replay(judge(asked, with_draft, signals), finds_draft)


def find_neighbours(gap: Gap, stream: Stream, is_candidate: Any) -> Any:
    """Rows of the covered questions that lie nearest to the gap."""
    rows = np.flatnonzero(is_candidate)
    closeness = stream.vectors[rows] @ np.asarray(gap.centroid, dtype=np.float32)
    return rows[np.argsort(-closeness, kind="stable")[:N_NEIGHBOURS]]
