"""What closing a gap would bring (metrics.md, Gaps). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

# A topic that nobody asked about for a quarter no longer costs anything.
RECENT = timedelta(weeks=12)
N_WEEKS = 12
HIGH_SHARE, MEDIUM_SHARE = 0.5, 0.8
# The last so many weeks against as many before them.
TREND_WEEKS = 4
BEYOND_CHANCE = 1.96


@dataclass(frozen=True, slots=True)
class Observed:
    """One question of a gap."""

    asked_at: datetime
    is_ended: bool
    is_mature: bool  # ended, and old enough that a re-contact would have shown
    is_verified: bool
    is_text_answerable: bool  # no article could lift a policy or mend a tool


@dataclass(frozen=True, slots=True)
class Impact:
    """`per_week` is questions a week that an article could have answered and nothing did."""

    questions_per_week: float
    verified_resolution_rate: float | None  # None: no conversation is old enough yet
    text_answerable_share: float
    per_week: float
    money_per_week: Decimal


def measure_impact(
    questions: Sequence[Observed], *, since: datetime, now: datetime, cost_of_conversation: Decimal
) -> Impact:
    """`since` is the merchant's first question: the rate of a young merchant is not spread over empty weeks."""
    start = max(since, now - RECENT)
    weeks = max((now - start) / timedelta(weeks=1), 1.0)
    recent = sum(start <= question.asked_at <= now for question in questions)
    mature = [question for question in questions if question.is_mature]
    ended = [question for question in questions if question.is_ended]
    verified = sum(question.is_verified for question in mature) / len(mature) if mature else None
    answerable = sum(question.is_text_answerable for question in ended) / len(ended) if ended else 1.0
    per_week = recent / weeks * (1 - (verified or 0.0)) * answerable
    return Impact(
        questions_per_week=recent / weeks,
        verified_resolution_rate=verified,
        text_answerable_share=answerable,
        per_week=per_week,
        money_per_week=Decimal(str(per_week)) * cost_of_conversation,
    )


def count_weeks(moments: Sequence[datetime], *, now: datetime) -> list[int]:
    """Questions in each of the last twelve weeks, oldest first; the last week ends now."""
    counts = [0] * N_WEEKS
    for moment in moments:
        weeks_ago = (now - moment) // timedelta(weeks=1)
        if 0 <= weeks_ago < N_WEEKS:
            counts[N_WEEKS - 1 - weeks_ago] += 1
    return counts


def find_trend(counts: Sequence[int]) -> str:
    """ "rising" or "falling" where the last weeks differ from those before beyond chance (Poisson counts), else ""."""
    now, before = sum(counts[-TREND_WEEKS:]), sum(counts[-2 * TREND_WEEKS : -TREND_WEEKS])
    if now + before == 0 or abs(now - before) <= BEYOND_CHANCE * (now + before) ** 0.5:
        return ""
    return "rising" if now > before else "falling"


def find_priorities(impacts: Sequence[float]) -> list[str]:
    """The gaps that make up the first half of all impact are "high", up to 80 % "medium", the tail "low"."""
    total, reached = sum(impacts), 0.0
    priorities = ["low"] * len(impacts)
    for index in sorted(range(len(impacts)), key=lambda at: (-impacts[at], at)):
        if impacts[index] <= 0:
            break
        # What counts is where a gap begins, so that the largest one is always high.
        begins = reached / total
        priorities[index] = "high" if begins < HIGH_SHARE else "medium" if begins < MEDIUM_SHARE else "low"
        reached += impacts[index]
    return priorities
