"""What all pages of a merchant's settings share: everybody reads, owners change, the trail says what was changed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from portal.models import AuditEntry, Merchant, Role
from portal.recounts import find_recount, request_recount
from portal.tenancy import MerchantRequest, require_role


class MerchantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Some fields of a merchant."""

    def describe_changes(self) -> dict[str, str]:
        """Field → "before → after" of what was changed, for the audit trail."""
        return {
            name: f"{_say(self.initial[name])} → {_say(self.cleaned_data[name])}"
            for name in self.changed_data
            if name in self.initial and _say(self.initial[name]) != _say(self.cleaned_data[name])
        }


def _say(value: object) -> str:
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def show_settings(
    request: MerchantRequest, merchant: Merchant, make_form: type[MerchantForm], template: str, **context: Any
) -> HttpResponse:
    """The page, or after a good POST the way back to it."""
    status = 200
    if request.method == "POST":
        require_role(request, Role.OWNER)
        form = make_form(request.POST, instance=Merchant.objects.get(pk=merchant.pk))
        if form.is_valid():
            save_settings(request, form)
            return redirect(request.path)
        status = 422
    else:
        form = make_form(instance=merchant)
    is_owner = request.membership.role >= Role.OWNER
    for field in form.fields.values():
        field.disabled = not is_owner
    context = {"form": form, "is_owner": is_owner, "recount": find_recount(merchant), **context}
    return render(request, template, context, status=status)


def save_settings(request: MerchantRequest, form: MerchantForm) -> None:
    changes = form.describe_changes()
    if not changes:
        messages.info(request, _("Nothing was changed."))
        return
    is_recounted = not changes.keys().isdisjoint(Merchant.COUNTED_BY)
    with transaction.atomic():
        saved = form.save()
        AuditEntry.record(saved, "merchant.settings_changed", by=request.user, on=saved, detail=changes)
        if is_recounted:
            request_recount(saved, by=request.user)
    if is_recounted:
        messages.success(request, _("Your settings were saved. All numbers are being counted anew."))
    else:
        messages.success(request, _("Your settings were saved."))
