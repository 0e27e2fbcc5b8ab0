"""Keys of REST clients."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal.models import ApiKey, Merchant, Role, Scope
from portal.pages.confirmation import ask, is_confirmed
from portal.tenancy import MerchantRequest, merchant_page


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Where the key will be used, such as “Agent, production”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one thing that the key may do.")},
    )

    def __init__(self, merchant: Merchant, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant

    def clean_name(self) -> str:
        """Unique among the keys in use: twins cannot be told apart, and a reloaded form makes no second key."""
        name: str = self.cleaned_data["name"]
        if ApiKey.objects.for_merchant(self.merchant).filter(name=name, revoked_at=None).exists():
            raise forms.ValidationError(
                _("A key of this name is in use. Choose another name, or revoke that key first.")
            )
        return name


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@merchant_page(role=Role.OWNER)
def api_keys(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """The one page that answers a POST without a redirect: the key is shown here and stored nowhere."""
    form, new_key, key, status = ApiKeyForm(merchant), None, "", 200
    if request.method == "POST":
        form = ApiKeyForm(merchant, request.POST)
        if form.is_valid():
            scopes = [Scope(scope) for scope in form.cleaned_data["scopes"]]
            new_key, key = ApiKey.create(
                merchant, name=form.cleaned_data["name"], scopes=scopes, created_by=request.user
            )
            form = ApiKeyForm(merchant)
        else:
            status = 422
    keys = ApiKey.objects.for_merchant(merchant).select_related("created_by").order_by("revoked_at", "-created_at")
    context = {"form": form, "keys": keys, "new_key": new_key, "key": key}
    return render(request, "portal/api_keys.html", context, status=status)


@require_POST
@merchant_page(role=Role.OWNER)
def api_key_revocations(request: MerchantRequest, merchant: Merchant, key_id: int) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.for_merchant(merchant), pk=key_id)
    if key.is_active and not is_confirmed(request):
        return ask(
            request,
            question=_("Revoke the key “%(name)s”?") % {"name": key.name},
            text=_("Every program that uses it is refused from the next request on. This cannot be undone."),
            label=_("Revoke key"),
            back=reverse("api_keys", kwargs={"slug": merchant.slug}),
        )
    key.revoke(by=request.user, at=timezone.now())
    messages.success(request, _("The key “%(name)s” was revoked. Requests with it are refused.") % {"name": key.name})
    return redirect("api_keys", slug=merchant.slug)
