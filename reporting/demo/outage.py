"""An afternoon on which the order system did not answer: many ask where their order is, and the agent cannot look."""

from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from random import Random

from reporting.demo.rhythm import Release, at_local, release_on
from reporting.demo.scenes import Story
from reporting.demo.topics import topics
from reporting.demo.transcript import Plan

DAYS_BEFORE = 2
BEGINS, LASTS = time(13, 10), timedelta(hours=2, minutes=40)
SHARE = 0.01  # of all conversations of the demo
TOPIC = "order-tracking"


def plan_outage(anchor: date, timeline: Sequence[Release], rng: Random, *, total: int) -> Iterator[Plan]:
    day = anchor - timedelta(days=DAYS_BEFORE)
    topic = next(topic for topic in topics() if topic.key == TOPIC)
    for number in range(1, round(total * SHARE) + 1):
        yield Plan(
            thread=f"tw-outage-{number:03d}",
            started_at=at_local(day, BEGINS) + timedelta(seconds=round(rng.uniform(0, LASTS.total_seconds()))),
            channel=rng.choice(["widget", "widget", "whatsapp"]),
            language=rng.choice(["en", "en", "de"]),
            customer=f"c-{9000 + number}",
            release=release_on(day, timeline),
            topic=topic,
            story=Story.OUTAGE,
        )
