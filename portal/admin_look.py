"""How the admin looks: the colours of static/css/tokens.css and a sidebar in the order of the work of staff."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

# Group → models in the order of the sidebar, each with its Material symbol (unfold ships the font).
SIDEBAR = (
    (
        _("Review"),
        (
            ("improvement.Draft", _("Drafts"), "edit_note"),
            ("improvement.Gap", _("Knowledge gaps"), "help"),
            ("improvement.Article", _("Articles"), "article"),
            ("analytics.LabelTask", _("Labelling"), "rate_review"),
            ("analytics.Label", _("Labels"), "grading"),
        ),
    ),
    (
        _("People"),
        (
            ("portal.User", _("Users"), "person"),
            ("portal.Merchant", _("Merchants"), "store"),
            ("portal.Membership", _("Memberships"), "group"),
            ("portal.Invitation", _("Invitations"), "mail"),
        ),
    ),
    (
        _("Records"),
        (
            ("portal.AuditEntry", _("Audit trail"), "history"),
            ("portal.ApiKey", _("API keys"), "key"),
            ("portal.LlmCall", _("Model calls"), "smart_toy"),
            ("portal.Job", _("Jobs"), "progress_activity"),
            ("portal.Heartbeat", _("Heartbeats"), "monitor_heart"),
        ),
    ),
    (_("Schedule"), (("django_celery_beat.PeriodicTask", _("Periodic tasks"), "schedule"),)),
)

# fmt: off
SHADES = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")
ACCENT = [
    "#f5f7fe", "#edf1fd", "#d9e2fa", "#c3d0f5", "#93adff", "#6e8ef0",
    "#2450c8", "#1b3fa3", "#1a3583", "#1a2d66", "#111c40",
]
PAPER = [
    "#f8f7f4", "#f2f0ec", "#e6e3dc", "#d3cfc6", "#9b988f", "#6a675f",
    "#54514a", "#454642", "#30312e", "#1b1c1a", "#131412",
]
# fmt: on


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """What is registered and what this person may see."""
    groups = []
    for title, entries in SIDEBAR:
        models = [(apps.get_model(label), name, icon) for label, name, icon in entries]
        items = [
            {
                "title": name,
                "icon": icon,
                "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
            }
            for model, name, icon in models
            if admin.site.is_registered(model)
            and request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
        ]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


UNFOLD = {
    "SITE_TITLE": "Aftercare",
    "SITE_HEADER": "Aftercare",
    "SITE_SUBHEADER": _("Support staff"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}],
    "SITE_SYMBOL": "support_agent",
    "COLORS": {"primary": dict(zip(SHADES, ACCENT, strict=True)), "base": dict(zip(SHADES, PAPER, strict=True))},
    "SIDEBAR": {"show_search": True, "navigation": "portal.admin_look.navigation"},
}
