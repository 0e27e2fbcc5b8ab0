import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.improvement.gap_builder import QUESTIONS as PASSWORD

GAPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "gaps"
PAY = ["Pay my bill", "Where can I pay the latest bill?", "Pay a bill by card", "How do I pay the bill online?"]
ASKED = ["I want to pay my bill", "pay the bill please", "can I pay my bill by card", "how do I pay a bill", "pay bill"]


def write_lines(path: Path, rows: list[dict]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows))


def measure(folder: Path, capsys) -> dict:
    call_command("evaluate_gaps", folder)
    return json.loads(capsys.readouterr().out)


def test_a_small_folder_is_measured(tmp_path, capsys):
    address = ["Change my address", "I moved and have a new address", "Update my home address"]
    articles = {"Pay your bill": PAY, "Change your address": address}
    rows = [{"title": title, "body": "\n".join(f"- {text}" for text in texts)} for title, texts in articles.items()]
    write_lines(tmp_path / "articles.jsonl", rows)
    questions = [{"text": text, "topic": "pay", "covered": True} for text in ASKED]
    questions += [{"text": text, "topic": "password", "covered": False} for text in PASSWORD]
    write_lines(tmp_path / "questions.jsonl", questions)
    result = measure(tmp_path, capsys)
    assert (result["n_questions"], result["n_uncovered_topics"]) == (17, 1)
    assert (result["accuracy"], result["auroc"], result["gap_recall"]) == (1, 1, 1)
    assert (result["n_gaps"], result["n_duplicates"], result["n_covered_gaps"]) == (1, 0, 0)
    assert result["peak_memory_mb"] > 0


def test_a_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("evaluate_gaps", tmp_path)


@pytest.mark.skipif(not GAPS.exists(), reason="the evaluation's questions are not on this machine")
def test_finance_stays_as_good_as_it_was(capsys):
    result = measure(GAPS / "finance", capsys)
    assert result["accuracy"] >= 0.89
    assert result["auroc"] >= 0.96
    assert result["nmi"] >= 0.95
