"""What the numbers of agreement mean, for people who do not count for a living. In the active locale."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.calibration import MIN_LABELS
from portal.templatetags.formats import local_date, number

MIN_PAIRS = 20  # of two people's labels, before they say how far people agree
# From which Spearman's correlation on.
STRENGTHS = (
    (0.8, gettext_lazy("Follows people very closely: single scores can be trusted.")),
    (0.6, gettext_lazy("Follows people well: the order of conversations can be trusted, single scores mostly.")),
    (0.4, gettext_lazy("Follows people roughly: trust means and lists, not single scores.")),
    (0.0, gettext_lazy("Follows people weakly: trust corrected means only.")),
)


def verdict(n: int, agreement: Mapping[str, float | None], people: Mapping[str, float | None]) -> str:
    """One sentence for one row of the table. What a few pairs of people say of the ceiling is not believed."""
    spearman, low = agreement["spearman"], agreement["spearman_low"]
    between_people = people["spearman"] if (people["n"] or 0) >= MIN_PAIRS else None
    if n < MIN_LABELS:
        return _("Too few labels to say.")
    if spearman is None or low is None:
        return _("The scores or the labels never vary, so nothing can be compared.")
    if low <= 0:
        return _("May not follow people at all.")
    if between_people is not None and spearman >= between_people:
        return _("Agrees with people at least as well as two people agree with each other.")
    return str(next(text for least, text in STRENGTHS if spearman >= least))


def what_is_missing(n: int, low: float | None) -> str:
    """Until scores stop being provisional; empty where they did."""
    if n < MIN_LABELS:
        missing = MIN_LABELS - n
        return ngettext(
            "%(n)s more label of a random conversation until the scores are held against people.",
            "%(n)s more labels of random conversations until the scores are held against people.",
            missing,
        ) % {"n": number(missing)}
    if low is None or low <= 0:
        return _("There are enough labels, but they do not show yet that the scores follow people.")
    return ""


def narrowing(extra: int, half: float, now: float) -> str:
    text = ngettext(
        "%(n)s more label narrows the interval from ±%(now)s to ±%(half)s points.",
        "%(n)s more labels narrow the interval from ±%(now)s to ±%(half)s points.",
        extra,
    )
    return text % {"n": number(extra), "now": number(now * 100, 1), "half": number(half * 100, 1)}


def tell_shift(since: object, before: float, after: float) -> str:
    parts = {"date": local_date(since), "points": number(abs(after - before) * 100)}  # type: ignore[arg-type]
    if after < before:
        return (
            _("Since %(date)s people mark %(points)s points lower than the calibrated scores lead to expect.") % parts
        )
    return _("Since %(date)s people mark %(points)s points higher than the calibrated scores lead to expect.") % parts
