"""What one conversation's page tells: its story, its scores, what it has to do with others, and what was changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise

from analytics.coverage_verdict import Verdict, find_verdict
from analytics.features import LABELS
from analytics.hindsight import Reversal, find_reversals
from analytics.local_scorer import BASELINE, BASELINE_LABEL
from analytics.models import Author, Conversation, Counting, Event, Outcome, QualityScore, SpamDecision
from analytics.outcomes import Rules, ThreadEvent, read_episodes
from analytics.rubric import RUBRIC, Dimension, read_rubrics
from analytics.spam import latest_decision
from analytics.story import Step, tell_story
from analytics.threads import rules_of
from portal.models import Merchant

N_NEIGHBOURS = 10
# By the name under which a score keeps it; one of an older version may have no words.
FEATURES: Mapping[str, str | Promise] = {str(feature): label for feature, label in LABELS.items()} | {
    BASELINE: BASELINE_LABEL
}


@dataclass(frozen=True, slots=True)
class Scored:
    """One score, with those by the merchant's own criteria (None where it has none), and with what moved each dimension
    (in log-odds, the strongest first) where the scorer can say it."""

    score: QualityScore
    own: Sequence[tuple[str | Promise, float | None]]
    moved: Sequence[tuple[str | Promise, Sequence[tuple[str | Promise, float]]]]


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """`came_back` is the conversation that refuted this one, `came_from` the one that this refuted."""

    story: Sequence[Step]
    verdict: Verdict | None
    asked_in: int | None  # the message that the verdict is about
    scores: Sequence[Scored]
    neighbours: Sequence[Conversation]
    came_back: Conversation | None
    came_from: Conversation | None
    is_refuted_by_return: bool
    reversals: Sequence[Reversal]
    spam: SpamDecision | None

    @property
    def is_changed(self) -> bool:
        """Whether a number that was read earlier counted it in another way."""
        return bool(self.reversals) or self.is_refuted_by_return


def build_page(merchant: Merchant, conversation: Conversation) -> ConversationPage:
    rules = rules_of(Counting.objects.get(merchant=merchant))
    received = _read_events(merchant, conversation.thread)
    own, following = _own_events(conversation, [event for _at, event in received], rules)
    story = tell_story(merchant, conversation.messages.all(), own)
    return ConversationPage(
        story=story,
        verdict=find_verdict(merchant, conversation),
        asked_in=_find_question(story, conversation),
        scores=_read_scores(merchant, conversation),
        neighbours=list(_neighbours(merchant, conversation)),
        came_back=_find_return(merchant, conversation),
        came_from=_find_origin(merchant, conversation),
        is_refuted_by_return=conversation.outcome == Outcome.RESOLVED and conversation.recontacted_at is not None,
        reversals=find_reversals(received, rules, (conversation.started_at, following)),
        spam=latest_decision(conversation),
    )


def _find_question(story: Sequence[Step], conversation: Conversation) -> int | None:
    """The customer's message that asks; the first where its text was shortened since."""
    asked = [step.message for step in story if step.message and step.message.author == Author.CUSTOMER]
    exact = [message for message in asked if message.text == conversation.question]
    return next((message.pk for message in [*exact, *asked]), None)


def events_of(merchant: Merchant, conversation: Conversation) -> list[ThreadEvent]:
    """The events of this episode alone, in order."""
    events = [event for _at, event in _read_events(merchant, conversation.thread)]
    return _own_events(conversation, events, rules_of(Counting.objects.get(merchant=merchant)))[0]


def _own_events(
    conversation: Conversation, events: list[ThreadEvent], rules: Rules
) -> tuple[list[ThreadEvent], datetime | None]:
    """With the start of the thread's next episode."""
    episodes = read_episodes(events, rules, now=conversation.last_event_at)
    own = [its_events for facts, its_events in episodes if facts.started_at == conversation.started_at]
    later = [facts.started_at for facts, _ in episodes if facts.started_at > conversation.started_at]
    return own[0] if own else [], min(later, default=None)


def _read_events(merchant: Merchant, thread: str) -> list[tuple[datetime, ThreadEvent]]:
    """With when they were received. Uses the index event_thread; none are left past their retention."""
    rows = Event.objects.for_merchant(merchant).filter(thread=thread)
    columns = ("received_at", "occurred_at", "type", "id", "channel", "data")
    return [(received_at, ThreadEvent(*row)) for received_at, *row in rows.values_list(*columns)]


def _read_scores(merchant: Merchant, conversation: Conversation) -> list[Scored]:
    """The newest first."""
    rubrics = read_rubrics(merchant)
    found = []
    for score in conversation.scores.order_by("-created_at"):
        rubric = rubrics.get(score.rubric_version)
        own = [(criterion.label, score.criteria.get(criterion.key)) for criterion in rubric.own] if rubric else []
        found.append(Scored(score, own, _moved(score)))
    return found


def _moved(score: QualityScore) -> list[tuple[str | Promise, list[tuple[str | Promise, float]]]]:
    return [
        (
            RUBRIC[Dimension(dimension)].label,
            [(FEATURES.get(name, name), part) for name, part in sorted(parts.items(), key=lambda kv: -abs(kv[1]))],
        )
        for dimension, parts in score.contributions.items()
        if parts
    ]


def _neighbours(merchant: Merchant, conversation: Conversation) -> QuerySet[Conversation]:
    """The same customer's other conversations, the newest first."""
    found: QuerySet[Conversation] = Conversation.objects.for_merchant(merchant).exclude(pk=conversation.pk)
    found = (
        found.filter(customer_id=conversation.customer_id)
        if conversation.customer_id
        else found.filter(thread=conversation.thread)
    )
    return found.order_by("-started_at")[:N_NEIGHBOURS]


def _of_customer(merchant: Merchant, conversation: Conversation) -> QuerySet[Conversation]:
    """The conversations that count of the same customer, over the index conversation_customer."""
    rows: QuerySet[Conversation] = Conversation.objects.for_merchant(merchant)
    return rows.filter(customer_id=conversation.customer_id, exclusion="")


def _find_return(merchant: Merchant, conversation: Conversation) -> Conversation | None:
    if conversation.recontacted_at is None:
        return None
    return _of_customer(merchant, conversation).filter(started_at=conversation.recontacted_at).first()


def _find_origin(merchant: Merchant, conversation: Conversation) -> Conversation | None:
    if not conversation.customer_id or conversation.exclusion:
        return None
    earlier = _of_customer(merchant, conversation).filter(
        started_at__lt=conversation.started_at, recontacted_at=conversation.started_at
    )
    return earlier.order_by("-started_at").first()
