"""How well uncovered questions are told from covered ones and grouped, measured on questions whose topics are known."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn import metrics

from improvement.chunking import split_article
from improvement.clustering import find_common, find_groups
from improvement.coverage_features import Base, Questions
from improvement.coverage_model import judge
from improvement.gap_groups import group_uncovered
from improvement.reading_requests import is_request
from portal.embeddings import embed


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """The label is for scoring alone; no step of the method sees it."""

    text: str
    topic: str
    is_covered: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """ "Uncovered" is the class that precision, recall and F1 are about.

    NMI and V-measure compare the groups with the topics on the truly uncovered questions that were found. A topic is
    recalled where it is the most frequent one of some gap; a second gap of the same topic is a duplicate.
    """

    n_questions: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    auroc: float
    nmi: float
    v_measure: float
    n_gaps: int
    n_uncovered_topics: int
    gap_recall: float
    n_duplicates: int
    n_covered_gaps: int  # gaps whose most frequent topic has an article


def evaluate(articles: Sequence[tuple[str, str]], questions: Sequence[LabelledQuestion]) -> Evaluation:
    """`articles`: titles and bodies. The same steps as for a merchant, without signals of an agent."""
    passages = [split_article(title, body) for title, body in articles]
    numbers = np.repeat(np.arange(len(passages)), [len(texts) for texts in passages])
    told = [text for texts in passages for text in texts]
    base = Base(told, embed(told), numbers.astype(np.intp))
    texts = [question.text for question in questions]
    vectors = embed(texts)
    judgement = judge(Questions(texts, vectors), base)
    asks = np.array([is_request(text) for text in texts])
    found = np.flatnonzero(~judgement.is_covered & asks)
    common = find_common([vectors])
    groups = find_groups(vectors[found], common)
    truth = np.array([not question.is_covered for question in questions])
    precision, recall, f1, _support = metrics.precision_recall_fscore_support(
        truth, ~judgement.is_covered, average="binary", zero_division=0.0
    )
    is_right = truth[found]
    topics = [questions[row].topic for row in found[is_right]]
    kept = group_uncovered(vectors, judgement.probability, found, common)
    main = [Counter(questions[row].topic for row in rows.tolist()).most_common(1)[0][0] for rows in kept]
    uncovered = {question.topic for question in questions if not question.is_covered}
    recalled = uncovered & set(main)
    return Evaluation(
        n_questions=len(questions),
        accuracy=float(metrics.accuracy_score(truth, ~judgement.is_covered)),
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        auroc=float(metrics.roc_auc_score(truth, 1 - judgement.probability)),
        nmi=float(metrics.normalized_mutual_info_score(topics, groups[is_right])),
        v_measure=float(metrics.v_measure_score(topics, groups[is_right])),
        n_gaps=len(kept),
        n_uncovered_topics=len(uncovered),
        gap_recall=len(recalled) / len(uncovered),
        n_duplicates=len(main) - len(set(main)),
        n_covered_gaps=sum(topic not in uncovered for topic in main),
    )
