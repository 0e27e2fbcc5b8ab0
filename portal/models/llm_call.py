"""One row per call of a language model, whether it succeeded or not."""

from django.db import models

from portal.models.scoped import MerchantScoped


class LlmCall(MerchantScoped):
    purpose = models.CharField(max_length=40)
    prompt_version = models.CharField(max_length=60)
    model = models.CharField(max_length=80)
    input_hash = models.CharField(max_length=64)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)  # USD
    latency_ms = models.PositiveIntegerField(default=0)
    trace_id = models.UUIDField(null=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # What LangSmith gets; kept until it was sent, so that an outage loses no trace.
    trace = models.JSONField(null=True)
    traced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["merchant", "-created_at"], name="llm_call_merchant_time")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.model} {self.created_at:%Y-%m-%d %H:%M}"
