"""The labelling pages: blind, one at a time, without any script, and what two who disagree come to."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from analytics.label_adjudication import adjudicate
from analytics.labelling import LabelError, save_marks
from analytics.labels import read_marks
from analytics.models import Conversation, Label, LabelPlan, LabelTask, QualityScore, Stratum, TargetReason
from portal.models import AuditEntry, Role
from tests.events import Chat, send

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MARKS = {"helpfulness": 1.0, "accuracy": 0.75, "politeness": None, "completeness": 0.5}
POSTED = {"mark-helpfulness": "1", "mark-accuracy": "0.75", "mark-politeness": "na", "mark-completeness": "0.5"}
URL = "/lumen/quality/labels/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def asked_about(merchant, thread="c-1", **task) -> LabelTask:
    """A conversation that a scorer, the customer and another person have said something about."""
    chat = Chat(thread, at="2026-11-20T09:00:00+00:00").start().ask("Where is the red lamp?")
    chat.answer(
        "It is on its way.", confidence=0.4321, latency_ms=2345, sources=[{"article_id": "kb-7", "score": 0.81}]
    )
    send(merchant, chat.resolve().rate(2, comment="Rude and slow"))
    conversation = Conversation.objects.get(merchant=merchant, thread=thread)
    QualityScore.objects.create(
        merchant=merchant,
        conversation=conversation,
        scorer="local",
        scorer_version="s-1",
        rubric_version="1",
        overall=0.4679,
        helpfulness=0.4678,
        rationale="The scorer's own reason.",
        created_at=NOW,
        read_state_at=NOW,
    )
    fields = {"stratum": Stratum.TARGETED, "reason": TargetReason.LOW_RATING, "n_reviewers": 2} | task
    return LabelTask.objects.create(
        merchant=merchant, conversation=conversation, rubric_version="1", created_at=NOW, **fields
    )


def test_one_conversation_is_shown_with_what_was_said_and_cited(merchant, reviewer, sign_in):
    asked_about(merchant)
    page = sign_in(reviewer).get(URL).content.decode()
    assert "Where is the red lamp?" in page
    assert "kb-7" in page
    assert page.count('type="radio"') == 4 * 6 + 5
    assert "0 of 1 today" in page


def test_the_page_gives_nothing_away_of_what_others_think(merchant, owner, reviewer, sign_in):
    """Neither scorer, customer, stratum, reason nor the other person, in no spelling."""
    task = asked_about(merchant)
    save_marks(task, MARKS, by=owner, now=NOW, comment="Quite wrong, I think")
    page = sign_in(reviewer).get(URL).content.decode()
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
    told = (
        "0.46",
        "46",
        "47",
        "0.81",
        "81",
        "0.43",
        "43 %",
        "43%",
        "2345",
        "2.3",
        "s-1",
        "own reason",
        "Rude and slow",
    )
    hidden = (
        *told,
        "2/5",
        "rating",
        "low_rating",
        "targeted",
        "Targeted",
        "random",
        "0.777",
        "Resolved",
        "Quite wrong",
    )
    # The steps that one may choose are of course written there, and classes of the layout.
    body = re.sub(r"<(svg|link|script|use|path)[^>]*>", "", body)
    found = [word for word in hidden if word in body]
    assert found == []
    assert "checked" not in body
    for kind in ("Olivia", "escalated", "stratum", "confidence"):
        assert kind not in body


def test_the_conversation_s_own_page_waits_until_it_is_labelled(merchant, owner, reviewer, sign_in):
    task = asked_about(merchant)
    client, url = sign_in(reviewer), f"/lumen/conversations/{task.conversation_id}/"
    client.get(URL)
    assert client.get(url)["Location"] == URL
    assert sign_in(owner).get(url).status_code == 200
    client.post(f"{URL}{task.pk}/marks/", POSTED)
    assert b"own reason" in client.get(url).content


def test_marks_are_saved_counted_and_can_be_taken_back(merchant, reviewer, sign_in):
    task = asked_about(merchant, n_reviewers=1)
    client = sign_in(reviewer)
    page = client.post(f"{URL}{task.pk}/marks/", POSTED | {"comment": "Fine"}, follow=True).content.decode()
    label = Label.objects.get()
    assert (label.marks, label.comment, label.reviewer) == (MARKS, "Fine", reviewer)
    assert "Last one saved" in page
    assert "1 of 1 today" in page
    assert "1 in this session" in page
    page = client.post(f"{URL}withdrawals/", follow=True).content.decode()
    assert "Taken back. Here it is again." in page
    assert page.count("checked") == 4  # the person's own marks, to correct one
    assert 'value="Fine"' in page
    assert read_marks(merchant, rubric_version="1") == []


def test_every_dimension_is_asked_for(merchant, reviewer, sign_in):
    task = asked_about(merchant)
    answer = sign_in(reviewer).post(f"{URL}{task.pk}/marks/", {"mark-helpfulness": "0.3", "mark-accuracy": "1"})
    assert answer.status_code == 422
    assert b"Nothing was saved yet" in answer.content
    assert Label.objects.count() == 0


def test_skipping_asks_for_a_reason_and_keeps_it(merchant, reviewer, sign_in):
    task = asked_about(merchant)
    client = sign_in(reviewer)
    assert client.post(f"{URL}{task.pk}/skips/", {"reason": "bored"}).status_code == 422
    page = client.post(f"{URL}{task.pk}/skips/", {"reason": "acquaintance"}, follow=True).content.decode()
    assert "Last one skipped" in page
    assert "Nothing waits for you" in page
    assert Label.objects.get().skip_reason == "acquaintance"


def test_the_second_to_save_is_told_so(merchant, owner, reviewer, sign_in):
    task = asked_about(merchant, n_reviewers=1)
    save_marks(task, MARKS, by=owner, now=NOW)
    page = sign_in(reviewer).post(f"{URL}{task.pk}/marks/", POSTED, follow=True).content.decode()
    assert "Somebody else labelled this conversation meanwhile" in page
    assert Label.objects.count() == 1


@pytest.mark.parametrize("path", ["marks/", "skips/"])
def test_an_address_without_a_task_is_not_found_and_get_is_no_way_to_save(merchant, reviewer, sign_in, path):
    task = asked_about(merchant)
    client = sign_in(reviewer)
    assert client.post(f"{URL}{2**40}/{path}", POSTED).status_code == 404
    assert client.get(f"{URL}{task.pk}/{path}").status_code == 405


def test_viewers_neither_label_nor_see_the_tab(merchant, viewer, sign_in):
    client = sign_in(viewer)
    assert client.get(URL).status_code == 403
    assert "Labelling" not in client.get("/lumen/quality/").content.decode()


def test_the_owner_sets_how_many_wait_and_how_many_two_people_see(merchant, owner, reviewer, sign_in):
    send(merchant, *(Chat(f"e-{n}", at="2026-11-20T09:00:00+00:00").start().ask().answer().resolve() for n in range(6)))
    sent = {"n_random": "4", "n_targeted": "0", "double_share": "100", "window_days": "28"}
    assert sign_in(reviewer).post(f"{URL}plan/", sent).status_code == 403
    assert sign_in(owner).post(f"{URL}plan/", sent | {"double_share": "101"}).status_code == 422
    assert sign_in(owner).post(f"{URL}plan/", sent).status_code == 302
    assert LabelPlan.objects.get().double_share == 1.0
    assert [task.n_reviewers for task in LabelTask.objects.all()] == [2, 2, 2, 2]
    assert AuditEntry.objects.filter(verb="label.plan_changed").count() == 1


class TestDisagreement:
    @pytest.fixture
    def second(self, merchant, make_member):
        return make_member(merchant, Role.REVIEWER, email="rosa@lumen.example", name="Rosa Reviewer")

    def disputed(self, merchant, *people) -> LabelTask:
        task = asked_about(merchant, stratum=Stratum.RANDOM)
        for person, mark in zip(people, (1.0, 0.25), strict=True):
            save_marks(task, MARKS | {"helpfulness": mark}, by=person, now=NOW)
        return task

    def test_a_third_person_decides_without_names_and_both_marks_stay(self, merchant, owner, reviewer, second, sign_in):
        task = self.disputed(merchant, reviewer, second)
        client, url = sign_in(owner), f"{URL}disagreements/{task.pk}/"
        assert "two people disagree" in client.get(URL).content.decode()
        listed = client.get(f"{URL}disagreements/").content.decode()
        assert "Helpfulness" in listed
        assert "Accuracy" not in listed
        page = client.get(url).content.decode()
        assert "Got what they came for" in page
        assert "Remi" not in page
        assert "Rosa" not in page
        page = client.post(f"{url}decisions/", POSTED | {"mark-helpfulness": "0.75"}, follow=True).content.decode()
        assert "Remi Reviewer" in page
        assert "Decided by Olivia Owner" in page
        (marked,) = read_marks(merchant, rubric_version="1")
        assert marked.ratings["helpfulness"] == (1.0, 0.25)
        assert marked.truth["helpfulness"] == 0.75
        assert AuditEntry.objects.get(verb="label.adjudicated").actor == owner

    def test_who_marked_may_decide_only_where_no_other_owner_could(
        self, merchant, owner, reviewer, sign_in, make_member
    ):
        task = self.disputed(merchant, reviewer, owner)
        client, url = sign_in(owner), f"{URL}disagreements/{task.pk}/"
        assert "There is no other owner to decide" in client.get(url).content.decode()
        make_member(merchant, Role.OWNER, email="otto@lumen.example", name="Otto Owner")
        assert "another owner decides" in client.get(url).content.decode()
        with pytest.raises(LabelError, match="another owner decides"):
            adjudicate(task, MARKS, by=owner, now=NOW)
        assert Label.objects.filter(is_adjudication=True).count() == 0

    def test_what_was_decided_is_not_decided_again_nor_taken_back(self, merchant, owner, reviewer, second, sign_in):
        task = self.disputed(merchant, reviewer, second)
        adjudicate(task, MARKS, by=owner, now=NOW)
        with pytest.raises(LabelError, match="decided meanwhile"):
            adjudicate(task, MARKS, by=owner, now=NOW)
        page = sign_in(second).post(f"{URL}withdrawals/", follow=True).content.decode()
        assert "nothing of the last hour" in page

    def test_reviewers_do_not_see_it(self, merchant, reviewer, second, sign_in):
        task = self.disputed(merchant, reviewer, second)
        assert sign_in(reviewer).get(f"{URL}disagreements/{task.pk}/").status_code == 403


def test_the_queue_is_counted_in_the_navigation(merchant, viewer, sign_in):
    asked_about(merchant)
    assert "waiting for a label" in sign_in(viewer).get("/lumen/quality/").content.decode()


def test_a_label_of_yesterday_is_not_of_today(merchant, reviewer, sign_in):
    task = asked_about(merchant)
    save_marks(task, MARKS, by=reviewer, now=NOW - timedelta(days=1))
    assert "0 of 0 today" in sign_in(reviewer).get(URL).content.decode()


def test_the_page_asks_few_questions_however_long_conversation_and_queue_are(
    merchant, reviewer, sign_in, django_assert_max_num_queries
):
    for number in range(12):
        task = asked_about(merchant, f"c-{number}")
    chat = Chat("long", at="2026-11-20T09:00:00+00:00").start()
    for number in range(40):
        chat.ask(f"And {number}?").answer("Yes.", sources=[{"article_id": f"kb-{number}", "score": 0.5}])
    send(merchant, chat.resolve())
    LabelTask.objects.exclude(pk=task.pk).update(closed_at=NOW)
    LabelTask.objects.filter(pk=task.pk).update(conversation=Conversation.objects.get(thread="long"))
    client = sign_in(reviewer)
    with django_assert_max_num_queries(30):
        assert "And 39?" in client.get(URL).content.decode()
