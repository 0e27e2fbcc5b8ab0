"""A person's word on whether a conversation is spam: who, when and why. Rows are only ever added; the latest holds."""

from django.db import models
from django.utils.translation import gettext as _

from portal.models.scoped import MerchantScoped


class SpamDecision(MerchantScoped):
    """About the episode of `thread` into which `moment` falls, so that it holds whatever late events make of it."""

    thread = models.CharField(max_length=128)
    moment = models.DateTimeField()
    is_spam = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)
    decided_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    api_key = models.ForeignKey("portal.ApiKey", null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["decided_at", "id"]
        indexes = [models.Index(fields=["merchant", "thread", "decided_at"], name="spam_thread")]

    def __str__(self) -> str:
        return f"{self.thread}: {'spam' if self.is_spam else 'not spam'}"

    @property
    def who(self) -> str:
        return str(self.decided_by or self.api_key or _("a former member"))
