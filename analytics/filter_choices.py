"""What can be chosen above the list of conversations, and the chips that say what was."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.filters import Filters
from analytics.lists import LISTS
from analytics.models import Channel, HandoffReason, Rollup
from analytics.segments import UNKNOWN
from analytics.topics import read_topics
from portal.models import Merchant
from portal.periods import Period

Text = str | Promise
Options = Sequence[tuple[str, Text]]

LABELS: dict[str, Text] = {
    "outcome": _("Outcome"),
    "channel": _("Channel"),
    "topic": _("Topic"),
    "reason": _("Reason of handoff"),
    "rating": _("Rating"),
    "score": _("Quality score"),
    "language": _("Language"),
    "agent_version": _("Agent version"),
    "text": _("Search"),
}
ANY: dict[str, Text] = {
    "channel": _("All channels"),
    "topic": _("All topics"),
    "language": _("All languages"),
    "agent_version": _("All versions"),
}
RATING_LABELS: Options = (
    *((str(score), f"{score}/5") for score in range(5, 0, -1)),
    ("high", _("4 or 5")),
    ("low", _("1 or 2")),
    ("rated", _("Rated")),
    ("unrated", _("Not rated")),
)
SCORE_LABELS: Options = (
    ("low", _("Below 0.4")),
    ("middle", _("0.4 to 0.7")),
    ("high", _("Above 0.7")),
    ("scored", _("Scored")),
    ("unscored", _("Not scored")),
)
MAX_TOPICS = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """One select: its options in groups; a group without a name stands first."""

    name: str
    label: Text
    value: str
    groups: Sequence[tuple[Text, Options]]

    @property
    def shown(self) -> Text:
        """The chosen option as it is read."""
        for _group, options in self.groups:
            for key, label in options:
                if key == self.value:
                    return label
        return self.value


@dataclass(frozen=True, slots=True)
class Chip:
    label: Text
    value: Text
    url_without: str


def build_choices(merchant: Merchant, period: Period, filters: Filters) -> dict[str, Choice]:
    """By field; a field with nothing to choose from is left out unless it is chosen."""
    languages, versions = _spoken(merchant, period)
    options: dict[str, Options] = {
        "channel": Channel.choices,
        "topic": [(topic.key, topic.label) for topic in read_topics(merchant).values()],
        "reason": HandoffReason.choices,
        "rating": RATING_LABELS,
        "score": SCORE_LABELS,
        "language": languages,
        "agent_version": versions,
    }
    choices = {"outcome": Choice("outcome", LABELS["outcome"], filters.outcome, _lists())}
    for name, known in options.items():
        value = getattr(filters, name)
        kept = [option for n, option in enumerate(known) if n < MAX_TOPICS or option[0] == value]
        if kept or value:
            choices[name] = Choice(name, LABELS[name], value, [("", [("", ANY.get(name, _("Any"))), *kept])])
    return choices


def _lists() -> list[tuple[Text, Options]]:
    by_group = groupby(LISTS.items(), key=lambda item: item[1].group)
    return [(group, [(key, listed.label) for key, listed in items]) for group, items in by_group]


def _spoken(merchant: Merchant, period: Period) -> tuple[Options, Options]:
    """Languages and agent versions of the period's numbers, over the unique index rollup_bucket."""
    buckets = Rollup.objects.for_merchant(merchant).filter(hour__gte=period.start, hour__lt=period.end)
    found = list(buckets.order_by().values_list("language", "agent_version").distinct())
    languages, versions = ({pair[n] for pair in found} for n in (0, 1))
    return _options(languages), _options(versions)


def _options(values: set[str]) -> Options:
    return [(value or UNKNOWN, value or _("Unknown")) for value in sorted(values)]


def build_chips(period: Period, filters: Filters, choices: dict[str, Choice]) -> list[Chip]:
    """One for each filter that is on, in the order of the form."""
    chips = []
    for name, value in filters.query.items():
        rest = {key: kept for key, kept in filters.query.items() if key != name}
        shown = choices[name].shown if name in choices else value
        chips.append(Chip(LABELS[name], shown, f"?{urlencode(period.query | rest)}"))
    return chips
