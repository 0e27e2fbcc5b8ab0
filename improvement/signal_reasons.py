"""What a conversation showed about the agent's knowledge, as reasons for and against an answer to its question."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from analytics.coverage_verdict import Reason
from analytics.models import Author, Conversation, Message
from improvement.agent_signals import Kind, Signal
from improvement.models import Question
from improvement.stream import read_signal
from portal.models import Merchant
from portal.templatetags.formats import number, percent

SOURCES: dict[Signal, Promise] = {
    Signal.CITED: _("The agent named a source"),
    Signal.UNCITED: _("The agent named no source"),
    Signal.MISSING_KNOWLEDGE: _("The agent handed over because knowledge was missing"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the agent's answers of one conversation had with them."""

    n: int = 0
    n_cited: int = 0
    confidence: float | None = None  # the lowest


def read_said(merchant: Merchant, conversation_ids: Collection[int]) -> dict[int, Said]:
    answers = Message.objects.for_merchant(merchant).filter(conversation__in=conversation_ids, author=Author.AGENT)
    counts = (
        answers.order_by().values("conversation_id").annotate(n=Count("pk"), n_cited=Count("pk", filter=~Q(sources=[])))
    )
    rows = counts.annotate(least=Min("confidence")).values_list("conversation_id", "n", "n_cited", "least")
    return {conversation_id: Said(n, n_cited, least) for conversation_id, n, n_cited, least in rows}


def explain_signals(merchant: Merchant, question: Question, said: Said, *, now: datetime) -> list[Reason]:
    """Only what the conversation shows; None as its weight where the question was judged before weights were kept."""
    conversation = question.conversation
    weights: Sequence[float | None] = question.coverage_signals or [None] * len(Kind)
    labels = {
        Kind.SOURCES: SOURCES.get(read_signal(conversation.handoff_reason, said.n, is_cited=said.n_cited > 0)),
        Kind.CONFIDENCE: _confidence(said),
        Kind.ASKED_AGAIN: _asked_again(merchant, conversation, now),
        Kind.RATING: _rating(conversation),
    }
    detail = _t("The article is newer than this conversation, so this does not count.") if is_older(question) else ""
    return [
        Reason(kind.name.lower(), label, 0.0 if detail else weights[kind], detail)
        for kind, label in labels.items()
        if label
    ]


def is_older(question: Question) -> bool:
    """Whether the agent could not have known the nearest text (judging.known_signals)."""
    article = question.nearest_article
    live = article.live_version if article else None
    return bool(live and live.published_at > question.asked_at)


def _confidence(said: Said) -> str:
    return (
        "" if said.confidence is None else _t("The agent was %(share)s sure") % {"share": percent(said.confidence, 0)}
    )


def _asked_again(merchant: Merchant, conversation: Conversation, now: datetime) -> str:
    if conversation.recontacted_at is not None:
        return _t("The customer came back")
    days = merchant.recontact_days
    if conversation.started_at > now - timedelta(days=days):
        return ""
    label = ngettext(
        "The customer did not come back within %(n)s day", "The customer did not come back within %(n)s days", days
    )
    return label % {"n": number(days)}


def _rating(conversation: Conversation) -> str:
    if conversation.rating is None:
        return ""
    return _t("The customer rated it %(rating)s of 5") % {"rating": number(conversation.rating)}
