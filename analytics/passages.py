"""Texts cut into passages of a few sentences, which is what a question is compared with. Pure.

A whole page in one vector is near to none of its sentences; a single sentence lacks what the one before it said.
"""

import re
from collections.abc import Iterator

MAX_WORDS = 60
MAX_PASSAGES = 12  # of one text: what stands further down is not compared

_PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*•]|\d{1,2}[.)])\s)")
_SENTENCE = re.compile(r"(?<=[.!?])[\"”’')]*\s+(?=[^a-zäöüß\s])")
_BREADCRUMB = re.compile(r"\s[>›»]\s")
_MARK = re.compile(r"^#{1,6}\s+")
_ENDS_SENTENCE = tuple(".!,:;")
_LONGEST_TITLE = 300


def split_title(text: str) -> tuple[str, str]:
    """The title and the rest. A title is a first line above more text that ends like none of a letter's or a list's.

    Of a path such as "Help > Billing > Refunds" the last part is the title. Empty where there is none.
    """
    first, _, rest = text.strip().partition("\n")
    title = _MARK.sub("", first.strip())
    if not rest.strip() or not title or len(title) > _LONGEST_TITLE or title.endswith(_ENDS_SENTENCE):
        return "", text
    return _BREADCRUMB.split(title)[-1].strip(), rest


def split_passages(text: str) -> list[str]:
    """The title where there is one, then whole sentences together up to MAX_WORDS; at least one passage."""
    title, body = split_title(text)
    passages = [title] if title else []
    passages += _gather(_split_sentences(body))
    return passages[:MAX_PASSAGES] or [text.strip()]


def _split_sentences(body: str) -> Iterator[str]:
    """Wrapped lines are one line again; list items are sentences."""
    for paragraph in _PARAGRAPH.split(body):
        yield from _SENTENCE.split(" ".join(paragraph.split()))


def _gather(sentences: Iterator[str]) -> Iterator[str]:
    kept: list[str] = []
    n_words = 0
    for sentence in sentences:
        length = len(sentence.split())
        if kept and n_words + length > MAX_WORDS:
            yield " ".join(kept)
            kept, n_words = [], 0
        if length:
            kept.append(sentence)
            n_words += length
    if kept:
        yield " ".join(kept)
