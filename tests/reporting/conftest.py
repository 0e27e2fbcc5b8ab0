from datetime import UTC, datetime

import pytest

from portal.celery import app
from tests.events import Chat, send

# A Monday, 11:00 in Berlin: the report of the week before is due.
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def tasks_run_at_once():
    """In this process, as they are called."""
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


@pytest.fixture
def outbox(settings, tmp_path):
    """The files of the emails that went out; without EMAIL_URL they are the mail."""
    settings.EMAIL_BACKEND = "portal.mail.OutboxBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    return lambda: sorted(path.read_text() for path in tmp_path.glob("*.eml"))


@pytest.fixture
def busy_week(merchant):
    """16–22 November: three conversations, one of them escalated; the week before, two resolved."""
    send(
        merchant,
        Chat("old-1", at="2026-11-10T09:00:00+00:00").start().ask().answer().resolve(),
        Chat("old-2", at="2026-11-11T09:00:00+00:00").start().ask().answer().resolve(),
        Chat("a", at="2026-11-17T09:00:00+00:00").start().ask().answer().resolve(confirmed=True),
        Chat("b", at="2026-11-18T09:00:00+00:00").start().ask().answer().resolve(),
        Chat("c", at="2026-11-19T09:00:00+00:00", channel="email").start().ask().answer().hand_off().close(),
        now=NOW,
    )


@pytest.fixture
def make_gap(merchant):
    """`make_gap("PFAS-free rainwear", money="120.00")` → an open gap."""
    from improvement.models import Gap
    from portal.embeddings import DIMENSIONS

    def make(name: str, *, money: str = "0", status: str = "open", of=None) -> Gap:
        return Gap.objects.create(
            merchant=of or merchant,
            name=name,
            status=status,
            centroid=[0.1] * DIMENSIONS,
            embedding_model="test",
            impact_per_week=float(money) / 3,
            money_per_week=money,
            first_asked_at=NOW,
            last_asked_at=NOW,
        )

    return make
