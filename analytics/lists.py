"""Which conversations a number counts: each list once, with the field of Totals that holds the same number."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.maturity import Maturity
from analytics.models import Exclusion, Outcome
from analytics.outcomes import POSITIVE_RATING

_COUNTED = Q(exclusion=Exclusion.NONE)
_RESOLVED = _COUNTED & Q(outcome=Outcome.RESOLVED)
_ENDED = _COUNTED & Q(outcome__in=[Outcome.RESOLVED, Outcome.ESCALATED, Outcome.ABANDONED])
_ANSWERED = _COUNTED & Q(response_ms__len__gt=0)
_RATED = _COUNTED & Q(rating__isnull=False)
_SATISFIED = _COUNTED & Q(rating__gte=POSITIVE_RATING)
_HUMAN = Q(n_teammate_messages__gt=0)
_AGENT_ONLY = Q(n_teammate_messages=0)
_CAME_BACK = Q(recontacted_at__isnull=False)
_DISPUTED = Q(is_disputed=True)


@dataclass(frozen=True, slots=True)
class Listed:
    """`column` is empty where no number counts these conversations themselves. `is_mature` None takes any age."""

    group: str | Promise
    label: str | Promise
    column: str
    rule: Q
    is_mature: bool | None = None

    def predicate(self, maturity: Maturity) -> Q:
        if self.is_mature is None:
            return self.rule
        return self.rule & (maturity.predicate if self.is_mature else ~maturity.predicate)


_OUTCOMES, _RESOLUTIONS = _("Outcome"), _("Resolved")
_RATINGS, _AGENT, _OUTSIDE = _("Rating"), _("Part of the agent"), _("In no rate")

LISTS: dict[str, Listed] = {
    "": Listed(_OUTCOMES, _("All conversations"), "n_conversations", _COUNTED),
    "resolved": Listed(_OUTCOMES, _("Resolved"), "n_resolved", _RESOLVED),
    "escalated": Listed(_OUTCOMES, _("Escalated"), "n_escalated", _COUNTED & Q(outcome=Outcome.ESCALATED)),
    "abandoned": Listed(_OUTCOMES, _("Abandoned"), "n_abandoned", _COUNTED & Q(outcome=Outcome.ABANDONED)),
    "open": Listed(_OUTCOMES, _("Open"), "n_open", _COUNTED & Q(outcome=Outcome.OPEN)),
    "not_involved": Listed(
        _OUTCOMES, _("Agent not involved"), "n_not_involved", _COUNTED & Q(outcome=Outcome.NOT_INVOLVED)
    ),
    "ended": Listed(_OUTCOMES, _("Ended"), "n_ended", _ENDED),
    "contained": Listed(_OUTCOMES, _("Ended without a human"), "n_contained", _ENDED & ~Q(outcome=Outcome.ESCALATED)),
    "confirmed": Listed(_RESOLUTIONS, _("Resolved, confirmed"), "n_confirmed", _RESOLVED & Q(is_confirmed=True)),
    "assumed": Listed(_RESOLUTIONS, _("Resolved, assumed"), "n_assumed", _RESOLVED & Q(is_confirmed=False)),
    "verified": Listed(
        _RESOLUTIONS, _("Resolved, verified"), "n_verified", _RESOLVED & ~_CAME_BACK & ~_DISPUTED, is_mature=True
    ),
    "pending": Listed(
        _RESOLUTIONS, _("Ended, too young to be verified"), "n_pending", _ENDED, is_mature=False
    ),
    "recontacted": Listed(_RESOLUTIONS, _("Resolved, came back"), "n_recontacted", _RESOLVED & _CAME_BACK),
    "recontacted_mature": Listed(
        _RESOLUTIONS, _("Resolved, came back, no longer pending"), "mature_recontacted", _RESOLVED & _CAME_BACK,
        is_mature=True,
    ),
    "disputed": Listed(_RESOLUTIONS, _("Resolved, disputed"), "n_disputed", _RESOLVED & _DISPUTED),
    "refuted": Listed(
        _RESOLUTIONS, _("Resolved, came back or disputed"), "n_refuted", _RESOLVED & (_CAME_BACK | _DISPUTED)
    ),
    "rated": Listed(_RATINGS, _("Rated"), "n_ratings", _RATED),
    "satisfied": Listed(_RATINGS, _("Rated 4 or 5"), "n_positive_ratings", _SATISFIED),
    "satisfied_agent_only": Listed(
        _RATINGS, _("Rated 4 or 5, agent only"), "n_agent_only_positive_ratings", _SATISFIED & _AGENT_ONLY
    ),
    "satisfied_human": Listed(
        _RATINGS, _("Rated 4 or 5, with a teammate"), "n_human_positive_ratings", _SATISFIED & _HUMAN
    ),
    "involved": Listed(
        _AGENT, _("Agent answered or handed off"), "n_involved", _ANSWERED | (_COUNTED & ~Q(handoff_reason=""))
    ),
    "answered": Listed(_AGENT, _("Answered by the agent"), "", _ANSWERED),
    "answered_first": Listed(
        _AGENT, _("First answered by the agent"), "n_first_answered", _COUNTED & Q(first_response_ms__isnull=False)
    ),
    "with_cost": Listed(_AGENT, _("With a known agent cost"), "n_with_cost", _COUNTED & Q(agent_cost__isnull=False)),
    "known_customer": Listed(_AGENT, _("With a known customer"), "", _COUNTED & ~Q(customer_id="")),
    "excluded": Listed(_OUTSIDE, _("Excluded"), "n_excluded", ~_COUNTED),
    "spam": Listed(_OUTSIDE, _("Spam"), "n_spam", Q(exclusion=Exclusion.SPAM)),
    "test": Listed(_OUTSIDE, _("Test traffic"), "n_test", Q(exclusion=Exclusion.TEST)),
    "no_request": Listed(_OUTSIDE, _("No real request"), "n_no_request", Q(exclusion=Exclusion.NO_REQUEST)),
}  # fmt: skip
