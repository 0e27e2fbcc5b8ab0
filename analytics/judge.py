"""A language model reviews a conversation. Its words are checked before its scores are believed."""

import html
import re
from collections.abc import Sequence
from typing import Any, Literal

from django.conf import settings
from pydantic import BaseModel, Field, create_model

from analytics.models import Author
from analytics.rubric import Assessment, Criterion, Dimension, Quote, Rubric, current_rubric
from analytics.transcript import Transcript, Turn
from portal import llm
from portal.models import LlmCall, Merchant
from portal.prompts import load_prompt

PROMPT_NAME = "judge"
TOP_SCORE = 4
# About 6,000 tokens: enough for nearly every conversation. A longer one keeps its beginning and its end.
MAX_TRANSCRIPT = 24_000
MAX_SOURCES = 12_000
SPEAKERS = {Author.CUSTOMER: "customer", Author.AGENT: "agent", Author.TEAMMATE: "teammate"}
_BETWEEN_WORDS = re.compile(r"[\W_]+")


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
    return f"{settings.OPENAI_MODEL} {load_prompt(PROMPT_NAME).label}"[:60]


def judge(merchant: Merchant, transcript: Transcript, rubric: Rubric | None = None) -> tuple[Assessment, LlmCall]:
    """Raises LlmError, also where the judgement quotes what nobody said or judges nothing.

    Without `rubric`, by the merchant's current one.
    """
    rubric = rubric or current_rubric(merchant)
    completion = llm.complete(
        merchant,
        load_prompt(PROMPT_NAME),
        schema=build_schema(rubric),
        variables={
            "rubric": as_instructions(rubric),
            "sources": shorten("\n\n".join(transcript.sources), MAX_SOURCES),
            "transcript": shorten("\n\n".join(map(spoken, transcript.turns)), MAX_TRANSCRIPT),
        },
        purpose="judge",
    )
    return check(completion.value, transcript, rubric), completion.call


def spoken(turn: Turn) -> str:
    return f"{SPEAKERS[turn.author]}: {turn.text}"


def shorten(text: str, limit: int) -> str:
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]}\n[…]\n{text[-half:]}"


def check(judgement: BaseModel, transcript: Transcript, rubric: Rubric) -> Assessment:
    """Drops quotes that nobody said. A score that is left without any is worth nothing, and the whole with it."""
    scores: dict[str, float | None] = {}
    quotes: list[Quote] = []
    reasons: list[str] = []
    said = [normalized(turn.text) for turn in transcript.turns]
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
        quotes += [Quote(key, html.unescape(quote)) for quote in found]
        reasons.append(f"{criterion.label}: {part.rationale.strip()}")
    if not reasons:
        raise llm.LlmError("The judge found no dimension that applies.", permanent=True)
    return Assessment(scores=scores, rationale="\n".join(reasons), quotes=tuple(quotes), rubric=rubric)


def is_said(quote: str, said: Sequence[str]) -> bool:
    wanted = normalized(html.unescape(quote))
    return bool(wanted) and any(f" {wanted} " in f" {text} " for text in said)


def normalized(text: str) -> str:
    """Words only: a model often changes dashes, quotation marks and line breaks in what it copies."""
    return _BETWEEN_WORDS.sub(" ", text.casefold()).strip()
