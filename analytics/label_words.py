"""What each of the five steps means, in words for people. They say what the rubric asks the judge for."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.rubric import Criterion, Dimension

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
Words = tuple[Promise, Promise, Promise, Promise, Promise]

HOUSE_WORDS: Mapping[str, Words] = {
    Dimension.HELPFULNESS: (
        _("Off the topic, or a refusal"),
        _("Hardly useful"),
        _("Partly useful"),
        _("Mostly useful"),
        _("Got what they came for"),
    ),
    Dimension.ACCURACY: (
        _("Invented, or against the sources"),
        _("Hardly supported"),
        _("Core supported, details not"),
        _("Nearly all supported"),
        _("Every claim supported"),
    ),
    Dimension.POLITENESS: (
        _("Rude or blaming"),
        _("Curt"),
        _("Neutral or mechanical"),
        _("Friendly"),
        _("Courteous, fits the mood"),
    ),
    Dimension.COMPLETENESS: (
        _("Nothing answered"),
        _("A small part"),
        _("A part is missing"),
        _("Nearly everything"),
        _("Every part, with its steps"),
    ),
}
OWN_WORDS: Words = (_("Not at all"), _("Hardly"), _("Half"), _("Mostly"), _("Fully"))


def words_of(criterion: Criterion) -> Words:
    return OWN_WORDS if criterion.is_own else HOUSE_WORDS[criterion.key]
