"""Merge, split, take out and mark, on the pages and over REST; filters of the list."""

from datetime import UTC, datetime

import pytest
import time_machine

from improvement.models import Gap, GapMerge, GapStatus, Question, QuestionMark
from portal.models import AuditEntry
from tests.improvement.gap_builder import make_gap

NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)
PAY = [("pay my bill", None), ("how can I pay the bill?", None), ("where do I pay a bill", None)]


@pytest.fixture
def password(merchant) -> Gap:
    return make_gap(merchant)


@pytest.fixture
def bill(merchant) -> Gap:
    return make_gap(merchant, PAY, name="pay bill")


def post(client, path, **fields) -> str:
    return client.post(path, fields, follow=True).content.decode()


def test_a_reviewer_merges_and_takes_apart_again(sign_in, reviewer, password, bill):
    client = sign_in(reviewer)
    html = post(client, f"/lumen/gaps/{bill.pk}/merges/", into=password.pk)
    assert "Take apart again" in html
    assert "pay bill" in html
    assert client.get(f"/lumen/gaps/{bill.pk}/").headers["Location"] == f"/lumen/gaps/{password.pk}/"
    assert "pay bill" not in client.get("/lumen/gaps/").content.decode()
    html = post(client, f"/lumen/gap-merges/{GapMerge.objects.get().pk}/undos/")
    assert "is a gap of its own" in html
    assert bill.questions.count() == len(PAY)
    assert AuditEntry.objects.get(verb="gap.merged").actor_name


def test_a_merge_with_nothing_or_itself_changes_nothing(sign_in, reviewer, password, bill):
    client = sign_in(reviewer)
    assert client.post(f"/lumen/gaps/{bill.pk}/merges/", {"into": "x"}).status_code == 404
    assert "Choose two different gaps" in post(client, f"/lumen/gaps/{bill.pk}/merges/", into=bill.pk)
    assert not GapMerge.objects.exists()


def test_chosen_questions_become_a_gap_and_a_bad_choice_changes_nothing(sign_in, reviewer, bill):
    client = sign_in(reviewer)
    chosen = bill.questions.get(text="pay my bill")
    assert "pay my bill" in client.get(f"/lumen/gaps/{bill.pk}/questions/").content.decode()
    assert "Choose some" in post(client, f"/lumen/gaps/{bill.pk}/splits/", name="Pay")
    assert "Choose some" in post(client, f"/lumen/gaps/{bill.pk}/splits/", name="Pay", questions="9" * 40)
    html = post(client, f"/lumen/gaps/{bill.pk}/splits/", name="Pay at once", questions=chosen.pk)
    assert "Pay at once" in html
    chosen.refresh_from_db()
    assert chosen.gap.name == "Pay at once"
    assert bill.questions.count() == len(PAY) - 1


def test_a_question_is_taken_out_and_put_back(sign_in, reviewer, bill):
    client = sign_in(reviewer)
    question = bill.questions.get(text="pay my bill")
    post(client, f"/lumen/gaps/{bill.pk}/exclusions/", question=question.pk)
    assert bill.questions.count() == len(PAY) - 1
    assert "Put back" in client.get(f"/lumen/gaps/{bill.pk}/").content.decode()
    post(client, f"/lumen/gaps/{bill.pk}/exclusions/", question=question.pk, undo=1)
    assert bill.questions.count() == len(PAY)


def test_a_mark_says_that_an_article_answers(sign_in, reviewer, bill):
    question = bill.questions.first()
    post(sign_in(reviewer), f"/lumen/questions/{question.pk}/marks/", is_covered="yes")
    mark = QuestionMark.objects.get()
    assert (mark.question, mark.is_covered, mark.by) == (question, True, reviewer)


def test_viewers_and_strangers_decide_nothing(sign_in, viewer, stranger, reviewer, password, bill):
    paths = [f"/lumen/gaps/{bill.pk}/{action}/" for action in ("merges", "splits", "exclusions")]
    paths += [f"/lumen/questions/{bill.questions.first().pk}/marks/", "/lumen/gap-merges/1/undos/"]
    client, outside, inside = sign_in(viewer), sign_in(stranger), sign_in(reviewer)
    for path in paths:
        assert client.post(path).status_code == 403
        assert outside.post(path).status_code == 404
        assert inside.get(path).status_code == 405
    assert "Not part of this" not in client.get(f"/lumen/gaps/{bill.pk}/questions/").content.decode()
    assert outside.get(f"/lumen/gaps/{bill.pk}/questions/").status_code == 404


