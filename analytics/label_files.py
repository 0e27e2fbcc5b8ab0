"""What people said as rows for a spreadsheet: a row per label that stands. The same columns come in again."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from analytics.labelling import waiting_for
from analytics.models import Label
from analytics.rubric import Dimension, read_rubrics
from portal.models import Merchant, User

ROWS_AT_ONCE = 2000
CRITERION = "criteria."  # before the key of an own criterion, which could be called as another column is
BEFORE_MARKS = ("conversation_id", "episode", "stratum", "kind", "reviewer", "rubric_version", "labelled_at")
# What follows from the others is not read again; a reason to skip says that there is no label.
AFTER_MARKS = ("overall", "skip_reason", "comment", "origin")
LABEL, ADJUDICATION = KINDS = ("label", "adjudication")


def mark_columns(merchant: Merchant) -> dict[str, str]:
    """Column → key, for each criterion that the merchant has had."""
    own = {criterion.key: None for rubric in read_rubrics(merchant).values() for criterion in rubric.own}
    return {str(one): str(one) for one in Dimension} | {f"{CRITERION}{key}": key for key in own}


def label_columns(merchant: Merchant) -> tuple[str, ...]:
    return *BEFORE_MARKS, *mark_columns(merchant), *AFTER_MARKS


def label_rows(merchant: Merchant, reader: User, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The oldest first, by a cursor of the server. Nobody reads what others said about a conversation that they are
    still to label themselves, nor the first of two labels before the second is there."""
    unread = waiting_for(merchant, reader).order_by().values("conversation")
    labels = Label.objects.for_merchant(merchant).filter(withdrawn_at=None, task__closed_at__isnull=False)
    found = labels.exclude(conversation__in=unread).select_related("conversation", "task").order_by("created_at", "id")

    def stream() -> Iterator[tuple[Any, ...]]:
        with transaction.atomic():
            for label in found.iterator(chunk_size=ROWS_AT_ONCE):
                yield _row(label, keys)

    return stream()


def _row(label: Label, keys: Sequence[str]) -> tuple[Any, ...]:
    marks = label.marks
    return (
        *(label.conversation.thread, label.conversation.episode, label.task.stratum),
        *(ADJUDICATION if label.is_adjudication else LABEL, label.reviewer_name),
        *(label.rubric_version, label.created_at),
        *(marks.get(key) for key in keys),
        *(label.overall, label.skip_reason, label.comment, "import" if label.is_import else "here"),
    )
