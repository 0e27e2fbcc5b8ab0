"""What the demo's customers ask about: one TOML file each in `texts/`, all of it our own words."""

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de")
Slots = dict[str, list[str]]


class Kind(StrEnum):
    COVERED = "covered"  # has an article all the time
    GAP = "gap"  # never has one: the gaps page must find it
    IMPROVED = "improved"  # gets one three weeks before the anchor


@dataclass(frozen=True, slots=True)
class Section:
    text: str
    heading: str
    asks: tuple[str, ...] = ()  # follow-up questions that this section answers


@dataclass(frozen=True, slots=True)
class Question:
    """A pattern, and what answers it: a section of the article, some of the teammates' texts."""

    pattern: str
    section: int = 0
    teammate: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """One topic in one language."""

    questions: tuple[Question, ...]
    title: str = ""
    tags: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    details: tuple[str, ...] = ()  # what a customer says about their own case
    asks: tuple[str, ...] = ()  # what a customer adds to a teammate's answer
    teammate: tuple[str, ...] = ()
    guess: tuple[str, ...] = ()  # what the agent says when it should have said that it does not know
    slots: Slots = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topic:
    key: str
    kind: Kind
    weight: float
    trend: float  # 1.0: from half the weight on the first day to one and a half on the last
    handoff: str
    texts: dict[str, Texts]

    def article_id(self, language: str) -> str:
        return f"{self.key}-{language}"


@dataclass(frozen=True, slots=True)
class Talk:
    """Phrases that belong to no topic, by name, and the values of the slots that every topic may use."""

    phrases: dict[str, tuple[str, ...]]
    slots: Slots


def _read_question(line: str) -> Question:
    """`text => 2/1 3`: section 2 answers it, teammates answer with their first and third text. Without marks: 1/1."""
    pattern, _, marks = line.partition(" => ")
    section, _, teammate = marks.partition("/")
    return Question(pattern, int(section or 1) - 1, tuple(int(mark) - 1 for mark in (teammate or "1").split()))


def _read_texts(raw: dict[str, Any]) -> Texts:
    lists = {name: tuple(raw.get(name, ())) for name in ("tags", "details", "asks", "teammate", "guess")}
    questions = tuple(_read_question(line) for line in raw["questions"])
    sections = tuple(
        Section(part["text"], part["heading"], tuple(part.get("asks", ()))) for part in raw.get("sections", ())
    )
    return Texts(questions, title=raw.get("title", ""), sections=sections, slots=raw.get("slots", {}), **lists)


def _read_topic(path: Path) -> Topic:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Topic(
        key=path.stem,
        kind=Kind(raw["kind"]),
        weight=raw["weight"],
        trend=raw.get("trend", 0.0),
        handoff=raw.get("handoff", "missing_knowledge"),
        texts={language: _read_texts(raw[language]) for language in LANGUAGES if language in raw},
    )


@cache
def topics() -> tuple[Topic, ...]:
    return tuple(_read_topic(path) for path in sorted((FOLDER / "texts").glob("*.toml")))


def help_pages() -> list[tuple[Topic, str]]:
    """The articles that the shop has from the start, each by topic and language."""
    return [(topic, language) for topic in topics() if topic.kind == Kind.COVERED for language in topic.texts]


@cache
def talk(language: str) -> Talk:
    raw = tomllib.loads((FOLDER / "talk.toml").read_text(encoding="utf-8"))[language]
    slots = raw.pop("slots")
    return Talk({name: tuple(options) for name, options in raw.items()}, slots)
