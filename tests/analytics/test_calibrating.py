import numpy as np
import pytest
import time_machine

from analytics import quality
from analytics.calibrating import calibrate_merchant, find_prior
from analytics.calibration_material import read_material
from analytics.calibration_tasks import calibrate_merchant_of
from analytics.counted_apart import average_quality
from analytics.models import Calibration, Label, QualityScore, Stratum
from analytics.quality_parts import by_part
from analytics.quality_series import read_series
from analytics.segments import EVERYTHING
from portal.models import Merchant
from portal.periods import parse_period
from tests.analytics.calibration_cases import NOW, planted, score
from tests.analytics.label_builder import plant, plant_conversations

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def overall(merchant) -> Calibration:
    return Calibration.objects.for_merchant(merchant).get(dimension="overall", is_latest=True)


def summary(merchant):
    return quality.summary(merchant, parse_period({"period": "30d"}, zone=merchant.zone, now=NOW))


def test_the_headline_becomes_what_people_would_say(merchant):
    _conversations, scores, people, _picked = planted(merchant)
    before = summary(merchant)
    assert before.is_provisional
    assert before.overall == before.raw
    assert calibrate_merchant(merchant, now=NOW) == 5
    after = summary(merchant)
    assert not after.is_provisional
    assert after.raw == before.raw
    assert after.raw.value == pytest.approx(scores.mean(), abs=1e-3)
    assert after.overall.low < people.mean() < after.overall.high < after.raw.value
    assert after.overall.value == pytest.approx(people.mean(), abs=0.03)
    assert after.overall.n == 120
    assert all(row.mean.is_corrected for row in after.dimensions)


def test_parts_add_up_to_the_corrected_whole_wherever_they_are_read(merchant):
    planted(merchant, judge="nonlinear")
    calibrate_merchant(merchant, now=NOW)
    period = parse_period({"period": "30d"}, zone=merchant.zone, now=NOW)
    whole = summary(merchant)
    (line,) = read_series(merchant, period, [whole.version]).lines
    by_hour = average_quality(merchant, period, EVERYTHING, by="hour_of_week")
    by_channel = average_quality(merchant, period, EVERYTHING, by="channel")
    parts = by_part(merchant, period, whole.version, "agent_version")
    for means in (line.means.values(), by_hour.values(), by_channel.values(), [part.mean for part in parts]):
        assert sum(mean.n for mean in means) == 120
        assert sum(mean.value * mean.n for mean in means) / 120 == pytest.approx(whole.overall.value)
    assert len(by_hour) > 1
    assert abs(whole.overall.value - whole.raw.value) > 0.2


def test_twenty_labels_are_measured_and_stay_provisional(merchant):
    planted(merchant, n_labels=20)
    calibrate_merchant(merchant, now=NOW)
    found = overall(merchant)
    assert (found.n, found.is_provisional) == (20, True)
    assert found.findings["agreement"]["spearman"] > 0.5
    assert summary(merchant).is_provisional
    assert summary(merchant).overall == summary(merchant).raw


def test_a_useless_judge_stays_provisional_whatever_the_number_of_labels(merchant):
    planted(merchant, n_labels=60, judge="useless")
    calibrate_merchant(merchant, now=NOW)
    assert overall(merchant).findings["agreement"]["spearman_low"] <= 0
    assert overall(merchant).is_provisional
    assert not Calibration.objects.filter(is_provisional=False).exists()


def test_targeted_labels_measure_nothing(merchant):
    conversations, _scores, _people, picked = planted(merchant)
    calibrate_merchant(merchant, now=NOW)
    before = overall(merchant)
    rest = [conversation for n, conversation in enumerate(conversations) if n not in set(picked)]
    for conversation in rest[:30]:
        plant(conversation, 0.0, stratum=Stratum.TARGETED)
    assert calibrate_merchant(merchant, now=NOW) == 0
    assert overall(merchant).n == before.n == 40


def test_nothing_is_computed_twice_and_a_new_label_makes_history(merchant):
    conversations, _scores, _people, picked = planted(merchant)
    calibrate_merchant(merchant, now=NOW)
    first = overall(merchant)
    assert calibrate_merchant(merchant, now=NOW) == 0
    free = next(conversation for n, conversation in enumerate(conversations) if n not in set(picked))
    plant(free, 0.5)
    assert calibrate_merchant(merchant, now=NOW) == 5
    rows = Calibration.objects.for_merchant(merchant).filter(dimension="overall").order_by("n")
    assert [(row.n, row.is_latest) for row in rows] == [(40, False), (41, True)]
    assert rows[0].pk == first.pk
    assert rows[0].findings["points"] == []


def test_new_scores_measure_anew_without_another_line_of_history(merchant):
    planted(merchant)
    calibrate_merchant(merchant, now=NOW)
    more = plant_conversations(merchant, 121)[-1]
    score(more, 0.9).save()
    assert calibrate_merchant(merchant, now=NOW) == 5
    assert Calibration.objects.for_merchant(merchant).filter(dimension="overall").count() == 1
    assert overall(merchant).findings["n_scored"] == 121


