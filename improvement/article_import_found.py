"""What a reader of files or pages gives: a text as it was found, or why there is none. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from improvement.article_texts import MAX_ID

_NOT_IN_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Found:
    """None stands for what the source does not say: the article keeps what it has, a new one takes the default."""

    place: str  # the file, line or address, for people
    external_id: str
    title: str
    body: str  # Markdown
    language: str | None = None
    audience: str | None = None
    tags: tuple[str, ...] | None = None
    source_url: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """`external_id` where it is known all the same: what could not be read is not gone."""

    place: str
    field: str
    reason: str
    external_id: str = ""


Read = Found | Refused


def derive_id(collection: str, path: str) -> str:
    """Stands for the same file or page at every import: "help.example.com:returns:abroad"."""
    plain = unicodedata.normalize("NFKD", path).encode("ascii", "ignore").decode().lower()
    parts = [_NOT_IN_ID.sub("-", part).strip("-") for part in plain.split("/")]
    return f"{collection}:{':'.join(part for part in parts if part) or 'index'}"[:MAX_ID]


def read_moment(value: object) -> datetime:
    """A date or moment as people write it; without a zone it is UTC. Raises ValueError."""
    if isinstance(value, datetime):
        moment = value
    else:
        text = str(value).strip()
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
