"""The mean quality of a period's answers, as the quality page shows it: by the scorer with the most scores."""

from dataclasses import dataclass

from analytics.quality import summary
from portal.models import Merchant
from portal.periods import Period


@dataclass(frozen=True, slots=True)
class Quality:
    """`mean` is 0–1, over `n_scored` of `n_eligible`. Provisional: not yet held against people's labels."""

    mean: float
    n_scored: int
    n_eligible: int
    scorer: str
    scorer_version: str
    is_provisional: bool


def measure_quality(merchant: Merchant, period: Period, *, n_eligible: int) -> Quality | None:
    """None where nothing was scored."""
    found = summary(merchant, period)
    if found is None or found.overall.value is None:
        return None
    return Quality(
        mean=found.overall.value,
        n_scored=found.n_scored,
        n_eligible=n_eligible,
        scorer=found.version.scorer,
        scorer_version=found.version.scorer_version,
        is_provisional=found.is_provisional,
    )
