"""manage.py evaluate_quality on files with planted answers."""

import gzip
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.analytics.quality_cases import GOOD, REFUSAL, judged
from tests.stand_ins.openai_server import completion

TOPICS = ("card", "invoice", "address", "password", "parcel", "refund", "language", "newsletter")
VERBS = ("change", "find", "delete", "share", "print")


def line(question: str, answer: str, values: list[float], **rest) -> dict:
    return {"question": question, "answer": answer, "ratings": {"helpfulness": values}} | rest


def write(path, *lines: dict):
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    return path


def evaluated(capsys, *args) -> dict:
    call_command("evaluate_quality", *args)
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def few(tmp_path):
    question, off_topic = "How do I change my card?", "We are open on weekdays from nine to five."
    rows = [line(question, *row) for row in ((GOOD, [1, 1]), (REFUSAL, [0, 0]), (off_topic, [0.2, 0.4]))]
    return write(tmp_path / "r.jsonl.gz", *rows)


def planted(*, reverse: bool = False, seed: int = 0) -> list[dict]:
    """Forty questions in two domains, each with a right and a wrong answer; people rate them with some noise.
    With `reverse` they love what does not fit, which no prior knows."""
    rng, rows = np.random.default_rng(seed), []
    for topic in TOPICS:
        for verb in VERBS:
            right = f"To {verb} the {topic}, open Settings, choose {topic} and press {verb}."
            for answer, is_good in ((right, True), ("Our shop in the old town sells lamps and candles.", False)):
                level = 0.8 if is_good != reverse else 0.2
                marks = np.clip(level + rng.normal(0, 0.15, 2), 0, 1).round(2).tolist()
                group = "shop" if topic in TOPICS[:4] else "office"
                rows.append(line(f"How do I {verb} my {topic}?", answer, marks, group=group, sources=[answer]))
    return rows


def test_few_lines_are_scored_by_the_prior(few, capsys):
    result = evaluated(capsys, few)
    found = result["ratings"]["helpfulness"]
    assert (result["n"], result["n_failed"], result["scorer"]) == (3, 0, "local")
    assert (found["method"], found["spearman"]) == ("untrained", 1.0)
    assert found["people_with_people"]["one_with_another"]["n"] == 3
    assert "overall" not in result["ratings"]


def test_the_main_figure_is_cross_validated_by_question_beside_other_domains_and_the_prior(tmp_path, capsys):
    found = evaluated(capsys, write(tmp_path / "p.jsonl.gz", *planted()))["ratings"]["helpfulness"]
    assert found["method"] == "by_question"
    assert found["spearman"] == found["by_question"]["spearman"] > 0.6
    assert found["spearman_low"] < found["spearman"] < found["spearman_high"]
    assert set(found["by_group"]["groups"]) == {"shop", "office"}
    assert found["by_group"]["groups"]["shop"]["n"] == 40
    assert found["untrained"]["spearman"] > 0.6
    assert found["ceiling"]["share"] > 0.8
    assert found["mean_absolute_error"] < found["untrained"]["mean_absolute_error"]


def test_what_people_of_this_file_like_is_learned_and_not_by_heart(tmp_path, capsys):
    """Reversed ratings: the prior is wrong about every answer, and only other questions can teach that."""
    found = evaluated(capsys, write(tmp_path / "p.jsonl.gz", *planted(reverse=True)))["ratings"]["helpfulness"]
    assert found["untrained"]["spearman"] < -0.6
    assert found["by_question"]["spearman"] > 0.6
    assert found["by_group"]["spearman"] > 0.6


def test_ratings_without_a_reason_cannot_be_predicted(tmp_path, capsys):
    """The same rows with ratings at random: a figure above chance would mean that answers see their own ratings."""
    rng, rows = np.random.default_rng(3), planted()
    rows = [line(row["question"], row["answer"], rng.random(2).round(2).tolist()) for row in rows]
    found = evaluated(capsys, write(tmp_path / "p.jsonl.gz", *rows))["ratings"]["helpfulness"]
    assert found["by_question"]["spearman_low"] < 0.1


