"""Words, phrases and ids find conversations, at once and from the index alike."""

from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.conversation_list import read_page
from analytics.filters import Filters
from analytics.models import Conversation, SearchText
from analytics.search_index import index_changed
from analytics.tasks import index_texts_of
from analytics.text_search import find_passages
from portal.periods import parse_period
from tests.events import Chat, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXTS = {
    "refund": "How do I get my refund for order ORD-123?",
    "lamps": "Which lamps work in a damp bathroom?",
    "german": "Wo ist die ÄRGERLICHE Größe der Lampe?",
    "quote": "It's the 'blue' one \\ or the red one",
}


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def chat(thread, text, *, at="2026-11-18T09:00:00+00:00", customer=""):
    return Chat(thread, at=at).start(customer_id=customer).ask(text).answer("Please look at the manual.")


def find(merchant, text, **query):
    period = parse_period(query or {"period": "90d"}, zone=merchant.zone, now=NOW)
    return read_page(merchant, period, Filters.from_query({"text": text}), now=NOW)


def threads(page):
    return {row.thread for row in page.rows}


@pytest.fixture(params=["not indexed", "indexed", "half indexed"])
def told(request, merchant, other_merchant):
    half = len(TEXTS) // 2 if request.param == "half indexed" else len(TEXTS)
    send(other_merchant, *(chat(thread, text) for thread, text in TEXTS.items()))
    send(merchant, *(chat(thread, TEXTS[thread], customer=f"of {thread}") for thread in list(TEXTS)[:half]))
    if request.param != "not indexed":
        index_texts_of(merchant.pk)
        index_texts_of(other_merchant.pk)
    send(merchant, *(chat(thread, TEXTS[thread], customer=f"of {thread}") for thread in list(TEXTS)[half:]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refund", {"refund"}),
        ("REFUND", {"refund"}),
        ("lamp", {"lamps", "german"}),
        ("lamp*", {"lamps", "german"}),
        ('"lamp"', set()),
        ('"damp bathroom"', {"lamps"}),
        ('"bathroom damp"', set()),
        ("bathroom damp", {"lamps"}),
        ('lamps "damp bathroom', {"lamps"}),
        ("lamps refund", set()),
        ("manual", set(TEXTS)),
        ("ord-123", {"refund"}),
        ("ärger größe", {"german"}),
        ("it's 'blue'", {"quote"}),
        ("\\", set()),
        ("???", set()),
        ("or", {"quote"}),
        ("re", set()),
        ("lamps", {"lamps"}),
        ("of lamps", {"lamps"}),
        ("nothing of this", set()),
    ],
)
def test_words_phrases_and_ids(merchant, told, text, expected):
    assert threads(find(merchant, text)) == expected


def test_a_period_is_searched_by_its_own_months(merchant, told):
    send(merchant, chat("autumn", "Where is my refund?", at="2026-09-01T09:00:00+00:00"))
    index_texts_of(merchant.pk)
    assert threads(find(merchant, "refund", period="90d")) == {"autumn", "refund"}
    assert threads(find(merchant, "refund", period="month")) == {"refund"}
    assert threads(find(merchant, "refund", **{"from": "2026-08-01", "to": "2026-09-30"})) == {"autumn"}


def test_what_is_said_later_is_found_too_and_indexing_twice_changes_nothing(merchant):
    story = chat("c", "Where is my order?")
    send(merchant, story)
    index_texts_of(merchant.pk)
    send(merchant, story.ask("I want compensation"))
    assert threads(find(merchant, "compensation order")) == {"c"}
    assert index_changed(merchant)
    assert threads(find(merchant, "compensation order")) == {"c"}
    assert not index_changed(merchant)
    assert SearchText.objects.for_merchant(merchant).count() == 1


def test_a_deleted_conversation_leaves_no_words(merchant):
    send(merchant, chat("c", "Where is my order?"))
    index_texts_of(merchant.pk)
    Conversation.objects.for_merchant(merchant).get().delete()
    assert not SearchText.objects.exists()


def test_the_found_passage_is_shown_with_its_words_marked(merchant):
    long = "First of all hello. " * 30 + "Now, the refund of my lamp has not come. " + "Thank you so much. " * 30
    send(merchant, chat("c", "Hello"), chat("long", long))
    page = find(merchant, "refund lamp")
    pieces = page.passages[page.rows[0].pk]
    assert {piece.text for piece in pieces if piece.is_found} == {"refund", "lamp"}
    assert len("".join(piece.text for piece in pieces)) < 300


def test_what_was_found_is_marked_on_the_page(sign_in, viewer, merchant):
    send(merchant, chat("c", "Where is <i>my</i> refund?"))
    page = sign_in(viewer).get("/lumen/conversations/?text=refund").content.decode()
    assert "<mark>refund</mark>" in page
    assert "&lt;i&gt;my" in page


def test_many_hits_are_counted_up_to_a_bound(merchant, monkeypatch, sign_in, viewer):
    monkeypatch.setattr("analytics.conversation_list.MOST_COUNTED", 2)
    send(merchant, *(chat(f"c-{n}", "Where is my refund?") for n in range(3)))
    page = find(merchant, "refund")
    assert (page.n, page.is_counted, len(page.rows)) == (2, False, 3)
    assert "More than 2 conversations" in sign_in(viewer).get("/lumen/conversations/?text=refund").content.decode()


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
def test_no_text_is_an_error(merchant, text):
    page = find(merchant, text)
    assert page.n == 0
    assert find_passages([1], Filters.from_query({"text": text}).text) == {}
