"""Planted orderings: which of two conversations must score lower, and why."""

import numpy as np
import pytest

from analytics.features import COLUMN, Feature, compute_features
from analytics.local_scorer import score_locally
from analytics.models import Author, Outcome
from analytics.rubric import Dimension
from analytics.transcript import Transcript, Turn
from tests.analytics.quality_cases import GOOD, REFUSAL

QUESTION = "How do I change my payment card?"
SOURCE = f"Change your payment method\n{GOOD} It takes up to 2 days."


def talk(*texts: str, **fields) -> Transcript:
    """Customer and agent take turns, the customer begins."""
    authors = [Author.CUSTOMER, Author.AGENT]
    return Transcript(tuple(Turn(authors[n % 2], text) for n, text in enumerate(texts)), **fields)


def scores(*transcripts: Transcript, of: Dimension | None = None) -> list[float]:
    found = score_locally(transcripts)
    return [assessment.overall if of is None else assessment.scores[of] for assessment in found]


BASE = talk(QUESTION, GOOD, sources=(SOURCE,))
WORSE = {
    "a refusal": talk(QUESTION, REFUSAL, sources=(SOURCE,)),
    "an answer to something else": talk(QUESTION, "Our shops open at nine on weekdays.", sources=(SOURCE,)),
    "the question asked again": talk(QUESTION, GOOD, "How can I change my payment card then?", GOOD, sources=(SOURCE,)),
    "an angry customer": talk(QUESTION, GOOD, "That is wrong and useless, it does not work", sources=(SOURCE,)),
    "a handoff": talk(QUESTION, GOOD, sources=(SOURCE,), outcome=Outcome.ESCALATED),
    "a customer who left": talk(QUESTION, GOOD, sources=(SOURCE,), outcome=Outcome.ABANDONED),
    "one star": talk(QUESTION, GOOD, sources=(SOURCE,), rating=1),
    "invented numbers": talk(QUESTION, f"{GOOD} It costs 49.90 and takes 17 days.", sources=(SOURCE,)),
    "rudeness": talk(QUESTION, f"Obviously, are you stupid?! {GOOD}", sources=(SOURCE,)),
}


@pytest.mark.parametrize("flaw", WORSE)
def test_a_flaw_lowers_the_score(flaw):
    base, worse = scores(BASE, WORSE[flaw])
    assert worse < base - 0.01


def test_thanks_confirmation_and_five_stars_raise_it():
    base, thanked, confirmed, rated = scores(
        BASE,
        talk(QUESTION, GOOD, "Perfect, thank you!", sources=(SOURCE,)),
        talk(QUESTION, GOOD, sources=(SOURCE,), is_confirmed=True),
        talk(QUESTION, GOOD, sources=(SOURCE,), rating=5),
    )
    assert min(thanked, confirmed, rated) > base


def test_accuracy_needs_a_source_and_falls_with_what_no_source_says():
    supported, invented, unknown = score_locally(
        [
            BASE,
            talk(QUESTION, "Send 95 dollars by fax to our Lisbon embassy before the 31st.", sources=(SOURCE,)),
            talk(QUESTION, GOOD),
        ]
    )
    assert supported.scores[Dimension.ACCURACY] > 0.7
    assert invented.scores[Dimension.ACCURACY] < 0.3
    assert unknown.scores[Dimension.ACCURACY] is None
    assert 0 < unknown.overall < 1


def test_politeness_moves_with_tone_and_not_with_content():
    rude, plain, kind = scores(
        talk(QUESTION, f"CALM DOWN!! It is your own fault. {GOOD}"),
        talk(QUESTION, GOOD),
        talk(QUESTION, f"Thank you for asking, happy to help. {GOOD}"),
        of=Dimension.POLITENESS,
    )
    assert rude < 0.3 < plain < kind


def test_a_score_says_what_moved_it():
    (assessment,) = score_locally([talk(QUESTION, REFUSAL, "This is useless")])
    assert "no answer" in assessment.rationale
    assert [quote.text for quote in assessment.quotes] == [REFUSAL, "This is useless"]
    parts = assessment.contributions["helpfulness"]
    assert min(parts, key=parts.get) == "refusal"


def test_a_score_does_not_depend_on_its_batch():
    alone = scores(BASE)[0]
    assert scores(WORSE["a refusal"], BASE, talk("Hello?", "Hi"))[1] == pytest.approx(alone, abs=1e-3)


def test_a_closing_thank_you_is_no_question_and_a_row_of_messages_is_one():
    turns = (
        Turn(Author.CUSTOMER, "Hello"),
        Turn(Author.CUSTOMER, QUESTION),
        Turn(Author.AGENT, GOOD, 900),
        Turn(Author.AGENT, "Anything else?", 5),
        Turn(Author.CUSTOMER, "thanks!"),
        Turn(Author.AGENT, "You are welcome."),
    )
    (exchange,) = Transcript(turns).exchanges()
    assert exchange.question == f"Hello\n{QUESTION}"
    assert exchange.answers == (GOOD, "Anything else?")
    assert exchange.latency_ms == 900
    assert Transcript(turns).reaction() == "thanks!"


def test_slow_answers_are_measured_from_ten_seconds():
    slow = Transcript((Turn(Author.CUSTOMER, QUESTION), Turn(Author.AGENT, GOOD, 100_000)))
    quick = Transcript((Turn(Author.CUSTOMER, QUESTION), Turn(Author.AGENT, GOOD, 2_000)))
    found = compute_features([slow, quick, BASE])[:, COLUMN[Feature.SLOWNESS]]
    assert found[0] == pytest.approx(1.0)
    assert found[1] == 0
    assert found[2] != found[2]  # unknown, not quick


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Perfect, thank you", 1),
        ("danke, hat geklappt", 1),
        ("that did not help at all", -1),
        ("I want to talk to a human", -1),
        ("das funktioniert leider nicht", -1),
        ("my order number is 12", 0),
    ],
)
def test_reactions_are_read(text, sign):
    reaction = compute_features([talk(QUESTION, GOOD, text)])[0, COLUMN[Feature.REACTION]]
    assert np.sign(reaction) == sign
