"""What support staff see of the portal: accounts, merchants, keys, and the records that nobody may change."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from portal.account_changes import AccountChange, announce
from portal.models import (
    ApiKey,
    AuditEntry,
    Authenticator,
    Heartbeat,
    Invitation,
    Job,
    LlmCall,
    Membership,
    Merchant,
    User,
)
from portal.sessions import end_sessions

admin.site.unregister(Group)


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """A record of what happened: to be read, filtered and searched."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(Group)
class GroupAdmin(ModelAdmin):  # type: ignore[misc]
    search_fields = ["name"]
    filter_horizontal = ["permissions"]


class MembershipOfUser(TabularInline):  # type: ignore[misc]
    model = Membership
    extra = 0
    autocomplete_fields = ["merchant"]


class MembershipOfMerchant(TabularInline):  # type: ignore[misc]
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "name", "is_active", "is_staff", "has_two_step", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    actions = ["turn_off_two_step"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (_("Permissions"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]
    inlines = [MembershipOfUser]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        active = Authenticator.objects.filter(user=models.OuterRef("pk"), confirmed_at__isnull=False)
        users: models.QuerySet[User] = super().get_queryset(request).annotate(_has_two_step=models.Exists(active))
        return users

    @admin.display(description=_("two-step"), boolean=True)
    def has_two_step(self, user: User) -> bool:
        return bool(user._has_two_step)  # type: ignore[attr-defined]

    @admin.action(description=_("Turn off two-step sign-in (make sure who is asking)"), permissions=["change"])
    def turn_off_two_step(self, request: HttpRequest, queryset: models.QuerySet[User]) -> None:
        """For who lost the phone and the recovery codes. The person is told by mail."""
        for authenticator in Authenticator.objects.filter(user__in=queryset).select_related("user"):
            authenticator.remove(by=request.user)  # type: ignore[arg-type]
            announce(request, authenticator.user, AccountChange.TWO_STEP_OFF, at=timezone.now(), by_staff=True)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Django's, and the person is told by mail."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            user = User.objects.get(pk=id)
            end_sessions(user, but=request.session.session_key if user == request.user else None)
            announce(request, user, AccountChange.PASSWORD_CHANGED, at=timezone.now(), by_staff=user != request.user)
        return response


@admin.register(Merchant)
class MerchantAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["name", "slug", "timezone", "currency", "created_at", "is_demo"]
    list_filter = ["is_demo", "currency"]
    search_fields = ["name", "slug"]
    readonly_fields = ["created_at", "is_demo"]
    inlines = [MembershipOfMerchant]


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["user", "merchant", "role", "created_at"]
    list_filter = ["role", "merchant"]
    list_select_related = ["user", "merchant"]
    search_fields = ["user__email", "user__name", "merchant__name"]
    autocomplete_fields = ["user", "merchant"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "merchant", "role", "invited_by", "created_at", "accepted_at", "withdrawn_at"]
    list_filter = ["merchant", ("accepted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["merchant", "invited_by"]
    search_fields = ["email", "merchant__name"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys are made by owners in the portal, where alone they are shown. Staff can revoke one that has leaked."""

    list_display = ["name", "merchant", "prefix", "scopes", "last_used_at", "revoked_at"]
    list_filter = ["merchant", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["merchant"]
    search_fields = ["name", "prefix", "merchant__name"]
    fields = ["merchant", "name", "prefix", "scopes", "created_by", "created_at", "last_used_at", "revoked_at"]
    actions = ["revoke_keys"]

    @admin.action(description=_("Revoke the chosen keys"), permissions=["revoke"])
    def revoke_keys(self, request: HttpRequest, queryset: models.QuerySet[ApiKey]) -> None:
        for key in queryset.select_related("merchant"):
            key.revoke(by=request.user, at=timezone.now())  # type: ignore[arg-type]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("portal.change_apikey")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "merchant", "actor_name", "verb", "object_name"]
    list_filter = ["merchant", "verb"]
    list_select_related = ["merchant"]
    search_fields = ["actor_name", "verb", "object_name"]
    date_hierarchy = "created_at"


@admin.register(LlmCall)
class LlmCallAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "merchant", "purpose", "model", "input_tokens", "output_tokens", "cost", "error"]
    list_filter = ["merchant", "purpose", "model", ("error", admin.EmptyFieldListFilter)]
    list_select_related = ["merchant"]
    search_fields = ["purpose", "prompt_version", "error"]
    date_hierarchy = "created_at"


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "merchant", "kind", "state", "progress", "message", "started_by"]
    list_filter = ["state", "kind", "merchant"]
    list_select_related = ["merchant", "started_by"]

    @admin.display(description=_("progress"))
    def progress(self, job: Job) -> str:
        return f"{job.percent} %"


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ["name", "beat_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("name")
