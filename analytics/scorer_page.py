"""What the page about agreement says of the local scorer, written out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from analytics.agreement_page import Figure, figure
from analytics.models import TrainedScorer
from analytics.rubric import RUBRIC, Dimension
from analytics.scorer_state import Learned, ScorerState
from analytics.scorer_training import MIN_LABELS, MIN_QUESTIONS, MIN_RANDOM
from analytics.scorer_words import tell_learned, tell_shortage
from portal.templatetags.formats import number


@dataclass(frozen=True, slots=True)
class LearnedRow:
    label: str | Promise
    took_over: bool
    verdict: str
    n: int
    n_random: int
    prior: Figure
    trained: Figure


@dataclass(frozen=True, slots=True)
class Version:
    """`taught` names the dimensions in which labels took over; `is_standing`: it scores now."""

    name: str
    features: str
    trained_at: datetime
    labels: str
    taught: str
    is_standing: bool


@dataclass(frozen=True, slots=True)
class ScorerSection:
    version: str
    is_trained: bool
    trained_at: datetime | None
    trained_on: str  # empty without a training
    labels_now: str
    is_due: bool
    next_training: str  # when it is, or what it waits for
    rule: str
    rows: Sequence[LearnedRow]  # empty where nobody labelled anything yet
    versions: Sequence[Version]


def build_scorer_section(state: ScorerState) -> ScorerSection:
    last = state.training
    standing = last.pk if last is not None and state.is_trained else None
    return ScorerSection(
        version=state.version,
        is_trained=state.is_trained,
        trained_at=last.trained_at if last else None,
        trained_on=_count(last.n_labels, last.n_random) if last else "",
        labels_now=_count(state.n_labels, state.n_random),
        is_due=state.shortage is None,
        next_training=tell_shortage(state.shortage) if state.shortage else _tell_due(),
        rule=_("From %(n)s labelled conversations on, %(n_random)s of them drawn at random, labels teach the scorer.")
        % {"n": number(MIN_LABELS), "n_random": number(MIN_RANDOM)},
        rows=[_row(learned) for learned in state.dimensions] if state.n_labels or last else [],
        versions=[_version(row, is_standing=row.pk == standing) for row in state.history],
    )


def _tell_due() -> str:
    return _("Tonight, if the labels are of at least %(n)s different questions.") % {"n": number(MIN_QUESTIONS)}


def _row(learned: Learned) -> LearnedRow:
    found: Mapping[str, Any] = learned.comparison or {}
    return LearnedRow(
        label=RUBRIC[learned.dimension].label,
        took_over=learned.took_over,
        verdict=tell_learned(learned),
        n=learned.n,
        n_random=learned.n_random,
        prior=_figure(found, "prior"),
        trained=_figure(found, "trained"),
    )


def _figure(found: Mapping[str, Any], name: str) -> Figure:
    """Earlier trainings kept no intervals."""
    return figure({key: found.get(key) for key in (name, f"{name}_low", f"{name}_high")}, name)


def _version(row: TrainedScorer, *, is_standing: bool) -> Version:
    return Version(
        name=f"trained-{row.name}",
        features=f"{row.prior} {row.embedding_model}",
        trained_at=row.trained_at,
        labels=_count(row.n_labels, row.n_random),
        taught=", ".join(str(RUBRIC[name].label) for name in Dimension if name in row.took_over),
        is_standing=is_standing,
    )


def _count(n: int, n_random: int | None) -> str:
    """Earlier trainings did not keep how many were drawn at random."""
    if n_random is None:
        return number(n)
    return _("%(n)s (%(n_random)s random, %(n_targeted)s targeted)") % {
        "n": number(n),
        "n_random": number(n_random),
        "n_targeted": number(n - n_random),
    }
