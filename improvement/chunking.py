"""An article's Markdown as the passages that questions are compared with: title, heading, list item, paragraph.

Small passages win: ten example questions in one vector are near to none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from improvement.sentences import split_sentences

MAX_WORDS = 60
BELOW = " › "

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Passage:
    text: str
    heading: str  # the headings that it stands under, from the outside in


def split_article(title: str, body: str) -> list[str]:
    """Plain texts without marks of Markdown, the title first, none of them empty or twice."""
    return [passage.text for passage in read_passages(title, body)]


def read_passages(title: str, body: str) -> list[Passage]:
    """As `split_article`, each with its place; a text that comes twice keeps its first one."""
    passages: dict[str, Passage] = {}
    for text, heading in [(title.strip(), ""), *read_texts(_PARSER.parse(body))]:
        if text:
            passages.setdefault(text, Passage(text, heading))
    return list(passages.values())


def read_texts(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    """Text and heading path. A heading stands under those above it, not under itself."""
    above: dict[int, str] = {}
    for level, block in read_blocks(tokens):
        if level:
            above = {outer: text for outer, text in above.items() if outer < level}
        path = BELOW.join(above.values())
        for text in split_long(block):
            yield text, path
        if level and block:
            above[level] = block


def read_blocks(tokens: list[Token]) -> Iterator[tuple[int, str]]:
    """The level of a heading, else 0, and the text."""
    cells: list[str] | None = None
    level = 0
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            yield 0, " | ".join(cells or [])
            cells = None
        elif token.type == "inline" and cells is not None:
            cells.append(read_inline(token))
        elif token.type == "inline":
            yield level, read_inline(token)
        elif token.type in ("fence", "code_block"):
            yield 0, " ".join(token.content.split())


def read_inline(token: Token) -> str:
    breaks = ("softbreak", "hardbreak")
    parts = [" " if part.type in breaks else part.content for part in token.children or []]
    return " ".join("".join(parts).split())


def split_long(text: str) -> Iterator[str]:
    """Whole sentences together up to MAX_WORDS; a single longer sentence stays whole."""
    words = 0
    kept: list[str] = []
    for sentence in split_sentences(text):
        n_words = len(sentence.split())
        if kept and words + n_words > MAX_WORDS:
            yield " ".join(kept)
            words, kept = 0, []
        kept.append(sentence)
        words += n_words
    if kept:
        yield " ".join(kept)
