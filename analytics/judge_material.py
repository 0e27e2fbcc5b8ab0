"""A conversation as the judge gets it. No text in it can pass for a message, an author or a source of its own. Pure."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

MAX_LINE = 1_000


def show_entries(entries: Sequence[tuple[str, str]], *, limit: int) -> str:
    """`(name, text)` each as a numbered entry whose lines stand behind a bar. At most about `limit` characters: a long
    text, and long material, keeps its beginning and its end. One text gets a quarter at most, so that nobody can fill
    the room of what the agent answered."""
    lines = [
        (heading, line)
        for number, (name, text) in enumerate(entries, start=1)
        for heading in [f"[{number}] {name}"]
        for line in (heading, *behind_bar(text, limit=limit // 4))
    ]
    shown = [line for _heading, line in lines]
    if _length(shown) <= limit:
        return "\n".join(shown)
    tail = _first(shown[::-1], limit // 2)[::-1]
    heading, first = lines[-len(tail)]
    begun = [] if heading == first else [f"{heading} (continued)"]
    return "\n".join([*_first(shown, limit // 2), "[…]", *begun, *tail])


def behind_bar(text: str, *, limit: int) -> Sequence[str]:
    """splitlines() knows every sign that may be taken for a line break, such as U+2028. Very long lines are broken."""
    lines = [
        f"| {line[start : start + MAX_LINE]}"
        for line in text.splitlines()
        for start in range(0, max(1, len(line)), MAX_LINE)
    ]
    if _length(lines) <= limit:
        return lines
    return [*_first(lines, limit // 2), "| […]", *_first(lines[::-1], limit // 2)[::-1]]


def _length(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _first(lines: Sequence[str], limit: int) -> Sequence[str]:
    """As many as fit."""
    return lines[: sum(length <= limit for length in accumulate(len(line) + 1 for line in lines))]
