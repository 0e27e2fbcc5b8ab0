"""The one spelling of tenant scoping: `Model.objects.for_merchant(merchant)`."""

from typing import Self, TypeVar

from django.db import models

from portal.models.merchant import Merchant

M = TypeVar("M", bound=models.Model)


class MerchantScopedQuerySet(models.QuerySet[M]):
    def for_merchant(self, merchant: Merchant) -> Self:
        return self.filter(merchant=merchant)


MerchantScopedManager = models.Manager.from_queryset(MerchantScopedQuerySet)


class MerchantScoped(models.Model):
    """Base of every row that belongs to one merchant."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+")

    objects = MerchantScopedManager()

    class Meta:
        abstract = True
