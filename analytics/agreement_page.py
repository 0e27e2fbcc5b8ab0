"""What the page about agreement shows, from the stored measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from analytics.agreement_words import MIN_PAIRS, narrowing, tell_shift, verdict, what_is_missing
from analytics.labels import OVERALL
from analytics.models import Calibration, RubricVersion, Scorer
from analytics.rubric import HOUSE_RUBRIC, rubric_of
from portal.models import Merchant
from portal.templatetags.formats import number, percent

N_HISTORY = 60


@dataclass(frozen=True, slots=True)
class Series:
    scorer: Scorer
    scorer_version: str
    rubric_version: str

    @property
    def key(self) -> str:
        return f"{self.scorer}/{self.scorer_version}/{self.rubric_version}"

    @property
    def label(self) -> str:
        return str(self.scorer.label)


@dataclass(frozen=True, slots=True)
class Figure:
    """Written out; `interval` is empty where there is none."""

    value: str
    interval: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One dimension in the table."""

    key: str
    label: str | Promise
    n: int
    is_provisional: bool
    spearman: Figure
    pearson: Figure
    error: Figure
    kappa: Figure
    people: Figure
    n_people: int
    share: Figure
    verdict: str


@dataclass(frozen=True, slots=True)
class Drift:
    """`spread` and `shift` are sentences, empty where there is no alarm."""

    shift: str
    spread: str
    is_watched: bool


@dataclass(frozen=True, slots=True)
class AgreementPage:
    series: Sequence[Series]
    chosen: Series
    rows: Sequence[Row]
    shown: Calibration  # the dimension that the charts and the advice are about
    label: str | Promise
    mean: str
    interval: str
    interval_of_labels: str
    missing: str
    advice: Sequence[str]
    drift: Drift
    history: Sequence[Calibration]


def build_page(merchant: Merchant, *, version: str, dimension: str) -> AgreementPage | None:
    """None where nothing was measured yet. An unknown version or dimension is answered with the usual one."""
    latest = list(Calibration.objects.for_merchant(merchant).filter(is_latest=True))
    if not latest:
        return None
    by_series: dict[Series, list[Calibration]] = {}
    for row in sorted(latest, key=lambda row: -row.findings["n_scored"]):
        by_series.setdefault(series_of(row), []).append(row)
    chosen = next((each for each in by_series if each.key == version), next(iter(by_series)))
    labels = _labels(merchant, chosen.rubric_version)
    rows = sorted(by_series[chosen], key=lambda row: _place(row.dimension, labels))
    shown = next((row for row in rows if row.dimension == dimension), rows[0])
    findings = shown.findings
    return AgreementPage(
        series=list(by_series),
        chosen=chosen,
        rows=[build_row(row, labels.get(row.dimension, row.dimension)) for row in rows],
        shown=shown,
        label=labels.get(shown.dimension, shown.dimension),
        mean=percent(findings["mean"]["value"]) if "mean" in findings else "",
        interval=span(findings["mean"], "low", "high") if "mean" in findings else "",
        interval_of_labels=span(findings["labels_only"], "low", "high") if "mean" in findings else "",
        missing=what_is_missing(shown.n, findings["agreement"]["spearman_low"]),
        advice=_advice(findings),
        drift=_drift(shown),
        history=_history(merchant, shown),
    )


def series_of(row: Calibration) -> Series:
    return Series(Scorer(row.scorer), row.scorer_version, row.rubric_version)


def _labels(merchant: Merchant, rubric_version: str) -> dict[str, str | Promise]:
    row = RubricVersion.objects.for_merchant(merchant).filter(number=rubric_version).first()
    criteria = (rubric_of(row) if row else HOUSE_RUBRIC).criteria
    return {OVERALL: _("Overall"), **{criterion.key: criterion.label for criterion in criteria}}


def _place(dimension: str, labels: dict[str, Any]) -> tuple[int, str]:
    return (list(labels).index(dimension) if dimension in labels else len(labels), dimension)


def build_row(row: Calibration, label: str | Promise) -> Row:
    agreement, people, ceiling = (row.findings[name] for name in ("agreement", "people", "ceiling"))
    return Row(
        key=row.dimension,
        label=label,
        n=row.n,
        is_provisional=row.is_provisional,
        spearman=figure(agreement, "spearman"),
        pearson=figure(agreement, "pearson"),
        error=figure(agreement, "mean_absolute_error"),
        kappa=figure(agreement, "weighted_kappa"),
        people=figure(people, "spearman"),
        n_people=people["n"],
        share=_share(ceiling),
        verdict=verdict(row.n, agreement, people),
    )


def figure(found: dict[str, float | None], name: str) -> Figure:
    value, low, high = (found[f"{name}{end}"] for end in ("", "_low", "_high"))
    if value is None:
        return Figure("–")
    return Figure(number(value, 2), f"{number(low, 2)} – {number(high, 2)}" if low is not None else "")


def _share(ceiling: dict[str, float | None]) -> Figure:
    """A ceiling that few pairs of people drew could be anywhere."""
    if ceiling["share"] is None or (ceiling["n_pairs"] or 0) < MIN_PAIRS:
        return Figure("–", _("from %(n)s pairs of labels on") % {"n": MIN_PAIRS})
    return Figure(
        percent(ceiling["share"], 0), f"{percent(ceiling['share_low'], 0)} – {percent(ceiling['share_high'], 0)}"
    )


def span(found: dict[str, float], low: str, high: str) -> str:
    return f"{percent(found[low])} – {percent(found[high])}"


def _advice(findings: dict[str, Any]) -> list[str]:
    if "mean" not in findings:
        return []
    now = (findings["mean"]["high"] - findings["mean"]["low"]) / 2
    return [narrowing(extra, half, now) for extra, half in findings["advice"]]


def _drift(row: Calibration) -> Drift:
    shift, spread = row.findings["drift"]["shift"], row.findings["drift"]["spread"]
    return Drift(
        shift=tell_shift(datetime.fromisoformat(shift["since"]), shift["before"], shift["after"])
        if shift and shift["is_alarm"]
        else "",
        spread=_("Stability index %(index)s; above 0.2 the scores are spread clearly otherwise than before.")
        % {"index": number(spread["index"], 2)}
        if spread and spread["is_alarm"]
        else "",
        is_watched=shift is not None,
    )


def _history(merchant: Merchant, row: Calibration) -> list[Calibration]:
    """Of the same series and dimension, the oldest first."""
    scorer, scorer_version, rubric_version = row.series
    rows = (
        Calibration.objects.for_merchant(merchant)
        .filter(scorer=scorer, scorer_version=scorer_version, rubric_version=rubric_version)
        .filter(dimension=row.dimension)
        .order_by("-computed_at", "-id")
    )
    return list(reversed(rows[:N_HISTORY]))
