"""An article out of what teammates answered, without a language model: nothing in it was not said by one of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from improvement.general_sentences import Unit, select_units
from improvement.material import Material
from improvement.sentences import split_sentences
from improvement.titling import build_title, pick_questions
from improvement.wording import content_words, find_numbers
from portal.embeddings import embed

SAME = 0.72  # cosine from which two sentences say one thing; judged on the answers of six topics
NEW_SHARE = 0.5
CONTAINED = 0.7
MAX_SENTENCES = 9
FEW_ANSWERS = 4  # below, a sentence of a single conversation is good enough to be proposed

STEP = re.compile(
    r"^(?:please|first|next|then|to \w+|use|choose|enter|go|open|select|click|tap|press|have|take|add|send|make|call|"
    r"check|log|sign|fill|attach|visit|download|write|contact|bring|keep|note|pick|scan|start|we need|"
    r"you (?:can|need|find|must|have to|should))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A text with its sources, before it is a revision. `citations` as DraftRevision stores them."""

    title: str
    body: str
    language: str
    citations: list[dict[str, object]]
    remarks: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """Sentences of several conversations that say one thing; the first is the one to print."""

    units: list[Unit]
    vector: NDArray[np.float32]

    @property
    def lead(self) -> Unit:
        return self.units[0]

    @property
    def n_conversations(self) -> int:
        return count_conversations(self.units)

    @property
    def position(self) -> float:
        return sum(unit.position for unit in self.units) / len(self.units)


def disagree(first: str, second: str) -> bool:
    """Alike sentences with different numbers contradict each other; where one only says more, they do not."""
    one, other = find_numbers(first), find_numbers(second)
    return bool(one and other) and not (one <= other or other <= one)


def says_something_new(text: str, said: frozenset[str]) -> bool:
    """A new number, or as many new words as old ones."""
    words = content_words(text)
    new = words - said
    return bool(find_numbers(text) - said) or len(new) >= max(1, NEW_SHARE * len(words))


def group_statements(units: Sequence[Unit]) -> tuple[list[Statement], list[tuple[Unit, Unit]]]:
    """Statements by the number of conversations behind them, and the pairs that contradict each other.

    The most often said sentence leads, the fuller one at a tie; so the majority also wins a contradiction.
    """
    by_text: dict[str, list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: unit.answer.at, reverse=True):
        by_text.setdefault(unit.text, []).append(unit)
    texts = sorted(by_text, key=lambda text: (-count_conversations(by_text[text]), -len(text)))
    vectors = embed(texts)
    statements: list[Statement] = []
    contradictions: list[tuple[Unit, Unit]] = []
    said: frozenset[str] = frozenset()
    for text, vector in zip(texts, vectors, strict=True):
        best = max(statements, key=lambda statement: float(statement.vector @ vector), default=None)
        is_alike = best is not None and float(best.vector @ vector) >= SAME
        if best is not None and is_alike and disagree(best.lead.text, text):
            contradictions.append((best.lead, by_text[text][0]))
        elif best is None or says_something_new(text, said):
            statements.append(Statement(by_text[text], vector))
            said |= content_words(text)
        elif is_alike:
            best.units.extend(by_text[text])
    statements.sort(key=lambda statement: statement.n_conversations, reverse=True)
    return statements, contradictions


def drop_contained(statements: list[Statement]) -> list[Statement]:
    """Without those that a fuller statement says as well."""
    return [one for one in statements if not any(is_contained(one.lead.text, other.lead.text) for other in statements)]


def is_contained(text: str, fuller: str) -> bool:
    words, more = content_words(text), content_words(fuller)
    return len(words) < len(more) and len(words & more) >= CONTAINED * len(words) and find_numbers(text) <= more


def count_conversations(units: Sequence[Unit]) -> int:
    return len({unit.answer.conversation_id for unit in units})


