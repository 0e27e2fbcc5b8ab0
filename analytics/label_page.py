"""A conversation as who labels it reads it: what was said and what was cited, and nothing that anybody thought of it.

No score, outcome, rating, confidence or latency; no stratum and no reason why it was picked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.models import Conversation, LabelTask, Message
from analytics.sources import find_sources
from analytics.transcript import read_source_texts
from portal.models import Merchant


@dataclass(frozen=True, slots=True)
class CitedText:
    """A cited article; `text` is empty where the knowledge base has none any more."""

    number: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    message: Message
    cited: Sequence[CitedText]


@dataclass(frozen=True, slots=True)
class Reading:
    task: LabelTask
    conversation: Conversation
    said: Sequence[Said]
    sources: Sequence[CitedText]


def read_for_label(merchant: Merchant, task: LabelTask) -> Reading:
    """Four queries however long the conversation is."""
    conversation = Conversation.objects.for_merchant(merchant).get(pk=task.conversation_id)
    messages = list(Message.objects.for_merchant(merchant).filter(conversation=conversation))
    cited = list(dict.fromkeys(_ids(message) for message in messages))
    ids = list(dict.fromkeys(one for some in cited for one in some))
    texts, pages = read_source_texts(merchant, set(ids)), find_sources(merchant, set(ids))
    sources = {
        one: CitedText(number, pages[one].title if one in pages else one, _body(texts.get(one, "")))
        for number, one in enumerate(ids, start=1)
    }
    said = [Said(message, [sources[one] for one in _ids(message)]) for message in messages]
    return Reading(task, conversation, said, list(sources.values()))


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(source["article_id"]) for source in message.sources or ()))


def _body(text: str) -> str:
    """Without its first line, which is the title."""
    return text.partition("\n")[2]
