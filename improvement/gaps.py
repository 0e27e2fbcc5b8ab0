"""From questions to gaps: judge them, keep what is known about them, group the rest, and rank."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from analytics.models import Conversation
from improvement.coverage import Report, ignore, read_new_questions
from improvement.gap_assigning import assign_questions
from improvement.gap_memory import recall
from improvement.gap_naming import name_with_llm
from improvement.gap_ranking import rank_gaps, read_verified
from improvement.gap_rows import store_assignment
from improvement.judging import judge_stream, store_judged
from improvement.models import Article, Gap, Question, QuestionMark, QuestionPin, Reading, lock_gaps
from improvement.stream import load_stream
from portal.embeddings import model_name
from portal.models import Merchant
from portal.models.cost_inputs import CostInputs

STEPS = 4
# In between, questions only join and leave gaps.
GROUPED_ANEW_EVERY = timedelta(days=7)


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
        judged = judge_stream(merchant, stream)
        report(2, STEPS)
        is_anew = reading.clustered_at is None or now - reading.clustered_at >= GROUPED_ANEW_EVERY
        is_covered = judged.by_message.is_covered
        memory = recall(merchant, stream)
        verified = read_verified(merchant, stream, now)
        assignment = assign_questions(
            stream.vectors, judged.by_message.probability, is_covered, memory, is_anew=is_anew, verified=verified
        )
        report(3, STEPS)
        # Nothing was written so far, so that nobody who decides on a gap or marks a question waits for the computing.
        lock_gaps(merchant)
        store_judged(merchant, stream, judged)
        new = store_assignment(merchant, stream, memory, assignment, is_covered)
        rank_gaps(merchant, stream, now)
        reading.computed_from, reading.refreshed_at = inputs, now
        reading.clustered_at = now if is_anew else reading.clustered_at
        reading.n_judged, reading.n_covered = len(stream.asked), int(np.count_nonzero(is_covered))
        reading.save(update_fields=["computed_from", "refreshed_at", "clustered_at", "n_judged", "n_covered"])
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
    """Changes with every conversation, question, article, cost and person's word, and once a day because the weeks
    move on."""
    conversations = Conversation.objects.for_merchant(merchant).aggregate(Max("updated_at"))
    questions = Question.objects.for_merchant(merchant).aggregate(Max("id"))
    reading = Reading.objects.values_list("read_to", flat=True).get(merchant=merchant)
    articles = Article.objects.for_merchant(merchant).aggregate(Max("updated_at"))
    pins = QuestionPin.objects.for_merchant(merchant).aggregate(Max("at"), Count("id"))
    marks = QuestionMark.objects.for_merchant(merchant).aggregate(Max("id"))
    merges = list(Gap.objects.for_merchant(merchant).exclude(merged_into=None).values_list("pk", "merged_into"))
    costs = CostInputs.costs_of(merchant).human_conversation
    day = now.astimezone(merchant.zone).date()
    parts = [conversations, questions, reading, articles, pins, marks, sorted(merges), costs, day]
    return hashlib.sha256(repr([*parts, model_name(), merchant.recontact_days]).encode()).hexdigest()
