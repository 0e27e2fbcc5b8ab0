import numpy as np
import pytest

from improvement.coverage_features import Base, Questions
from improvement.spelling import Spelling, correct_spelling
from portal.embeddings import embed

ARTICLES = ["Cancel my order", "Order a protein supplement", "Track a delivery"]
ENGLISH = frozenset("cancel order protein supplement track delivery border please where store address".split())  # noqa: SIM905


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("please cancle my ordr", "please cancel my order"),
        ("CANCEL it", "CANCEL it"),
        ("suplementt", "supplement"),  # one letter missing and one too many, for it is long
        ("ordre", "order"),
        ("oderr", "oderr"),  # the same in a short word
        ("border", "border"),  # an English word, near to one that the articles use
        ("dancel", "dancel"),  # the first letter is hardly ever wrong
        ("isopure 2kg", "isopure 2kg"),
    ],
)
def test_words_are_corrected_towards_what_the_articles_say(written, meant):
    assert Spelling(ARTICLES, [written], ENGLISH).correct(written) == meant


def test_what_several_customers_say_is_meant():
    assert Spelling(ARTICLES, ["my orderr"] * 3, ENGLISH).correct("my orderr") == "my order"
    assert Spelling(ARTICLES, ["my orderr"] * 4, ENGLISH).correct("my orderr") == "my orderr"


def test_what_many_customers_ask_for_is_known_without_an_article():
    few, many = (Spelling(ARTICLES, ["the store please"] * n, ENGLISH) for n in (4, 5))
    assert (few.correct("stroe"), many.correct("stroe")) == ("stroe", "store")


def test_a_misspelt_question_comes_nearer_to_its_article_and_the_others_stay():
    base = Base(ARTICLES, embed(ARTICLES), np.arange(3))
    texts = ["plz cancle my order", "where is my delivery", "die Lieferumg bitte"]
    asked = Questions(texts, embed(texts))
    seen = correct_spelling(asked, base)
    assert list(seen.texts) == ["plz cancel my order", *texts[1:]]
    assert seen.vectors[0] @ base.vectors[0] > asked.vectors[0] @ base.vectors[0] + 0.05
    assert np.linalg.norm(seen.vectors[0]) == pytest.approx(1, abs=1e-5)
    assert (seen.vectors[1:] == asked.vectors[1:]).all()
    assert correct_spelling(asked, base, lambda row: row == 1) is asked
