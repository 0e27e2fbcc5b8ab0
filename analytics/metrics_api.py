"""Numbers out: metrics of a period, over time, and by part."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api_examples import BREAKDOWN_EXAMPLE, METRICS_EXAMPLE, SERIES_EXAMPLE
from analytics.api_query import OUTCOMES, BreakdownQuery, MetricsQuery, SeriesQuery
from analytics.api_shapes import BreakdownSerializer, MetricsSerializer, SeriesSerializer
from analytics.comparison import Comparison, Kind, compare_measured
from analytics.counted_apart import APART, Key, read_apart
from analytics.measured import Measured, measured
from analytics.metrics import METRICS
from analytics.queries import Point, Slice, breakdown, compare, data_to, series, split_series, totals
from analytics.segments import Segment
from analytics.totals import Totals
from portal.api import MerchantApiView
from portal.models import Scope
from portal.periods import Period, count_steps

MAX_POINTS = 10_000
IN_TOTALS = tuple(key for key in METRICS if key not in APART)


def encode_value(key: str, value: Measured) -> dict[str, Any]:
    return {
        "value": None if value.value is None else float(value.value),
        "unit": METRICS[key].unit.value,
        "n": value.n,
        "low": value.low,
        "high": value.high,
    }


def encode_window(view: MerchantApiView, period: Period) -> dict[str, Any]:
    merchant = view.merchant
    return {
        "start": period.start,
        "end": period.end,
        "timezone": merchant.timezone,
        "currency": merchant.currency,
        "data_to": data_to(merchant),
    }


class MetricsView(MerchantApiView):
    scope = Scope.READ
    query = MetricsQuery

    @extend_schema(
        operation_id="metrics_read",
        tags=["numbers"],
        summary="All metrics of a period, beside those of the window before",
        responses=MetricsSerializer,
        examples=[OpenApiExample("Thirty days", value=METRICS_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        period, segment = self.asked["window"], self.asked["segment"]
        before = period.previous() if self.asked["compare"] == "on" else None
        if before:
            comparison = compare(self.merchant, period, now=self.now, segment=segment)
            current = comparison.current
            metrics = _compared(comparison)
            is_whole = comparison.changes["n_conversations"].kind is not Kind.NONE
        else:
            current = totals(self.merchant, period, now=self.now, segment=segment)
            metrics = {key: _alone(key, measured(METRICS[key], current)) for key in IN_TOTALS}
            is_whole = False
        metrics |= self._apart(period, before, segment, is_previous_whole=is_whole)
        return Response(
            {
                **encode_window(self, period),
                "previous": {"start": before.start, "end": before.end} if before else None,
                "metrics": {key: metrics[key] for key in METRICS},
                "outcomes": {name: getattr(current, f"n_{name}") for name in OUTCOMES},
            }
        )

    def _apart(
        self, period: Period, before: Period | None, segment: Segment, *, is_previous_whole: bool
    ) -> dict[str, dict[str, Any]]:
        now = _whole(read_apart(APART, self.merchant, period, segment))
        if not before:
            return {key: _alone(key, now[key]) for key in APART}
        earlier = _whole(read_apart(APART, self.merchant, before, segment))
        changes = {
            key: compare_measured(METRICS[key], now[key], earlier[key], is_previous_whole=is_previous_whole)
            for key in APART
        }
        return {
            key: {**_alone(key, now[key]), "previous": earlier[key].value, "change": asdict(changes[key])}
            for key in APART
        }


def _compared(comparison: Comparison) -> dict[str, dict[str, Any]]:
    return {
        key: {
            **_alone(key, measured(METRICS[key], comparison.current)),
            "previous": encode_value(key, measured(METRICS[key], comparison.previous))["value"],
            "change": asdict(comparison.changes[key]),
        }
        for key in IN_TOTALS
    }


def _alone(key: str, value: Measured) -> dict[str, Any]:
    return {**encode_value(key, value), "previous": None, "change": None, "version": METRICS[key].version}


def _whole(found: dict[str, dict[Key, Measured]]) -> dict[str, Measured]:
    """A count of nothing is 0, a rate of nothing is unknown."""
    return {key: values.get((None, None), nothing(key)) for key, values in found.items()}


def nothing(key: str) -> Measured:
    return measured(METRICS[key], Totals()) if key not in APART else Measured(0 if key.startswith("unique") else None)


class SeriesView(MerchantApiView):
    scope = Scope.READ
    query = SeriesQuery

    @extend_schema(
        operation_id="series_read",
        tags=["numbers"],
        summary="Metrics over time",
        description=(
            "A point for every step, also where nothing happened. `start` of a day, week (its Monday) or month is a "
            f"date, of an hour the instant with its offset. At most {MAX_POINTS:,} points at once."
        ),
        responses=SeriesSerializer,
        examples=[OpenApiExample("Conversations by day", value=SERIES_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        asked, merchant = self.asked, self.merchant
        metrics, step, by = list(dict.fromkeys(asked["metric"])), asked["step"], asked.get("by", "")
        window: Period = asked["window"]
        how_many = count_steps(window, step) * len(metrics)
        refuse_too_many(how_many)
        options = {"step": step, "now": self.now, "segment": asked["segment"]}
        # Histograms of thousands of points cost more than everything else.
        options["durations"] = any(METRICS[key].histogram for key in metrics)
        found: dict[str | None, list[Point]]
        if by:
            parts = split_series(merchant, window, by, **options)
            refuse_too_many(how_many * len(parts))
            found = dict(parts.items())
        else:
            found = {None: series(merchant, window, **options)}
        apart = read_apart(metrics, merchant, window, asked["segment"], step=step, by=by)
        return Response(
            {
                **encode_window(self, window),
                "step": step,
                "by": by or None,
                "series": [
                    {"metric": key, "part": part, "points": _points(key, part, points, apart.get(key))}
                    for part, points in found.items()
                    for key in metrics
                ],
            }
        )


def refuse_too_many(n_points: int) -> None:
    if n_points > MAX_POINTS:
        message = f"That is {n_points:,} points; at most {MAX_POINTS:,} go at once. Use a longer step"
        raise exceptions.ValidationError({"step": [f"{message}, a shorter period, fewer metrics or no by."]})


def _points(
    key: str, part: str | None, points: Sequence[Point], apart: dict[Key, Measured] | None
) -> list[dict[str, Any]]:
    if apart is None:
        values = [measured(METRICS[key], point.totals) for point in points]
    else:
        values = [apart.get((in_utc(point.start), part), nothing(key)) for point in points]
    return [{"start": point.start, **encode_value(key, value)} for point, value in zip(points, values, strict=True)]


def in_utc(start: date | datetime) -> date | datetime:
    return start.astimezone(UTC) if isinstance(start, datetime) else start


class BreakdownsView(MerchantApiView):
    scope = Scope.READ
    query = BreakdownQuery

    @extend_schema(
        operation_id="breakdowns_read",
        tags=["numbers"],
        summary="A period by channel, language, agent version, outcome, handoff reason or hour of the week",
        description=(
            "The parts add up to `n`: the conversations of the period, and of handoff reasons the escalated ones. "
            "Hours of the week are the merchant's own: Monday's first is 1-00, Sunday's last 7-23. Outcomes "
            "and handoff reasons are counted only and have no metrics of their own."
        ),
        responses=BreakdownSerializer,
        examples=[OpenApiExample("By channel", value=BREAKDOWN_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        asked, merchant = self.asked, self.merchant
        by, window, segment = asked["by"], asked["window"], asked["segment"]
        metrics = list(dict.fromkeys(asked.get("metric") or IN_TOTALS))
        parts = breakdown(merchant, window, by, now=self.now, segment=segment)
        has_metrics = any(part.totals is not None for part in parts)
        apart = read_apart(metrics, merchant, window, segment, by=by) if has_metrics else {}
        return Response(
            {
                **encode_window(self, window),
                "by": by,
                "n": sum(part.n for part in parts),
                "parts": [
                    {"key": part.key, "n": part.n, "share": part.share, "metrics": _of_part(part, metrics, apart)}
                    for part in parts
                ],
            }
        )


def _of_part(
    part: Slice, metrics: Sequence[str], apart: dict[str, dict[Key, Measured]]
) -> dict[str, dict[str, Any]] | None:
    if part.totals is None:
        return None
    values = {
        key: apart[key].get((None, part.key), nothing(key)) if key in apart else measured(METRICS[key], part.totals)
        for key in metrics
    }
    return {key: encode_value(key, value) for key, value in values.items()}
