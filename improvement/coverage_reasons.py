"""Why a question counts as covered or not, in the words of people: the model's features in four groups."""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.coverage_verdict import WORTH_TELLING, Reason
from improvement.coverage_features import NAMES, Matrix


class Group(IntEnum):
    ARTICLES = 0
    QUESTIONS = 1
    WORDS = 2
    TOPIC = 3


LABELS: dict[Group, tuple[Promise, Promise]] = {  # what speaks for an article, what against
    Group.ARTICLES: (_("An article is close to it in meaning"), _("No article is close to it in meaning")),
    Group.QUESTIONS: (
        _("It is closer to the articles than to other customers’ questions"),
        _("It is closer to other customers’ questions than to the articles"),
    ),
    Group.WORDS: (_("The articles use its words"), _("The articles do not use its words")),
    Group.TOPIC: (_("It fits the topic of an article"), _("It fits the topic of no article")),
}


def group_of(name: str) -> Group:
    if "topic" in name.split():
        return Group.TOPIC
    if "words" in name or "word" in name or "parts" in name:
        return Group.WORDS
    return Group.QUESTIONS if "question" in name or "questions" in name or "asked" in name else Group.ARTICLES


_GROUPS = np.array([group_of(name) for name in NAMES])


def sum_by_group(contributions: Matrix) -> Matrix:
    """(questions, features) → (questions, groups)."""
    return np.stack([contributions[:, group == _GROUPS].sum(axis=1) for group in Group], axis=1)


def explain(sums: Sequence[float]) -> list[Reason]:
    """The strongest first; what hardly counts is left out."""
    told = [
        Reason(group.name.lower(), LABELS[group][0 if value > 0 else 1], value)
        for group, value in zip(Group, sums, strict=True)
        if abs(value) >= WORTH_TELLING
    ]
    return sorted(told, key=lambda one: -abs(one.log_odds or 0))
