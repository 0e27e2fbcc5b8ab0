"""The made-up shop: its events say what they should, always the same, and the pipeline makes the story out of them."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from analytics.anomalies import HOURS, find_unusual_volume, join_outliers
from analytics.events import decode_event
from analytics.models import Outcome
from analytics.outcomes import Rules, ThreadEvent, read_episodes
from reporting.demo import rhythm
from reporting.demo.stream import TOTAL, build_events, build_plans
from reporting.demo.topics import Kind, topics

ANCHOR = date(2026, 11, 23)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture(scope="module")
def events():
    return build_events(ANCHOR)


@pytest.fixture(scope="module")
def episodes(events):
    """As the real rules read them."""
    threads = defaultdict(list)
    for raw in events:
        event = decode_event(msgspec.json.encode(raw), now=MIDNIGHT)
        content = msgspec.to_builtins(event.data)
        threads[event.conversation_id].append(
            ThreadEvent(event.occurred_at, event.type, event.id, event.channel, content)
        )
    rules = Rules(chat_idle=timedelta(hours=24), email_idle=timedelta(hours=72))
    found = [read_episodes(thread, rules, now=MIDNIGHT) for thread in threads.values()]
    return [facts for thread in found for facts, _messages in thread]


def resolution_rate(episodes) -> float:
    ended = [facts for facts in episodes if facts.outcome in (Outcome.RESOLVED, Outcome.ESCALATED, Outcome.ABANDONED)]
    return sum(facts.outcome == Outcome.RESOLVED for facts in ended) / len(ended)


def test_the_same_anchor_gives_the_same_events_and_another_one_gives_others(events):
    assert build_events(ANCHOR) == events
    shifted = build_events(ANCHOR + timedelta(days=1), total=200)
    assert {event["id"] for event in shifted}.isdisjoint(event["id"] for event in events)


def test_events_lie_in_the_ninety_days_before_the_anchor_in_order(events):
    moments = [datetime.fromisoformat(event["occurred_at"]) for event in events]
    assert moments == sorted(moments)
    assert MIDNIGHT - timedelta(days=90, hours=1) <= moments[0]
    assert moments[-1] < MIDNIGHT
    assert MIDNIGHT - moments[-1] < timedelta(hours=6)
    assert len({event["id"] for event in events}) == len(events)


def test_every_pattern_can_be_filled_and_every_mark_points_at_a_text():
    for topic in topics():
        assert len(topic.texts["en"].questions) >= 12, topic.key
        for language, texts in topic.texts.items():
            for question in texts.questions:
                if topic.kind != Kind.GAP:
                    assert question.section < len(texts.sections), (topic.key, language, question)
                if topic.kind != Kind.COVERED:
                    assert max(question.teammate) < len(texts.teammate), (topic.key, language, question)
    assert Counter(topic.kind for topic in topics())[Kind.GAP] == 6


def test_no_text_shows_an_unfilled_pattern(events):
    texts = [event["data"].get("text", "") for event in events]
    assert not [text for text in texts if any(mark in text for mark in "{}[]|") or "=>" in text]


def test_channels_languages_and_numbers_are_as_planned():
    plans = list(build_plans(ANCHOR))
    assert len(plans) == pytest.approx(TOTAL, abs=2)
    assert {plan.channel for plan in plans} == {"widget", "email", "whatsapp", "sms"}
    german = sum(plan.language == "de" for plan in plans) / len(plans)
    assert german == pytest.approx(0.3, abs=0.03)


def test_mondays_are_busier_than_sundays_and_days_than_nights():
    plans = [plan.started_at.astimezone(ZoneInfo("Europe/Berlin")) for plan in build_plans(ANCHOR)]
    weekdays = Counter(at.weekday() for at in plans)
    assert weekdays[0] > 1.3 * weekdays[6]
    hours = Counter(at.hour for at in plans)
    assert sum(hours[hour] for hour in range(9, 17)) > 8 * sum(hours[hour] for hour in range(6))


def test_two_thirds_are_resolved_and_the_bad_week_stands_out(episodes):
    counted = [facts for facts in episodes if not facts.exclusion]
    assert 0.64 <= resolution_rate(counted) <= 0.72
    monday = datetime.combine(rhythm.bad_week(ANCHOR), datetime.min.time(), tzinfo=ZoneInfo("Europe/Berlin"))
    end = monday + timedelta(days=7)
    bad = [facts for facts in counted if monday <= facts.started_at < end]
    others = [facts for facts in counted if not monday <= facts.started_at < end]
    assert resolution_rate(bad) < resolution_rate(others) - 0.2
    versions = Counter(facts.agent_version for facts in bad)
    assert versions[rhythm.bad_version(ANCHOR)] > 0.95 * len(bad)
    median = {
        name: sorted(facts.first_response_ms for facts in some if facts.channel == "widget" and facts.first_response_ms)
        for name, some in (("bad", bad), ("others", others))
    }
    assert median["bad"][len(median["bad"]) // 2] > 2 * median["others"][len(median["others"]) // 2]


def test_every_outcome_occurs_and_what_does_not_count_is_there_too(episodes):
    assert {facts.outcome for facts in episodes if not facts.exclusion} == set(Outcome)
    assert {facts.exclusion for facts in episodes} == {"", "test", "no_request"}
    assert any(facts.is_disputed for facts in episodes)


def test_the_outage_is_the_one_unusual_stretch_of_the_last_week(episodes):
    n_weeks = 9
    hours = np.zeros((n_weeks, HOURS))
    first = MIDNIGHT.astimezone(UTC) - timedelta(weeks=n_weeks)
    for facts in episodes:
        place = (facts.started_at - first) // timedelta(hours=1)
        if place >= 0 and not facts.exclusion:
            hours.flat[place] += 1
    [incident] = join_outliers(find_unusual_volume(hours))
    begins = MIDNIGHT - timedelta(hours=HOURS - incident.first)
    assert (begins.day, begins.hour) == (21, 13)
    assert incident.worst.value > 3 * incident.worst.expected


def test_ratings_follow_what_happened(episodes):
    def csat(outcome):
        ratings = [facts.rating for facts in episodes if facts.outcome == outcome and facts.rating]
        return sum(rating >= 4 for rating in ratings) / len(ratings)

    assert csat(Outcome.RESOLVED) > csat(Outcome.ESCALATED) > csat(Outcome.ABANDONED)


def test_six_topics_and_the_improved_one_before_its_article_go_to_people_for_want_of_knowledge():
    published = rhythm.published_at(ANCHOR)
    stories = defaultdict(Counter)
    for plan in build_plans(ANCHOR):
        if plan.topic is not None and plan.topic.kind != Kind.COVERED:
            name = plan.topic.key
            if plan.topic.kind == Kind.IMPROVED:
                name += " after" if plan.started_at >= published else " before"
            stories[name][plan.story] += 1
    assert len(stories) == 8
    after = stories.pop("ebike-winter after")
    assert after["answered"] > 0.75 * after.total()
    for name, counts in stories.items():
        assert counts.total() >= 60, name
        assert counts["unknown"] > 0.6 * counts.total(), name


@pytest.mark.parametrize("anchor", [date(2026, 3, 30), date(2026, 10, 26), date(2028, 3, 1)])
def test_clock_changes_and_leap_days_need_no_care(anchor):
    events = build_events(anchor, total=150)
    assert max(datetime.fromisoformat(event["occurred_at"]) for event in events) < datetime.combine(
        anchor, datetime.min.time(), tzinfo=ZoneInfo("Europe/Berlin")
    )


def test_teammates_answer_when_they_are_at_work():
    sunday_evening = datetime(2026, 11, 22, 18, tzinfo=UTC)
    answered = rhythm.when_on_shift(sunday_evening).astimezone(ZoneInfo("Europe/Berlin"))
    assert (answered.date(), answered.hour) in {(date(2026, 11, 23), 8), (date(2026, 11, 23), 9)}
    at_work = datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert rhythm.when_on_shift(at_work) == at_work
