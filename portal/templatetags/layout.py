"""What the layout needs that Django's tags do not have."""

from django import template
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from portal.audit_words import read_aloud
from portal.periods import Period
from portal.templatetags.formats import current_locale

register = template.Library()


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """A symbol of static/img/icons.svg. It is decoration: the word beside it carries the meaning."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" {extra_class}" if extra_class else "",
        static("img/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def again(context: Context, name: str) -> str:
    """The text of a block that stands elsewhere on the page, so that a page writes its title once."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block(name)
    return block.nodelist.render(context) if block else ""


@register.simple_tag
def locale_code() -> str:
    """The active locale as JavaScript's Intl wants it: "en-DE"."""
    return str(current_locale()).replace("_", "-")


PERIODS = {
    "day": _("Today"),
    "7d": _("Last 7 days"),
    "30d": _("Last 30 days"),
    "90d": _("Last 90 days"),
    "week": _("This week"),
    "month": _("This month"),
    "quarter": _("This quarter"),
    "year": _("This year"),
}
PAST_PERIODS = {
    "day": _("Day"),
    "week": _("Week"),
    "month": _("Month"),
    "quarter": _("Quarter"),
    "year": _("Year"),
}


@register.simple_tag
def period_choices() -> list[tuple[str, str | Promise]]:
    return list(PERIODS.items())


@register.filter
def period_name(period: Period) -> str | Promise:
    """What the control calls it; its dates stand beside."""
    return (PAST_PERIODS if period.later else PERIODS).get(period.kind, _("Custom period"))


@register.filter
def words(name: str) -> str:
    """A name of the audit trail as people read it: "merchant.settings_changed" → "Settings changed"."""
    return str(read_aloud(name))


@register.filter
def audit_value(value: object) -> str:
    """One detail of an audit entry; a list comes with commas."""
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
