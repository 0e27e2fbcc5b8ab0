import pytest
import time_machine
from django.core.cache import cache
from django.core.management import CommandError, call_command

from analytics.agreement import human_agreement, measure_agreement
from analytics.models import QualityScore
from analytics.rubric_changes import change_rubric
from tests.analytics.quality_cases import NOW, judged, told
from tests.stand_ins.openai_server import error


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def test_agreement_is_unknown_and_not_zero_where_nothing_varies():
    assert measure_agreement([], []).n == 0
    assert measure_agreement([0.5, 0.5, 0.5], [0, 0.5, 1]).spearman is None
    assert measure_agreement([0.5, 0.5, 0.5], [0, 0.5, 1]).mean_absolute_error == pytest.approx(0.3333)


def test_agreement_of_an_order_that_is_the_same_and_the_other_way_round():
    up, down = [0.1, 0.2, 0.3, 0.9], [4, 3, 2, 1]
    assert measure_agreement(up, [1, 2, 3, 4]).spearman == 1.0
    assert measure_agreement(up, down).spearman == -1.0
    assert measure_agreement(up, [1, 2, 3, 4]).pearson < 1.0
    people = human_agreement([[0, 0], [1, 1], [0.5, 0.5, 0.5], [0.2]])
    assert (people["one_with_another"].n, people["one_with_mean_of_others"].n) == (3, 1)


@pytest.mark.django_db
def test_scoring_by_command_leaves_nothing_and_may_be_repeated(merchant, capsys):
    for n in range(3):
        told(merchant, f"c-{n}")
    call_command("score_conversations", "--merchant", merchant.slug)
    call_command("score_conversations", "--merchant", merchant.slug)
    out = capsys.readouterr().out
    assert "3 by the local scorer, 0 still wait" in out
    assert "0 by the local scorer, 0 still wait" in out
    assert QualityScore.objects.count() == 3


@pytest.mark.django_db
def test_scoring_by_command_says_when_the_judge_stopped(merchant, openai_server, capsys):
    openai_server.script.append(error(401, "invalid_api_key"))
    told(merchant)
    with pytest.raises(CommandError, match="judge stopped"):
        call_command("score_conversations", "--merchant", merchant.slug)
    assert "0 scored by the judge, 1 by the local scorer, 1 still wait" in capsys.readouterr().out


@pytest.mark.django_db
def test_an_unknown_merchant_is_an_error():
    with pytest.raises(CommandError, match="no merchant"):
        call_command("score_conversations", "--merchant", "nobody")


@pytest.mark.django_db
def test_rescoring_brings_a_period_to_the_current_versions_and_a_second_run_does_nothing(
    merchant, openai_server, owner, settings, capsys
):
    settings.JUDGE_CALLS_PER_MINUTE = 0
    openai_server.answers["Judgement"] = judged("choose Payment methods")
    days = {"july": "2026-07-01", "october": "2026-10-20", "november": "2026-11-20"}
    for name, day in days.items():
        told(merchant, name, at=f"{day}T09:00:00+00:00")
    call_command("score_conversations", "--merchant", merchant.slug)
    assert len(openai_server.requests) == 1, "the others ended long ago"
    own = {"label": "Tone", "description": "", "instruction": "4: warm. 0: stiff.", "weight": 20}
    weights = {"helpfulness": 35, "accuracy": 30, "politeness": 10, "completeness": 25}
    change_rubric(merchant, weights, [own], note="tone", by=owner, at=NOW)
    answer = judged("choose Payment methods")
    openai_server.answers["Judgement"] = answer | {"own_tone": answer["helpfulness"]}
    capsys.readouterr()
    rescore = ("score_conversations", "--merchant", merchant.slug, "--rescore", "--from", "2026-10-01")
    openai_server.script.append(error(503, "overloaded"))
    settings.OPENAI_MAX_RETRIES = 0
    with pytest.raises(CommandError, match="judge stopped"):
        call_command(*rescore)
    cache.clear()  # the pause is over
    call_command(*rescore)
    call_command(*rescore)
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines == [
        "2 weighed anew, 0 scored by the judge, 0 by the local scorer, 2 still wait",
        "2 scored by the judge, 0 by the local scorer, 0 still wait",
        "0 scored by the judge, 0 by the local scorer, 0 still wait",
    ]
    found = QualityScore.objects.filter(rubric_version="2").values_list("conversation__thread", "scorer")
    assert set(found) == {("november", "llm"), ("october", "llm"), ("october", "local"), ("july", "local")}
    assert len(openai_server.requests) == 1 + 1 + 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "told_so"),
    [
        (["--rescore"], "go together"),
        (["--from", "2026-10-01"], "go together"),
        (["--rescore", "--from", "2026-10-02", "--to", "2026-10-01"], "--to is before --from"),
    ],
)
def test_rescoring_says_what_it_needs(merchant, options, told_so):
    with pytest.raises(CommandError, match=told_so):
        call_command("score_conversations", "--merchant", merchant.slug, *options)
