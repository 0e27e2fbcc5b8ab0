"""Names of new gaps by the language model, where one is configured. Without one gap_phrases.py names them."""

import logging
from collections.abc import Sequence

from pydantic import BaseModel

from improvement.models import Gap, Question
from portal import llm
from portal.models import Merchant
from portal.prompts import load_prompt

N_EXAMPLES = 15
MAX_NAME = 60
logger = logging.getLogger(__name__)


class GapName(BaseModel):
    """The model's answer."""

    name: str


def name_with_llm(merchant: Merchant, gaps: Sequence[Gap]) -> None:
    """A model that fails costs nothing but its better name."""
    if not llm.is_configured():
        return
    for gap in gaps:
        questions = Question.objects.for_merchant(merchant).filter(gap=gap).order_by("-asked_at")
        examples = questions.values_list("text", flat=True)[:N_EXAMPLES]
        try:
            completion = llm.complete(
                merchant,
                load_prompt("name_gap"),
                schema=GapName,
                variables={"questions": "\n".join(f"- {text}" for text in examples)},
                purpose="name_gap",
            )
        except llm.LlmError as error:
            logger.warning("gap %s keeps its name: %s", gap.pk, error)
            if error.blocks_others:
                return
            continue
        name = " ".join(completion.value.name.split()).strip(" .\"'")[:MAX_NAME]
        if name and not Gap.objects.for_merchant(merchant).filter(name__iexact=name).exclude(pk=gap.pk).exists():
            Gap.objects.filter(pk=gap.pk, is_renamed=False).update(name=name)
