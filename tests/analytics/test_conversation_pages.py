"""The list behind every number, and one conversation as it went."""

from datetime import UTC, datetime

import pytest
import time_machine

from analytics.filters import SCORES
from analytics.models import Conversation, QualityScore
from improvement.models import Article, Gap, Question
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


@pytest.fixture
def page_of(sign_in, viewer, merchant, told):
    client = sign_in(viewer)
    return lambda query="", **headers: client.get(f"{LIST}?{query}", headers=headers)


def test_list(sign_in, viewer, merchant, told, django_assert_max_num_queries):
    client = sign_in(viewer)
    client.get(LIST)
    with django_assert_max_num_queries(30):
        page = client.get(LIST)
    assert page.status_code == 200
    assert page.context["page"].n == 7
    assert "too old" not in {row.thread for row in page.context["page"].rows}
    assert b"&lt;b&gt;Refund" in page.content


@pytest.mark.parametrize(
    ("query", "threads"),
    [
        ("outcome=escalated", {"escalated"}),
        ("outcome=recontacted", {"confirmed"}),
        ("outcome=recontacted_mature", {"confirmed"}),
        ("outcome=verified", {"again"}),
        ("outcome=pending", {"human-after"}),
        ("outcome=excluded", {"greeting", "test"}),
        ("channel=email", {"again"}),
        ("reason=tool_failure", {"escalated"}),
        ("rating=1", {"resolved"}),
        ("rating=low", {"resolved"}),
        ("rating=high", {"confirmed"}),
        ("rating=rated", {"resolved", "confirmed"}),
        ("score=scored", set()),
        ("language=de", set()),
        ("language=en&agent_version=1&outcome=escalated", {"escalated"}),
        ("text=refund", {"again"}),
        ("text=bo", {"confirmed", "again"}),
        ("text=escalated", {"escalated"}),
        ("period=custom&from=2026-11-06&to=2026-11-07", {"escalated", "abandoned"}),
        ("period=7d", {"open"}),
        ("outcome=escalated&channel=email", set()),
    ],
)
def test_filters(page_of, merchant, query, threads):
    if query == "outcome=pending":
        send(merchant, escalated("human-after", at="2026-11-18T09:00:00+00:00"))
    page = page_of(query).context["page"]
    assert {row.thread for row in page.rows} == threads
    assert (page.n, page.is_counted) == (len(threads), True)


def test_quality_bands_are_those_of_the_scorer_shown(page_of, merchant):
    """Scores of another version do not mix in: the one with the most scores counts."""
    rows = {row.thread: row for row in Conversation.objects.for_merchant(merchant)}
    give_score(rows["resolved"], 0.39)
    give_score(rows["confirmed"], 0.4)
    give_score(rows["again"], 0.71)
    give_score(rows["escalated"], 0.1, version="older")
    found = {band: {row.thread for row in page_of(f"score={band}").context["page"].rows} for band in SCORES}
    assert found["low"] == {"resolved"}
    assert found["middle"] == {"confirmed"}
    assert found["high"] == {"again"}
    assert found["scored"] == {"resolved", "confirmed", "again"}
    assert found["unscored"] == {"escalated", "abandoned", "open", "human"}


def give_score(conversation, overall, version="current"):
    QualityScore.objects.create(
        merchant=conversation.merchant,
        conversation=conversation,
        scorer="local",
        scorer_version=version,
        rubric_version="1",
        overall=overall,
        helpfulness=overall,
        rationale="Lowered by: no answer.",
        contributions={"helpfulness": {"refusal": -1.25, "of an older version": 0.5}},
        created_at=NOW,
        read_state_at=NOW,
    )


def test_topics_come_from_the_gaps(page_of, merchant, sign_in, viewer, other_merchant):
    row = Conversation.objects.get(thread="escalated")
    vector = [1.0] + [0.0] * 383
    gap = Gap.objects.create(
        merchant=merchant, name="Where things are", centroid=vector, embedding_model="m",
        first_asked_at=NOW, last_asked_at=NOW,
    )  # fmt: skip
    Question.objects.create(
        merchant=merchant, conversation=row, text="?", asked_at=NOW, embedding=vector, embedding_model="m",
        is_covered=False, gap=gap,
    )  # fmt: skip
    for topic, threads in ((gap.pk, {"escalated"}), ("uncovered", {"escalated"}), ("covered", set())):
        assert {each.thread for each in page_of(f"topic={topic}").context["page"].rows} == threads
    assert "Where things are" in page_of(f"topic={gap.pk}").content.decode()
    unknown = page_of("topic=999999")
    assert unknown.context["page"].n == 7
    assert "is not known" in unknown.content.decode()


@pytest.mark.parametrize(
    "query", ["outcome=great", "channel=fax", "reason=bored", "rating=6", "score=x", "period=decade", "before=x"]
)
def test_what_is_not_known_is_said_and_left_out(page_of, query):
    page = page_of(query)
    assert page.context["page"].n == 7
    assert query.startswith("before") or "Use one of" in page.content.decode()


