"""Labels by people, planted as they come out of the queue: `plant(conversation, 0.75, 0.5)` is two people's marks."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from analytics.models import Conversation, Label, LabelTask, SkipReason, Stratum
from analytics.rubric import RUBRIC, Dimension
from tests.events import resolved, send

LABELLED_AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
Mark = float | Mapping[str, float | None]  # one for all dimensions, or by dimension; None: not applicable


def plant(
    conversation: Conversation,
    *marks: Mark,
    stratum: Stratum = Stratum.RANDOM,
    adjudicated: Mark | None = None,
    skipped: SkipReason | None = None,
    rubric_version: str = "1",
    at: datetime = LABELLED_AT,
) -> LabelTask:
    """A task with one label for each of `marks`, an hour apart, by reviewers "Reviewer 1", "Reviewer 2" …"""
    task = LabelTask.objects.create(
        merchant_id=conversation.merchant_id,
        conversation=conversation,
        stratum=stratum,
        rubric_version=rubric_version,
        n_reviewers=max(1, min(2, len(marks))),
        created_at=at,
        closed_at=at + timedelta(hours=len(marks)),
    )
    for number, mark in enumerate(marks, start=1):
        _label(task, mark, f"Reviewer {number}", at=at + timedelta(hours=number))
    if adjudicated is not None:
        _label(task, adjudicated, "Adjudicator", at=at + timedelta(hours=9), is_adjudication=True)
    if skipped is not None:
        _label(task, None, "Reviewer 9", at=at + timedelta(hours=9), skip_reason=skipped)
    return task


def _label(task: LabelTask, mark: Mark | None, name: str, *, at: datetime, **more) -> Label:
    marks = dict(mark) if isinstance(mark, Mapping) else dict.fromkeys(map(str, Dimension), mark)
    own = {key: value for key, value in marks.items() if key not in RUBRIC}
    weighed = [
        (RUBRIC[Dimension(key)].weight, value) for key, value in marks.items() if value is not None and key not in own
    ]
    return Label.objects.create(
        merchant_id=task.merchant_id,
        task=task,
        conversation_id=task.conversation_id,
        reviewer_name=name,
        rubric_version=task.rubric_version,
        **{str(dimension): marks.get(dimension) for dimension in Dimension},
        criteria=own,
        overall=round(sum(w * v for w, v in weighed) / sum(w for w, _v in weighed), 6) if weighed else None,
        created_at=at,
        updated_at=at,
        **more,
    )


def plant_conversations(merchant, n: int, *, at: str = "2026-11-10T09:00:00+00:00", now=None) -> list[Conversation]:
    """Ended conversations, a minute apart, sent in one batch."""
    start = datetime.fromisoformat(at)
    chats = [resolved(f"labelled-{number}", at=start + timedelta(minutes=number)) for number in range(n)]
    send(merchant, *chats, now=now or start + timedelta(days=7))
    return list(Conversation.objects.for_merchant(merchant).filter(thread__startswith="labelled-").order_by("id"))
