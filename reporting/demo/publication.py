"""The article that helped: the gap, the draft, the approval and the publication of three weeks ago, by the real verbs.

The story happens in the order in which it would: this runs when the pipeline has seen only what was asked until then.
The verbs stamp their rows with the present; `_date_back` moves them to the day on which the story says they happened.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from improvement.articles import save_article
from improvement.models import Article, Draft, DraftRevision, DraftState, Gap, GapStatus, Review
from improvement.publishing import publish
from portal.celery import app
from portal.embeddings import embed
from portal.models import AuditEntry, Job, Merchant, User
from reporting.demo.articles import build_body
from reporting.demo.shop import HELP_URL
from reporting.demo.topics import Kind, Topic, topics

# The gap whose centre lies this near to the topic's article is the topic's gap; else the load was too small for one.
NEAR_ENOUGH = 0.45
WRITTEN_BEFORE = timedelta(hours=20)


def improved_topic() -> Topic:
    return next(topic for topic in topics() if topic.kind == Kind.IMPROVED)


@contextmanager
def tasks_run_here() -> Iterator[None]:
    """Tasks started meanwhile run at once in this process: the load needs no worker."""
    was = app.conf.task_always_eager
    app.conf.task_always_eager = True
    try:
        yield
    finally:
        app.conf.task_always_eager = was


def publish_improvement(merchant: Merchant, *, writer: User, approver: User, at: datetime) -> Article:
    """The published English article; the German one is a translation by hand. Safe to run again."""
    topic = improved_topic()
    english = find_published(merchant) or _publish_from_gap(merchant, topic, writer, approver, at)
    if english is None:
        english = save_topic_article(merchant, topic, "en", at=at, by=writer)
    save_topic_article(merchant, topic, "de", at=at, by=writer)
    return english


def find_published(merchant: Merchant) -> Article | None:
    draft = Draft.objects.for_merchant(merchant).filter(state=DraftState.PUBLISHED).select_related("article").first()
    return draft.article if draft else None


def save_topic_article(
    merchant: Merchant, topic: Topic, language: str, *, at: datetime, by: User | None = None
) -> Article:
    texts = topic.texts[language]
    return save_article(
        merchant,
        external_id=topic.article_id(language),
        title=texts.title,
        body=build_body(topic, language),
        language=language,
        tags=texts.tags,
        source_url=f"{HELP_URL}/{language}/{topic.key}",
        updated_at=at,
        by=by,
    )


def _publish_from_gap(merchant: Merchant, topic: Topic, writer: User, approver: User, at: datetime) -> Article | None:
    gap = find_gap_of(merchant, topic)
    if gap is None:
        return None
    draft = find_draft(gap) or request_draft(gap, by=writer)
    if draft.state == DraftState.IN_REVIEW:
        texts = topic.texts["en"]
        if draft.latest_revision is None or draft.latest_revision.title != texts.title:
            draft.edit(by=writer, title=texts.title, body=build_body(topic, "en"))
        _approve_and_publish(draft, approver, at)
    return find_published(merchant)


def find_gap_of(merchant: Merchant, topic: Topic) -> Gap | None:
    """The largest of the gaps whose centre lies near to what the topic's article says."""
    vector = embed([f"{topic.texts['en'].title} {build_body(topic, 'en')}"])[0]
    gaps = Gap.objects.for_merchant(merchant).exclude(status=GapStatus.DISMISSED)
    near = [gap for gap in gaps if float(gap.centroid @ vector) >= NEAR_ENOUGH]
    return max(near, key=lambda gap: gap.n_questions, default=None)


def find_draft(gap: Gap) -> Draft | None:
    draft: Draft | None = gap.drafts.exclude(state__in=(DraftState.FAILED, DraftState.REJECTED)).first()
    return draft


def request_draft(gap: Gap, *, by: User) -> Draft:
    with tasks_run_here():
        draft: Draft = gap.request_draft(by=by)
    draft.refresh_from_db()
    return draft


def _approve_and_publish(draft: Draft, approver: User, at: datetime) -> None:
    revision = draft.latest_revision
    if revision is None:
        raise ValueError(f"{draft} is in review without a revision")
    with tasks_run_here(), transaction.atomic():
        draft.approve(by=approver, revision=revision.number, comment="Checked with the workshop.", seconds_spent=260)
        # Here and not in the task that approval starts on commit, which then finds nothing to do: it would publish now.
        publish(draft, now=at)
        _date_back(draft, at)


def _date_back(draft: Draft, at: datetime) -> None:
    merchant, written_at = draft.merchant, at - WRITTEN_BEFORE
    Draft.objects.filter(pk=draft.pk).update(created_at=written_at, updated_at=at)
    DraftRevision.objects.filter(draft=draft).update(created_at=written_at)
    DraftRevision.objects.filter(draft=draft, number__gt=1).update(created_at=at - timedelta(minutes=15))
    Review.objects.filter(draft=draft).update(created_at=at)
    Job.objects.for_merchant(merchant).filter(kind="write_draft", target_id=draft.pk).update(
        created_at=written_at, ended_at=written_at
    )
    entries = AuditEntry.objects.for_merchant(merchant)
    about = entries.filter(object_type="draft", object_id=str(draft.pk))
    about.update(created_at=at)
    about.filter(verb="draft.written").update(created_at=written_at)
    about.filter(verb="draft.edited").update(created_at=at - timedelta(minutes=15))
    entries.filter(object_type="gap", object_id=str(draft.gap_id)).update(created_at=written_at)
