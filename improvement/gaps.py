"""From questions to gaps: judge them, group the uncovered ones, keep what is known about them, and rank."""

import hashlib
from collections.abc import Callable
from datetime import datetime

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from analytics.models import Conversation
from improvement.clustering import centroid, find_common
from improvement.coverage import Report, ignore, read_new_questions
from improvement.coverage_model import Judgement
from improvement.gap_groups import group_uncovered
from improvement.gap_naming import name_with_llm
from improvement.gap_ranking import rank_gaps
from improvement.gap_rows import Group, store_groups
from improvement.judging import judge_stream
from improvement.models import Article, Gap, Question, Reading
from improvement.stream import Stream, load_stream
from portal.embeddings import model_name
from portal.models import Merchant
from portal.models.cost_inputs import CostInputs

STEPS = 4


def refresh_gaps(merchant: Merchant, now: datetime, *, report: Report = ignore) -> int:
    """Brings the merchant's gaps up to date; returns how many have questions. Ids, names and decisions survive.

    Equal inputs are not computed again, and a second run at the same time leaves the work to the first.
    """
    Reading.objects.get_or_create(merchant=merchant)
    with transaction.atomic():
        reading = Reading.objects.select_for_update(skip_locked=True).filter(merchant=merchant).first()
        inputs = hash_inputs(merchant, now)
        if reading is None or reading.computed_from == inputs:
            return count_gaps(merchant)
        report(1, STEPS)
        stream = load_stream(merchant, now)
        judgement = judge_stream(merchant, stream)
        report(2, STEPS)
        groups = find_uncovered_groups(stream, judgement)
        report(3, STEPS)
        covered = [one.text for one, is_covered in zip(stream.asked, judgement.is_covered, strict=True) if is_covered]
        new = store_groups(merchant, stream, groups, covered)
        rank_gaps(merchant, stream, now)
        reading.computed_from, reading.refreshed_at = inputs, now
        reading.save(update_fields=["computed_from", "refreshed_at"])
    name_with_llm(merchant, new)  # outside the transaction: a roll-back must not forget what a call cost
    report(STEPS, STEPS)
    return count_gaps(merchant)


def find_gaps(merchant: Merchant, now: datetime, *, report: Callable[[int, int, str], None]) -> int:
    """Reads what is new and refreshes, telling how far it is; returns the number of gaps with questions."""
    read_new_questions(merchant, now, report=lambda done, total: report(done, total, _("Reading questions")))
    return refresh_gaps(merchant, now, report=lambda done, total: report(done, total, _("Grouping questions")))


def count_gaps(merchant: Merchant) -> int:
    n_gaps: int = Gap.objects.for_merchant(merchant).filter(n_questions__gt=0).count()
    return n_gaps


def hash_inputs(merchant: Merchant, now: datetime) -> str:
    """Changes with every conversation, question, article and cost, and once a day because the weeks move on."""
    conversations = Conversation.objects.for_merchant(merchant).aggregate(Max("updated_at"))
    questions = Question.objects.for_merchant(merchant).aggregate(Max("id"))
    reading = Reading.objects.values_list("read_to", flat=True).get(merchant=merchant)
    articles = Article.objects.for_merchant(merchant).aggregate(Max("updated_at"))
    costs = CostInputs.costs_of(merchant).human_conversation
    day = now.astimezone(merchant.zone).date()
    parts = [conversations, questions, reading, articles, costs, day, model_name(), merchant.recontact_days]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def find_uncovered_groups(stream: Stream, judgement: Judgement) -> list[Group]:
    """Largest first."""
    uncovered = np.flatnonzero(~judgement.is_covered)
    found = group_uncovered(stream.vectors, judgement.probability, uncovered, find_common([stream.vectors]))
    return [Group([stream.asked[row] for row in rows.tolist()], centroid(stream.vectors[rows])) for rows in found]
