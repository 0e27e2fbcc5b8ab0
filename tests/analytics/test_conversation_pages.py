"""The list behind every number, and one conversation as it went."""

from datetime import UTC, datetime

import pytest
import time_machine

from analytics.filters import LISTS, Filters
from analytics.models import Conversation
from analytics.queries import conversations, totals
from portal.periods import parse_period
from tests.events import Chat, abandoned, escalated, resolved, send, still_open

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIST = "/lumen/conversations/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def everything():
    """At least one conversation for every list that a number can lead to."""
    yield resolved("resolved", at="2026-11-02T09:00:00+00:00").rate(1)
    yield Chat("confirmed", at="2026-11-03T09:00:00+00:00").start("bo").ask().answer().resolve(confirmed=True).rate(5)
    yield (
        Chat("again", at="2026-11-05T09:00:00+00:00", channel="email")
        .start("bo")
        .ask("<b>Refund</b>")
        .answer()
        .resolve()
    )
    yield escalated("escalated", at="2026-11-06T09:00:00+00:00", reason="tool_failure")
    yield abandoned("abandoned", at="2026-11-07T09:00:00+00:00")
    yield still_open("open", at="2026-11-20T10:00:00+00:00")
    yield Chat("human", at="2026-11-08T09:00:00+00:00").start("cy").ask().teammate().close()
    yield Chat("greeting", at="2026-11-09T09:00:00+00:00").start("di").ask("Hello!")
    yield Chat("test", at="2026-11-09T10:00:00+00:00").start("di", is_test=True).ask().answer()
    yield resolved("too old", at="2026-09-02T09:00:00+00:00")


@pytest.fixture
def told(merchant):
    send(merchant, *everything())


@pytest.mark.parametrize("key", LISTS)
def test_the_number_and_the_list_behind_it_agree(merchant, told, key):
    period = parse_period({}, zone=merchant.zone, now=NOW)
    n = conversations(merchant, period, Filters(outcome=key)).count()
    assert n == getattr(totals(merchant, period), LISTS[key].column)
    assert n > 0


def test_list(sign_in, viewer, merchant, told, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(30):
        page = client.get(LIST)
    assert page.status_code == 200
    assert page.context["page"].paginator.count == 7
    assert "too old" not in {row.thread for row in page.context["page"]}
    assert b"&lt;b&gt;Refund" in page.content


@pytest.mark.parametrize(
    ("query", "threads"),
    [
        ("outcome=escalated", {"escalated"}),
        ("outcome=recontacted", {"confirmed"}),
        ("outcome=excluded", {"greeting", "test"}),
        ("channel=email", {"again"}),
        ("reason=tool_failure", {"escalated"}),
        ("text=refund", {"again"}),
        ("text=bo", {"confirmed", "again"}),
        ("text=escalated", {"escalated"}),
        ("period=custom&from=2026-11-06&to=2026-11-07", {"escalated", "abandoned"}),
        ("period=7d", {"open"}),
        ("outcome=escalated&channel=email", set()),
    ],
)
def test_filters(sign_in, viewer, merchant, told, query, threads):
    page = sign_in(viewer).get(f"{LIST}?{query}")
    assert {row.thread for row in page.context["page"]} == threads


@pytest.mark.parametrize("query", ["outcome=great", "channel=fax", "reason=bored", "period=decade", "page=x"])
def test_what_is_not_known_is_said_and_left_out(sign_in, viewer, merchant, told, query):
    page = sign_in(viewer).get(f"{LIST}?{query}")
    assert page.context["page"].paginator.count == 7
    assert query.startswith("page") or "Use one of" in page.content.decode()


def test_empty_list_says_what_to_do(sign_in, viewer, merchant):
    assert "No conversations yet" in sign_in(viewer).get(LIST).content.decode()


def test_one_conversation(sign_in, viewer, merchant, told, django_assert_max_num_queries):
    row = Conversation.objects.get(thread="escalated")
    with django_assert_max_num_queries(30):
        page = sign_in(viewer).get(f"{LIST}{row.pk}/").content.decode()
    for text in (
        "Where is my order?",
        "I do not know.",
        "Let me look into it.",
        "Handed off to a teammate",
        "Tool failure",
    ):
        assert text in page


def test_an_episode_shows_its_own_events_only(sign_in, viewer, merchant):
    send(
        merchant, resolved("c", at="2026-11-02T09:00:00+00:00").rate(5).ask("A new question").answer("Sure").hand_off()
    )
    first, second = Conversation.objects.order_by("episode")
    pages = [sign_in(viewer).get(f"{LIST}{row.pk}/").content.decode() for row in (first, second)]
    assert "Customer rated" in pages[0]
    assert "Handed off" not in pages[0]
    assert "Customer rated" not in pages[1]
    assert "Handed off" in pages[1]


def test_stranger_404_bad_id_404_wrong_method_405(sign_in, viewer, stranger, other_merchant, merchant, told):
    row = Conversation.objects.get(thread="escalated")
    for url in (LIST, f"{LIST}{row.pk}/"):
        assert sign_in(stranger).get(url).status_code == 404
        assert sign_in(viewer).post(url).status_code == 405
    assert sign_in(viewer).get(f"{LIST}999999/").status_code == 404
    assert sign_in(stranger).get(f"/himal/conversations/{row.pk}/").status_code == 404


def test_anonymous_visitors_sign_in_first(client, merchant):
    assert client.get(LIST).status_code == 302