def test_training_on_another_file(tmp_path, capsys):
    file, other = tmp_path / "file.jsonl.gz", tmp_path / "other.jsonl.gz"
    write(file, *planted(seed=1))
    write(other, *planted(reverse=True))
    found = evaluated(capsys, file, "--train-on", other)["ratings"]["helpfulness"]
    assert found["method"] == "by_other_file"
    assert found["spearman"] < 0 < found["by_question"]["spearman"]


@pytest.mark.django_db
def test_evaluating_the_judge_counts_what_it_failed_at(merchant, openai_server, few, capsys):
    openai_server.answers["Judgement"] = judged("choose Payment methods")
    openai_server.script.append(completion(None, refusal="no"))
    result = evaluated(capsys, few, "--scorer", "llm", "--merchant", merchant.slug, "--limit", "2")
    assert (result["n"], result["n_failed"]) == (2, 2)  # refused; a quote that this answer does not hold
    assert result["ratings"]["helpfulness"]["n"] == 0


@pytest.mark.django_db
def test_the_judge_needs_a_key_and_somebody_who_pays(few, settings, merchant, other_merchant):
    settings.OPENAI_API_KEY = ""
    with pytest.raises(CommandError, match="set OPENAI_API_KEY"):
        call_command("evaluate_quality", few, "--scorer", "llm")
    settings.OPENAI_API_KEY = "sk-test"
    with pytest.raises(CommandError, match=f"who pays for the judge. There are: .*{merchant.slug}"):
        call_command("evaluate_quality", few, "--scorer", "llm")
    with pytest.raises(CommandError, match="no merchant nobody"):
        call_command("evaluate_quality", few, "--scorer", "llm", "--merchant", "nobody")
    with pytest.raises(CommandError, match="learns from no file"):
        call_command("evaluate_quality", few, "--scorer", "llm", "--train-on", few)


def test_one_rater_equal_ratings_and_a_single_line(tmp_path, capsys):
    """What cannot be measured is null, and the rest is there."""
    single = evaluated(capsys, write(tmp_path / "1.jsonl", line("How?", GOOD, [0.5])))["ratings"]["helpfulness"]
    assert (single["n"], single["pearson"], single["spearman"]) == (1, None, None)
    assert single["mean_absolute_error"] is not None
    rows = [row | {"ratings": {"helpfulness": [1]}} for row in planted()]
    equal = evaluated(capsys, write(tmp_path / "2.jsonl", *rows))["ratings"]["helpfulness"]
    assert (equal["n"], equal["spearman"], equal["ceiling"]["share"]) == (80, None, None)
    assert equal["people_with_people"]["one_with_another"]["n"] == 0
    assert equal["mean_absolute_error"] < 0.1  # everybody says 1, which other questions teach


def test_what_learned_nothing_is_not_called_cross_validated(tmp_path, capsys):
    """Politeness was rated in three lines, and the whole by itself: no part of it teaches anything."""
    rows = planted()
    for number, row in enumerate(rows):
        row["ratings"]["overall"] = row["ratings"]["helpfulness"][:1]
        if number < 3:
            row["ratings"]["politeness"] = [number / 2]
    found = evaluated(capsys, write(tmp_path / "p.jsonl", *rows))["ratings"]
    assert {name: found[name]["method"] for name in found} == {
        "overall": "by_question",
        "helpfulness": "by_question",
        "politeness": "untrained",
    }
    assert (found["politeness"]["n"], found["overall"]["n"]) == (3, 80)
    for row in rows:
        row["ratings"] = {"overall": row["ratings"]["overall"]}
    assert evaluated(capsys, write(tmp_path / "o.jsonl", *rows))["ratings"]["overall"]["method"] == "untrained"


