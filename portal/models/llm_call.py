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
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)  # USD; null: the price is unknown
    n_retries = models.PositiveSmallIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(default=0)
    trace_id = models.UUIDField(null=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # The runs that LangSmith gets. They wait here until they were sent or given up, so an outage loses none.
    trace = models.JSONField(null=True)
    traced_at = models.DateTimeField(null=True)
    trace_error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["merchant", "-created_at"], name="llm_call_merchant_time"),
            models.Index(fields=["created_at"], name="llm_call_trace_waits", condition=models.Q(trace__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.model} {self.created_at:%Y-%m-%d %H:%M}"
