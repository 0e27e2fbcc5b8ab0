"""How well uncovered questions are told from covered ones and grouped, measured on questions whose topics are known."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from improvement.chunking import split_article
from improvement.clustering import find_common, find_groups
from improvement.coverage_features import Base, Questions
from improvement.coverage_model import Judgement
from improvement.gap_groups import group_uncovered
from improvement.reading_requests import is_request
from portal.embeddings import embed

# What the public sets call questions that belong to none of their topics.
NO_TOPIC = frozenset({"out_of_scope", "NO_NODES_DETECTED"})


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """The label is for scoring alone; no step of the method sees it."""

    text: str
    topic: str
    is_covered: bool


@dataclass(frozen=True, slots=True)
class Folder:
    """A knowledge base and its questions with their vectors."""

    base: Base
    asked: Questions
    labels: Sequence[LabelledQuestion]

    @property
    def is_uncovered(self) -> NDArray[np.bool_]:
        return np.array([not question.is_covered for question in self.labels], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Grouping:
    """NMI and V-measure compare the groups with the topics of the truly uncovered questions among those grouped. A
    topic is recalled where it is the most frequent one of some gap; a second gap of the same topic is a duplicate.
    """

    nmi: float
    v_measure: float
    n_gaps: int
    gap_recall: float
    n_duplicates: int
    n_duplicates_of_no_topic: int  # of these, gaps of questions to which the folder gives no topic of their own
    n_covered_gaps: int  # gaps whose most frequent topic has an article


@dataclass(frozen=True, slots=True)
class Evaluation:
    """ "Uncovered" is the class that precision, recall and F1 are about. The grouping is of the questions that the
    detector calls uncovered; `v_measure_of_truth` and `gap_recall_of_truth` are as if it had been right."""

    n_questions: int
    n_uncovered_topics: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    auroc: float
    grouping: Grouping
    v_measure_of_truth: float
    gap_recall_of_truth: float


def embed_folder(articles: Sequence[tuple[str, str]], questions: Sequence[LabelledQuestion]) -> Folder:
    """`articles`: titles and bodies. Raises EmbeddingError."""
    passages = [split_article(title, body) for title, body in articles]
    numbers = np.repeat(np.arange(len(passages)), [len(texts) for texts in passages])
    told = [text for texts in passages for text in texts]
    texts = [question.text for question in questions]
    return Folder(Base(told, embed(told), numbers.astype(np.intp)), Questions(texts, embed(texts)), questions)


def evaluate(folder: Folder, judgement: Judgement) -> Evaluation:
    """The same steps as for a merchant, without signals of an agent."""
    truth = folder.is_uncovered
    called = ~judgement.is_covered
    precision, recall, f1, _support = metrics.precision_recall_fscore_support(
        truth, called, average="binary", zero_division=0.0
    )
    perfect = group(folder, np.where(truth, 0.0, 1.0), truth)
    return Evaluation(
        n_questions=len(truth),
        n_uncovered_topics=len(uncovered_topics(folder)),
        accuracy=float(metrics.accuracy_score(truth, called)),
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        auroc=float(metrics.roc_auc_score(truth, 1 - judgement.probability)),
        grouping=group(folder, judgement.probability, called),
        v_measure_of_truth=perfect.v_measure,
        gap_recall_of_truth=perfect.gap_recall,
    )


def uncovered_topics(folder: Folder) -> set[str]:
    return {question.topic for question in folder.labels if not question.is_covered}


def group(folder: Folder, probability: NDArray[np.float64], is_called: NDArray[np.bool_]) -> Grouping:
    """Small talk is no question, and so in no gap."""
    asks = np.array([is_request(text) for text in folder.asked.texts], dtype=np.bool_)
    found = np.flatnonzero(is_called & asks)
    vectors = folder.asked.vectors
    common = find_common([vectors])
    is_right = folder.is_uncovered[found]
    topics = [folder.labels[row].topic for row in found[is_right].tolist()]
    groups = find_groups(vectors[found], common)[is_right]
    kept = group_uncovered(vectors, probability, found, common)
    main = [Counter(folder.labels[row].topic for row in rows.tolist()).most_common(1)[0][0] for rows in kept]
    uncovered = uncovered_topics(folder)
    return Grouping(
        nmi=float(metrics.normalized_mutual_info_score(topics, groups)),
        v_measure=float(metrics.v_measure_score(topics, groups)),
        n_gaps=len(kept),
        gap_recall=len(uncovered & set(main)) / max(len(uncovered), 1),
        n_duplicates=len(main) - len(set(main)),
        n_duplicates_of_no_topic=sum(max(main.count(topic) - 1, 0) for topic in NO_TOPIC),
        n_covered_gaps=sum(topic not in uncovered for topic in main),
    )
