"""Planted answers: which passages, titles and better articles the local scorer sees."""

from math import exp, isnan

import pytest

from analytics.answer_form import lacks_form
from analytics.features import COLUMN, Feature, compute_features
from analytics.house_texts import NO_TEXTS, embed_house
from analytics.local_scorer import BASELINE, score_locally, untrained
from analytics.models import Author
from analytics.passages import MAX_WORDS, split_passages, split_title
from analytics.rubric import Dimension
from analytics.transcript import Transcript, Turn

QUESTION = "How do I change my payment card?"
ARTICLES = {
    "kb-card": "Change your payment card\nOpen Billing, choose Payment methods and add the new card.",
    "kb-bill": "Read your invoice\nEvery invoice is listed under Billing. It can be downloaded as a PDF.",
    "kb-ship": "Delivery times\nParcels arrive within 3 days. On islands it takes 5 days.",
}
HOUSE = embed_house(ARTICLES)


def told(answer: str, *cited: str, question: str = QUESTION) -> Transcript:
    turns = (Turn(Author.CUSTOMER, question), Turn(Author.AGENT, answer, source_ids=cited))
    return Transcript(turns, sources=tuple(ARTICLES[name] for name in cited if name in ARTICLES))


def measured(feature: Feature, *transcripts: Transcript, house=HOUSE) -> list[float]:
    return compute_features(transcripts, house)[:, COLUMN[feature]].tolist()


def test_citing_another_article_than_the_one_that_answers_is_seen_and_lowers_the_score():
    right, wrong = told(ARTICLES["kb-card"], "kb-card"), told(ARTICLES["kb-ship"], "kb-ship")
    for feature in (Feature.BETTER_PASSAGE, Feature.BETTER_TEXT):
        of_right, of_wrong = measured(feature, right, wrong)
        assert of_right == 0
        assert of_wrong > 1
    titles = measured(Feature.TITLE, right, wrong)
    assert titles[0] > titles[1] + 1
    good, bad = score_locally([right, wrong], untrained(HOUSE))
    assert good.scores[Dimension.HELPFULNESS] > bad.scores[Dimension.HELPFULNESS] + 0.4


@pytest.mark.parametrize(("cited", "house"), [((), HOUSE), (("kb-gone",), HOUSE), (("kb-card",), NO_TEXTS)])
def test_where_no_cited_text_is_known_nothing_is_said_about_it(cited, house):
    (better,) = measured(Feature.BETTER_TEXT, told("Open Billing and add the card.", *cited), house=house)
    assert isnan(better)


def test_an_answer_in_own_words_that_fits_better_than_its_source_is_not_blamed():
    own_words = told("To change your payment card, open Billing and add the new card.", "kb-bill")
    copied = told(ARTICLES["kb-bill"], "kb-bill")
    better = measured(Feature.BETTER_TEXT, own_words, copied)
    assert better[0] < better[1]


def test_one_right_passage_in_a_long_answer_counts():
    filler = " ".join(f"Payment {n} for the lamps in the window is booked by the bank on Monday." for n in range(12))
    long, without = (
        told(f"{filler} \n- Change your payment card under Billing and add the new card.\n-  {filler}"),
        told(f"{filler} {filler}"),
    )
    best = measured(Feature.BEST_PASSAGE, long, without)
    assert best[0] > best[1] + 0.5


def test_rare_words_of_the_house_weigh_more():
    taken_up, missed = (
        told("The invoice is there.", question="invoice billing"),
        told("Billing.", question="invoice billing"),
    )
    covered = measured(
        Feature.COVERAGE, taken_up, missed, house=embed_house({str(n): "Billing\nBilling." for n in range(9)})
    )
    assert covered[0] > covered[1] + 0.5


def test_an_answer_without_its_source_is_less_grounded():
    grounded = measured(
        Feature.GROUNDED, told("Open Billing and add the new card.", "kb-card"), told("Cats sleep a lot.", "kb-card")
    )
    assert grounded[0] > grounded[1] + 1


@pytest.mark.parametrize(
    ("question", "answer", "lacks"),
    [
        ("How long does delivery take?", "It depends on the carrier.", True),
        ("How long does delivery take?", "Three days.", False),
        ("How much is the return?", "It is free.", False),
        ("Wann kommt mein Paket?", "Das kommt auf den Versand an.", True),
        ("Wie lange dauert es?", "Etwa 2 Tage", False),
        ("How do I return it?", "Send it back.", None),
        ("When I open the app it crashes.", "Restart it.", None),
    ],
)
def test_a_number_is_missed_where_one_was_asked_for(question, answer, lacks):
    assert lacks_form(question, answer) is lacks


def test_every_contribution_is_shown_and_all_add_up_to_the_score():
    for assessment in score_locally([told(ARTICLES["kb-ship"], "kb-ship"), told("No.")], untrained(HOUSE)):
        for dimension, parts in assessment.contributions.items():
            assert BASELINE in parts
            assert 1 / (1 + exp(-sum(parts.values()))) == pytest.approx(
                assessment.scores[Dimension(dimension)], abs=2e-3
            )


def test_titles_and_passages():
    assert split_title("Help > Billing > Refunds\nMoney comes back.") == ("Refunds", "Money comes back.")
    assert split_title("# Refunds\nMoney.") == ("Refunds", "Money.")
    for no_title in ("Hi Anna,\nyour order is here.", "Do this:\n1. Open", "One line only", "It works.\nReally."):
        assert split_title(no_title)[0] == ""
    assert split_passages("Refunds\nMoney comes\nback. It takes 3 days.\n- by card\n- by bank") == [
        "Refunds",
        "Money comes back. It takes 3 days. - by card - by bank",
    ]
    long = split_passages(" ".join(f"This is sentence number {n} of many." for n in range(40)))
    assert all(len(part.split()) <= MAX_WORDS for part in long)
    assert " ".join(long).startswith("This is sentence number 0 of many. This is")
    assert split_passages("  ") == [""]