def test_where_groups_are_threads_the_main_figure_holds_them_together(tmp_path, capsys):
    rows = [row | {"group": f"thread-{number // 2}"} for number, row in enumerate(planted())]
    found = evaluated(capsys, write(tmp_path / "t.jsonl", *rows))["ratings"]["helpfulness"]
    assert found["method"] == "by_group"
    assert "groups" not in found["by_group"]


def test_accuracy_is_measured_where_something_was_cited(tmp_path, capsys):
    rows = [row | {"ratings": {"accuracy": [0.5, 1]}} for row in planted()]
    for row in rows[:30]:
        del row["sources"]
    found = evaluated(capsys, write(tmp_path / "a.jsonl", *rows))["ratings"]["accuracy"]
    assert (found["n_rated"], found["n"]) == (80, 50)


def test_lines_that_say_the_same_count_once(tmp_path, capsys):
    rows = planted()
    once = evaluated(capsys, write(tmp_path / "1.jsonl", *rows))
    many = evaluated(capsys, write(tmp_path / "2.jsonl", *[row | {"id": n} for n, row in enumerate(rows * 3)]))
    assert (once["n_repeated_lines"], many["n_repeated_lines"]) == (0, 160)
    assert many["ratings"] == once["ratings"]


def test_line_ends_of_unicode_a_byte_order_mark_and_any_name_are_read(tmp_path, capsys):
    text = json.dumps(line("How?\u2028Now", GOOD, [1, None, 0.5]), ensure_ascii=False)
    path = tmp_path / "rated.txt"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + f"{text}\r\n".encode()))
    assert evaluated(capsys, path)["ratings"]["helpfulness"]["people_with_people"]["one_with_another"]["n"] == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"question": "a", "answer": "b", "ratings": {"charm": [1]}}', r"line 2, field ratings\.charm"),
        ('{"question": "a", "answer": "b", "ratings": {"helpfulness": [0, 5]}}', r"field ratings\.helpfulness\[1\]: 5"),
        ('{"question": "a", "answer": "b", "ratings": {"helpfulness": 1}}', r"field ratings\.helpfulness: is no list"),
        ('{"question": "a", "answer": "b", "ratings": {}}', r"line 2, field ratings: nobody"),
        ('{"question": "a", "answer": 7, "ratings": {"helpfulness": [1]}}', r"line 2, field answer"),
        ('{"question": "a", "answer": "b", "sources": "c", "ratings": {"helpfulness": [1]}}', r"field sources"),
        ('{"question": "a", "answer": "b", "ratings": {"helpfulness": [NaN]}}', r"\[0\]: NaN is no .* Bring the scale"),
        ('{"question": "a", "ratings": {"helpfulness": [1]}}', r"line 2, field answer: is missing. Give"),
        ("[" * 100_000, r"line 2, field"),
        ("[]", r"line 2, field \(the line\)"),
        ('{"question": ', r"line 2: no JSON"),
    ],
)
def test_a_bad_line_is_named_with_its_field(tmp_path, text, problem):
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(line("a", "b", [1])) + "\n" + text)
    with pytest.raises(CommandError, match=problem):
        call_command("evaluate_quality", path)


def test_all_wrong_lines_are_named_at_once(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(json.dumps(line("a", "b", [mark])) for mark in [2] * 12))
    with pytest.raises(CommandError, match=r"line 1, field[\s\S]*line 10, field[\s\S]*and 2 more lines"):
        call_command("evaluate_quality", path)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "half.jsonl.gz").write_bytes(gzip.compress(b"x" * 5000)[:30])
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "latin.jsonl").write_bytes(b'{}\n{"question": "f\xfcr"}')
    for name, problem in (
        ("none.jsonl", "cannot be read"),
        ("half.jsonl.gz", "cannot be read"),
        ("empty.jsonl", "no line"),
        ("latin.jsonl", "line 2: no UTF-8"),
        ("", "cannot be read"),
    ):
        with pytest.raises(CommandError, match=problem):
            call_command("evaluate_quality", tmp_path / name)
