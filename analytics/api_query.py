"""What the operations of the analytics API may be asked."""

from typing import Any

from rest_framework import serializers

from analytics.counted_apart import APART
from analytics.filters import KNOWN, MAX_LENGTH, Filters
from analytics.metrics import METRICS
from analytics.models import Channel
from analytics.queries import BREAKDOWNS
from analytics.segments import DIMENSIONS, Segment
from portal.api_page import PageQuery
from portal.api_query import Choice, PeriodQuery
from portal.periods import STEPS

OUTCOMES = ("resolved", "confirmed", "escalated", "abandoned", "open", "not_involved", "excluded")
WITHOUT = "“-”: where the events say none."


class SegmentQuery(PeriodQuery):
    """A period of one part of the traffic; leads to `segment`."""

    channel = Choice(Channel.values, required=False)
    language = serializers.CharField(required=False, max_length=16, help_text=WITHOUT)
    agent_version = serializers.CharField(required=False, max_length=64, help_text=WITHOUT)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        asked = {name: attrs.pop(name) for name in DIMENSIONS if name in attrs}
        return {**super().validate(attrs), "segment": Segment.from_query(asked)}


class MetricsQuery(SegmentQuery):
    compare = Choice(["on", "off"], default="on", help_text="off leaves out the window before.")


def _metrics(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=Choice(list(METRICS)), **options)


class SeriesQuery(SegmentQuery):
    metric = _metrics(required=True, min_length=1, help_text="One or several: `metric=csat&metric=n_conversations`.")
    step = Choice(STEPS, default="day")
    by = Choice(DIMENSIONS, required=False, help_text="A series for each of its values.")


class BreakdownQuery(SegmentQuery):
    by = Choice(BREAKDOWNS, required=True)
    metric = _metrics(required=False, help_text=f"Default: all but {', '.join(APART)}.")


class FiltersQuery(PeriodQuery):
    """The filters of the page's list; leads to `filters`."""

    outcome = Choice([key for key in KNOWN["outcome"] if key], required=False)
    channel = Choice(Channel.values, required=False)
    reason = Choice(KNOWN["reason"], required=False, help_text="Reason of the handoff.")
    rating = Choice(KNOWN["rating"], required=False)
    score = Choice(KNOWN["score"], required=False, help_text="Band of the quality score.")
    topic = serializers.CharField(required=False, max_length=MAX_LENGTH, help_text="A topic of the gaps page.")
    language = serializers.CharField(required=False, max_length=16, help_text=WITHOUT)
    agent_version = serializers.CharField(required=False, max_length=64, help_text=WITHOUT)
    text = serializers.CharField(
        required=False, max_length=MAX_LENGTH, help_text="Words of a message, or a conversation_id or customer_id."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        asked = {spec: attrs.pop(spec) for spec in Filters.__slots__ if spec in attrs}
        return {**super().validate(attrs), "filters": Filters.from_query(asked)}


class ConversationsQuery(FiltersQuery, PageQuery):
    is_period_required = False
