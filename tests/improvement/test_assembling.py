from datetime import UTC, datetime

import numpy as np
import pytest

from improvement.assembling import assemble
from improvement.general_sentences import generalise, why_left_out
from improvement.material import Answer, Asked, Material, Rivals
from improvement.personal_data import find_personal, find_unpublishable, tells_about_a_person
from improvement.titling import build_title, find_wish, pick_questions
from portal.embeddings import embed

AT = datetime(2026, 10, 1, tzinfo=UTC)
NO_RIVALS = Rivals(np.zeros((0, 384), dtype=np.float32), np.zeros(0, dtype=np.float32))


def material(questions=(), answers=(), *, rivals=NO_RIVALS, name="return lamp", by_person=False) -> Material:
    return Material(
        name=name,
        is_named_by_person=by_person,
        language="en",
        questions=[Asked(number, number, text) for number, text in enumerate(questions)],
        answers=[Answer(number, number, f"u-{number}", text, AT) for number, text in enumerate(answers)],
        articles=[],
        rivals=rivals,
    )


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Returns are free within 30 days.", None),
        ("Our team can also email or fax it to you.", None),
        ("Is everyone safe?", "question"),
        ("I am sorry to hear that.", "courtesy"),
        ("I have sent you a reset link.", "one_customer"),
        ("We have refunded the order.", "one_customer"),
        ("Please tell Mr. Miller that returns are free.", "personal"),
        ("Send it to anna@lumen.example with your order.", "personal"),
        ("Your parcel 4410023377 arrives on 12/05/2026.", "personal"),
    ],
)
def test_sentences_for_one_customer_only_are_left_out(sentence, why):
    assert why_left_out(sentence) == why


def test_an_offer_becomes_the_teams_and_a_private_clause_is_cut():
    assert generalise("I can also email it to you.") == "Our team can also email it to you."
    assert generalise("You can send it under Claims, or I can open it for you.") == "You can send it under Claims."


@pytest.mark.parametrize(
    "text", ["my name is robert", "This is Kevin Cruz", "Fred McEnerny here", "Hi Robert", "AB-12345"]
)
def test_names_and_numbers_are_found(text):
    assert find_personal(text)


@pytest.mark.parametrize(
    "text", ["Use Forgot password on the sign-in page.", "It costs 25.00 and takes 15 days.", "Hi there"]
)
def test_ordinary_sentences_are_not_personal(text):
    assert find_personal(text) == []


def test_only_certain_findings_stop_an_approval():
    assert find_unpublishable("Call 4111 1111 1111 1111 or [phone]") == ["[phone]", "4111 1111 1111 1111"]
    assert find_unpublishable("Dear Robert, order 711155770") == []


@pytest.mark.parametrize("text", ["My husband died and I need to file a claim", "I want it for Glenn please"])
def test_what_customers_tell_about_people_is_not_printed(text):
    assert tells_about_a_person(text)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Hi, I want to reset my password please", "reset my password"),
        ("can you help me file a claim because my car broke", "file a claim"),
        ("I need help", None),
        ("where is it", None),
    ],
)
def test_the_wish_in_a_question(text, wish):
    assert find_wish(text) == wish


def test_the_title_is_the_wish_that_most_customers_share_unless_a_person_named_the_gap():
    asked = ["I want to file a health claim", "I need to file a claim", "I want to file a life claim", "Hello"]
    assert build_title(material(asked, name="claim file")) == "How do I file a claim?"
    assert build_title(material(asked, name="Claims", by_person=True)) == "Claims"
    assert build_title(material(["hm"], name="claim file")) == "Claim file"


def test_a_wording_that_would_catch_another_topics_question_is_left_out():
    asked = [
        "I want to return my lamp",
        "How can I return a lamp?",
        "Can I send the lamp back?",
        "Can I get a quote please?",
    ]
    rivals = Rivals(embed(["Please can I get a quote?"]), np.array([0.4], dtype=np.float32))
    assert "Can I get a quote please?" not in [
        text for _asked, text, _quote in pick_questions(material(asked).questions, rivals)
    ]


def test_sentences_said_twice_stand_once_and_the_rare_one_stays_out():
    often = "Returns are free within 30 days. Print the label under Orders, Return."
    again = "You can return it for free within 30 days. Print the label under Orders, Return."
    rare = "Lamps of the Moon series are made in Norway."
    written = assemble(material(["I want to return my lamp"] * 2, [often, often, again, again, rare]))
    assert written.body.count("30 days") == 1
    assert written.body.count("Print the label") == 1
    assert "Norway" not in written.body
    first = written.citations[0]
    assert first["quote"] in often + again
    assert len(first["also"]) >= 1


def test_nothing_general_is_no_article():
    assert assemble(material(["Help"], ["I have sent it to you.", "Thanks!"])) is None
    assert assemble(material(["Help"], [])) is None
