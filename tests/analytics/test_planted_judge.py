"""A model on loopback whose agreement with people is known, all the way: judge, labels, nightly task, page and API."""

import re
from datetime import timedelta

import numpy as np
import pytest
import scipy.stats
import time_machine

from analytics.models import Conversation, QualityScore
from analytics.tasks import calibrate_merchant_of, score_ended_conversations_of
from tests.analytics.label_builder import LABELLED_AT, plant
from tests.analytics.quality_cases import NOW, judged
from tests.events import Chat, send

pytestmark = pytest.mark.django_db
N = 40


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def judged_and_labelled(merchant, openai_server):
    """Conversations; what people mark (in steps) and what the model says is planted: it is kinder by a step where
    it can be, and every fifth time off by one more. Returns (marks, answers), both 0–1."""
    rng = np.random.default_rng(7)
    marks = rng.choice(5, N, p=[0.2, 0.2, 0.2, 0.25, 0.15])
    answers = np.clip(marks + 1 - 2 * (np.arange(N) % 5 == 0), 0, 4)
    chats = [
        Chat(f"planted-{n}", at=NOW - timedelta(days=5, minutes=n))
        .start()
        .ask()
        .answer(f"Take lamp number {n}.")
        .resolve()
        for n in range(N)
    ]
    send(merchant, *chats)

    def answer(text: str) -> dict:
        number = int(re.search(r"lamp number (\d+)", text).group(1))
        return judged(f"Take lamp number {number}", int(answers[number]))

    openai_server.answers["Judgement"] = answer
    score_ended_conversations_of(merchant.pk)
    assert QualityScore.objects.filter(scorer="llm").count() == N
    for n in range(N):
        conversation = Conversation.objects.get(thread=f"planted-{n}")
        plant(conversation, marks[n] / 4, at=LABELLED_AT + timedelta(minutes=n))
    calibrate_merchant_of(merchant.pk)
    return marks / 4, answers / 4


def test_table_intervals_and_badge_are_those_of_the_planted_judge(merchant, judged_and_labelled, api, viewer, sign_in):
    marks, answers = judged_and_labelled
    truth = {
        "pearson": scipy.stats.pearsonr(answers, marks).statistic,
        "spearman": scipy.stats.spearmanr(answers, marks).statistic,
        "mean_absolute_error": np.abs(answers - marks).mean(),
    }
    assert truth["spearman"] > 0.8  # what is asked of a judge
    rows = api("read").get("/api/v1/quality/agreement").json()["results"]
    found = next(row for row in rows if (row["scorer"], row["dimension"]) == ("llm", "overall"))
    figures = found["scores_with_people"]
    assert figures["n"] == N
    for name, value in truth.items():
        assert figures[name]["value"] == pytest.approx(value, abs=1e-4)
        assert figures[name]["low"] < value < figures[name]["high"]
    # Fisher's interval of Pearson, another way to the same: near it, and no wider than it by a third.
    fisher = np.tanh(np.arctanh(truth["pearson"]) + np.array([-1, 1]) * 1.96 / np.sqrt(N - 3))
    assert (figures["pearson"]["low"], figures["pearson"]["high"]) == pytest.approx(tuple(fisher), abs=0.06)
    assert found["is_provisional"] is False
    assert found["raw_mean"] == pytest.approx(answers.mean(), abs=1e-3)
    assert found["corrected_mean"]["value"] == pytest.approx(marks.mean(), abs=2e-3)  # all are labelled
    response = sign_in(viewer).get("/lumen/quality/agreement/")
    text = response.content.decode()
    assert response.context["page"].rows[0].spearman.value == f"{truth['spearman']:.2f}"
    assert 'badge--good">calibrated' in text
    assert "Follows people very closely" in text


def test_the_headline_is_the_corrected_one_wherever_it_stands(merchant, judged_and_labelled, api, viewer, sign_in):
    marks, answers = judged_and_labelled
    body = api("read").get("/api/v1/quality/", {"period": "30d"}).json()
    page = sign_in(viewer).get("/lumen/quality/", {"period": "30d"})
    assert body["overall"]["value"] == pytest.approx(marks.mean(), abs=2e-3)
    assert body["raw"]["value"] == pytest.approx(answers.mean(), abs=1e-3)
    assert body["overall"]["low"] < marks.mean() < body["overall"]["high"] < body["raw"]["value"]
    assert page.context["summary"].overall.value == body["overall"]["value"]
    assert "Corrected by people’s labels" in page.content.decode()
