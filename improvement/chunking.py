"""An article's Markdown as the passages that questions are compared with: title, heading, list item, paragraph.

Small passages win: ten example questions in one vector are near to none of them.
"""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from improvement.sentences import split_sentences

MAX_WORDS = 60

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def split_article(title: str, body: str) -> list[str]:
    """Plain texts without marks of Markdown, the title first, none of them empty or twice."""
    passages = [title.strip()]
    for block in read_blocks(_PARSER.parse(body)):
        passages.extend(split_long(block))
    return list(dict.fromkeys(passage for passage in passages if passage))


def read_blocks(tokens: list[Token]) -> Iterator[str]:
    cells: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            yield " | ".join(cells or [])
            cells = None
        elif token.type == "inline" and cells is not None:
            cells.append(read_inline(token))
        elif token.type == "inline":
            yield read_inline(token)
        elif token.type in ("fence", "code_block"):
            yield " ".join(token.content.split())


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
