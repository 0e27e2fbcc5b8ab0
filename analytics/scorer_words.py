"""What training the local scorer led to, in plain words and the active locale."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.scorer_state import Learned
from analytics.scorer_training import MIN_LABELS, MIN_RANDOM, Lack, Shortage
from portal.templatetags.formats import number


def tell_shortage(shortage: Shortage) -> str:
    counts = {name: number(getattr(shortage, name)) for name in ("missing", "needed", "found")}
    if shortage.lack == Lack.QUESTIONS:
        text = ngettext(
            "The labelled conversations ask %(found)s question; labels of %(needed)s different ones are needed.",
            "The labelled conversations ask %(found)s different questions; labels of %(needed)s are needed.",
            shortage.found,
        )
    elif shortage.lack == Lack.NEW_LABELS:
        text = ngettext(
            "%(missing)s more labelled conversation is needed: the next training is from %(needed)s on.",
            "%(missing)s more labelled conversations are needed: the next training is from %(needed)s on.",
            shortage.missing,
        )
    elif shortage.lack == Lack.RANDOM_LABELS:
        return _tell_missing(0, shortage.missing)
    else:
        text = ngettext(
            "%(missing)s more labelled conversation is needed: the first training is from %(needed)s on.",
            "%(missing)s more labelled conversations are needed: the first training is from %(needed)s on.",
            shortage.missing,
        )
    return text % counts


def tell_learned(learned: Learned) -> str:
    """Whether labels took over in a dimension, and if not, why."""
    if learned.comparison is not None:
        return _tell_comparison(learned.comparison)
    if learned.lack == Lack.SPREAD:
        return _("All randomly drawn labels say the same, so there is no order to learn.")
    if learned.lack == Lack.SOURCES:
        return _(
            "Answers that name a text of the knowledge base have %(n)s labels, %(n_random)s of them randomly drawn; "
            "%(least)s and %(least_random)s are needed."
        ) % {
            "n": number(learned.n),
            "n_random": number(learned.n_random),
            "least": number(MIN_LABELS),
            "least_random": number(MIN_RANDOM),
        }
    if learned.lack is None:
        return _("There are enough labels now; the next training decides.")
    return _tell_missing(MIN_LABELS - learned.n, MIN_RANDOM - learned.n_random)


def _tell_comparison(comparison: Mapping[str, Any]) -> str:
    prior, trained = comparison["prior"], comparison["trained"]
    if comparison["is_better"]:
        text = _("Labels took over: they rank better than the start weights, %(trained)s against %(prior)s.")
    elif trained > prior:
        text = _("Labels ranked better than the start weights, %(trained)s against %(prior)s, but it may be chance.")
    else:
        text = _("Labels did not rank better than the start weights: %(trained)s against %(prior)s.")
    return text % {"trained": number(trained, 2), "prior": number(prior, 2)}


def _tell_missing(missing: int, missing_random: int) -> str:
    more = max(missing, missing_random)
    if missing_random <= 0:
        text = ngettext("%(more)s more label is needed.", "%(more)s more labels are needed.", more)
    elif missing_random == more:
        text = ngettext(
            "%(more)s more randomly drawn label is needed.", "%(more)s more randomly drawn labels are needed.", more
        )
    else:
        text = _("%(more)s more labels are needed, %(random)s of them randomly drawn.")
    return text % {"more": number(more), "random": number(missing_random)}
