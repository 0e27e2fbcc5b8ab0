"""Fills an empty database with 20 merchants and any number of events within minutes, as if they had been ingested.

A few thousand conversations of the demo go through the real ingest and are the stories. Every conversation of the data
set is one of these stories at another time, with another customer, language and agent version: its events, messages
and facts are copied with the time shifted, which the rules of outcomes do not see. What depends on more than one
conversation is counted by the product itself: re-contacts and rollups. test_dataset.py ingests a sample of the
generated events and compares every row.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from django.db import connection, transaction

from analytics import local_scorer, rollup
from analytics.ingest import ingest_events
from analytics.models import Conversation, Counting, Event, Message
from analytics.recontacts import relink_all
from analytics.rubric import HOUSE_VERSION, Dimension
from portal.models import Merchant
from reporting.demo.stream import build_events

DAYS = 395
N_MERCHANTS = 20
LONGEST_STORY = timedelta(days=6)
# In the order of use. Email stays email when threads move, because it idles longer.
CHANNELS = ("widget", "email", "whatsapp", "sms", "api", "voice")
RENAMED = {"widget": ("widget",) * 7 + ("api", "api", "voice"), "whatsapp": ("whatsapp",) * 4 + ("voice",)}
LANGUAGES = ("en", "de", "fr", "nl", "es")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe")


@dataclass(frozen=True, slots=True)
class Size:
    """Merchant number `rank` (from 1) has a share of 1/rank of all; ranks vary the cardinalities too."""

    rank: int
    n_conversations: int

    @property
    def n_channels(self) -> int:
        return 5 if self.rank == 1 else 3 + self.rank % 4

    @property
    def n_languages(self) -> int:
        return 4 if self.rank == 1 else 2 + self.rank % 4

    @property
    def n_versions(self) -> int:
        return 8 if self.rank == 1 else 3 + self.rank % 6


def shares(n: int = N_MERCHANTS) -> list[float]:
    weights = [1 / rank for rank in range(1, n + 1)]
    return [weight / sum(weights) for weight in weights]


def build_dataset(n_events: int, *, anchor: date, n_merchants: int = N_MERCHANTS, n_stories: int = 4300) -> None:
    """Conversations of the 395 days before `anchor` (midnight UTC), open ones as they stood then."""
    with connection.cursor() as cursor:
        _make_stories(anchor, n_stories)
        # Foreign keys hold by construction; checking them row by row would take as long as the rest.
        cursor.execute("SET session_replication_role = replica; SET work_mem = '256MB'; SELECT setseed(0.5)")
        cursor.execute("SELECT count(*)::float / count(DISTINCT story) FROM story_event")
        per_conversation = cursor.fetchone()[0]
        for rank, share in enumerate(shares(n_merchants), start=1):
            size = Size(rank, max(1, round(n_events * share / per_conversation)))
            _plan(_make_merchant(rank), size, anchor)
        _number_conversations(anchor)
        for day in range(DAYS + 1):
            _play(anchor - timedelta(days=DAYS - day), anchor=anchor)
        cursor.execute("SET session_replication_role = origin; RESET work_mem; DISCARD TEMP; ANALYZE")
    for merchant in Merchant.objects.all():
        _count(merchant, anchor)
    _score()
    with connection.cursor() as cursor:
        for table in ("event", "conversation", "message", "rollup", "qualityscore"):
            cursor.execute(f"VACUUM ANALYZE analytics_{table}")


def _make_merchant(rank: int) -> Merchant:
    merchant = Merchant.objects.create(
        slug=f"merchant-{rank}", name=f"Merchant {rank}", timezone=ZONES[(rank - 1) % len(ZONES)]
    )
    Counting.objects.create(merchant=merchant, **Counting.settings_of(merchant))
    return merchant


def _make_stories(anchor: date, n: int) -> None:
    """The demo's conversations, ingested, as temporary tables: conversations, events and messages by story number."""
    teller = Merchant.objects.create(slug="stories", name="Stories", timezone="Europe/Berlin")
    events = [_renamed(event) for event in build_events(anchor, total=n)]
    later = _midnight(anchor + timedelta(days=30))
    for start in range(0, len(events), 1000):
        assert not ingest_events(teller, events[start : start + 1000], now=later).rejected
    with connection.cursor() as cursor:
        cursor.execute(_STORIES, {"teller": teller.pk, "longest": LONGEST_STORY})
        for table in ("message", "conversation", "rollup", "event", "counting"):
            cursor.execute(f"DELETE FROM analytics_{table} WHERE merchant_id = %s", [teller.pk])
    Merchant.objects.filter(pk=teller.pk).delete()


def _renamed(event: dict) -> dict:
    """The demo writes by four channels; some of its threads move to the other two, whole."""
    thread = Random(event["conversation_id"].removesuffix("-b"))
    return event | {"channel": thread.choice(RENAMED.get(event["channel"], (event["channel"],)))}


