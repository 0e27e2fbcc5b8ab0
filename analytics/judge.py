"""A language model reviews a conversation. Its words are checked before its scores are believed."""

import hashlib
import html
import re
from collections.abc import Sequence
from typing import Any, Literal

from django.conf import settings
from pydantic import BaseModel, Field, create_model

from analytics.judge_material import show_entries
from analytics.models import Author
from analytics.rubric import HOUSE_RUBRIC, Assessment, Criterion, Dimension, Quote, Rubric, current_rubric
from analytics.transcript import Transcript, Turn
from portal import llm
from portal.models import LlmCall, Merchant
from portal.prompts import load_prompt

PROMPT_NAME = "judge"
PROMPT_VERSION = 2
TOP_SCORE = 4
# About 6,000 tokens: enough for nearly every conversation. A longer one keeps its beginning and its end.
MAX_TRANSCRIPT = 24_000
MAX_SOURCES = 12_000
SPEAKERS = {Author.CUSTOMER: "customer", Author.AGENT: "agent", Author.TEAMMATE: "teammate"}
_BETWEEN_WORDS = re.compile(r"[\W_]+")
# Thai, Lao, Khmer, Burmese; kana and Han, four signs at least.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{4,}")


class DimensionJudgement(BaseModel):
    """The order of the fields is the order of writing: reasons come before the score."""

    rationale: str = Field(max_length=1_500)
    quotes: list[str] = Field(max_length=5)
    score: Literal[0, 1, 2, 3, 4] | None


def build_schema(rubric: Rubric) -> type[BaseModel]:
    """What the judge answers: one judgement for each criterion, in the rubric's order."""
    fields: dict[str, Any] = {field_of(criterion): (DimensionJudgement, ...) for criterion in rubric.criteria}
    return create_model("Judgement", **fields)


def field_of(criterion: Criterion) -> str:
    """A merchant's words can be no name that pydantic or a dimension has."""
    return f"own_{criterion.key}" if criterion.is_own else str(criterion.key)


def as_instructions(rubric: Rubric) -> str:
    """The rubric as the judge reads it. Weights stay out: each criterion is judged apart."""
    return "\n".join(f"{field_of(criterion)}: {criterion.instruction}" for criterion in rubric.criteria)


def version() -> str:
    """The model, the prompt and the house's own instructions: an edited text is never taken for the old one."""
    asked = hashlib.sha256(as_instructions(HOUSE_RUBRIC).encode()).hexdigest()[:4]
    return f"{settings.OPENAI_MODEL[:34]} {load_prompt(PROMPT_NAME, PROMPT_VERSION).label}-{asked}"


def judge(merchant: Merchant, transcript: Transcript, rubric: Rubric | None = None) -> tuple[Assessment, LlmCall]:
    """Raises LlmError, also where the judgement quotes what nobody said or judges nothing.

    Without `rubric`, by the merchant's current one.
    """
    rubric = rubric or current_rubric(merchant)
    completion = llm.complete(
        merchant,
        load_prompt(PROMPT_NAME, PROMPT_VERSION),
        schema=build_schema(rubric),
        variables={
            "rubric": as_instructions(rubric),
            "sources": show_entries([("source", text) for text in transcript.sources], limit=MAX_SOURCES),
            "transcript": show_entries([spoken(turn) for turn in transcript.turns], limit=MAX_TRANSCRIPT),
        },
        purpose="judge",
    )
    return check(completion.value, transcript, rubric), completion.call


def spoken(turn: Turn) -> tuple[str, str]:
    return SPEAKERS[turn.author], turn.text


def check(judgement: BaseModel, transcript: Transcript, rubric: Rubric) -> Assessment:
    """Drops quotes that nobody said. A score that the agent's own words do not bear out is worth nothing, and the whole
    with it: who only quotes a customer that demands a score has judged nothing."""
    scores: dict[str, float | None] = {}
    quotes: list[Quote] = []
    reasons: list[str] = []
    said = [normalized(turn.text) for turn in transcript.turns]
    answered = [normalized(turn.text) for turn in transcript.turns if turn.author == Author.AGENT]
    for criterion in rubric.criteria:
        key = criterion.key
        part: DimensionJudgement = getattr(judgement, field_of(criterion))
        applies = part.score is not None and (key != Dimension.ACCURACY or bool(transcript.sources))
        scores[key] = part.score / TOP_SCORE if applies and part.score is not None else None
        if not applies:
            continue
        found = [quote for quote in part.quotes if is_said(quote, said)]
        if not found:
            raise llm.LlmError(f"The judge's quotes on {key} are not in the conversation.", permanent=False)
        if not any(is_said(quote, answered) for quote in found):
            raise llm.LlmError(f"The judge's quotes on {key} hold nothing that the agent said.", permanent=False)
        quotes += [Quote(key, html.unescape(quote)) for quote in found]
        reasons.append(f"{criterion.label}: {part.rationale.strip()}")
    if not reasons:
        raise llm.LlmError("The judge found no criterion that applies.", permanent=False)
    return Assessment(scores=scores, rationale="\n".join(reasons), quotes=tuple(quotes), rubric=rubric)


def is_said(quote: str, said: Sequence[str]) -> bool:
    """By whole words, at least two of them; one alone, such as a number, counts only where it is all that was said.
    Scripts that put no blanks between words are compared by their signs."""
    wanted = normalized(html.unescape(quote))
    if not wanted:
        return False
    if _UNSPACED.search(wanted):
        return any(wanted in text for text in said)
    return any(wanted == text or (" " in wanted and f" {wanted} " in f" {text} ") for text in said)


def normalized(text: str) -> str:
    """Words only: a model often changes dashes, quotation marks and line breaks in what it copies."""
    return _BETWEEN_WORDS.sub(" ", text.casefold()).strip()
