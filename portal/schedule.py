"""The one schedule. `manage.py seed_schedule` writes it to django-celery-beat's tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Every:
    """A task run every `seconds`."""

    task: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Nightly:
    """A task run once a day at `hour`:`minute` UTC."""

    task: str
    hour: int
    minute: int = 0


SCHEDULE: tuple[Every | Nightly, ...] = (
    Every("portal.tasks.beat", seconds=15),
    Every("portal.tasks.send_waiting_traces", seconds=60),
    Every("analytics.tasks.end_idle_conversations", seconds=60),
    Every("analytics.tasks.seal_ended_days", seconds=300),
    Every("analytics.tasks.score_ended_conversations", seconds=30),
    Every("analytics.tasks.index_texts", seconds=30),
    Every("analytics.tasks.fill_label_queues", seconds=300),
    Every("improvement.tasks.read_new_questions", seconds=30),
    Every("improvement.tasks.refresh_gaps", seconds=120),
    Every("improvement.tasks.resume_drafts", seconds=600),
    Every("improvement.article_tasks.compare_articles", seconds=300),
    Every("improvement.article_tasks.keep_article_indexes", seconds=300),
    Every("reporting.tasks.send_due_reports", seconds=300),
    Every("reporting.tasks.find_anomalies", seconds=900),
    Nightly("analytics.tasks.reconcile", hour=2),
    Nightly("analytics.tasks.recheck_sealed_days", hour=2, minute=45),
    Nightly("improvement.tasks.measure_effects", hour=3),
    Nightly("analytics.tasks.train_scorers", hour=2, minute=30),
    Nightly("analytics.tasks.calibrate", hour=3, minute=15),
    Nightly("analytics.tasks.archive_events", hour=3, minute=30),
    Nightly("portal.tasks.forget_ended_sessions", hour=4),
)