_STORIES = """
    CREATE TEMP TABLE story ON COMMIT PRESERVE ROWS AS
        SELECT row_number() OVER (ORDER BY c.id)::int AS story, c.*,
            c.ended_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM analytics_event e WHERE e.merchant_id = c.merchant_id AND e.thread = c.thread
                AND e.occurred_at = c.ended_at AND e.type IN
                    ('conversation.resolved', 'conversation.abandoned', 'conversation.closed')
            ) AS is_ended_by_idling
        FROM analytics_conversation c
        WHERE c.merchant_id = %(teller)s AND NOT EXISTS (
            SELECT FROM analytics_conversation o
            WHERE o.merchant_id = c.merchant_id AND o.thread = c.thread AND o.id <> c.id
        ) AND (SELECT max(e.occurred_at) FROM analytics_event e
            WHERE e.merchant_id = c.merchant_id AND e.thread = c.thread) < c.started_at + %(longest)s;
    CREATE TEMP TABLE story_event AS
        SELECT s.story, row_number() OVER (PARTITION BY s.story ORDER BY e.occurred_at, e.id) AS n,
            e.occurred_at - s.started_at AS after, e.id AS event_id, e.*
        FROM story s JOIN analytics_event e ON e.merchant_id = s.merchant_id AND e.thread = s.thread;
    CREATE TEMP TABLE story_message AS
        SELECT e.story, e.n, e.after, m.* FROM story_event e
        JOIN analytics_message m ON m.merchant_id = e.merchant_id AND m.event_id = e.event_id;
    CREATE INDEX ON story_event (story); CREATE INDEX ON story_message (story); CREATE UNIQUE INDEX ON story (story);
    CREATE TEMP TABLE plan (
        merchant_id bigint, story int, started_at timestamptz, thread text, customer_id text, language text,
        agent_version text, id bigint
    );
    ANALYZE story; ANALYZE story_event; ANALYZE story_message;
"""

# More on later days (the business grows); the hour is the story's own, so nights are quiet. One customer in twelve
# writes again soon after, the others come from a pool. A tenth meets the next version early.
_PLAN = """
    WITH told AS (
        SELECT array_agg(story ORDER BY story) AS stories FROM story WHERE channel = ANY(%(channels)s)
    ), drawn AS MATERIALIZED (
        SELECT stories[1 + floor(random() * array_length(stories, 1))::int] AS story,
            %(anchor)s::date - 1 - floor(%(days)s * power(random(), 1.15))::int AS day,
            random() * interval '1 hour' AS within, random() AS language_draw, random() AS version_draw,
            random() AS again_draw, random() AS customer_draw, n
        FROM told, generate_series(1, %(n)s) AS n
    ), placed AS (
        SELECT d.*, date_trunc('milliseconds', d.day + date_trunc('hour', s.started_at AT TIME ZONE 'UTC')::time
            + d.within) AT TIME ZONE 'UTC' AS started_at
        FROM drawn d JOIN story s USING (story)
    ), ordered AS (
        SELECT *, row_number() OVER (ORDER BY started_at, n) AS place FROM placed
    )
    INSERT INTO plan (merchant_id, story, started_at, thread, customer_id, language, agent_version)
    SELECT %(merchant)s, story, started_at, md5(%(merchant)s || '/' || n), 'c-' || CASE
            WHEN again_draw < 1 / 12.0 THEN greatest(1, place - 1 - floor(customer_draw * %(n)s / 100.0)::bigint)
            WHEN again_draw < 0.3 THEN 1 + floor(customer_draw * %(n)s)::bigint ELSE place END,
        (%(languages)s::text[])[1 + floor(%(n_languages)s * power(language_draw, 2.5))::int],
        '2.' || least(%(n_versions)s - 1, (version_draw < 0.1)::int
            + floor((%(days)s - (%(anchor)s::date - day)) * %(n_versions)s / %(days)s::float))
    FROM ordered
"""


def _plan(merchant: Merchant, size: Size, anchor: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _PLAN,
            {
                "channels": list(CHANNELS[: size.n_channels]),
                "anchor": anchor,
                "days": DAYS,
                "n": size.n_conversations,
                "merchant": merchant.pk,
                "languages": list(LANGUAGES),
                "n_languages": size.n_languages,
                "n_versions": size.n_versions,
            },
        )


def _number_conversations(anchor: date) -> None:
    """Ids in the order of all merchants' starts, as one busy table gets them; what is not over by the anchor goes."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM plan p USING (SELECT story, max(after) AS longest FROM story_event GROUP BY 1) s
                WHERE s.story = p.story AND p.started_at + s.longest >= %s::date;
            """,
            [anchor],
        )
        cursor.execute(
            """
            UPDATE plan p SET id = numbered.id FROM (
                SELECT thread, row_number() OVER (ORDER BY started_at, thread) AS id FROM plan
            ) AS numbered WHERE numbered.thread = p.thread;
            CREATE INDEX ON plan (started_at);
            ANALYZE plan;
            SELECT setval(pg_get_serial_sequence('analytics_conversation', 'id'), (SELECT max(id) FROM plan));
            """
        )


