"""What the page about agreement and REST tell of the local scorer's training, and an owner who starts one."""

import pytest
import time_machine

from analytics.models import Stratum, TrainedScorer
from analytics.scorer_state import Learned, read_scorer
from analytics.scorer_training import Lack, train_if_due
from analytics.scorer_words import tell_learned
from analytics.trained_scorers import current_version
from analytics.training_tasks import train_scorer_for_page
from portal.models import AuditEntry, Job
from tests.analytics.label_builder import plant
from tests.analytics.quality_cases import NOW
from tests.analytics.test_scorer_training import label, tell

pytestmark = pytest.mark.django_db
URL, TRAIN, API = "/lumen/quality/agreement/", "/lumen/quality/agreement/trainings/", "/api/v1/quality/scorer/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


ENDS = (("value", ""), ("low", "_low"), ("high", "_high"))


def test_what_was_learned_stands_on_the_page_and_over_rest_with_the_labels_and_the_intervals(
    merchant, other_merchant, viewer, sign_in, api, django_assert_max_num_queries
):
    conversations = tell(merchant, 90)
    label(conversations[:50], likes_long=False)
    label(conversations[50:80], likes_long=False, stratum=Stratum.TARGETED)
    train_if_due(merchant, now=NOW)
    label(conversations[80:], likes_long=False)
    client = sign_in(viewer)
    with django_assert_max_num_queries(30):
        response = client.get(URL)
    section, text = response.context["scorer"], response.content.decode()
    stored = TrainedScorer.objects.get().comparisons["helpfulness"]
    assert stored["prior_low"] < stored["prior"] < stored["prior_high"] < stored["trained_low"] < stored["trained"]
    row = section.rows[0]
    assert (row.label, row.took_over, row.n, row.n_random) == ("Helpfulness", True, 80, 50)
    assert (row.trained.value, row.prior.value) == (f"{stored['trained']:.2f}", f"{stored['prior']:.2f}")
    assert row.trained.interval == f"{stored['trained_low']:.2f} – {stored['trained_high']:.2f}"
    assert row.verdict == (
        f"Labels took over: they rank better than the start weights, {row.trained.value} against {row.prior.value}."
    )
    shown = [
        section.version,
        row.verdict,
        row.trained.interval,
        "80 (50 random, 30 targeted)",
        "trained by your labels",
    ]
    shown += [
        "90 (60 random, 30 targeted)",
        "10 more labelled conversations are needed: the next training is from 100 on",
    ]
    assert [each for each in shown if each not in text] == []
    assert "Train now" not in text
    assert [(version.name, version.taught, version.is_standing) for version in section.versions] == [
        (f"trained-{merchant.pk}.1", "Helpfulness, Completeness", True)
    ]

    body = api("read").get(API).json()
    helpfulness, accuracy = body["dimensions"][:2]
    assert (body["version"], body["is_trained"]) == (current_version(merchant), True)
    assert body["labels"] == {"n": 90, "n_random": 60, "n_targeted": 30}
    assert helpfulness["learned"] == {end: stored[f"trained{name}"] for end, name in ENDS}
    assert helpfulness["start_weights"] == {end: stored[f"prior{name}"] for end, name in ENDS}
    assert (accuracy["took_over"], accuracy["lack"], accuracy["learned"]) == (False, "sources", None)
    assert accuracy["labels"]["n"] == 0
    assert {name: body["next_training"][name] for name in ("lack", "found", "needed", "missing")} == {
        "lack": "new_labels",
        "found": 90,
        "needed": 100,
        "missing": 10,
    }
    (training,) = body["history"]
    assert training["labels"] == {"n": 80, "n_random": 50, "n_targeted": 30}
    assert "helpfulness" in training["took_over"]
    assert "accuracy" not in training["took_over"]
    assert api("read", of=other_merchant).get(API).json()["history"] == []
    assert api("ingest").get(API).status_code == 403


def test_labels_that_rank_no_better_leave_the_start_weights_and_the_page_says_both_figures(merchant, viewer, sign_in):
    label(tell(merchant, 80), likes_long=True)
    training = train_if_due(merchant, now=NOW)
    found = training.comparisons["helpfulness"]
    section = sign_in(viewer).get(URL).context["scorer"]
    figures = f"{found['trained']:.2f} against {found['prior']:.2f}"
    assert figures in section.rows[0].verdict
    assert "took over" not in section.rows[0].verdict
    assert (section.is_trained, section.version) == (False, current_version(merchant))
    assert [(version.taught, version.is_standing) for version in section.versions] == [("", False)]
    # Earlier trainings kept neither intervals nor what a dimension lacked.
    old = {name: value for name, value in found.items() if not name.endswith(("_low", "_high"))}
    TrainedScorer.objects.update(comparisons={"helpfulness": old}, n_random=None)
    response = sign_in(viewer).get(URL)
    section = response.context["scorer"]
    assert (section.rows[0].trained.interval, section.trained_on) == ("", "80")
    assert section.rows[2].verdict == "There are enough labels now; the next training decides."


