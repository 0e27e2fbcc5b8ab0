"""A conversation as a scorer reads it: who said what, and the texts of the sources that the agent cited."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from analytics.courtesy import is_courtesy
from analytics.models import Author, Conversation, Message, Outcome
from portal.models import Merchant

MAX_EXCHANGES = 8


@dataclass(frozen=True, slots=True)
class Turn:
    author: Author
    text: str
    latency_ms: int | None = None
    source_ids: tuple[str, ...] = ()  # the articles that it cites


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the customer said in a row, and what the agent answered in a row."""

    question: str
    answers: tuple[str, ...]
    latency_ms: int | None
    source_ids: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        return "\n".join(self.answers)


@dataclass(frozen=True, slots=True)
class Transcript:
    turns: tuple[Turn, ...]
    sources: tuple[str, ...] = ()
    outcome: Outcome = Outcome.RESOLVED
    is_confirmed: bool = False
    rating: int | None = None

    def exchanges(self) -> list[Exchange]:
        """The last eight questions that the agent answered. A "thanks!" is no question."""
        found: list[Exchange] = []
        asked: list[str] = []
        answers: list[str] = []
        cited: list[str] = []
        latency: int | None = None

        def close() -> None:
            question = "\n".join(asked)
            if answers and asked and (not found or not is_courtesy(question)):
                found.append(Exchange(question, tuple(answers), latency, tuple(cited)))

        for turn in self.turns:
            if turn.author == Author.AGENT:
                latency = latency if answers else turn.latency_ms
                answers.append(turn.text)
                cited += turn.source_ids
            elif turn.author == Author.CUSTOMER:
                if answers:
                    close()
                    asked, answers, cited, latency = [], [], [], None
                asked.append(turn.text)
        close()
        return found[-MAX_EXCHANGES:]

    def reaction(self) -> str:
        """The customer's last words after an answer of the agent; empty where there are none."""
        answered = False
        last = ""
        for turn in self.turns:
            if turn.author == Author.AGENT:
                answered = True
            elif turn.author == Author.CUSTOMER and answered:
                last = turn.text
        return last


def read_transcripts(merchant: Merchant, conversations: Sequence[Conversation]) -> list[Transcript]:
    """In the order given; two queries however many there are."""
    messages: dict[int, list[Message]] = {conversation.pk: [] for conversation in conversations}
    for message in Message.objects.for_merchant(merchant).filter(conversation__in=messages):
        messages[message.conversation_id].append(message)
    cited = {pk: _cited_ids(rows) for pk, rows in messages.items()}
    texts = read_source_texts(merchant, {source for ids in cited.values() for source in ids})
    return [
        Transcript(
            turns=tuple(
                Turn(Author(row.author), row.text, row.latency_ms, tuple(_cited_ids([row])))
                for row in messages[conversation.pk]
            ),
            sources=tuple(texts[source] for source in cited[conversation.pk] if source in texts),
            outcome=Outcome(conversation.outcome),
            is_confirmed=conversation.is_confirmed,
            rating=conversation.rating,
        )
        for conversation in conversations
    ]


def _cited_ids(messages: Sequence[Message]) -> list[str]:
    return list(dict.fromkeys(str(source["article_id"]) for row in messages for source in row.sources or ()))


def read_source_texts(merchant: Merchant, article_ids: set[str]) -> dict[str, str]:
    """The knowledge base lives above this app, so the setting names the function that reads it."""
    if not article_ids:
        return {}
    reader = import_string(settings.QUALITY_SOURCE_TEXTS)
    texts: dict[str, str] = reader(merchant, article_ids)
    return texts