def _columns(model: type, copied_from: str, changed: dict[str, str]) -> tuple[str, str]:
    """Names and expressions of all columns of a table: copied from the story unless changed."""
    names = [field.column for field in model._meta.concrete_fields]
    names = [name for name in names if name != "id" or "id" in changed]
    return ", ".join(names), ", ".join(changed.get(name, f"{copied_from}.{name}") for name in names)


_EVENT_ID = "md5(p.thread || {row}.n)::uuid"
_EVENT_COLUMNS = _columns(
    Event,
    "e",
    {
        "id": _EVENT_ID.format(row="e"),
        "merchant_id": "p.merchant_id",
        "occurred_at": "p.started_at + e.after",
        "thread": "p.thread",
        "received_at": "p.started_at + e.after + interval '1 second'",
        "data": "CASE WHEN e.type = 'conversation.started' THEN e.data || jsonb_build_object("
        "'customer_id', p.customer_id, 'language', p.language, 'agent_version', p.agent_version) ELSE e.data END",
    },
)
_MESSAGE_COLUMNS = _columns(
    Message,
    "m",
    {
        "event_id": _EVENT_ID.format(row="m"),
        "merchant_id": "p.merchant_id",
        "conversation_id": "p.id",
        "occurred_at": "p.started_at + m.after",
    },
)
_IS_OPEN = "(s.is_ended_by_idling AND s.ended_at - s.started_at + p.started_at > %(anchor)s)"
_ENDED_AT = f"CASE WHEN NOT {_IS_OPEN} THEN s.ended_at - s.started_at + p.started_at END"
_CONVERSATION_COLUMNS = _columns(
    Conversation,
    "s",
    {
        "id": "p.id",
        "merchant_id": "p.merchant_id",
        "thread": "p.thread",
        "customer_id": "p.customer_id",
        "language": "p.language",
        "agent_version": "p.agent_version",
        "started_at": "p.started_at",
        "last_event_at": "s.last_event_at - s.started_at + p.started_at",
        "ended_at": _ENDED_AT,
        "outcome": f"CASE WHEN {_IS_OPEN} THEN 'open' ELSE s.outcome END",
        "is_confirmed": f"s.is_confirmed AND NOT {_IS_OPEN}",
        "is_disputed": f"s.is_disputed AND NOT {_IS_OPEN}",
        "resolution_ms": f"CASE WHEN NOT {_IS_OPEN} THEN s.resolution_ms END",
        "recontacted_at": "NULL::timestamptz",
        "updated_at": f"coalesce({_ENDED_AT}, %(anchor)s)",
    },
)


def _copying(table: str, columns: tuple[str, str], story: str, order: str) -> str:
    names, values = columns
    return (
        f"INSERT INTO analytics_{table} ({names}) SELECT {values} FROM plan p JOIN {story} USING (story) "
        f"WHERE p.started_at >= %(day)s AND p.started_at < %(day)s + interval '1 day' ORDER BY {order}"
    )


_PLAY = (
    _copying("conversation", _CONVERSATION_COLUMNS, "story s", "p.id"),
    _copying("event", _EVENT_COLUMNS, "story_event e", "p.started_at + e.after"),
    _copying("message", _MESSAGE_COLUMNS, "story_message m", "p.started_at + m.after"),
)


def _play(day: date, *, anchor: date) -> None:
    """Inserts what began on this day, in the order in which it happened, as it lies in a table that grew by itself."""
    moments = {"day": _midnight(day), "anchor": _midnight(anchor)}
    with connection.cursor() as cursor:
        for statement in _PLAY:
            cursor.execute(statement, moments)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _count(merchant: Merchant, anchor: date) -> None:
    with transaction.atomic():
        counting = Counting.lock(merchant)
        relink_all(counting, updated_at=_midnight(anchor))
        rollup.recompute(counting)


_SCORES = """
    INSERT INTO analytics_qualityscore (merchant_id, conversation_id, scorer, scorer_version, rubric_version, overall,
        helpfulness, accuracy, politeness, completeness, criteria, rationale, quotes, contributions, created_at,
        read_state_at)
    SELECT merchant_id, id, 'local', %(version)s, %(rubric)s, least(1, 0.45 + random() / 2), random(),
        CASE WHEN random() < 0.8 THEN random() END, random(), random(), '{}', %(rationale)s, '[]', %(contributions)s,
        started_at + interval '2 days', updated_at
    FROM analytics_conversation WHERE exclusion = '' AND n_agent_messages > 0 AND outcome <> 'open' ORDER BY id
"""


def _score() -> None:
    """One score for each conversation that the local scorer would read, drawn at random: only their number matters."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SCORES,
            {
                "version": local_scorer.version(),
                "rubric": HOUSE_VERSION,
                "rationale": "The answer keeps close to the cited article and covers both parts of the question.",
                "contributions": json.dumps(
                    {dimension: {"similarity": 0.4, "length": -0.1} for dimension in Dimension}
                ),
            },
        )
