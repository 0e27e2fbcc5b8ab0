"""Every night and on demand: labels against scores, measured and stored for each series that has changed."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from analytics.agreement import human_agreement, measure_agreement, measure_ceiling
from analytics.calibration import (
    HOUSE,
    MIN_LABELS,
    MIN_TO_MAP,
    FittedMap,
    Line,
    Prior,
    advise,
    build_correction,
    calibrate,
    correct_mean,
    is_provisional,
    labels_only,
    pool,
    slope_over,
)
from analytics.calibration_material import Material, fingerprint, read_material
from analytics.corrections import Series
from analytics.drift import compare_spread, find_shift
from analytics.labels import OVERALL
from analytics.models import Calibration
from analytics.quality_sums import read_sums
from portal.models import Merchant
from portal.periods import Period

METHOD = 1  # another way to compute is another number here, and everything is computed anew
MIN_MERCHANTS = 5  # whose maps are pooled for another one; fewer could be told apart
RECENT, BEFORE = timedelta(days=28), timedelta(days=118)


def calibrate_merchant(
    merchant: Merchant, *, now: datetime, report: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """How many measurements were new. What did not change since the last time is left as it is."""
    waiting = list(read_material(merchant))
    spreads: dict[Series, Any] = _measure_spreads(merchant, now) if waiting else {}
    n_new = 0
    for done, material in enumerate(waiting):
        report(done, len(waiting))
        n_new += _measure_if_changed(merchant, material, spreads.get(material.series), now=now)
    _retire(merchant, {(*material.series, material.dimension) for material in waiting})
    return n_new


def _retire(merchant: Merchant, measured: set[tuple[str, ...]]) -> None:
    """Where all labels were taken back nothing is calibrated any more."""
    for row in Calibration.objects.for_merchant(merchant).filter(is_latest=True).defer("findings"):
        if (*row.series, row.dimension) not in measured:
            Calibration.objects.filter(pk=row.pk).update(is_latest=False)


def _measure_if_changed(merchant: Merchant, material: Material, spread: Any, *, now: datetime) -> bool:
    prior, n_merchants = find_prior(merchant, material)
    scores = [(pair.conversation_id, pair.score) for pair in material.pairs]
    parts = (METHOD, material.labels_hash, scores, material.values.tolist(), material.counts.tolist())
    computed_from = fingerprint(*parts, prior, spread)
    latest = _latest(merchant, material)
    if latest is not None and latest.computed_from == computed_from:
        return False
    measured = measure(material, prior, n_merchants=n_merchants, spread=spread)
    return _store(merchant, material, measured, computed_from=computed_from, now=now)


def _latest(merchant: Merchant, material: Material) -> Calibration | None:
    scorer, scorer_version, rubric_version = material.series
    return (
        Calibration.objects.for_merchant(merchant)
        .filter(scorer=scorer, scorer_version=scorer_version, rubric_version=rubric_version)
        .filter(dimension=material.dimension, is_latest=True)
        .first()
    )


def _store(
    merchant: Merchant, material: Material, measured: dict[str, Any], *, computed_from: str, now: datetime
) -> bool:
    """One row for each state of the labels. Of two at once the second waits for the merchant's row."""
    with transaction.atomic():
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        latest = _latest(merchant, material)
        if latest is not None and latest.computed_from == computed_from:
            return False
        values = measured | {"computed_at": now, "computed_from": computed_from, "labels_hash": material.labels_hash}
        if latest is not None and latest.labels_hash == material.labels_hash:
            Calibration.objects.filter(pk=latest.pk).update(**values)
            return True
        if latest is not None:
            # The points of the scatter are only drawn for the latest.
            latest.is_latest, latest.findings = False, latest.findings | {"points": [], "curve": None}
            latest.save(update_fields=["is_latest", "findings"])
        scorer, scorer_version, rubric_version = material.series
        Calibration.objects.create(
            merchant=merchant,
            scorer=scorer,
            scorer_version=scorer_version,
            rubric_version=rubric_version,
            dimension=material.dimension,
            **values,
        )
    return True


def find_prior(merchant: Merchant, material: Material) -> tuple[Prior, int]:
    """What the other merchants' labels say of the same scorer, and of how many merchants it is made. Of them nothing
    but the pooled line leaves this function, and it takes five."""
    scorer, scorer_version, _rubric = material.series
    rows = (
        Calibration.objects.filter(
            scorer=scorer, scorer_version=scorer_version, dimension=material.dimension, is_latest=True
        )
        .exclude(merchant=merchant)
        .filter(n__gte=MIN_LABELS)
        .order_by("merchant_id", "-computed_at")
        .distinct("merchant_id")
    )
    lines = [Line(**row.line) for row in rows if row.line]
    return (pool(lines), len(lines)) if len(lines) >= MIN_MERCHANTS else (HOUSE, 0)


