"""Two people label ten conversations in Chromium with the keyboard alone; neither learns what the other or a scorer
found, from no answer of the site."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from analytics.label_adjudication import adjudicate
from analytics.labelling import save_marks
from analytics.labels import read_marks
from analytics.models import Conversation, Label, LabelPlan, LabelTask, QualityScore, Stratum
from analytics.tasks import fill_label_queue_of
from improvement.articles import save_article
from portal.models import Role
from tests.browser.conftest import inspect_page, keep_picture
from tests.events import Chat, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Nothing else on the page has these digits: what a scorer gave, and what the other person will write.
SCORE, HER_COMMENT, HIS_COMMENT = 0.91357, "She found it thorough", "He found it short"
QUESTION, ANSWER = "How do I change my payment card?", "Open **Billing** and choose *Payment methods*."


@pytest.fixture
def second(merchant, make_member):
    return make_member(merchant, Role.REVIEWER, email="rosa@lumen.example", name="Rosa Reviewer")


@pytest.fixture
def ten_conversations(merchant):
    with time_machine.travel(NOW, tick=True):
        save_article(
            merchant,
            external_id="billing",
            title="Change your payment card before the next renewal of your plan",
            body="Open Billing, choose Payment methods.\n\n- Add the new card\n- Remove the old one",
            language="en",
            tags=[],
            source_url="",
            updated_at=NOW,
        )
        send(merchant, *(tell(number) for number in range(10)), now=NOW)
        for conversation in Conversation.objects.all():
            QualityScore.objects.create(
                merchant=merchant,
                conversation=conversation,
                scorer="local",
                scorer_version="s-1",
                rubric_version="1",
                overall=SCORE,
                rationale="What the scorer thought",
                created_at=NOW,
                read_state_at=NOW,
            )
        LabelPlan.objects.create(merchant=merchant, n_random=10, n_targeted=0, double_share=1.0)
        fill_label_queue_of(merchant.pk)
        yield


def tell(number: int) -> Chat:
    chat = Chat(f"t-{number}", at=NOW - timedelta(days=2, hours=number)).start().ask(f"{QUESTION} ({number})")
    chat.answer(ANSWER, sources=[{"article_id": "billing", "score": 0.8}]).ask("And the old one?")
    return chat.answer("You can remove it after the next payment.").resolve().rate(1, comment="Hopeless")


def listen(page) -> list[str]:
    """Fills with the body of every answer of the site that is text."""
    bodies: list[str] = []

    def keep(response) -> None:
        kind = response.headers.get("content-type", "")
        if (response.status == 200 and "/static/" not in response.url and "text" in kind) or "json" in kind:
            bodies.append(response.text())

    page.on("response", keep)
    return bodies


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def label_with_keys(page, marks: str, comment: str) -> None:
    """`marks` is a key for each dimension. Then a comment by Tab, and Enter from there."""
    page.wait_for_selector("#label-form")
    for number, key in enumerate(marks):
        if number:
            press(page, "ArrowDown" if number % 2 else "Tab")
        press(page, key)
    press(page, "Tab")
    page.keyboard.type(comment)
    with page.expect_navigation():
        press(page, "Enter")


def test_two_people_label_ten_conversations_with_the_keyboard_and_neither_sees_the_other(
    browse, merchant, reviewer, second, ten_conversations
):
    his, hers = browse(reviewer), browse(second)
    his_answers, her_answers = listen(his), listen(hers)
    for page in (his, hers):
        page.goto("/lumen/quality/labels/")
    for number in range(10):
        label_with_keys(his, "54N3", HIS_COMMENT)
        label_with_keys(hers, {0: "24N3", 1: "5413"}.get(number, "54N3"), HER_COMMENT)
    for page in (his, hers):
        page.get_by_text("Nothing waits for you").wait_for()
        page.get_by_text("10 of 10 today").wait_for()
        page.get_by_text("10 in this session").wait_for()
    marked = read_marks(merchant, rubric_version="1")
    assert [len(one.ratings["helpfulness"]) for one in marked] == [2] * 10
    assert all(one.stratum == Stratum.RANDOM for one in marked)
    assert sorted(one.ratings["helpfulness"] for one in marked)[0] in ((0.25, 1.0), (1.0, 0.25))
    assert [one.ratings["politeness"] for one in marked if "politeness" in one.ratings] == [(0.0,)]
    disputed = LabelTask.objects.filter(is_disputed=True)
    assert disputed.count() == 2, "one mark is three steps away, and one stands against a does not apply"
    for answers, others in ((his_answers, HER_COMMENT), (her_answers, HIS_COMMENT)):
        assert len(answers) >= 11
        told = "\n".join(answers)
        for secret in (others, str(SCORE), "91", "What the scorer thought", "Hopeless", "1/5", "s-1"):
            assert not re.search(rf"(?<![\w-]){re.escape(secret)}(?![\w-])", told), secret


def test_keys_skip_undo_and_tell_about_themselves(browse, merchant, reviewer, ten_conversations):
    page = browse(reviewer)
    page.goto("/lumen/quality/labels/")
    press(page, "?")
    page.get_by_text("choose a step, from worst to best").wait_for()
    press(page, "Escape", "Enter")  # nothing is marked yet, so nothing is saved
    assert Label.objects.count() == 0
    press(page, "s", "2")
    with page.expect_navigation():
        press(page, "Enter")
    page.get_by_text("Last one skipped").wait_for()
    assert Label.objects.get().skip_reason == "acquaintance"
    page.get_by_text("1 of 10 today").wait_for()
    with page.expect_navigation():
        press(page, "u")
    page.get_by_text("Taken back").wait_for()
    page.get_by_text("0 of 10 today").wait_for()
    press(page, "5", "ArrowDown", "0", "ArrowUp", "4")
    checked = page.eval_on_selector_all("input:checked", "all => all.map(one => `${one.name}=${one.value}`)")
    assert checked == ["mark-helpfulness=0.75", "mark-accuracy=na"]


def test_without_javascript_it_is_a_form(browse, merchant, reviewer, ten_conversations):
    page = browse(reviewer, javascript=False)
    page.goto("/lumen/quality/labels/")
    for scale in page.get_by_role("group").filter(has=page.locator("input[value=na]")).all():
        scale.get_by_role("radio").nth(3).check()
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_text("Last one saved").wait_for()
    assert Label.objects.get().overall == 0.75
    page.get_by_text("Skip …").click()
    page.get_by_label("Technical noise").check()
    page.get_by_role("button", name="Skip this conversation").click()
    page.get_by_text("Last one skipped").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Taken back").wait_for()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_look_right(browse, merchant, owner, reviewer, second, ten_conversations, width):
    marks = dict.fromkeys(("helpfulness", "accuracy", "politeness", "completeness"), 1.0)
    for task in LabelTask.objects.order_by("pk")[:2]:
        save_marks(task, marks, by=reviewer, now=NOW, comment="All there")
        save_marks(task, marks | {"helpfulness": 0.25, "accuracy": None}, by=second, now=NOW)
    adjudicate(task, marks, by=owner, now=NOW)
    waiting = LabelTask.objects.get(is_disputed=True, adjudicated_at=None)
    page = browse(owner, width=width)
    page.goto("/lumen/quality/labels/")
    if width == 1440:
        press(page, "4")
    inspect_page(page, "labels")
    for path, name in (
        ("plan/", "label-plan"),
        ("disagreements/", "disagreements"),
        (f"disagreements/{waiting.pk}/", "disagreement"),
        (f"disagreements/{task.pk}/", "disagreement-decided"),
    ):
        page.goto(f"/lumen/quality/labels/{path}")
        inspect_page(page, name)
    LabelTask.objects.update(closed_at=NOW)
    page.goto("/lumen/quality/labels/")
    page.get_by_text("Nothing waits for you").wait_for()
    keep_picture(page, f"labels-empty-{width}")


def test_staff_label_with_the_keyboard_too(browse, merchant, staff, ten_conversations):
    page = browse(staff)
    page.goto("/admin/analytics/labeltask/")
    page.get_by_role("link", name="Lumen Lighting").click()
    page.wait_for_selector("#label-form")
    page.wait_for_load_state()  # with its script
    keep_picture(page, "labels-admin")
    for key in ("4", "ArrowDown", "3", "ArrowDown", "n", "ArrowDown", "5"):
        press(page, key)
    with page.expect_navigation():
        press(page, "Enter")
    page.get_by_text("9 wait").wait_for()
    assert Label.objects.get().marks == {
        "helpfulness": 0.75,
        "accuracy": 0.5,
        "politeness": None,
        "completeness": 1.0,
    }
