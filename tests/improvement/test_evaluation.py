import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from improvement.coverage_model import survey
from improvement.evaluation import LabelledQuestion, embed_folder
from improvement.label_curve import Choice, draw_curve
from improvement.management.commands.evaluate_gaps import read
from tests.improvement.gap_builder import QUESTIONS as PASSWORD

GAPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "gaps"
PAY = ["Pay my bill", "Where can I pay the latest bill?", "Pay a bill by card", "How do I pay the bill online?"]
ASKED = ["I want to pay my bill", "pay the bill please", "can I pay my bill by card", "how do I pay a bill", "pay bill"]


def write_lines(path: Path, rows: list[dict]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows))


def measure(folder: Path, capsys, *options: str) -> dict:
    call_command("evaluate_gaps", folder, *options)
    return json.loads(capsys.readouterr().out)


def test_a_small_folder_is_measured(tmp_path, capsys):
    address = ["Change my address", "I moved and have a new address", "Update my home address"]
    articles = {"Pay your bill": PAY, "Change your address": address}
    rows = [{"title": title, "body": "\n".join(f"- {text}" for text in texts)} for title, texts in articles.items()]
    write_lines(tmp_path / "articles.jsonl", rows)
    questions = [{"text": text, "topic": "pay", "covered": True} for text in ASKED]
    questions += [{"text": text, "topic": "password", "covered": False} for text in PASSWORD]
    write_lines(tmp_path / "questions.jsonl", questions)
    result = measure(tmp_path, capsys, "--labels")
    assert (result["n_questions"], result["n_uncovered_topics"]) == (17, 1)
    assert (result["accuracy"], result["auroc"], result["gap_recall"]) == (1, 1, 1)
    assert (result["n_gaps"], result["n_duplicates"], result["n_covered_gaps"]) == (1, 0, 0)
    assert (result["v_measure_of_truth"], result["gap_recall_of_truth"]) == (1, 1)
    assert result["peak_memory_mb"] > 0
    assert result["label_curve"] == []  # nothing is left to test on after 25 marks


def test_a_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("evaluate_gaps", tmp_path)


@pytest.mark.skipif(not GAPS.exists(), reason="the evaluation's questions are not on this machine")
def test_finance_stays_as_good_as_it_was(capsys):
    result = measure(GAPS / "finance", capsys)
    assert result["accuracy"] >= 0.915
    assert result["auroc"] >= 0.98
    assert result["v_measure"] >= 0.9


@pytest.mark.skipif(not GAPS.exists(), reason="the evaluation's questions are not on this machine")
def test_short_and_misspelt_questions_reach_what_was_asked_for(capsys):
    result = measure(GAPS / "curekart", capsys)
    assert result["accuracy"] >= 0.82
    assert result["auroc"] >= 0.91


@pytest.mark.skipif(not GAPS.exists(), reason="the evaluation's questions are not on this machine")
def test_marks_of_people_raise_the_accuracy_on_the_questions_that_nobody_marked():
    articles, questions = (read(GAPS / "finance" / f"{name}.jsonl") for name in ("articles", "questions"))
    folder = embed_folder(
        [(row["title"], row["body"]) for row in articles],
        [LabelledQuestion(row["text"], row["topic"], row["covered"]) for row in questions],
    )
    (point, unsure) = draw_curve(survey(folder.asked, folder.base), ~folder.is_uncovered, [100])
    assert (point.choice, unsure.choice, point.n_marks) == (Choice.RANDOM, Choice.UNSURE, 100)
    assert point.accuracy > point.accuracy_before + 0.015
    assert point.auroc > point.auroc_before