def test_each_filter_is_a_chip_that_leads_to_the_list_without_it(page_of):
    page = page_of("outcome=escalated&reason=tool_failure&period=90d&text=order")
    urls = {str(chip.label): chip.url_without for chip in page.context["chips"]}
    assert urls == {
        "Outcome": "?period=90d&reason=tool_failure&text=order",
        "Reason of handoff": "?period=90d&outcome=escalated&text=order",
        "Search": "?period=90d&outcome=escalated&reason=tool_failure",
    }
    assert not page_of("period=90d").context["chips"]


def test_htmx_gets_the_results_alone(page_of):
    answer = page_of("outcome=escalated", **{"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert "escalated" in answer.content.decode().lower()
    assert "HX-Request" in answer["Vary"]
    restored = page_of("outcome=escalated", **{"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_pages_go_on_from_where_they_stopped(sign_in, viewer, merchant, monkeypatch):
    """Two conversations of the same instant as well; new ones that come meanwhile shift nothing."""
    monkeypatch.setattr("analytics.conversation_list.PAGE_SIZE", 2)
    send(merchant, *(resolved(f"c-{n}", at=f"2026-11-0{2 + n // 2}T09:00:00+00:00") for n in range(5)))
    client = sign_in(viewer)

    def walk(name, cursor=""):
        pages = []
        while True:
            page = client.get(LIST, {name: cursor} if cursor else {}).context["page"]
            pages.append([row.thread for row in page.rows])
            cursor = page.older if name == "before" else page.newer
            if not cursor:
                return pages, page

    forwards, last = walk("before")
    assert forwards == [["c-4", "c-3"], ["c-2", "c-1"], ["c-0"]]
    send(merchant, resolved("new", at="2026-11-09T09:00:00+00:00"))
    backwards, first = walk("after", last.newer)
    assert backwards == [["c-2", "c-1"], ["c-4", "c-3"], ["new"]]
    assert (first.newer, bool(first.older), first.n) == ("", True, 6)
    beyond = client.get(LIST, {"before": "0-1"})
    assert "Nothing further" in beyond.content.decode()


def test_empty_list_says_what_to_do(sign_in, viewer, merchant):
    assert "No conversations yet" in sign_in(viewer).get(LIST).content.decode()
    send(merchant, resolved("old", at="2026-02-02T09:00:00+00:00"))
    assert "No conversation started in this period" in sign_in(viewer).get(LIST).content.decode()
    assert "No conversation fits" in sign_in(viewer).get(f"{LIST}?outcome=open").content.decode()


def test_one_conversation(sign_in, viewer, merchant, told, django_assert_max_num_queries):
    row = Conversation.objects.get(thread="escalated")
    client = sign_in(viewer)
    client.get(LIST)
    with django_assert_max_num_queries(30):
        page = client.get(f"{LIST}{row.pk}/").content.decode()
    for text in (
        "Where is my order?",
        "I do not know.",
        "Let me look into it.",
        "Handed off to a teammate",
        "Tool failure",
    ):
        assert text in page


def test_sources_lead_to_the_articles_that_are_known(sign_in, viewer, merchant, other_merchant):
    article = Article.objects.create(
        merchant=merchant, external_id="kb-1", title="Returns within 30 days", updated_at=NOW
    )
    Article.objects.create(merchant=other_merchant, external_id="kb-2", title="A stranger's article", updated_at=NOW)
    cited = [{"article_id": "kb-1", "score": 0.9}, {"article_id": "kb-2", "score": 0.5}]
    chat = Chat("c", at="2026-11-02T09:00:00+00:00").ask().retrieve("returns", cited).answer(sources=cited)
    send(merchant, chat.click("kb-1"))
    page = sign_in(viewer).get(f"{LIST}{Conversation.objects.get().pk}/").content.decode()
    assert page.count(f'href="/lumen/articles/{article.pk}/"') == 3
    assert "kb-2" in page
    assert "stranger" not in page


def test_scores_show_their_reasons_and_what_moved_them(sign_in, viewer, merchant, told):
    row = Conversation.objects.get(thread="escalated")
    give_score(row, 0.25)
    page = sign_in(viewer).get(f"{LIST}{row.pk}/").content.decode()
    assert "Lowered by: no answer." in page
    assert "-1.25" in page
    assert "of an older version" in page


def test_a_return_is_linked_both_ways_and_marked(sign_in, viewer, merchant, told):
    first, second = (Conversation.objects.get(thread=thread) for thread in ("confirmed", "again"))
    client = sign_in(viewer)
    pages = [client.get(f"{LIST}{row.pk}/").context["page"] for row in (first, second)]
    assert [page.came_back for page in pages] == [second, None]
    assert [page.came_from for page in pages] == [None, first]
    assert [page.is_changed for page in pages] == [True, False]


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