@pytest.mark.parametrize(
    ("learned", "said"),
    [
        (Learned("politeness", 59, 40, lack=Lack.LABELS), "1 more label is needed."),
        (Learned("politeness", 70, 18, lack=Lack.RANDOM_LABELS), "12 more randomly drawn labels are needed."),
        (Learned("politeness", 20, 18, lack=Lack.LABELS), "40 more labels are needed, 12 of them randomly drawn."),
        (
            Learned("politeness", 70, 40, comparison={"prior": 0.59, "trained": 0.58, "is_better": False}),
            "Labels did not rank better than the start weights: 0.58 against 0.59.",
        ),
        (
            Learned("politeness", 70, 40, comparison={"prior": 0.58, "trained": 0.61, "is_better": False}),
            "Labels ranked better than the start weights, 0.61 against 0.58, but it may be chance.",
        ),
    ],
)
def test_each_reason_is_said_in_plain_words(learned, said):
    assert tell_learned(learned) == said


def test_an_owner_without_enough_labels_is_told_how_many_are_missing_and_nothing_starts(
    merchant, owner, reviewer, sign_in, django_capture_on_commit_callbacks
):
    client = sign_in(owner)
    empty = client.get(URL)
    assert empty.context["scorer"].rows == []
    assert "From 60 labelled conversations on, 30 of them drawn at random" in empty.content.decode()
    assert "Train now" not in empty.content.decode()
    conversations = tell(merchant, 90)
    label(conversations[:18], likes_long=False)
    label(conversations[18:58], likes_long=False, stratum=Stratum.TARGETED)
    for conversation in conversations[58:62]:
        plant(conversation, {"politeness": 1.0}, stratum=Stratum.TARGETED)
    learned = {str(each.dimension): (each.n, tell_learned(each)) for each in read_scorer(merchant).dimensions}
    assert learned == {
        **dict.fromkeys(("helpfulness", "accuracy", "completeness"), (58, "12 more randomly drawn labels are needed.")),
        "politeness": (62, "12 more randomly drawn labels are needed."),
    }
    with django_capture_on_commit_callbacks() as callbacks:
        text = client.post(TRAIN, follow=True).content.decode()
    assert text.count("12 more randomly drawn labels are needed.") == 6
    assert (callbacks, Job.objects.count(), AuditEntry.objects.filter(verb="scorer.trained").count()) == ([], 0, 0)
    assert sign_in(reviewer).post(TRAIN).status_code == 403


def test_an_owner_trains_now_sees_what_it_led_to_and_is_in_the_audit_trail(
    merchant, owner, viewer, stranger, sign_in, django_capture_on_commit_callbacks
):
    label(tell(merchant, 64), likes_long=False)
    client = sign_in(owner)
    text = client.get(URL).content.decode()
    assert "data-confirm=" in text
    assert "Tonight, if the labels are of at least 20 different questions." in text
    with django_capture_on_commit_callbacks(execute=False) as callbacks:
        assert [client.post(TRAIN).status_code for _time in range(2)] == [302, 302]
    assert len(callbacks) == 1
    job = Job.objects.get(kind="train_scorer")
    for _time in range(2):
        train_scorer_for_page(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 5, 5)
    assert job.message.startswith("Labels took over in: Helpfulness")
    entry = AuditEntry.objects.get(verb="scorer.trained")
    assert (entry.actor, entry.detail["n_labels"], "helpfulness" in entry.detail["took_over"]) == (owner, 64, True)
    page = sign_in(viewer).get(URL)
    assert page.context["training_job"] == job
    assert "Labels took over in: Helpfulness" in page.content.decode()
    trail = client.get("/lumen/settings/audit/").content.decode()
    assert "Local scorer trained" in trail
    assert "took_over" not in trail

    again = Job.start(merchant, "train_scorer", by=owner)
    train_scorer_for_page(again.pk)
    again.refresh_from_db()
    assert again.message == "16 more labelled conversations are needed: the next training is from 80 on."
    assert TrainedScorer.objects.count() == 1
    assert sign_in(stranger).post(TRAIN).status_code == 404
    assert client.get(TRAIN).status_code == 405
