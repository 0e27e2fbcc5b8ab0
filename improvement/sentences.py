"""An article's text as sentences with their citation marks. Pure."""

import re
from dataclasses import dataclass

MARK = re.compile(r"\[(\d{1,3})\](?!\()")
_MARKS_BEFORE_STOP = re.compile(r"\s*((?:\[\d{1,3}\]\s*)+)([.!?])(?=\s|$)")
_BOUNDARY = re.compile(r"(?<=\])\s+(?=[^\[\s])|(?<=[.!?])[\"”’')]*\s+(?=[^\[\s])")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|mr|mrs|ms|dr|no|nr|approx|a\.m|p\.m|vs|z\.B|bzw|ca)\.$", re.IGNORECASE)
_PREFIX = re.compile(r"^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)?")
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Claim:
    text: str  # without marks
    marks: tuple[int, ...]


def split_sentences(text: str) -> list[str]:
    """Of running text; abbreviations such as "e.g." end none."""
    sentences: list[str] = []
    for line in text.splitlines():
        start = 0
        for boundary in _BOUNDARY.finditer(line):
            if _ABBREVIATION.search(line[start : boundary.start()]):
                continue
            sentences.append(line[start : boundary.end()].strip())
            start = boundary.end()
        sentences.append(line[start:].strip())
    return [sentence for sentence in sentences if _WORD.search(sentence)]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of Markdown: its prefix, and its sentences with their marks; none where it says nothing."""

    prefix: str
    sentences: tuple[str, ...]


def read_lines(body: str) -> list[Line]:
    """Headings, rules, fenced code, blank lines and lead-ins that end with a colon are kept whole, as prefix."""
    lines: list[Line] = []
    is_code = False
    for line in body.splitlines():
        is_fence = line.lstrip().startswith("```")
        is_code ^= is_fence
        match = _PREFIX.match(line)
        prefix = match.group() if match else ""
        text = _MARKS_BEFORE_STOP.sub(r"\2 \1", line[len(prefix) :].strip())
        is_silent = not text or text.startswith("#") or set(text) <= set("-*_|=: ") or text.endswith(":")
        if is_code or is_fence or is_silent:
            lines.append(Line(line, ()))
        else:
            lines.append(Line(prefix, tuple(split_sentences(text))))
    return lines


def split_claims(body: str) -> list[Claim]:
    """Every sentence of a Markdown text, in order."""
    return [read_claim(sentence) for line in read_lines(body) for sentence in line.sentences]


def read_claim(sentence: str) -> Claim:
    marks = tuple(dict.fromkeys(int(mark) for mark in MARK.findall(sentence)))
    return Claim(" ".join(MARK.sub("", sentence).split()), marks)


def strip_marks(body: str) -> str:
    """The text as customers and the agent read it: marks are for reviewers, the sources stay with the revision."""
    return "\n".join(re.sub(r"[ \t]*" + MARK.pattern, "", line).rstrip() for line in body.splitlines()).strip() + "\n"


def find_marks(body: str) -> set[int]:
    return {int(mark) for mark in MARK.findall(body)}
