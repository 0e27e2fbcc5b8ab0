"""One event → one line of JSON, made in the moment of the call: what the caller changes later changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, Union

Source = Union[str, "tuple[str, float]", Mapping[str, Any]]


def encode_event(
    event_id: str, kind: str, conversation_id: str, channel: str, occurred_at: datetime | None, data: Mapping[str, Any]
) -> bytes:
    """The line ends with a newline. Fields that are None are left out. A time without a zone is this machine's."""
    moment = datetime.now(timezone.utc) if occurred_at is None else occurred_at.astimezone(timezone.utc)
    event = {
        "id": event_id,
        "type": kind,
        "conversation_id": conversation_id,
        "occurred_at": moment.isoformat(),
        "channel": channel,
        "data": {name: _tidy(name, value) for name, value in data.items() if value is not None},
    }
    text = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    # Half a character, as a stream that was cut leaves it, would cost the whole event.
    return text.encode("utf-8", errors="replace") + b"\n"


def _tidy(name: str, value: Any) -> Any:
    if name == "latency_ms":
        return round(value)
    if name in ("sources", "results"):
        return list_sources(value)
    return value


def list_sources(sources: Iterable[Source]) -> list[Mapping[str, Any]]:
    """Article ids, pairs of id and score, or the objects of the API."""
    found: list[Mapping[str, Any]] = []
    for source in sources:
        if isinstance(source, Mapping):
            found.append(source)
        elif isinstance(source, str):
            found.append({"article_id": source})
        else:
            article_id, score = source
            found.append({"article_id": article_id, "score": score})
    return found


def _plain(value: Any) -> Any:
    """Decimal and the numbers of numpy as numbers, everything else that JSON does not know as text."""
    if hasattr(value, "item"):
        return value.item()
    return float(value) if hasattr(value, "__float__") else str(value)
