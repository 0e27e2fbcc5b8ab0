"""Quality by parts of the traffic: where the agent answers well, and where beyond chance worse than elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from analytics.models import Channel
from analytics.quality import Mean, Version
from analytics.quality_sums import ScoreSums, read_sums
from analytics.segments import UNKNOWN
from portal.models import Merchant
from portal.periods import Period

BY = ("channel", "agent_version", "topic")
# 99 %: a table compares many parts with the rest, and one in twenty would be marked by chance.
Z_OF_MANY = 2.576
MIN_N = 5  # a part below is too small to be called better or worse
N_TOPICS = 12

# Uses question_gap (gap, asked_at) through the topics, then score_once_per_version and the key of conversations.
_BY_TOPIC = """
    SELECT topic.key, topic.label, count(*), sum(q.overall), sum(q.overall * q.overall)
    FROM ({topics}) AS topic(conversation_id, key, label)
    JOIN analytics_conversation c ON c.id = topic.conversation_id
    JOIN analytics_qualityscore q ON q.conversation_id = c.id
        AND q.scorer = %s AND q.scorer_version = %s AND q.rubric_version = %s
    WHERE c.merchant_id = %s AND c.exclusion = '' AND c.started_at >= %s AND c.started_at < %s
    GROUP BY topic.key, topic.label ORDER BY count(*) DESC, topic.key LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Moments:
    """What `n` scores and their squares add up to."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.n

    @property
    def variance(self) -> float:
        """Of the sample; 0 for one."""
        return max(0.0, self.squares - self.total**2 / self.n) / (self.n - 1) if self.n > 1 else 0.0

    def __add__(self, part: "Moments") -> "Moments":
        return Moments(self.n + part.n, self.total + part.total, self.squares + part.squares)

    def without(self, part: "Moments") -> "Moments":
        return Moments(self.n - part.n, self.total - part.total, self.squares - part.squares)


NOTHING = Moments(0, 0.0, 0.0)
Rows = Sequence[tuple[str, str | Promise, Moments]]


@dataclass(frozen=True, slots=True)
class Part:
    """`key` is what the list of conversations filters by; `standing` is lower, higher or empty, against all others."""

    key: str
    label: str | Promise
    mean: Mean
    standing: str = ""


def by_part(
    merchant: Merchant, period: Period, version: Version, by: str, *, sums: ScoreSums | None = None
) -> list[Part]:
    """Largest first. Raises ValueError where `by` is none of BY. `sums`, of the whole period, where they are known."""
    if by not in BY:
        raise ValueError(f"by={by!r} is none of {', '.join(BY)}")
    if by == "topic":
        sums = sums or read_sums(merchant, period).get(version.columns)  # most conversations are in no gap
        rows = _topics(merchant, period, version) if sums else []
        whole = moments_of(sums) if sums else NOTHING
    else:
        rows = _segments(merchant, period, version, by)
        whole = sum((part for _key, _label, part in rows), start=NOTHING)
    return [build_part(version, key, label, part, whole) for key, label, part in rows]


def _segments(merchant: Merchant, period: Period, version: Version, by: str) -> Rows:
    """Each conversation is in one of them, so that they add up to all."""
    rows = [
        (key or UNKNOWN, _label(by, key), moments_of(sums))
        for (*of, key), sums in read_sums(merchant, period, by).items()
        if tuple(of) == version.columns
    ]
    return sorted(rows, key=lambda row: (-row[2].n, row[0]))


def _label(by: str, key: str) -> str | Promise:
    return Channel(key).label if by == "channel" else key or _("Unknown")


def moments_of(sums: ScoreSums) -> Moments:
    return Moments(sums.n, sums.amounts["sum_overall"], sums.amounts["squares_overall"])


def build_part(version: Version, key: str, label: str | Promise, part: Moments, whole: Moments) -> Part:
    """The standing is that of the raw scores: a rising straight line changes no order."""
    mean = version.mean_of(part.mean, part.n, sqrt(part.variance))
    return Part(key, label, mean, find_standing(part, whole.without(part)))


def find_standing(part: Moments, rest: Moments) -> str:
    """By Welch's z of the difference of two means."""
    if min(part.n, rest.n) < MIN_N:
        return ""
    error = sqrt(part.variance / part.n + rest.variance / rest.n)
    difference = part.mean - rest.mean
    if abs(difference) <= Z_OF_MANY * error:
        return ""
    return "lower" if difference < 0 else "higher"


def _topics(merchant: Merchant, period: Period, version: Version) -> Rows:
    """Topics are found above this app; settings.TOPICS_OF_CONVERSATIONS names who knows them."""
    rows = import_string(settings.TOPICS_OF_CONVERSATIONS)(merchant)
    topics, parameters = rows.query.sql_with_params()
    asked = [*parameters, *version.columns, merchant.pk, period.start, period.end, N_TOPICS]
    with connection.cursor() as cursor:
        cursor.execute(_BY_TOPIC.format(topics=topics), asked)
        return [(str(key), label, Moments(n, total, squares)) for key, label, n, total, squares in cursor.fetchall()]
