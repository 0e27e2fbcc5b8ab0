"""Keeps a merchant's labelling queue filled, the random and the targeted part each to its own number."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import MD5, Cast, Concat

from analytics.label_sampling import pick_targeted, wants_two
from analytics.label_settling import settle
from analytics.label_targets import Rows, find_targets, without_task
from analytics.models import LabelPlan, LabelTask, Stratum
from analytics.rubric import current_rubric
from analytics.scoring_queue import eligible
from portal.models import Merchant


@transaction.atomic
def fill_queue(merchant: Merchant, *, now: datetime) -> int:
    """How many tasks were added or drawn anew. Safe to run twice, and at the same time."""
    LabelPlan.objects.get_or_create(merchant=merchant)
    plan = LabelPlan.objects.select_for_update().get(merchant=merchant)
    version = current_rubric(merchant).version
    _withdraw_overtaken(merchant, version, now=now)
    rows = eligible(merchant).filter(ended_at__gte=now - timedelta(days=plan.window_days))
    waiting = LabelTask.objects.for_merchant(merchant).filter(closed_at=None, is_import=False)
    n_random = plan.n_random - waiting.filter(stratum=Stratum.RANDOM).count()
    n_drawn = _draw(merchant, rows, plan, n_random, version=version, now=now) if n_random > 0 else 0
    n_targeted = plan.n_targeted - waiting.filter(stratum=Stratum.TARGETED).count()
    return n_drawn + (_target(merchant, rows, n_targeted, version=version, now=now) if n_targeted > 0 else 0)


def seed_of(merchant: Merchant, rubric_version: str) -> str:
    return f"{merchant.pk}:{rubric_version}"


def _withdraw_overtaken(merchant: Merchant, version: str, *, now: datetime) -> None:
    """Nobody is asked by a rubric that holds no more, or about what counts no more. Labels that exist stay."""
    waiting = LabelTask.objects.for_merchant(merchant).filter(closed_at=None)
    overtaken = waiting.filter(~Q(rubric_version=version) | ~Q(conversation__exclusion=""))
    overtaken.filter(labels=None).delete()
    overtaken.update(closed_at=now)


def _draw(merchant: Merchant, rows: Rows, plan: LabelPlan, n: int, *, version: str, now: datetime) -> int:
    """Chance does not look whether a conversation was picked for a reason: then its task becomes a random one."""
    seed = seed_of(merchant, version)
    key = MD5(Concat(Value(f"{seed}:"), Cast("pk", CharField()), output_field=CharField()))
    drawn_before = LabelTask.objects.filter(
        conversation=OuterRef("pk"), rubric_version=version, stratum=Stratum.RANDOM, is_import=False
    )
    drawn = list(rows.exclude(Exists(drawn_before)).order_by(key, "pk").values_list("pk", flat=True)[:n])
    n_reviewers = {one: 2 if wants_two(seed, one, plan.double_share) else 1 for one in drawn}
    targeted = LabelTask.objects.for_merchant(merchant).filter(
        conversation__in=drawn, rubric_version=version, is_import=False
    )
    for task in targeted.select_for_update(of=("self",)):
        task.stratum, task.n_reviewers = Stratum.RANDOM, n_reviewers.pop(task.conversation_id)
        task.save(update_fields=["stratum", "n_reviewers"])
        settle(task, now=now)
    LabelTask.objects.bulk_create(
        LabelTask(
            merchant=merchant,
            conversation_id=conversation_id,
            stratum=Stratum.RANDOM,
            rubric_version=version,
            n_reviewers=n_wanted,
            created_at=now,
        )
        for conversation_id, n_wanted in n_reviewers.items()
    )
    return len(drawn)


def _target(merchant: Merchant, rows: Rows, n: int, *, version: str, now: datetime) -> int:
    found = find_targets(without_task(rows, rubric_version=version), rubric_version=version, limit=n)
    tasks = [
        LabelTask(
            merchant=merchant,
            conversation_id=conversation_id,
            stratum=Stratum.TARGETED,
            reason=reason,
            rubric_version=version,
            created_at=now,
        )
        for conversation_id, reason in pick_targeted(found, n)
    ]
    LabelTask.objects.bulk_create(tasks)
    return len(tasks)
