"""Whether the knowledge base answers what a customer asked, and why it looks so. Judged above this app;
settings.COVERAGE_VERDICT names who finds it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from analytics.models import Conversation
from analytics.sources import Source
from portal.models import Merchant

# In log odds: even odds become 82, 62 and 52 in 100.
STRONG, CLEAR, WORTH_TELLING = 1.5, 0.5, 0.1
COVERED_FROM = 0.5
# A model is never certain, whatever its number is rounded to.
SURE = 0.99
NEARLY_CERTAIN = 0.95

WEIGHTS: dict[str, tuple[Promise, Promise, Promise]] = {
    "for": (_("strongly for"), _("for"), _("slightly for")),
    "against": (_("strongly against"), _("against"), _("slightly against")),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """`log_odds` above 0 speaks for an answer, below against it; None where it was not weighed."""

    kind: str
    label: str | Promise
    log_odds: float | None
    detail: str = ""

    @property
    def standing(self) -> str:
        """for, against, or empty where it hardly counts."""
        if self.log_odds is None or abs(self.log_odds) < WORTH_TELLING:
            return ""
        return "for" if self.log_odds > 0 else "against"

    @property
    def weight(self) -> str | Promise:
        if not self.standing:
            return _("hardly counts") if self.log_odds is not None else ""
        size = abs(self.log_odds or 0)
        return WEIGHTS[self.standing][0 if size >= STRONG else 1 if size >= CLEAR else 2]


@dataclass(frozen=True, slots=True)
class Request:
    """One of several things that a message asks for."""

    text: str
    probability: float | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A person's word, which stands above the model's; `label` says whose."""

    is_covered: bool
    label: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons`, the strongest first; `probability` is None where nothing was judged yet."""

    question_id: int
    text: str
    probability: float | None
    reasons: Sequence[Reason]
    marks_url: str  # where a reviewer says otherwise
    nearest: Source | None = None
    similarity: float | None = None  # cosine, -1 to 1
    gap: Source | None = None
    requests: Sequence[Request] = ()
    mark: Mark | None = None

    @property
    def is_judged(self) -> bool:
        return self.mark is not None or self.probability is not None

    @property
    def is_covered(self) -> bool:
        return self.mark.is_covered if self.mark else (self.probability or 0) >= COVERED_FROM

    @property
    def shown_probability(self) -> float:
        return min(max(self.probability or 0, 1 - SURE), SURE)

    @property
    def label(self) -> str | Promise:
        """Answers "Is this answered?"."""
        if not self.is_judged:
            return _("Not judged yet")
        if self.mark:
            return _("Yes, says a person") if self.is_covered else _("No, says a person")
        if max(self.shown_probability, 1 - self.shown_probability) >= NEARLY_CERTAIN:
            return _("Almost certainly") if self.is_covered else _("Almost certainly not")
        return _("Probably") if self.is_covered else _("Probably not")


def find_verdict(merchant: Merchant, conversation: Conversation) -> Verdict | None:
    """None where the conversation asks for nothing, or was not read yet."""
    found: Verdict | None = import_string(settings.COVERAGE_VERDICT)(merchant, conversation)
    return found