def test_nothing_of_another_merchant_is_touched(sign_in, reviewer, other_merchant, bill):
    theirs = make_gap(other_merchant, PAY, name="theirs")
    client = sign_in(reviewer)
    assert client.post(f"/lumen/gaps/{bill.pk}/merges/", {"into": theirs.pk}).status_code == 404
    question = theirs.questions.first()
    assert client.post(f"/lumen/gaps/{bill.pk}/exclusions/", {"question": question.pk}).status_code == 404
    assert client.post(f"/lumen/questions/{question.pk}/marks/").status_code == 404
    post(client, f"/lumen/gaps/{bill.pk}/splits/", name="Mine", questions=question.pk)
    assert Question.objects.get(pk=question.pk).gap == theirs


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=bill", {"pay bill"}),
        ("q=reset", {"reset password"}),
        ("lack=stale", {"pay bill"}),
        ("channel=email", {"pay bill"}),
        ("language=de", {"pay bill"}),
        ("sort=name", {"pay bill", "reset password"}),
        ("lack=nonsense&channel=nonsense&sort=nonsense", {"pay bill", "reset password"}),
    ],
)
def test_the_list_is_narrowed(sign_in, viewer, password, bill, query, found):
    Gap.objects.filter(pk=bill.pk).update(lack="stale", channels=["email"], languages=["de"], weekly_counts=[0, 3, 1])
    html = sign_in(viewer).get(f"/lumen/gaps/?{query}").content.decode()
    assert {name for name in ("pay bill", "reset password") if name in html} == found


def test_empty_parameters_are_left_out_of_the_address(sign_in, viewer, bill):
    client = sign_in(viewer)
    assert client.get("/lumen/gaps/?q=&lack=stale&sort=").headers["Location"] == "/lumen/gaps/?lack=stale"
    assert client.get("/lumen/gaps/?q=").headers["Location"] == "/lumen/gaps/"


def test_the_page_says_why_and_what_came_back(sign_in, viewer, bill):
    Gap.objects.filter(pk=bill.pk).update(
        status="reopened",
        recurrence="retrieved_wrong",
        lack="needs_action",
        lack_evidence={"n": 8, "n_beyond": 6, "reasons": {"tool_failure": 6}},
    )
    with time_machine.travel(NOW):
        html = sign_in(viewer).get(f"/lumen/gaps/{bill.pk}/").content.decode()
    for shown in ("6 of 8 conversations", "tool failure", "used the article and it did not help", "Needs data"):
        assert shown in html


def test_the_api_merges_splits_renames_dismisses_and_undoes(api, password, bill):
    client = api("review")

    def send(path, body=None, code=201, method="post"):
        answer = getattr(client, method)(f"/api/v1/gaps/{path}/", body or {}, format="json")
        assert answer.status_code == code, answer.content
        return answer.json() if answer.content else None

    assert send(f"{bill.pk}/merges", {"into": password.pk})["merged_into"] == password.pk
    send(f"{bill.pk}/merges", {"into": password.pk}, 409)
    assert send(f"{bill.pk}/merges", code=200, method="delete")["merged_into"] is None
    send(f"{bill.pk}/merges", code=404, method="delete")
    question = bill.questions.first()
    assert send(f"{bill.pk}/splits", {"name": "One", "question_ids": [question.pk]})["n_questions"] == 1
    send(f"{bill.pk}/splits", {"name": "All", "question_ids": list(bill.questions.values_list("pk", flat=True))}, 409)
    assert send(f"{bill.pk}/names", {"name": "Bills"})["name"] == "Bills"
    assert send(f"{bill.pk}/dismissals", {"dismissal": "not_a_gap"})["status"] == GapStatus.DISMISSED
    send(f"{bill.pk}/dismissals", {"dismissal": "not_a_gap"}, 409)
    assert send(f"{bill.pk}/reopenings")["status"] == GapStatus.REOPENED
    assert not AuditEntry.objects.filter(verb__startswith="gap.", actor_name="").exists()
    for action in ("merges", "splits", "names", "dismissals", "reopenings"):
        assert api("read").post(f"/api/v1/gaps/{bill.pk}/{action}/", {}, format="json").status_code == 403


def test_support_staff_put_gaps_back_on_the_list(client, staff, bill, password):
    bill.move_to(GapStatus.DISMISSED)
    client.force_login(staff)
    chosen = {"action": "reopen_gaps", "_selected_action": [bill.pk, password.pk]}
    html = client.post("/admin/improvement/gap/", chosen, follow=True).content.decode()
    assert "1 gap is open again." in html
    assert "this gap is open" in html
    bill.refresh_from_db()
    assert bill.status == GapStatus.REOPENED
