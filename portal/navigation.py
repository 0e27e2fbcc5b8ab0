"""What the layout shows around every page: the merchant, its sections, the merchants to switch to."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.models import Merchant, Role, User

Text = str | Promise
Count = Callable[[Merchant], int]
_counts: dict[str, tuple[Count, Text]] = {}


def register_count(section: str, count: Count, *, label: Text) -> None:
    """An app above says how many things wait in its section. `label` is read out after the number."""
    _counts[section] = (count, label)


Describe = Callable[[Merchant, User], Text]
_elsewhere: dict[str, tuple[Text, Describe]] = {}


def register_elsewhere(url_name: str, describe: Describe, *, label: Text) -> None:
    """An app above has something to set on a page of its own; `describe` says how it is set now."""
    _elsewhere[url_name] = (label, describe)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is set on another page, as the settings show it."""

    label: Text
    text: Text
    url: str


def list_elsewhere(merchant: Merchant, user: User) -> list[Elsewhere]:
    return [
        Elsewhere(label, describe(merchant, user), reverse(url_name, kwargs={"slug": merchant.slug}))
        for url_name, (label, describe) in _elsewhere.items()
    ]


@dataclass(frozen=True, slots=True)
class Section:
    url_name: str
    label: Text
    group: Text = ""
    is_tab: bool = False  # in the phone's tab bar

    @property
    def icon(self) -> str:
        return self.url_name


SECTIONS = (
    Section("overview", _("Overview"), is_tab=True),
    Section("conversations", _("Conversations"), _("Measure"), is_tab=True),
    Section("quality", _("Quality"), _("Measure")),
    Section("anomalies", _("Unusual hours"), _("Measure")),
    Section("gaps", _("Knowledge gaps"), _("Improve"), is_tab=True),
    Section("drafts", _("Drafts"), _("Improve"), is_tab=True),
    Section("articles", _("Articles"), _("Improve")),
    Section("roi", _("Return on investment"), _("Prove")),
    Section("reports", _("Reports"), _("Prove")),
    Section("settings", _("Settings")),
)
SHORT_LABELS = {"conversations": _("Chats"), "gaps": _("Gaps")}


@dataclass(frozen=True)
class Link:
    """A section as this page shows it."""

    section: Section
    merchant: Merchant
    path: str

    @property
    def label(self) -> Text:
        return self.section.label

    @property
    def short_label(self) -> Text:
        return SHORT_LABELS.get(self.section.url_name, self.section.label)

    @property
    def icon(self) -> str:
        return self.section.icon

    @cached_property
    def url(self) -> str:
        return reverse(self.section.url_name, kwargs={"slug": self.merchant.slug})

    @property
    def is_exact(self) -> bool:
        return self.path == self.url

    @property
    def is_current(self) -> bool:
        """Pages below a section belong to it; the overview is above all of them."""
        return self.is_exact or (self.section.url_name != "overview" and self.path.startswith(self.url))

    @cached_property
    def count(self) -> int:
        found = _counts.get(self.section.url_name)
        return found[0](self.merchant) if found else 0

    @property
    def count_label(self) -> Text:
        found = _counts.get(self.section.url_name)
        return found[1] if found else ""


@dataclass(frozen=True)
class Group:
    label: Text
    sections: list[Link]


@dataclass(frozen=True)
class Navigation:
    """Nothing is asked of the database before the template does."""

    request: Any

    @property
    def merchant(self) -> Merchant:
        merchant: Merchant = self.request.merchant
        return merchant

    @property
    def role(self) -> str:
        return str(self.request.membership.get_role_display())

    @property
    def is_owner(self) -> bool:
        return bool(self.request.membership.role >= Role.OWNER)

    @property
    def can_review(self) -> bool:
        return bool(self.request.membership.role >= Role.REVIEWER)

    @cached_property
    def merchants(self) -> list[Merchant]:
        return list(Merchant.objects.visible_to(self.request.user))

    @cached_property
    def links(self) -> list[Link]:
        return [Link(section, self.merchant, self.request.path) for section in SECTIONS]

    @property
    def groups(self) -> list[Group]:
        groups: list[Group] = []
        for link in self.links:
            if not groups or groups[-1].label != link.section.group:
                groups.append(Group(link.section.group, []))
            groups[-1].sections.append(link)
        return groups

    @property
    def tabs(self) -> list[Link]:
        return [link for link in self.links if link.section.is_tab]

    @property
    def more(self) -> list[Link]:
        return [link for link in self.links if not link.section.is_tab]

    @property
    def is_in_more(self) -> bool:
        return any(link.is_current for link in self.more)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: `nav` on a merchant's page; None on the site's own pages."""
    return {"nav": Navigation(request) if hasattr(request, "membership") else None}
