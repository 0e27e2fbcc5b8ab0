"""The JSON shapes of the analytics API, for answers and for the OpenAPI schema."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analytics.comparison import Kind
from analytics.metrics import METRICS, Unit
from analytics.models import (
    Channel,
    Conversation,
    EventType,
    Exclusion,
    HandoffReason,
    Message,
    Outcome,
    QualityScore,
    Scorer,
)
from analytics.outcomes import AUTHORS
from analytics.queries import BREAKDOWNS
from analytics.segments import DIMENSIONS
from portal.periods import STEPS


class RejectionSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Position in the batch, from 0.")
    id = serializers.CharField(allow_null=True)
    field = serializers.CharField()
    error = serializers.CharField()


class IngestResultSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = RejectionSerializer(many=True)


class ChangeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    value = serializers.FloatField(allow_null=True, help_text="percent: 0.12 is +12 %; points: 0.034 is +3.4 points.")
    is_clear = serializers.BooleanField(help_text="Beyond chance (95 %).")
    direction = serializers.ChoiceField(choices=["up", "down", "none"])
    is_better = serializers.BooleanField(allow_null=True)


class ValueSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    unit = serializers.ChoiceField(choices=[unit.value for unit in Unit])
    n = serializers.IntegerField(allow_null=True, help_text="Of how many, for rates and durations.")
    low = serializers.FloatField(allow_null=True, help_text="95 % Wilson interval of a rate.")
    high = serializers.FloatField(allow_null=True)


class MetricSerializer(ValueSerializer):
    previous = serializers.FloatField(allow_null=True, help_text="In the window before; null with compare=off.")
    change = ChangeSerializer(allow_null=True, help_text="Null with compare=off.")
    version = serializers.IntegerField(help_text="Version of the metric's definition.")


class OutcomesSerializer(serializers.Serializer[Any]):
    resolved = serializers.IntegerField()
    confirmed = serializers.IntegerField(help_text="Part of resolved.")
    escalated = serializers.IntegerField()
    abandoned = serializers.IntegerField()
    open = serializers.IntegerField()
    not_involved = serializers.IntegerField()
    excluded = serializers.IntegerField(help_text="In no rate: tests, spam, greetings only.")


class WindowSerializer(serializers.Serializer[Any]):
    """Half-open: `start` belongs to it, `end` does not. Days are those of the merchant's zone."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class AnsweredSerializer(WindowSerializer):
    timezone = serializers.CharField()
    currency = serializers.CharField(help_text="Of metrics whose unit is money.")
    data_to = serializers.DateTimeField(allow_null=True, help_text="When the latest event occurred.")


class MetricsSerializer(AnsweredSerializer):
    previous = WindowSerializer(allow_null=True, help_text="The window compared with; null with compare=off.")
    metrics = serializers.DictField(child=MetricSerializer(), help_text="By key, all of docs/metrics.md.")
    outcomes = OutcomesSerializer()


@extend_schema_field({"oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]})
class StartField(serializers.Field[Any, Any, Any, Any]):
    """A date, or the instant at which an hour begins."""


class PointSerializer(ValueSerializer):
    start = StartField()


class OneSeriesSerializer(serializers.Serializer[Any]):
    metric = serializers.ChoiceField(choices=list(METRICS))
    part = serializers.CharField(allow_null=True, help_text="The value of `by`; empty where the events say none.")
    points = PointSerializer(many=True)


class SeriesSerializer(AnsweredSerializer):
    step = serializers.ChoiceField(choices=STEPS)
    by = serializers.ChoiceField(choices=DIMENSIONS, allow_null=True)
    series = OneSeriesSerializer(many=True)


class PartSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Empty where the events say none.")
    n = serializers.IntegerField()
    share = serializers.FloatField()
    metrics = serializers.DictField(child=ValueSerializer(), allow_null=True)


class BreakdownSerializer(AnsweredSerializer):
    by = serializers.ChoiceField(choices=BREAKDOWNS)
    n = serializers.IntegerField(help_text="The sum of the parts.")
    parts = PartSerializer(many=True)


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    conversation_id = serializers.CharField(source="thread", help_text="As the agent's events name it.")
    channel = serializers.ChoiceField(choices=Channel.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    exclusion = serializers.ChoiceField(choices=Exclusion.choices, allow_blank=True)
    handoff_reason = serializers.ChoiceField(choices=HandoffReason.choices, allow_blank=True)

    class Meta:
        model = Conversation
        fields = (
            *("id", "conversation_id", "episode", "channel", "language", "agent_version", "customer_id"),
            *("started_at", "last_event_at", "ended_at", "updated_at"),
            *("outcome", "is_confirmed", "is_disputed", "recontacted_at", "exclusion", "handoff_reason", "rating"),
            *("question", "n_customer_messages", "n_agent_messages", "n_teammate_messages"),
            *("first_response_ms", "resolution_ms", "input_tokens", "output_tokens", "agent_cost"),
        )


class SourceSerializer(serializers.Serializer[Any]):
    article_id = serializers.CharField()
    score = serializers.FloatField(required=False)


class MessageSerializer(serializers.ModelSerializer[Message]):
    sources = SourceSerializer(many=True)

    class Meta:
        model = Message
        fields = ("event_id", "occurred_at", "author", "text", "latency_ms", "confidence", "sources", "trace_id")


class EventSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    type = serializers.ChoiceField(choices=[kind.value for kind in EventType if kind not in AUTHORS])
    data = serializers.DictField(help_text="As the agent sent it, redacted.")  # type: ignore[assignment]


class ConversationScoreSerializer(serializers.ModelSerializer[QualityScore]):
    scorer = serializers.ChoiceField(choices=Scorer.choices)

    class Meta:
        model = QualityScore
        fields = (
            *("scorer", "scorer_version", "rubric_version", "overall"),
            *("helpfulness", "accuracy", "politeness", "completeness", "rationale", "created_at"),
        )


class OneConversationSerializer(ConversationSerializer):
    messages = MessageSerializer(many=True)
    events = serializers.SerializerMethodField(help_text="What happened besides the messages.")
    scores = ConversationScoreSerializer(many=True)

    class Meta:
        model = Conversation
        fields = (*ConversationSerializer.Meta.fields, "messages", "events", "scores")

    @extend_schema_field(EventSerializer(many=True))
    def get_events(self, conversation: Conversation) -> Any:
        return EventSerializer(self.context["events"], many=True).data
