"""What an article is made of, wherever it comes from, and the limits that hold everywhere. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

MAX_ID = 128
MAX_TITLE = 200
MAX_BODY = 50_000
MAX_LANGUAGE = 16
MAX_TAG = 60
MAX_TAGS = 50
MAX_URL = 200
SCHEMES = ("http://", "https://")
PUBLIC = "public"
AUDIENCES = (PUBLIC, "customers", "internal")


@dataclass(frozen=True, slots=True)
class ArticleText:
    """`updated_at` is when the text itself changed at its source; `collection` what it was imported from."""

    external_id: str
    title: str
    body: str  # Markdown
    updated_at: datetime
    language: str = "en"
    audience: str = PUBLIC
    tags: tuple[str, ...] = ()
    source_url: str = ""
    collection: str = ""

    def tidied(self) -> "ArticleText":
        """As it is kept: the same text with other line ends is the same text."""
        body = self.body.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip() + "\n"
        title = " ".join(self.title.replace("\x00", "").split())
        return replace(self, title=title, body=body, tags=tuple(dict.fromkeys(self.tags)))


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text is refused; `field` is empty where it is the whole."""

    field: str
    reason: str


def find_fault(text: ArticleText) -> Fault | None:
    """The first of the limits that a text breaks, in words for whoever wrote it."""
    limits = {"external_id": MAX_ID, "title": MAX_TITLE, "body": MAX_BODY, "language": MAX_LANGUAGE}
    for name, limit in {**limits, "source_url": MAX_URL}.items():
        value: str = getattr(text, name)
        if len(value) > limit:
            return Fault(name, f"longer than {limit} characters")
        if name in limits and not value.strip():
            return Fault(name, "empty")
    if text.audience not in AUDIENCES:
        return Fault("audience", f"not one of {', '.join(AUDIENCES)}")
    if text.source_url and not text.source_url.startswith(SCHEMES):
        return Fault("source_url", "does not begin with http:// or https://")
    if len(text.tags) > MAX_TAGS or any(not tag.strip() or len(tag) > MAX_TAG for tag in text.tags):
        return Fault("tags", f"more than {MAX_TAGS}, or one that is empty or longer than {MAX_TAG} characters")
    return None