def test_two_versions_are_measured_apart(merchant):
    conversations, _scores, people, _picked = planted(merchant)
    other = [score(each, float(mark), version="judge-2") for each, mark in zip(conversations, people, strict=True)]
    QualityScore.objects.bulk_create(other)
    calibrate_merchant(merchant, now=NOW)
    found = {
        row.scorer_version: row.findings["agreement"]
        for row in Calibration.objects.filter(dimension="overall", is_latest=True)
    }
    assert found["judge-2"]["mean_absolute_error"] < 0.05 < found["judge-1"]["mean_absolute_error"]


def test_people_are_held_against_each_other(merchant):
    planted(merchant, n_labels=60)
    calibrate_merchant(merchant, now=NOW)
    findings = overall(merchant).findings
    assert findings["people"]["n"] == 15
    assert findings["ceiling"]["share"] == pytest.approx(
        findings["agreement"]["pearson"] / findings["ceiling"]["highest"], abs=2e-3
    )


def test_own_criteria_are_measured_too(merchant):
    conversations = plant_conversations(merchant, 12)
    for number, conversation in enumerate(conversations):
        mark = (number % 5) / 4
        score(conversation, 0.8, criteria={"brand_voice": mark}).save()
        plant(conversation, {"helpfulness": 0.75, "brand_voice": mark})
    calibrate_merchant(merchant, now=NOW)
    found = Calibration.objects.get(dimension="brand_voice")
    assert (found.n, found.findings["agreement"]["pearson"]) == (12, 1.0)


def test_withdrawn_labels_and_excluded_conversations_do_not_count(merchant):
    conversations, _scores, _people, picked = planted(merchant)
    Label.objects.filter(conversation=conversations[picked[1]]).update(withdrawn_at=NOW)
    type(conversations[0]).objects.filter(pk=conversations[picked[2]].pk).update(exclusion="spam")
    calibrate_merchant(merchant, now=NOW)
    assert (overall(merchant).n, overall(merchant).findings["n_scored"]) == (38, 119)


def test_when_all_labels_are_taken_back_scores_are_provisional_again(merchant):
    planted(merchant)
    calibrate_merchant(merchant, now=NOW)
    Label.objects.update(withdrawn_at=NOW)
    calibrate_merchant(merchant, now=NOW)
    assert summary(merchant).is_provisional
    assert Calibration.objects.for_merchant(merchant).count() == 5


def test_a_judge_that_turned_mild_raises_the_alarm_and_says_when(merchant):
    conversations = plant_conversations(merchant, 90)
    rng = np.random.default_rng(4)
    for number, conversation in enumerate(conversations):
        mark = float(rng.integers(0, 5) / 4)
        mild = 0.3 if number >= 50 else 0.0
        score(conversation, float(np.clip(0.7 * mark + mild + rng.normal(0, 0.05), 0, 1))).save()
        plant(conversation, mark, at=NOW.replace(day=1 + number // 5))
    calibrate_merchant(merchant, now=NOW)
    shift = overall(merchant).findings["drift"]["shift"]
    assert shift["is_alarm"]
    assert shift["after"] < shift["before"]
    assert shift["since"].startswith(("2026-11-10", "2026-11-11", "2026-11-12"))


def test_other_merchants_teach_only_when_they_are_five_and_only_their_common_line(merchant):
    def add(number):
        other = Merchant.objects.create(slug=f"m{number}", name=f"M {number}", timezone="Europe/Berlin", currency="EUR")
        planted(other, n_all=40, n_labels=32, judge="compressed", seed=number)
        calibrate_merchant(other, now=NOW)

    planted(merchant, judge="compressed")
    calibrate_merchant(merchant, now=NOW)  # never its own teacher
    material = next(each for each in read_material(merchant) if each.dimension == "overall")
    for number in range(4):
        add(number)
    prior, n_merchants = find_prior(merchant, material)
    assert (prior.level, prior.slope, n_merchants) == (0.5, 1.0, 0)
    alone = overall(merchant)
    add(4)
    prior, n_merchants = find_prior(merchant, material)
    assert n_merchants == 5
    assert prior.slope > 2  # compressed to a fifth
    calibrate_merchant(merchant, now=NOW)
    helped = overall(merchant)
    assert helped.pk == alone.pk
    assert set(helped.findings["prior"]) == {"level", "slope", "level_deviation", "slope_deviation", "n_merchants"}


def test_the_task_may_run_twice_and_needs_no_labels(merchant, other_merchant):
    planted(merchant)
    for _time in range(2):
        calibrate_merchant_of(merchant.pk)
        calibrate_merchant_of(other_merchant.pk)
    assert Calibration.objects.count() == 5
    assert not Calibration.objects.for_merchant(other_merchant).exists()
