"""All conversations of the demo, from the anchor backwards. The same anchor gives the same events. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import chain
from random import Random

from reporting.demo.outage import plan_outage
from reporting.demo.rhythm import CHANNELS, Release, at_local, local_day, published_at, release_on, releases, starts
from reporting.demo.scenes import Story, pick_rare_story, pick_story, play
from reporting.demo.topics import Kind, Topic, topics
from reporting.demo.transcript import Event, Plan

DAYS = 90
TOTAL = 4300
GERMAN_SHARE = 0.3
RETURNING_SHARE = 0.2
# Customers who come back with something else do so after this; a re-contact on the same issue comes sooner.
QUIET = timedelta(days=12)
RECONTACT = {Story.ANSWERED: 0.045, Story.GUESSED: 0.5}


@dataclass(slots=True)
class Customers:
    """Who has written before, and when last."""

    rng: Random
    last_seen: dict[str, list[tuple[str, datetime]]]
    n: int = 10_000

    def pick(self, language: str, at: datetime) -> str:
        seen = self.last_seen.setdefault(language, [])
        customer = ""
        if seen and self.rng.random() < RETURNING_SHARE:
            position = self.rng.randrange(len(seen))
            if at - seen[position][1] > QUIET:
                customer = seen.pop(position)[0]
        if not customer:
            self.n += 1
            customer = f"c-{self.n}"
        seen.append((customer, at))
        return customer


def build_events(anchor: date, *, days: int = DAYS, total: int = TOTAL) -> list[Event]:
    """In the order in which they occurred; nothing lies at or after the local midnight of `anchor`."""
    end = at_local(anchor, time())
    events = [event for _plan, played in _play_all(anchor, days=days, total=total) for event in played]
    kept = [event for event in events if datetime.fromisoformat(event["occurred_at"]) < end]
    return sorted(kept, key=lambda event: (datetime.fromisoformat(event["occurred_at"]), event["id"]))


def build_stories(anchor: date, *, days: int = DAYS, total: int = TOTAL) -> dict[str, Plan]:
    """How each thread was meant to go: what people who read it would find, whatever a scorer makes of it."""
    return {plan.thread: plan for plan, _events in _play_all(anchor, days=days, total=total)}


def _play_all(anchor: date, *, days: int, total: int) -> Iterator[tuple[Plan, list[Event]]]:
    timeline = releases(anchor - timedelta(days=days), anchor)
    outage = plan_outage(anchor, timeline, _random(anchor, "outage"), total=total)
    for plan in chain(build_plans(anchor, days=days, total=total), outage):
        played, lasted = play(plan, _random(anchor, plan.thread))
        yield plan, played
        if again := _plan_recontact(plan, plan.started_at + lasted, anchor, timeline):
            yield again, play(again, _random(anchor, again.thread))[0]


def build_plans(anchor: date, *, days: int = DAYS, total: int = TOTAL) -> Iterator[Plan]:
    first = anchor - timedelta(days=days)
    timeline = releases(first, anchor)
    rng = _random(anchor, "plans")
    customers = Customers(rng, {})
    for number, (at, channel) in enumerate(starts(rng, first, days=days, total=total), start=1):
        language = "de" if rng.random() < GERMAN_SHARE else "en"
        release = release_on(local_day(at), timeline)
        rare, topic = pick_rare_story(rng), None
        if rare in (None, Story.ROUTED):
            topic = _pick_topic(rng, language, progress=(local_day(at) - first) / timedelta(days=days))
        is_answerable = topic is not None and topic.kind == Kind.IMPROVED and at >= published_at(anchor)
        story = rare or pick_story(rng, topic, is_answerable=is_answerable, is_bad=release.is_bad)
        yield Plan(
            thread=f"tw-{number:05d}",
            started_at=at,
            channel=channel,
            language=language,
            customer=customers.pick(language, at),
            release=release,
            topic=topic,
            story=story,
        )


def _pick_topic(rng: Random, language: str, *, progress: float) -> Topic:
    """`progress`: 0 on the first day, 1 on the last."""
    known: Sequence[Topic] = [topic for topic in topics() if language in topic.texts]
    return rng.choices(known, [topic.weight * (1 + topic.trend * (progress - 0.5)) for topic in known])[0]


def _plan_recontact(plan: Plan, ended_at: datetime, anchor: date, timeline: Sequence[Release]) -> Plan | None:
    """Some whom the answer did not help write again within days, often elsewhere, and get to a person."""
    rng = _random(anchor, f"{plan.thread} again")
    if plan.topic is None or rng.random() >= RECONTACT.get(Story(plan.story), 0):
        return None
    is_known = plan.topic.kind == Kind.COVERED or plan.started_at >= published_at(anchor)
    story = Story.ESCALATED if plan.topic.kind != Kind.GAP and is_known else Story.UNKNOWN
    channel = plan.channel if rng.random() < 0.6 else rng.choice(list(CHANNELS))
    started_at = ended_at + timedelta(hours=rng.uniform(10, 110))
    return replace(
        plan,
        thread=f"{plan.thread}-b",
        started_at=started_at,
        channel=channel,
        release=release_on(local_day(started_at), timeline),
        story=story,
        is_again=True,
    )


def _random(anchor: date, name: str) -> Random:
    return Random(f"aftercare demo {anchor.isoformat()} {name}")  # noqa: S311 (not for secrets)
