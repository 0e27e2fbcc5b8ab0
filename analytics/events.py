"""The event contract: one struct per type; what does not fit is rejected with the field and how to put it right."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from django.conf import settings
from msgspec import Meta, Struct

MAX_TEXT = 20_000
MAX_SOURCES = 50
FUTURE_TOLERANCE = timedelta(minutes=5)

Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
ShortText = Annotated[str, Meta(max_length=2_000)]
Key = Annotated[str, Meta(min_length=1, max_length=128)]
Tokens = Annotated[int, Meta(ge=0, le=100_000_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Channel = Literal["widget", "email", "whatsapp", "sms", "voice", "api"]
Reason = Literal[
    "customer_request",
    "missing_knowledge",
    "unsupported_request",
    "policy_restriction",
    "tool_failure",
    "needs_clarification",
    "usage_limit",
]


class Payload(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the `data` of an event. `free_text` names the fields that people wrote: they are redacted."""

    free_text: ClassVar[tuple[str, ...]] = ()


class Source(Struct, forbid_unknown_fields=True, omit_defaults=True):
    article_id: Key
    score: Annotated[float, Meta(ge=-1e6, le=1e6)] | None = None


Sources = Annotated[list[Source], Meta(max_length=MAX_SOURCES)]


class Nothing(Payload):
    pass


class Started(Payload):
    customer_id: Annotated[str, Meta(max_length=128)] = ""
    language: Annotated[str, Meta(max_length=16)] = ""
    agent_version: Annotated[str, Meta(max_length=64)] = ""
    is_test: bool = False


class Written(Payload):
    text: Text
    free_text: ClassVar[tuple[str, ...]] = ("text",)


class Sent(Payload):
    text: Text
    latency_ms: Annotated[int, Meta(ge=0, le=2_000_000_000)] | None = None
    confidence: Share | None = None
    model: Annotated[str, Meta(max_length=128)] = ""
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    cost: Annotated[float, Meta(ge=0, le=100_000)] | None = None
    sources: Sources = []
    trace_id: Annotated[str, Meta(max_length=64)] = ""
    free_text: ClassVar[tuple[str, ...]] = ("text",)


class Retrieved(Payload):
    query: ShortText
    results: Sources = []
    free_text: ClassVar[tuple[str, ...]] = ("query",)


class Clicked(Payload):
    article_id: Key


class HandedOff(Payload):
    reason: Reason


class Resolved(Payload):
    confirmed: bool = False


class Rated(Payload):
    score: Annotated[int, Meta(ge=1, le=5)]
    comment: ShortText = ""
    free_text: ClassVar[tuple[str, ...]] = ("comment",)


class Event(Struct, forbid_unknown_fields=True, tag_field="type"):
    """What every event carries; the subclasses differ in `data`."""

    id: UUID
    conversation_id: Key
    occurred_at: Annotated[datetime, Meta(tz=True)]
    channel: Channel
    data: Any

    @property
    def type(self) -> str:
        return str(self.__struct_config__.tag)


class ConversationStarted(Event, tag="conversation.started"):
    data: Started = msgspec.field(default_factory=Started)


class MessageReceived(Event, tag="message.received"):
    data: Written


class MessageSent(Event, tag="message.sent"):
    data: Sent


class KnowledgeRetrieved(Event, tag="knowledge.retrieved"):
    data: Retrieved


class CitationClicked(Event, tag="citation.clicked"):
    data: Clicked


class TeammateReplied(Event, tag="teammate.replied"):
    data: Written


class HandoffRequested(Event, tag="handoff.requested"):
    data: HandedOff


class ConversationResolved(Event, tag="conversation.resolved"):
    data: Resolved = msgspec.field(default_factory=Resolved)


class ConversationAbandoned(Event, tag="conversation.abandoned"):
    data: Nothing = msgspec.field(default_factory=Nothing)


class ConversationReopened(Event, tag="conversation.reopened"):
    data: Nothing = msgspec.field(default_factory=Nothing)


class ConversationClosed(Event, tag="conversation.closed"):
    data: Nothing = msgspec.field(default_factory=Nothing)


class RatingGiven(Event, tag="rating.given"):
    data: Rated


