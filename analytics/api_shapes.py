"""The JSON shapes of the analytics API, for answers and for the OpenAPI schema."""

from typing import Any

from rest_framework import serializers

from analytics.comparison import Kind
from analytics.metrics import Unit
from analytics.models import Channel, Conversation, Exclusion, HandoffReason, Message, Outcome


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
    previous = serializers.FloatField(allow_null=True)
    change = ChangeSerializer()
    version = serializers.IntegerField(help_text="Version of the metric's definition.")


class OutcomesSerializer(serializers.Serializer[Any]):
    resolved = serializers.IntegerField()
    confirmed = serializers.IntegerField(help_text="Part of resolved.")
    escalated = serializers.IntegerField()
    abandoned = serializers.IntegerField()
    open = serializers.IntegerField()
    not_involved = serializers.IntegerField()
    excluded = serializers.IntegerField(help_text="In no rate: tests, spam, greetings only.")


class MetricsSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    data_to = serializers.DateTimeField(allow_null=True)
    metrics = serializers.DictField(child=MetricSerializer())
    outcomes = OutcomesSerializer()


class PointSerializer(ValueSerializer):
    start = serializers.DateField()


class SeriesSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    step = serializers.CharField()
    points = PointSerializer(many=True)


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


class OneConversationSerializer(ConversationSerializer):
    messages = MessageSerializer(many=True)

    class Meta:
        model = Conversation
        fields = (*ConversationSerializer.Meta.fields, "messages")


class ConversationPageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ConversationSerializer(many=True)
