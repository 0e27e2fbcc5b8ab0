"""Two people label some conversations of the demo, by the real verbs and one after the other.

What they find follows from the story that the conversation was played by, with what people differ by added: one
conversation is better than another of its kind, one person is stricter, and everybody errs by a step now and then.
Neither knows a score.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random

from analytics.label_adjudication import adjudicate, disputed_tasks
from analytics.label_filling import fill_queue
from analytics.labelling import lease_next, save_marks, skip
from analytics.models import Label, LabelTask, SkipReason, Stratum
from analytics.rubric import Dimension
from portal.models import Merchant, User
from reporting.demo.scenes import Story
from reporting.demo.transcript import Plan

N_RANDOM = 60  # labels on random conversations; targeted ones come up between them
BEGUN_BEFORE = timedelta(days=6)
EACH = timedelta(minutes=2)
SKIPS = 0.02
# Of the steps 0 to 4 (a quarter each): helpfulness, accuracy, politeness, completeness. None: does not apply.
Steps = tuple[int, int | None, int, int]
FOUND: Mapping[Story, Steps] = {
    Story.ANSWERED: (4, 4, 3, 4),
    Story.ESCALATED: (2, 3, 3, 2),
    Story.UNKNOWN: (1, None, 3, 0),
    Story.GUESSED: (1, 0, 3, 1),
    Story.ABANDONED: (1, 2, 2, 1),
    Story.REOPENED: (2, 3, 3, 2),
    Story.OUTAGE: (0, None, 3, 0),
    Story.ROUTED: (1, None, 3, 1),
}
BAD_RELEASE = -1
# How often a step lower, none, higher: for the conversation; for what each person thinks of it as a whole, the first
# one being stricter; and for each of their marks. Now and then one is two steps off.
OF_THE_CONVERSATION = (0.3, 0.55, 0.15)
OF_A_PERSON = ((0.4, 0.45, 0.15), (0.2, 0.45, 0.35))
OF_A_MARK = (0.12, 0.76, 0.12)
LAPSE = 0.1


def label_conversations(
    merchant: Merchant,
    people: tuple[User, User],
    *,
    decider: User,
    stories: Mapping[str, Plan],
    now: datetime,
    report: Callable[[float], None],
) -> None:
    """Safe to run again: what is labelled is not labelled anew."""
    fill_queue(merchant, now=now)
    at = now - BEGUN_BEFORE
    while (n_random := _n_random(merchant)) < N_RANDOM:
        labelled = [_label_one(merchant, person, strictness, stories, at) for person, strictness in _turns(people)]
        at += EACH
        report(min(1.0, n_random / N_RANDOM))
        if not any(labelled) and not fill_queue(merchant, now=now):
            break
    fill_queue(merchant, now=now)
    first = disputed_tasks(merchant).order_by("pk").first()
    if first is not None and not Label.objects.for_merchant(merchant).filter(is_adjudication=True).exists():
        plan = stories[first.conversation.thread]
        adjudicate(first, find_marks(plan, None), by=decider, now=at + EACH)


def _turns(people: tuple[User, User]) -> list[tuple[User, int]]:
    return [(person, number) for number, person in enumerate(people)]


def _n_random(merchant: Merchant) -> int:
    labels = Label.objects.for_merchant(merchant).filter(task__stratum=Stratum.RANDOM, is_adjudication=False)
    return int(labels.count())


def _label_one(
    merchant: Merchant, person: User, number: int, stories: Mapping[str, Plan], at: datetime
) -> LabelTask | None:
    task = lease_next(merchant, person, now=at)
    if task is None:
        return None
    plan = stories[task.conversation.thread]
    if _random(plan, f"skips {number}").random() < SKIPS:
        skip(task, SkipReason.ACQUAINTANCE, by=person, now=at)
    else:
        save_marks(task, find_marks(plan, number), by=person, now=at)
    return task


def find_marks(plan: Plan, person: int | None) -> dict[str, float | None]:
    """What person 0 or 1 finds; without a person what holds once they have talked about it."""
    shift = _pick(_random(plan, "itself"), OF_THE_CONVERSATION) + (BAD_RELEASE if plan.release.is_bad else 0)
    if person is not None:
        shift += _pick(_random(plan, f"{person}"), OF_A_PERSON[person])
    marks: dict[str, float | None] = {}
    for dimension, step in zip(Dimension, FOUND[Story(plan.story)], strict=True):
        if step is None:
            marks[str(dimension)] = None
            continue
        rng = _random(plan, f"{person} {dimension}")
        error = 0 if person is None else _pick(rng, OF_A_MARK) * (2 if rng.random() < LAPSE else 1)
        marks[str(dimension)] = min(4, max(0, step + shift + error)) / 4
    return marks


def _pick(rng: Random, shares: tuple[float, float, float]) -> int:
    return rng.choices((-1, 0, 1), shares)[0]


def _random(plan: Plan, name: str) -> Random:
    return Random(f"aftercare demo labels {plan.thread} {name}")  # noqa: S311 (not for secrets)
