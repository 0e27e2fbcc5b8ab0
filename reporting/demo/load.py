"""Loads the demo: the events through the same pipeline that an agent's go through, step by step, and safe to repeat.

Nothing is written past the pipeline: conversations, rollups, questions, gaps, scores, effects and the report are what
the product makes of the events. A load that was interrupted is completed by the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone

from analytics.calibrating import calibrate_merchant
from analytics.ingest import ingest_events
from analytics.models import LabelPlan
from analytics.scoring import LOCAL_BATCH, score_locally
from analytics.scoring_queue import waiting_for_local
from analytics.trained_scorers import load_scorer
from improvement.coverage import read_new_questions
from improvement.effects import measure_effects
from improvement.gaps import refresh_gaps
from improvement.models import Draft, DraftState, Gap, GapStatus
from portal.local_stack.demo import DEMO_LOADED
from portal.models import AuditEntry, Merchant, User
from portal.periods import week_before
from reporting.delivery import deliver
from reporting.demo.accounts import (
    OWNER,
    REVIEWER,
    SECOND_REVIEWER,
    Person,
    invite_colleague,
    make_merchant,
    make_second_merchant,
    make_users,
    type_costs,
)
from reporting.demo.labels import label_conversations
from reporting.demo.publication import (
    find_published,
    improved_topic,
    publish_improvement,
    request_draft,
    save_topic_article,
)
from reporting.demo.rhythm import at_local, published_at
from reporting.demo.shop import ZONE
from reporting.demo.stream import DAYS, TOTAL, build_events, build_stories
from reporting.demo.topics import Topic, help_pages
from reporting.demo.transcript import Event
from reporting.models import Subscription
from reporting.report import get_or_build_report
from reporting.watching import watch

BEGUN = "demo.begun"
BATCH = 2000
N_DRAFTS = 2
SCORED_AT_ONCE = timedelta(days=14)
ARTICLES_BEFORE = timedelta(days=120)

Progress = Callable[[float], None]  # takes the share of the step that is done


@dataclass
class Load:
    """One run: who and when."""

    merchant: Merchant
    users: dict[Person, User]
    anchor: date
    now: datetime
    total: int = TOTAL
    pages: list[tuple[Topic, str]] = field(default_factory=help_pages)
    article_ids: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> User:
        return self.users[OWNER]

    @cached_property
    def events(self) -> list[Event]:
        return build_events(self.anchor, total=self.total)

    @property
    def published_at(self) -> datetime:
        return published_at(self.anchor)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    seconds: int  # about how long it takes, for the progress bar
    run: Callable[[Load, Progress], None]


def begin(*, anchor: date | None = None, total: int = TOTAL) -> Load:
    """Raises NotOursError."""
    merchant, second = make_merchant(), make_second_merchant()
    now = timezone.now()
    today = now.astimezone(ZoneInfo(ZONE)).date()
    begun = AuditEntry.objects.for_merchant(merchant).filter(verb=BEGUN).first()
    if begun is None:
        detail = {"anchor": (anchor or today).isoformat(), "total": total}
        begun = AuditEntry.record(merchant, BEGUN, by=None, on=merchant, detail=detail)
    # A second run, on another day perhaps, must not send a second set of events.
    anchor, total = date.fromisoformat(begun.detail["anchor"]), begun.detail["total"]
    users = make_users(merchant, second)
    type_costs(merchant, users[OWNER])
    invite_colleague(merchant, users[OWNER])
    return Load(merchant, users, anchor, min(now, at_local(anchor, time(23, 59))), total)


def is_loaded(merchant: Merchant) -> bool:
    return AuditEntry.objects.for_merchant(merchant).filter(verb=DEMO_LOADED).exists()


def record_loaded(load: Load) -> None:
    detail = {"anchor": load.anchor.isoformat(), "events": len(load.events)}
    AuditEntry.record(load.merchant, DEMO_LOADED, by=None, on=load.merchant, detail=detail)


def save_articles(load: Load, progress: Progress) -> None:
    for number, (topic, language) in enumerate(load.pages, start=1):
        at = at_local(load.anchor, time(10)) - ARTICLES_BEFORE - timedelta(days=number * 3)
        save_topic_article(load.merchant, topic, language, at=at)
        progress(number / len(load.pages))


def send_first_events(load: Load, progress: Progress) -> None:
    _send(load, [event for event in load.events if _moment(event) < load.published_at], progress)


def publish_article(load: Load, progress: Progress) -> None:
    """What was asked until then becomes gaps; one of them gets its article."""
    if find_published(load.merchant) is None:
        read_new_questions(load.merchant, timezone.now(), report=_part_of(progress, 0.8))
        refresh_gaps(load.merchant, load.published_at)
        progress(0.85)
    article = publish_improvement(load.merchant, writer=load.users[REVIEWER], approver=load.owner, at=load.published_at)
    load.article_ids[improved_topic().article_id("en")] = article.external_id


def send_later_events(load: Load, progress: Progress) -> None:
    later = [event for event in load.events if _moment(event) >= load.published_at]
    _send(load, [_with_article_ids(event, load.article_ids) for event in later], progress)


def find_gaps(load: Load, progress: Progress) -> None:
    read_new_questions(load.merchant, timezone.now(), report=_part_of(progress, 0.8))
    refresh_gaps(load.merchant, load.now)


def score_quality(load: Load, progress: Progress) -> None:
    """The last two weeks, by the local scorer; the worker scores older ones, with a model if there is one."""
    now = timezone.now()
    waiting = waiting_for_local(load.merchant, now=now).filter(started_at__gte=load.now - SCORED_AT_ONCE)
    scorer, n_waiting, n_scored = load_scorer(load.merchant), waiting.count(), 0
    while batch := list(waiting[:LOCAL_BATCH]):
        score_locally(load.merchant, batch, now=now, scorer=scorer)
        n_scored += len(batch)
        progress(n_scored / n_waiting)


def label(load: Load, progress: Progress) -> None:
    """What two people find goes by how the conversations were meant to go, not by what the scorer made of them."""
    LabelPlan.objects.get_or_create(merchant=load.merchant, defaults={"window_days": SCORED_AT_ONCE.days})
    people = load.users[REVIEWER], load.users[SECOND_REVIEWER]
    stories = build_stories(load.anchor, total=load.total)
    label_conversations(load.merchant, people, decider=load.owner, stories=stories, now=load.now, report=progress)


def hold_against_labels(load: Load, progress: Progress) -> None:
    calibrate_merchant(load.merchant, now=timezone.now(), report=_part_of(progress, 1))


def measure(load: Load, _progress: Progress) -> None:
    measure_effects(load.merchant, now=load.now)


def write_drafts(load: Load, progress: Progress) -> None:
    """One for each of the gaps that cost most; whether it could be written or not, it is not asked for twice."""
    asked = Draft.objects.for_merchant(load.merchant).exclude(state=DraftState.PUBLISHED).count()
    gaps = Gap.objects.for_merchant(load.merchant).filter(status=GapStatus.OPEN, drafts=None)
    for number, gap in enumerate(gaps[: max(0, N_DRAFTS - asked)], start=1):
        request_draft(gap, by=load.users[REVIEWER])
        progress(number / N_DRAFTS)


def send_report(load: Load, _progress: Progress) -> None:
    subscribed_at = at_local(load.anchor - timedelta(days=DAYS), time(9))
    for person in (OWNER, REVIEWER):
        if not Subscription.objects.for_merchant(load.merchant).filter(user=load.users[person]).exists():
            Subscription.subscribe(load.merchant, load.users[person], at=subscribed_at)
    week = week_before(load.now, load.merchant.zone)
    report, _is_new = get_or_build_report(load.merchant, week, now=load.now)
    for delivery_id in report.announce(subscribed_before=week.end, at=load.now):
        deliver(delivery_id, now=load.now)


def find_anomalies(load: Load, _progress: Progress) -> None:
    for delivery_id in watch(load.merchant, now=load.now):
        deliver(delivery_id, now=load.now)


STEPS = (
    Step("articles", 3, save_articles),
    Step("conversations until the new article", 5, send_first_events),
    Step("gap, draft, approval, article", 14, publish_article),
    Step("conversations since then", 2, send_later_events),
    Step("questions and gaps", 6, find_gaps),
    Step("quality of the answers", 12, score_quality),
    Step("labels by people", 3, label),
    Step("scores held against labels", 1, hold_against_labels),
    Step("effect of the article", 1, measure),
    Step("drafts to review", 2, write_drafts),
    Step("weekly report", 1, send_report),
    Step("unusual hours", 1, find_anomalies),
)


def _send(load: Load, events: list[Event], progress: Progress) -> None:
    """In the order in which they occurred, in batches as an agent's runtime would send them."""
    for first in range(0, len(events), BATCH):
        result = ingest_events(load.merchant, events[first : first + BATCH], now=timezone.now())
        if result.rejected:
            raise ValueError(f"The demo's own events were rejected: {result.rejected[:3]}")
        progress(min(1.0, (first + BATCH) / len(events)))


def _part_of(progress: Progress, share: float) -> Callable[[int, int], None]:
    return lambda done, total: progress(share * done / max(total, 1))


def _moment(event: Event) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def _with_article_ids(event: Event, ids: dict[str, str]) -> Event:
    """The published article got its id from the knowledge base; the generator could not know it."""

    def rename(source: Event) -> Event:
        return {**source, "article_id": ids.get(source["article_id"], source["article_id"])}

    content = dict(event["data"])
    for name in ("sources", "results"):
        if name in content:
            content[name] = [rename(source) for source in content[name]]
    return {**event, "data": rename(content) if "article_id" in content else content}
