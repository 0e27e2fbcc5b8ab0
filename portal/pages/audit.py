"""Who did what, and when; narrowed by person, topic and days."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet, Value
from django.db.models.functions import StrIndex, Substr
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from portal.models import AuditEntry, Merchant, Role
from portal.periods import day_start
from portal.templatetags.layout import words
from portal.tenancy import MerchantRequest, merchant_page

PAGE_SIZE = 50
ONE_DAY = timedelta(days=1)


class AuditFilters(forms.Form):
    """Everything is optional; what is empty narrows nothing."""

    who = forms.ChoiceField(label=_("Who"), required=False)
    topic = forms.ChoiceField(label=_("What about"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, entries: QuerySet[AuditEntry], *args: Any) -> None:
        super().__init__(*args)
        people = entries.order_by("actor_name").values_list("actor_name", flat=True).distinct()
        topics = entries.annotate(topic=Substr("verb", 1, StrIndex("verb", Value(".")) - 1))
        known = topics.order_by("topic").values_list("topic", flat=True).distinct()
        who: Any = self.fields["who"]
        what: Any = self.fields["topic"]
        who.choices = [("", _("Everybody")), *((name, name) for name in people)]
        what.choices = [("", _("Everything")), *((topic, capfirst(words(topic))) for topic in known)]

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        since, until = fields.get("since"), fields.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first one."))
        return fields

    def narrow(self, entries: QuerySet[AuditEntry], merchant: Merchant) -> QuerySet[AuditEntry]:
        """Uses the index audit_merchant_time. Days are those of the merchant's zone."""
        chosen = self.cleaned_data
        if chosen["who"]:
            entries = entries.filter(actor_name=chosen["who"])
        if chosen["topic"]:
            entries = entries.filter(verb__startswith=f"{chosen['topic']}.")
        if chosen["since"]:
            entries = entries.filter(created_at__gte=day_start(chosen["since"], merchant.zone))
        if chosen["until"]:
            entries = entries.filter(created_at__lt=day_start(chosen["until"] + ONE_DAY, merchant.zone))
        return entries


@require_safe
@merchant_page(role=Role.OWNER)
def audit(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    entries = AuditEntry.objects.for_merchant(merchant)
    filters = AuditFilters(entries, request.GET)
    is_good = filters.is_valid()
    page = Paginator(filters.narrow(entries, merchant) if is_good else entries.none(), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    is_narrowed = any(request.GET.get(name) for name in filters.fields)
    context = {"page": page, "filters": filters, "is_narrowed": is_narrowed}
    return render(request, "portal/audit.html", context, status=200 if is_good else 422)
