"""An article from a Markdown file: front matter between two lines of three dashes, then the text. Pure."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from improvement.article_import_found import Found, Read, Refused, derive_id, read_moment

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIRST_HEADING = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|\Z)")
# Our name → the names that front matter has for it.
_NAMES = {
    "external_id": ("external_id", "id"),
    "title": ("title",),
    "language": ("language", "lang", "locale"),
    "audience": ("audience",),
    "tags": ("tags", "keywords"),
    "source_url": ("source_url", "url", "permalink"),
    "updated_at": ("updated_at", "updated", "last_modified_at", "lastmod", "date"),
}


def read_markdown(place: str, text: str, collection: str) -> Read:
    """The title is that of the front matter, else the first heading, which then leaves the text, else the file's."""
    text = text.replace("\r\n", "\n").lstrip("\ufeff")
    path = str(PurePosixPath(place).with_suffix(""))
    fallback = derive_id(collection, path)
    front: Mapping[str, Any] = {}
    if match := _FRONT.match(text):
        try:
            loaded = yaml.safe_load(match.group(1)) or {}
        except (yaml.YAMLError, ValueError) as error:
            return Refused(place, "front matter", " ".join(str(error).split())[:250], fallback)
        if not isinstance(loaded, dict):
            return Refused(place, "front matter", "no list of names and values", fallback)
        front, text = loaded, text[match.end() :]
    given = {
        name: next((front[key] for key in keys if front.get(key) is not None), None) for name, keys in _NAMES.items()
    }
    heading = _FIRST_HEADING.match(text)
    title = str(given["title"] or "").strip()
    if heading and (not title or heading.group(1).strip() == title):
        title, text = heading.group(1).strip(), text[heading.end() :]
    external_id = str(given["external_id"] or "").strip() or fallback
    try:
        updated_at = read_moment(given["updated_at"]) if given["updated_at"] else None
    except ValueError:
        return Refused(place, "updated_at", f"“{given['updated_at']}” is no date", external_id)
    return Found(
        place=place,
        external_id=external_id,
        title=title or PurePosixPath(place).stem.replace("-", " ").replace("_", " ").strip().capitalize(),
        body=text,
        language=str(given["language"]).strip() if given["language"] else None,
        audience=str(given["audience"]).strip() if given["audience"] else None,
        tags=read_tags(given["tags"]),
        source_url=read_url(given["source_url"]),
        updated_at=updated_at,
    )


def read_tags(value: object) -> tuple[str, ...] | None:
    """A list, or a text with commas."""
    if value is None:
        return None
    parts = value if isinstance(value, list) else str(value).split(",")
    return tuple(tag for part in parts if (tag := str(part).strip()))


def read_url(value: object) -> str | None:
    """A permalink such as /returns/ is no address; it is left out rather than refused."""
    return str(value) if value and str(value).startswith(("http://", "https://")) else None
