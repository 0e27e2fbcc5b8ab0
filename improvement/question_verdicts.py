"""Whether the knowledge base answers a customer's question, and why: what is stored with it, in the words of people."""

from collections.abc import Collection, Mapping
from datetime import datetime
from math import log

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.coverage_verdict import SURE, WORTH_TELLING, Mark, Reason, Request, Verdict
from analytics.models import Conversation
from analytics.sources import Source
from improvement.coverage_reasons import Group, explain
from improvement.models import Dismissal, Question, QuestionMark, QuestionRequest
from improvement.signal_reasons import Said, explain_signals, read_said
from improvement.unknown_words import find_unknown_words, split_words
from portal.models import Merchant
from portal.templatetags.formats import local_date

MAX_WORDS_TOLD = 6


def find_verdict(merchant: Merchant, conversation: Conversation) -> Verdict | None:
    """settings.COVERAGE_VERDICT."""
    ids = Question.objects.for_merchant(merchant).filter(conversation=conversation).values_list("pk", flat=True)
    return next(iter(read_verdicts(merchant, list(ids), now=timezone.now()).values()), None)


def read_verdicts(merchant: Merchant, question_ids: Collection[int], *, now: datetime) -> dict[int, Verdict]:
    """By question; five queries, however many there are."""
    rows = Question.objects.for_merchant(merchant).filter(pk__in=question_ids)
    rows = rows.select_related("conversation", "nearest_article__live_version", "gap")
    questions = list(rows.defer("embedding", "gap__centroid", "nearest_article__live_version__body"))
    said = read_said(merchant, [one.conversation_id for one in questions])
    unknown = find_unknown_words(merchant, [one.text for one in questions])
    marks = read_marks(merchant, questions)
    requests = read_requests(merchant, question_ids)
    return {
        one.pk: Verdict(
            question_id=one.pk,
            text=one.text,
            probability=one.coverage_probability,
            reasons=collect_reasons(merchant, one, said.get(one.conversation_id, Said()), unknown, now=now),
            nearest=source_of_article(merchant, one),
            similarity=one.nearest_similarity,
            gap=Source(one.gap.name, reverse("gap", args=[merchant.slug, one.gap.pk])) if one.gap else None,
            requests=requests.get(one.pk, ()),
            mark=marks.get(one.pk),
            marks_url=reverse("question_marks", args=[merchant.slug, one.pk]),
        )
        for one in questions
    }


def collect_reasons(
    merchant: Merchant, question: Question, said: Said, unknown: Collection[str], *, now: datetime
) -> list[Reason]:
    """The strongest first. Of what asks for nothing only that counts (coverage_model.settle)."""
    if question.coverage_probability is None:
        return []
    if question.coverage_probability == 0 and question.nearest_article_id is not None:
        return [Reason("asks_nothing", _("It asks for nothing that an article could answer"), None)]
    reasons = [
        *(add_words(one, question, unknown) for one in explain(question.coverage_reasons or [0.0] * len(Group))),
        *explain_signals(merchant, question, said, now=now),
        *explain_listening(question),
    ]
    return sorted(reasons, key=lambda one: -abs(one.log_odds or 0))


def add_words(reason: Reason, question: Question, unknown: Collection[str]) -> Reason:
    words = [word for word in split_words(question.text) if word in unknown][:MAX_WORDS_TOLD]
    if reason.kind != Group.WORDS.name.lower() or not words:
        return reason
    return Reason(
        reason.kind, reason.label, reason.log_odds, _("In no article: %(words)s") % {"words": ", ".join(words)}
    )


def explain_listening(question: Question) -> list[Reason]:
    """How far the questions next to it, and people's marks on them, moved it from its own probability. Nothing
    moves within what is shown as nearly certain."""
    if question.own_probability is None or question.coverage_probability is None:
        return []
    moved = log_odds(question.coverage_probability) - log_odds(question.own_probability)
    if abs(moved) < WORTH_TELLING:
        return []
    label = (
        _("The questions most like it look more answered than it does by itself")
        if moved > 0
        else _("The questions most like it look less answered than it does by itself")
    )
    return [Reason("neighbours", label, round(moved, 3))]


def log_odds(probability: float) -> float:
    clipped = min(max(probability, 1 - SURE), SURE)
    return log(clipped / (1 - clipped))


def source_of_article(merchant: Merchant, question: Question) -> Source | None:
    article = question.nearest_article
    return Source(article.title, reverse("article", args=[merchant.slug, article.pk])) if article else None


def read_requests(merchant: Merchant, question_ids: Collection[int]) -> dict[int, list[Request]]:
    parts = QuestionRequest.objects.for_merchant(merchant).filter(question__in=question_ids)
    found: dict[int, list[Request]] = {}
    for question_id, text, probability in parts.values_list("question_id", "text", "coverage_probability"):
        found.setdefault(question_id, []).append(Request(text, probability))
    return found


def read_marks(merchant: Merchant, questions: Collection[Question]) -> Mapping[int, Mark]:
    """As question_marks.read_question_marks(), with who said so."""
    found = {
        one.pk: Mark(True, _("Its gap was dismissed as none, so it counts as answered."))
        for one in questions
        if one.gap and one.gap.dismissal == Dismissal.NOT_A_GAP
    }
    marks = QuestionMark.objects.for_merchant(merchant).filter(question__in=[one.pk for one in questions])
    for mark in marks.select_related("by").order_by("at", "id"):
        said = (
            _("%(name)s on %(day)s: an article answers it.")
            if mark.is_covered
            else _("%(name)s on %(day)s: no article answers it.")
        )
        name = str(mark.by) if mark.by else _("Somebody")
        found[mark.question_id] = Mark(mark.is_covered, said % {"name": name, "day": local_date(mark.at)})
    return found
