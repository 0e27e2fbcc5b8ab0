"""One outcome per conversation, by the first rule of metrics.md that holds."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from analytics.outcomes import Rules, ThreadEvent, read_episodes
from tests.events import Chat, abandoned, escalated, resolved

NOW = datetime(2026, 11, 20, tzinfo=UTC)
RULES = Rules(chat_idle=timedelta(hours=24), email_idle=timedelta(hours=72))
HOUR = 3600


def read(chat: Chat, *, now=NOW):
    events = [
        ThreadEvent(datetime.fromisoformat(e["occurred_at"]), e["type"], UUID(e["id"]), e["channel"], e["data"])
        for e in chat.events
    ]
    return [facts for facts, _messages in read_episodes(reversed(events), RULES, now=now)]


def begin(**where) -> Chat:
    return Chat(**where).start(customer_id="ann")


@pytest.mark.parametrize(
    ("chat", "outcome"),
    [
        (resolved(), "resolved"),
        (escalated(), "escalated"),
        (abandoned(), "abandoned"),
        (begin().ask().answer(), "resolved"),  # idle after an answer: resolved, assumed
        (begin().ask(), "abandoned"),  # nobody answered
        (begin().ask().answer().ask("And the other one?"), "abandoned"),  # the last message has no answer
        (begin().ask().answer().ask("Thanks a lot!"), "resolved"),  # a closing thanks waits for nothing
        (begin().ask().answer().ask("Works now").resolve(confirmed=True), "resolved"),
        (begin().ask().resolve(confirmed=True), "abandoned"),  # confirmed, but the agent never answered
        (begin().ask().answer().ask("And now?").resolve(), "abandoned"),  # the agent's word alone is no answer
        (begin().ask().hand_off().close(), "escalated"),
        (begin().ask().answer().teammate().close(), "escalated"),
        (begin().ask().teammate().close(), "not_involved"),  # routed straight to a person
        (begin().ask().answer().resolve().teammate(), "resolved"),  # a teammate after the end changes nothing
        (begin().ask().answer().resolve().hand_off(), "escalated"),
        (begin().ask().answer().rate(1), "abandoned"),  # left after a negative signal
        (begin().ask().answer().resolve().rate(1), "resolved"),  # disputed instead
        (begin().ask().answer().close(), "resolved"),
    ],
)
def test_outcome(chat, outcome):
    (facts,) = read(chat)
    assert facts.outcome == outcome


def test_open_until_idle_and_ended_from_then_on():
    chat = begin(at="2026-11-02T09:00:00+00:00").ask()
    asked_at = datetime(2026, 11, 2, 9, 1, tzinfo=UTC)
    (still,) = read(chat, now=asked_at + timedelta(hours=24, microseconds=-1))
    assert (still.outcome, still.ended_at) == ("open", None)
    (ended,) = read(chat, now=asked_at + timedelta(hours=24))
    assert (ended.outcome, ended.ended_at) == ("abandoned", asked_at + timedelta(hours=24))


def test_email_waits_longer_than_chat():
    for channel, n_episodes in (("widget", 2), ("email", 1)):
        chat = begin(channel=channel).ask().answer().ask("And the second one?", after=30 * HOUR).answer()
        assert len(read(chat)) == n_episodes


def test_the_message_after_an_end_opens_the_next_episode_with_the_same_customer():
    first, second = read(resolved().ask("Still broken", after=HOUR).answer().hand_off())
    assert (first.outcome, second.outcome) == ("resolved", "escalated")
    assert (first.episode, second.episode) == (1, 2)
    assert first.customer_id == second.customer_id == "customer of c-1"


def test_reopening_disputes_the_resolution_before_it():
    first, second = read(resolved().reopen().ask("No, it does not work").answer().resolve(confirmed=True))
    assert (first.is_disputed, second.is_disputed) == (True, False)
    assert second.is_confirmed


def test_a_reopening_alone_is_no_conversation():
    (only,) = read(resolved().reopen().answer("Let me see"))
    assert only.is_disputed
    assert only.n_agent_messages == 2


def test_greeting_only_and_test_traffic_are_excluded():
    assert read(begin().ask("Hi there!").answer("Hello!"))[0].exclusion == "no_request"
    assert read(Chat().start(is_test=True).ask().answer().resolve())[0].exclusion == "test"
    greeted = read(begin().ask("Hi").answer("Hello!").ask("Where is my order?").answer())[0]
    assert (greeted.exclusion, greeted.question) == ("", "Where is my order?")


def test_response_times_count_from_the_first_unanswered_message():
    chat = begin().ask().ask("It is order five", after=10).answer(after=5).answer("One more thing", after=1)
    (facts,) = read(chat.ask("Thank you, and the invoice?").answer(after=2).resolve())
    assert facts.response_ms == [15_000, 2_000]
    assert facts.first_response_ms == 15_000
    assert facts.resolution_ms == (10 + 5 + 1 + 60 + 2 + 60) * 1000


def test_no_first_response_of_the_agent_where_a_teammate_was_first():
    (facts,) = read(begin().ask().teammate().ask("And?").answer())
    assert facts.first_response_ms is None
    assert facts.response_ms == [2_000]


def test_cost_tokens_and_rating():
    chat = begin().ask().answer(cost=0.0012, input_tokens=100, output_tokens=7).ask("More?").answer(cost=0.0003)
    (facts,) = read(chat.rate(2).rate(5))
    assert (facts.agent_cost_micros, facts.input_tokens, facts.output_tokens, facts.rating) == (1500, 100, 7, 5)
    assert read(resolved())[0].agent_cost_micros is None


def test_same_instant_is_read_in_the_order_in_which_such_things_happen():
    chat = Chat().start(customer_id="ann")
    chat.ask(after=0).answer(after=0).resolve(after=0, confirmed=True)
    (facts,) = read(chat)
    assert (facts.outcome, facts.customer_id, facts.response_ms) == ("resolved", "ann", [0])


@pytest.mark.parametrize(("days", "customer"), [(90, "ann"), (91, "")])
def test_what_came_90_days_before_the_first_message_led_to_it_and_what_is_older_did_not(days, customer):
    chat = Chat().start(customer_id="ann").ask(after=days * 86_400).answer()
    assert read(chat)[0].customer_id == customer


def test_what_is_older_belongs_to_the_conversation_before_if_there_is_one():
    chat = resolved().reopen().rate(1).ask(after=100 * 86_400).answer()
    first, second = read(chat)
    assert (first.rating, first.is_disputed, second.rating) == (1, True, None)


def test_nothing_is_a_conversation_before_the_customer_wrote():
    assert read(begin().answer("Can I help you?")) == []
    (facts,) = read(begin().answer("Can I help you?").ask().answer().resolve())
    assert (facts.n_agent_messages, facts.response_ms) == (2, [2_000])