AnyEvent = (
    ConversationStarted
    | MessageReceived
    | MessageSent
    | KnowledgeRetrieved
    | CitationClicked
    | TeammateReplied
    | HandoffRequested
    | ConversationResolved
    | ConversationAbandoned
    | ConversationReopened
    | ConversationClosed
    | RatingGiven
)
DECODER = msgspec.json.Decoder(AnyEvent)
_NUL = rb"\u0000"


class Rejection(Struct, frozen=True):
    """Why one event of a batch was not taken; `index` counts from 0."""

    index: int
    id: str | None
    field: str
    error: str


class EventError(ValueError):
    """One event does not fit the contract."""

    def __init__(self, field: str, error: str) -> None:
        super().__init__(error)
        self.field = field
        self.error = error


def decode_event(raw: bytes | msgspec.Raw | dict[str, Any], *, now: datetime, is_restored: bool = False) -> Event:
    """Raises EventError, which names the field and the fix."""
    try:
        event: Event = msgspec.convert(raw, AnyEvent) if isinstance(raw, dict) else DECODER.decode(raw)
    except msgspec.ValidationError as error:
        raise _explain(error, raw) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise EventError("", f"This is not valid JSON ({error}). Send one JSON object per event.") from None
    if event.occurred_at > now + FUTURE_TOLERANCE:
        raise EventError(
            "occurred_at", f"{event.occurred_at.isoformat()} is more than 5 minutes in the future. Check the clock."
        )
    if not is_restored and event.occurred_at < now - timedelta(days=settings.EVENT_RETENTION_DAYS):
        raise EventError(
            "occurred_at", f"{event.occurred_at.isoformat()} is older than {settings.EVENT_RETENTION_DAYS} days."
        )
    # From JSON come no half characters, and a NUL only where it is spelled as \\u0000.
    if isinstance(raw, dict) or _NUL in bytes(raw):
        _check_texts(event)
    return event


def _check_texts(event: Event) -> None:
    for field, text in _texts(event):
        if "\x00" in text:
            raise EventError(field, "The text holds a NUL character (\\u0000). Remove it.")
        if not text.isascii():
            _check_encodable(field, text)


def _texts(event: Event) -> Iterator[tuple[str, str]]:
    yield "conversation_id", event.conversation_id
    for field in event.data.__struct_fields__:
        value = getattr(event.data, field)
        if type(value) is str:
            yield f"data.{field}", value
        elif type(value) is list:
            for position, source in enumerate(value):
                yield f"data.{field}[{position}].article_id", source.article_id


def _check_encodable(field: str, text: str) -> None:
    """A Python caller may hold half a surrogate pair, which no database stores."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise EventError(field, "The text holds half a character (a lone surrogate). Send valid Unicode.") from None


_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING_FIELD = re.compile(r"Object missing required field `(?P<name>.*)`")
_FIXES = {
    "type": f"Use one of {', '.join(sorted(str(kind.__struct_config__.tag) for kind in AnyEvent.__args__))}.",
    "channel": "Use one of widget, email, whatsapp, sms, voice, api.",
    "id": "Send a UUID, such as 9ea0afd9-5230-4242-bfd2-72cc2b2b6914; the same event always with the same id and time.",
    "occurred_at": "Write it with the zone, such as 2026-11-23T09:30:00+01:00 or 2026-11-23T08:30:00Z.",
    "conversation_id": "Send a text of 1 to 128 characters.",
    "data.reason": "Use one of customer_request, missing_knowledge, unsupported_request, policy_restriction, "
    "tool_failure, needs_clarification, usage_limit.",
    "data.score": "Send a whole number from 1 to 5.",
    "data.text": f"Send a text of 1 to {MAX_TEXT} characters.",
}


def _explain(error: msgspec.ValidationError, raw: bytes | msgspec.Raw | dict[str, Any]) -> EventError:
    """Turns msgspec's message into the field's path and a sentence that says what to do."""
    match = _PATH.match(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    if unknown := _UNKNOWN_FIELD.fullmatch(what):
        field = f"{path}.{unknown['name']}".strip(".")
        return EventError(field[:200], f"Unknown field “{unknown['name'][:100]}”. Remove it or check its spelling.")
    if missing := _MISSING_FIELD.fullmatch(what):
        field = f"{path}.{missing['name']}".strip(".")
        return EventError(field, f"This field is missing. {_FIXES.get(field, 'Add it.')}")
    if path == "type":
        what = f"Unknown type {what.removeprefix('Invalid value ')}"
    return EventError(path, f"{what}. {_FIXES.get(path, '')}".strip())