def measure(material: Material, prior: Prior, *, n_merchants: int, spread: Any = None) -> dict[str, Any]:
    """The columns of one row."""
    scores, labels = material.scores, material.labels
    ratings = [pair.ratings for pair in material.pairs]
    agreement = measure_agreement(scores, labels)
    n, n_all = len(labels), int(material.counts.sum())
    findings: dict[str, Any] = {
        "agreement": asdict(agreement),
        "people": asdict(human_agreement(ratings)["one_with_another"]),
        "ceiling": asdict(measure_ceiling(scores, ratings)),
        "n_scored": n_all,
        "raw_mean": float(material.counts @ material.values / n_all),
        "points": count_points(material),
        "drift": {"spread": spread if material.dimension == OVERALL else None, "shift": None},
    }
    columns: dict[str, Any] = {
        "n": n,
        "is_provisional": is_provisional(n, agreement.spearman_low),
        "correction": None,
        "line": None,
        "findings": findings,
    }
    if n >= MIN_TO_MAP:
        fitted = calibrate(scores, labels, prior)
        findings |= _with_map(material, fitted) | {"prior": asdict(prior) | {"n_merchants": n_merchants}}
        findings["drift"]["shift"] = _find_shift(material, fitted)
        columns |= {
            "correction": _correction(material, fitted),
            "line": asdict(fitted.line) if fitted.line.is_known else None,
        }
    return columns


def _with_map(material: Material, fitted: FittedMap) -> dict[str, Any]:
    labels, n_all = material.labels, int(material.counts.sum())
    corrected = correct_mean(labels, fitted.predictions, _mean_of_all(material, fitted), n_all)
    return {
        "kind": fitted.kind.value,
        "curve": fitted.curve.tolist(),
        "calibrated": asdict(measure_agreement(fitted.predictions, labels)),
        "mean": asdict(corrected),
        "labels_only": asdict(labels_only(labels, n_all)),
        "advice": [list(row) for row in advise(corrected.residual_variance, corrected.n, n_all)],
    }


def _mean_of_all(material: Material, fitted: FittedMap) -> float:
    return float(material.counts @ fitted.apply(material.values) / material.counts.sum())


def _correction(material: Material, fitted: FittedMap) -> dict[str, Any]:
    corrected = correct_mean(
        material.labels, fitted.predictions, _mean_of_all(material, fitted), int(material.counts.sum())
    )
    return asdict(
        build_correction(
            fitted,
            material.scores,
            material.labels,
            value=corrected.value,
            power=corrected.power,
            score=float(material.counts @ material.values / material.counts.sum()),
            slope=slope_over(fitted, material.values, material.counts),
        )
    )


def _find_shift(material: Material, fitted: FittedMap) -> dict[str, Any] | None:
    """With the instant of the first label after it."""
    order = sorted(range(len(material.pairs)), key=lambda n: (material.pairs[n].labelled_on, n))
    found = find_shift((material.labels - fitted.predictions)[order])
    return asdict(found) | {"since": material.pairs[order[found.at]].labelled_on} if found else None


def count_points(material: Material) -> list[list[float]]:
    """Score, label and how many conversations have both, to a fortieth: what the scatter draws."""
    counted: dict[tuple[float, float], int] = {}
    for pair in material.pairs:
        key = (round(pair.score * 40) / 40, round(pair.label * 40) / 40)
        counted[key] = counted.get(key, 0) + 1
    return [[*key, n] for key, n in sorted(counted.items())]


def _measure_spreads(merchant: Merchant, now: datetime) -> dict[Series, dict[str, Any]]:
    """The overall scores of the last four weeks against the ninety days before, by series."""
    today = now.astimezone(merchant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    windows = [(today - RECENT, today), (today - BEFORE, today - RECENT)]
    recent, before = (read_sums(merchant, Period(*window, merchant.zone, "custom")) for window in windows)
    found: dict[Series, dict[str, Any]] = {}
    for series in recent.keys() & before.keys():
        spread = compare_spread(recent[series].tenths, before[series].tenths)
        if spread is not None:
            found[(series[0], series[1], series[2])] = asdict(spread)
    return found
