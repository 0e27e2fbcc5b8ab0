"""Which conversations a list shows. A card's number and the list behind it share one predicate."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.models import Channel, Exclusion, HandoffReason, Message, Outcome

_COUNTED = Q(exclusion=Exclusion.NONE)
_RESOLVED = _COUNTED & Q(outcome=Outcome.RESOLVED)


@dataclass(frozen=True, slots=True)
class Listed:
    """A set of conversations with the field of Totals that counts it."""

    label: str | Promise
    column: str
    predicate: Q


LISTS: dict[str, Listed] = {
    "": Listed(_("All conversations"), "n_conversations", _COUNTED),
    "resolved": Listed(_("Resolved"), "n_resolved", _RESOLVED),
    "confirmed": Listed(_("Resolved, confirmed"), "n_confirmed", _RESOLVED & Q(is_confirmed=True)),
    "assumed": Listed(_("Resolved, assumed"), "n_assumed", _RESOLVED & Q(is_confirmed=False)),
    "recontacted": Listed(_("Resolved, came back"), "n_recontacted", _RESOLVED & Q(recontacted_at__isnull=False)),
    "disputed": Listed(_("Resolved, disputed"), "n_disputed", _RESOLVED & Q(is_disputed=True)),
    "escalated": Listed(_("Escalated"), "n_escalated", _COUNTED & Q(outcome=Outcome.ESCALATED)),
    "abandoned": Listed(_("Abandoned"), "n_abandoned", _COUNTED & Q(outcome=Outcome.ABANDONED)),
    "open": Listed(_("Open"), "n_open", _COUNTED & Q(outcome=Outcome.OPEN)),
    "not_involved": Listed(_("Agent not involved"), "n_not_involved", _COUNTED & Q(outcome=Outcome.NOT_INVOLVED)),
    "rated": Listed(_("Rated"), "n_ratings", _COUNTED & Q(rating__isnull=False)),
    "excluded": Listed(_("Excluded"), "n_excluded", ~_COUNTED),
}


class FilterError(ValueError):
    """A filter has a value that does not exist."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Filters:
    """The empty string leaves a filter off; `outcome` is a key of LISTS."""

    outcome: str = ""
    channel: str = ""
    reason: str = ""
    language: str = ""
    agent_version: str = ""
    text: str = ""

    @classmethod
    def from_query(cls, params: Mapping[str, str]) -> "Filters":
        """Raises FilterError."""
        filters = cls(**{spec.name: (params.get(spec.name) or "").strip()[:200] for spec in fields(cls)})
        known = {"outcome": list(LISTS), "channel": Channel.values, "reason": HandoffReason.values}
        for field, values in known.items():
            value = getattr(filters, field)
            if value and value not in values:
                raise FilterError(field, f"“{value}” is not known. Use one of {', '.join(filter(None, values))}.")
        return filters

    @property
    def is_empty(self) -> bool:
        return self == Filters()


def predicate(filters: Filters) -> Q:
    found = LISTS[filters.outcome].predicate
    if filters.reason:
        found &= Q(handoff_reason=filters.reason)
    for field in ("channel", "language", "agent_version"):
        if value := getattr(filters, field):
            found &= Q(**{field: value})
    if filters.text:
        said = Message.objects.filter(conversation=OuterRef("pk"), text__icontains=filters.text)
        found &= Q(thread=filters.text) | Q(customer_id=filters.text) | Q(Exists(said))
    return found
