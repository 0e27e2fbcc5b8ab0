"""Why the honest result differs from the seed formula's, step by step, on the same days. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from reporting.roi import Mode, Roi, RoiInput, compute_roi


@dataclass(frozen=True, slots=True)
class Step:
    key: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """`seed.savings` + all steps = `honest.savings`."""

    seed: Roi
    honest: Roi
    steps: tuple[Step, ...]


def explain_difference(counts: RoiInput) -> Difference:
    seed, honest = compute_roi(counts, mode=Mode.SEED), compute_roi(counts, mode=Mode.HONEST)
    typed, measured = seed.ai_cost.value, honest.ai_cost.value
    n_not_resolved = counts.n_conversations - counts.n_resolved
    steps = (
        Step("not_verified", (counts.n_verified - counts.n_resolved) * counts.costs.human_conversation),
        Step("measured_cost", counts.n_resolved * (typed - measured)),
        Step("every_conversation", -n_not_resolved * measured),
        *(Step(line.key, line.amount) for line in honest.lines if line.key not in ("work_saved", "agent")),
    )
    return Difference(seed, honest, steps)
