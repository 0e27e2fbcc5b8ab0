"""What people decided about spam, laid over the facts of episodes, so that every recount keeps it."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from analytics.models import Counting, Exclusion, SpamDecision
from analytics.outcomes import Facts

Decided = Sequence[tuple[datetime, bool]]  # (moment within the episode, is spam), the latest decision last


def find_decisions(counting: Counting, threads: Iterable[str]) -> dict[str, Decided]:
    """Asks nothing for a merchant who never marked anything. Uses the index spam_thread."""
    if not counting.has_spam_decisions:
        return {}
    found: dict[str, list[tuple[datetime, bool]]] = {}
    rows = SpamDecision.objects.for_merchant(counting.merchant).filter(thread__in=list(threads))
    for thread, moment, is_spam in rows.values_list("thread", "moment", "is_spam"):
        found.setdefault(thread, []).append((moment, is_spam))
    return dict(found)


def apply_decisions(episodes: list[Facts], decided: Decided, *, is_whole: bool = True) -> list[Facts]:
    """The episodes of one thread, in order, with the latest decision on each. Test traffic stays test traffic. Pure.

    Unless the thread `is_whole`, what was decided before its first episode was about one that is not among them.
    """
    if not decided:
        return episodes
    starts = [facts.started_at for facts in episodes]
    latest: dict[int, bool] = {}
    for moment, is_spam in decided:
        position = bisect_right(starts, moment) - 1
        if position >= 0 or is_whole:
            latest[max(0, position)] = is_spam
    return [
        msgspec.structs.replace(facts, exclusion=Exclusion.SPAM.value)
        if latest.get(position) and facts.exclusion != Exclusion.TEST
        else facts
        for position, facts in enumerate(episodes)
    ]