def choose_statements(statements: list[Statement], n_conversations: int) -> list[Statement]:
    """Those that at least two conversations hold (one where few were answered), in the order teammates say them.

    Empty where that is too little for an article: one statement that fewer than three conversations hold.
    """
    needed = 2 if n_conversations >= FEW_ANSWERS else 1
    held = [statement for statement in statements if statement.n_conversations >= needed]
    chosen = drop_contained(held)[:MAX_SENTENCES]
    if len(chosen) == 1 and chosen[0].n_conversations < 3:
        return []
    return sorted(chosen, key=lambda statement: statement.position)


class CitationList:
    """Numbers the sources in the order in which the text cites them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def cite(self, kind: str, ref: int, conversation_id: int | None, quote: str, also: Sequence[int] = ()) -> str:
        """`also`: further conversations in which the same words stand."""
        source = {"kind": kind, "ref": ref, "conversation_id": conversation_id, "quote": quote}
        for row in self.rows:
            if source.items() <= row.items():
                return f"[{row['mark']}]"
        self.rows.append({"mark": len(self.rows) + 1, **source, "also": list(also)})
        return f"[{len(self.rows)}]"

    def cite_statement(self, statement: Statement) -> str:
        """The newest message that says exactly the printed sentence."""
        same = [unit for unit in statement.units if unit.text == statement.lead.text]
        newest = same[0].answer
        others = dict.fromkeys(
            unit.answer.conversation_id for unit in same if unit.answer.conversation_id != newest.conversation_id
        )
        return self.cite("teammate", newest.message_id, newest.conversation_id, same[0].quote, list(others))


def assemble(material: Material) -> Written | None:
    """None where too little of what teammates wrote is general enough to stand in an article."""
    selection = select_units(material.answers)
    if not selection.units:
        return None
    statements, contradictions = group_statements(selection.units)
    chosen = choose_statements(statements, count_conversations(selection.units))
    if not chosen:
        return None
    sources = CitationList()
    body = build_body(chosen, material, sources)
    return Written(
        title=build_title(material),
        body=body,
        language=material.language,
        citations=sources.rows,
        remarks=build_remarks(contradictions, selection.n_left_out),
    )


def build_body(chosen: list[Statement], material: Material, sources: CitationList) -> str:
    most_said = max(chosen, key=lambda one: (bool(STEP.search(one.lead.text)), one.n_conversations, -one.position))
    rest = [statement for statement in chosen if statement is not most_said]
    steps = [statement for statement in rest if STEP.search(statement.lead.text)]
    facts = [statement for statement in rest if not STEP.search(statement.lead.text)]
    parts = [print_statement(most_said, sources)]
    for heading, group in (("What to do", steps), ("Good to know", facts)):
        if group:
            items = "\n".join(f"- {print_statement(statement, sources)}" for statement in group)
            parts.append(f"## {heading}\n\n{items}")
    parts.append(build_question_section(material, sources))
    return "\n\n".join(part for part in parts if part) + "\n"


def build_question_section(material: Material, sources: CitationList) -> str:
    """Customers' own wordings: the agent's search finds an article far better by them."""
    items = [
        f"- “{text}” {sources.cite('customer', asked.question_id, asked.conversation_id, quote)}"
        for asked, text, quote in pick_questions(material.questions, material.rivals)
    ]
    return "## Customers ask this as\n\n" + "\n".join(items) if items else ""


def print_statement(statement: Statement, sources: CitationList) -> str:
    """Each sentence of it carries the marks, so that each can be checked."""
    marks = sources.cite_statement(statement)
    return " ".join(f"{sentence} {marks}" for sentence in split_sentences(statement.lead.text))


def build_remarks(contradictions: list[tuple[Unit, Unit]], n_left_out: int) -> list[dict[str, str]]:
    remarks = [
        {"kind": "disagreement", "text": kept.quote, "other": other.quote, "ref": str(other.answer.conversation_id)}
        for kept, other in contradictions
    ]
    if n_left_out:
        remarks.append({"kind": "left_out", "text": str(n_left_out)})
    return remarks
