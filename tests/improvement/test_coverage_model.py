"""Coverage by texts: features, lessons, listening, people's marks."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from improvement.coverage_features import NAMES, Base, Hidden, Questions, Scene
from improvement.coverage_model import Learned, judge, listen
from improvement.logistic import fit
from improvement.management.commands.evaluate_gaps import read
from portal.embeddings import embed

GAPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "gaps"
PASSWORD = ["I need to reset my password", "please reset my password", "how do I reset a password", "reset password?"]
BILL = ["Pay your bill", "Open Billing to pay the bill", "Where can I pay the latest bill?", "Pay a bill by card"]
ADDRESS = ["Change my address", "I moved and have a new address", "Update my home address"]
ASKED = [f"{text} {extra}" for text in PASSWORD for extra in ("today", "now", "thanks")]
PAYING = [f"{text} {extra}" for text in BILL for extra in ("today", "now", "thanks")]


def questions(texts: list[str]) -> Questions:
    return Questions(texts, embed(texts))


def base(*articles: list[str]) -> Base:
    texts = [text for article in articles for text in article]
    return Base(texts, embed(texts), np.repeat(np.arange(len(articles)), [len(article) for article in articles]))


def test_what_has_an_article_is_covered_and_what_has_none_is_not():
    judgement = judge(questions(ASKED + PAYING), base(BILL, ADDRESS))
    assert judgement.is_covered.tolist() == [False] * len(ASKED) + [True] * len(PAYING)
    assert set(judgement.passage[len(ASKED) :]) <= {0, 1, 2, 3}
    assert (judgement.similarity <= 1.0001).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_questions_make_no_trouble(n):
    judgement = judge(questions(PASSWORD[:n]), base(BILL))
    assert len(judgement.probability) == len(judgement.passage) == n


def test_without_a_knowledge_base_nothing_is_covered():
    judgement = judge(questions(PASSWORD), Base([], np.zeros((0, 384), dtype=np.float32), np.zeros(0, dtype=np.intp)))
    assert not judgement.is_covered.any()
    assert (judgement.passage == -1).all()


def test_the_same_questions_are_judged_the_same():
    first, second = (judge(questions(ASKED + PAYING), base(BILL, ADDRESS)) for _run in range(2))
    assert (first.probability == second.probability).all()


def test_small_talk_is_covered_by_an_article_of_small_talk_alone():
    asked = questions(["Hello there!", *PAYING])
    assert judge(asked, base(BILL, ADDRESS)).probability[0] == 0
    assert judge(asked, base(BILL, ["Hello", "Hi there", "Good morning"])).probability[0] > 0


def test_features_have_names_and_an_absent_article_pulls_them_down():
    scene = Scene(base(PASSWORD, BILL, ADDRESS), questions(ASKED))
    asked = questions(["reset my password please"])
    nothing, closeness = np.array([-1]), np.zeros((1, 10), dtype=np.float32)
    present, passage = scene.describe(asked, closeness)
    absent, other = scene.describe(asked, closeness, Hidden(nothing, np.array([0])))
    assert present.shape == (1, len(NAMES))
    assert (passage[0], other[0] > 3) == (1, True)
    for name in ("nearest article", "best words in common", "best parts of words in common", "likeliest topic"):
        assert present[0, NAMES.index(name)] > absent[0, NAMES.index(name)], name
    unknown = NAMES.index("share of words that no article knows")
    assert present[0, unknown] < absent[0, unknown]


def test_a_passage_that_plays_a_question_does_not_see_itself():
    """Its features are those that it would have in a knowledge base without it."""
    whole, without = base(PASSWORD, BILL, ADDRESS), base(PASSWORD[1:], BILL, ADDRESS)
    asked, closeness = questions(PASSWORD[:1]), np.zeros((1, 10), dtype=np.float32)
    kept, _passage = Scene(whole, asked).describe(asked, closeness, Hidden(np.array([0]), np.array([-1])))
    truly, _passage = Scene(without, asked).describe(asked, closeness)
    rarity = list(range(NAMES.index("best words in common"), NAMES.index("likeliest topic")))
    fifth = NAMES.index("lead over the fifth article")  # there is none: the last passage, which differs
    rest = [at for at in range(len(NAMES)) if at not in (*rarity, fifth)]  # a text less makes words rarer
    assert kept[0, rest] == pytest.approx(truly[0, rest], abs=1e-4)
    assert kept[0, rarity] == pytest.approx(truly[0, rarity], abs=0.2)


def test_an_article_that_is_hidden_is_as_good_as_gone():
    whole, without = base(PASSWORD, BILL, ADDRESS), base(BILL, ADDRESS)
    asked, closeness = questions(["reset my password please", "new address"]), np.zeros((2, 10), dtype=np.float32)
    hidden = Hidden(np.array([-1, -1]), np.array([0, 0]))
    absent, _passage = Scene(whole, asked).describe(asked, closeness, hidden)
    truly, _passage = Scene(without, asked).describe(asked, closeness)
    for name in ("nearest article", "best three passages of the nearest article", "nearest five passages"):
        assert absent[:, NAMES.index(name)] == pytest.approx(truly[:, NAMES.index(name)], abs=1e-4), name
    topics = NAMES.index("likeliest topic")
    assert absent[:, topics:] == pytest.approx(truly[:, topics:], abs=1e-9)
    unknown = NAMES.index("share of words that no article knows")
    assert absent[:, unknown] == pytest.approx(truly[:, unknown])


def test_a_question_listens_to_close_neighbours_and_hardly_to_distant_ones():
    probability = np.array([0.9, 0.9, 0.9, 0.1])
    neighbours = np.array([[1, 2], [0, 2], [0, 1], [0, 1]])
    close = listen(probability, neighbours, np.full((4, 2), 0.9, dtype=np.float32))
    distant = listen(probability, neighbours, np.full((4, 2), 0.2, dtype=np.float32))
    assert close[3] > 0.7
    assert distant[3] < 0.2
    assert close[0] == pytest.approx(0.9)


def test_a_mark_holds_for_its_question_and_teaches_the_others():
    asked = questions(ASKED + PAYING)
    articles = base(BILL, ADDRESS)
    before = judge(asked, articles)
    after = judge(asked, articles, marks=dict.fromkeys(range(6), True))
    assert after.is_covered[:6].all()
    assert after.probability[6 : len(ASKED)].mean() > before.probability[6 : len(ASKED)].mean() + 0.2
    assert after.is_covered[len(ASKED) :].all()


def test_the_reasons_add_up_to_the_texts_own_view():
    judgement = judge(questions(ASKED + PAYING), base(BILL, ADDRESS))
    assert judgement.learned is not None
    odds = judgement.reasons.sum(axis=1) + judgement.learned.model.intercept
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(judgement.own, abs=1e-9)


def test_what_was_learned_survives_storage_and_old_features_are_refused():
    learned = judge(questions(ASKED + PAYING), base(BILL, ADDRESS)).learned
    stored = learned.to_json()
    again = Learned.from_json(stored)
    features = np.random.default_rng(1).random((3, len(NAMES)))
    assert (again.model.predict(features) == learned.model.predict(features)).all()
    assert Learned.from_json({**stored, "features": ["another"]}) is None


def test_a_feature_that_never_varies_counts_for_nothing():
    features = np.column_stack([np.ones(20), np.arange(20)])
    model = fit(features, np.arange(20) > 9, np.ones(20))
    assert model.weights[0] == 0
    assert model.weights[1] > 0


@pytest.mark.skipif(not GAPS.exists(), reason="the evaluation's questions are not on this machine")
def test_one_example_an_article_is_enough_for_a_ranking():
    """Its title and one example hardly resemble each other: the articles alone would teach the wrong way round."""
    articles, asked = (read(GAPS / "finance" / f"{name}.jsonl") for name in ("articles", "questions"))
    short = base(*([row["title"], row["body"].splitlines()[0].removeprefix("- ")] for row in articles))
    judgement = judge(questions([row["text"] for row in asked]), short)
    assert roc_auc_score([row["covered"] for row in asked], judgement.probability) > 0.75
