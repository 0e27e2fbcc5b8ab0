"""The rubric in the portal and over REST."""

import json

import pytest
import time_machine

from analytics.models import RubricVersion
from analytics.rubric import current_rubric
from analytics.tasks import score_ended_conversations_of
from portal.models import AuditEntry, Job
from tests.analytics.quality_cases import NOW, judged, told

URL = "/lumen/quality/rubric/"
RESTORE = f"{URL}restorations/"
API = "/api/v1/quality/rubric/"
WEIGHTS = {"helpfulness": 35, "accuracy": 30, "politeness": 10, "completeness": 25}
TONE = {"label": "Tone", "description": "Like us?", "instruction": "4: warm. 0: stiff.", "weight": 20}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def typed(*own: dict, **more) -> dict:
    rows = {f"own_{row}_{name}": value for row, one in enumerate(own) for name, value in one.items()}
    return WEIGHTS | rows | {"note": "agreed in November", "action": "save"} | more


def versions(merchant) -> list[str]:
    return [row.version for row in RubricVersion.objects.for_merchant(merchant)]


def test_everybody_reads_it_and_owners_alone_can_change_it(sign_in, owner, viewer, merchant):
    page = sign_in(viewer).get(URL).content.decode()
    for text in ("Version 1 holds", "Helpfulness", "The house rubric."):
        assert text in page
    assert "Save version" not in page
    assert 'name="helpfulness" value="35"' in page
    assert sign_in(viewer).post(URL, typed()).status_code == 403
    assert "Save version" in sign_in(owner).get(URL).content.decode()


def test_an_owner_saves_a_version_with_a_criterion_of_its_own(sign_in, owner, merchant):
    client = sign_in(owner)
    page = client.post(URL, typed(TONE, helpfulness=50), follow=True).content.decode()
    for text in (
        "Version 2 holds from now on.",
        "agreed in November",
        "Olivia Owner",
        "Helpfulness: 35 → 50",
        "Tone: added, 20",
    ):
        assert text in page
    assert current_rubric(merchant).own[0].key == "tone"
    assert AuditEntry.objects.get(verb="rubric.changed").detail["tone"] == "added, 20"
    assert Job.objects.get(kind="follow_rubric").started_by == owner
    assert "Rubric changed" in client.get("/lumen/settings/audit/").content.decode()

    renamed = TONE | {"label": "Our tone", "key": "tone"}
    client.post(URL, typed(renamed, helpfulness=50))
    assert [(one.key, one.label) for one in current_rubric(merchant).own] == [("tone", "Our tone")]
    client.post(URL, typed(renamed | {"is_removed": "on"}, helpfulness=50))
    assert current_rubric(merchant).own == ()
    assert versions(merchant) == ["4", "3", "2"]
    page = client.post(URL, typed(helpfulness=50), follow=True).content.decode()
    assert "Nothing was changed." in page


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_saved(sign_in, owner, merchant):
    client = sign_in(owner)
    wrong = client.post(URL, typed(TONE | {"instruction": ""}, accuracy="a lot", note=""))
    page = wrong.content.decode()
    assert wrong.status_code == 422
    for field, error in (
        ("accuracy", "Give a whole number from 0 to 100."),
        ("own_0_instruction", "Fill this in, or remove the criterion."),
        ("note", "This field is required."),
    ):
        assert f'id="id_{field}_error">{error}</span>' in page
    assert 'value="Tone"' in page, "what was typed is still there"
    nothing = client.post(URL, typed(**dict.fromkeys(WEIGHTS, 0)))
    assert "at least one of the four dimensions" in nothing.content.decode()
    assert client.post(URL, typed({"label": "", "weight": "7"})).status_code == 422
    assert versions(merchant) == []


def test_a_preview_says_what_it_would_cost_and_saves_nothing(sign_in, owner, merchant, openai_server, settings):
    settings.OPENAI_INPUT_PRICE = settings.OPENAI_OUTPUT_PRICE = "10"  # a call costs 0.012 USD
    openai_server.answers["Judgement"] = judged("choose Payment methods")
    for n in range(3):
        told(merchant, f"c-{n}")
    score_ended_conversations_of(merchant.pk)
    client = sign_in(owner)
    weights = client.post(URL, typed(helpfulness=70, action="preview")).content.decode()
    for text in ("What would change", "35 → 70", "52% of the overall score", "no model is asked"):
        assert text in weights
    asked = client.post(URL, typed(TONE, action="preview")).content.decode()
    for text in ("The last 3 conversations are read again", "about $0.036", "Nothing is saved yet."):
        assert text in asked
    assert "Nothing differs" in client.post(URL, typed(action="preview")).content.decode()
    assert versions(merchant) == []
    assert "it has scored 3 of 3" in asked


def test_a_version_is_brought_back(sign_in, owner, viewer, merchant):
    client = sign_in(owner)
    client.post(URL, typed(helpfulness=90))
    page = client.post(RESTORE, {"number": "1"}, follow=True).content.decode()
    assert "Version 3 holds from now on." in page
    assert "As version 1" in page
    assert versions(merchant) == ["3", "2"]
    for number in ("", "x", "99", "9" * 40, "-1", "²"):
        assert client.post(RESTORE, {"number": number}).status_code == 404
    assert sign_in(viewer).post(RESTORE, {"number": "1"}).status_code == 403
    assert client.get(RESTORE).status_code == 405


def test_strangers_find_nothing(sign_in, stranger, merchant):
    assert sign_in(stranger).get(URL).status_code == 404
    assert sign_in(stranger).post(RESTORE, {"number": "1"}).status_code == 404


def test_the_step_between_two_versions_is_shown(sign_in, viewer, owner, merchant):
    for n in range(3):
        told(merchant, f"c-{n}", answer="Open Billing. " * (n + 1))
    score_ended_conversations_of(merchant.pk)
    sign_in(owner).post(URL, typed(politeness=100, helpfulness=0))
    score_ended_conversations_of(merchant.pk)
    page = sign_in(viewer).get(URL)
    (step,) = page.context["steps"]
    assert (step.older, step.newer, step.step.n) == ("1", "2", 3)
    assert "1 → 2" in page.content.decode()


def test_over_rest_it_is_read_and_written_with_the_right_scope(api, merchant):
    read = api("read").get(API).json()
    assert (read["version"], read["versions"]) == ("1", [])
    assert read["criteria"][0] | {"instruction": ""} == {
        "key": "helpfulness",
        "label": "Helpfulness",
        "description": "Did the agent’s answers bring the customer closer to what they came for?",
        "instruction": "",
        "weight": 0.35,
        "is_own": False,
    }
    body = {"weights": WEIGHTS | {"helpfulness": 15}, "own_criteria": [TONE], "note": "by our tool"}
    assert api("read").put(API, body, format="json").status_code == 403
    writer = api("settings")
    written = writer.put(API, body, format="json").json()
    assert (written["version"], written["criteria"][4]["key"], written["criteria"][4]["weight"]) == ("2", "tone", 0.2)
    assert written["versions"][0]["created_by"].startswith("test settings")
    assert writer.put(API, body, format="json").json()["version"] == "2", "the same again is no version"
    reworded = body | {"own_criteria": [TONE | {"instruction": "4: kind."}], "note": "kinder"}
    assert writer.put(API, reworded, format="json").json()["criteria"][4]["key"] == "tone"
    twice = body | {"own_criteria": [TONE, TONE, TONE | {"key": "tone_2"}, TONE | {"label": "\0 \ud800x"}]}
    assert [
        one["key"] for one in writer.put(API, json.dumps(twice), content_type="application/json").json()["criteria"][4:]
    ] == ["tone", "tone_3", "tone_2", "x"]
    same = body | {"own_criteria": [TONE | {"key": "a"}, TONE | {"key": "a"}]}
    assert writer.put(API, same, format="json").status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"weights": WEIGHTS | {"accuracy": "30"}, "note": "n"}, "accuracy"),
        ({"weights": [1], "note": "n"}, "weights"),
        ({"weights": WEIGHTS}, "note"),
        ({"weights": WEIGHTS, "note": 7}, "note"),
        ({"weights": WEIGHTS, "note": "n", "name": "x"}, "name"),
        ({"weights": WEIGHTS, "note": "n", "own_criteria": "tone"}, "own_criteria"),
        ({"weights": WEIGHTS, "note": "n", "own_criteria": [TONE | {"label": 4}]}, "own_criteria.0.label"),
        ({"weights": WEIGHTS, "note": "n", "own_criteria": [TONE | {"wieght": 4}]}, "own_criteria.0.wieght"),
        ({"weights": WEIGHTS, "note": "n", "own_criteria": [{"label": "Tone"}]}, "own_criteria.0.instruction"),
    ],
)
def test_a_bad_body_is_refused_by_field(api, merchant, body, field):
    refused = api("settings").put(API, body, format="json")
    assert refused.status_code == 400
    assert field in refused.json()["errors"]
    assert versions(merchant) == []
    assert api("settings").put(API, [], format="json").status_code == 400


def test_staff_see_the_versions_in_admin(sign_in, staff, owner, merchant):
    sign_in(owner).post(URL, typed(helpfulness=90))
    page = sign_in(staff).get("/admin/analytics/rubricversion/").content.decode()
    assert "agreed in November" in page


def test_the_share_that_the_model_reads_is_an_owners_choice(sign_in, owner, merchant, openai_server):
    client = sign_in(owner)
    client.post("/lumen/settings/model/", {"monthly_llm_budget": "50", "judged_share": "20"})
    merchant.refresh_from_db()
    assert merchant.judged_share == 20
    assert "Chosen: 20% of the conversations" in client.get(URL).content.decode()
    wrong = client.post("/lumen/settings/model/", {"monthly_llm_budget": "50", "judged_share": "101"})
    assert wrong.status_code == 422


def test_own_criteria_stand_in_a_conversations_scores_and_over_rest(
    sign_in, viewer, api, merchant, owner, openai_server
):
    conversation = told(merchant)
    score_ended_conversations_of(merchant.pk)
    sign_in(owner).post(URL, typed(TONE))
    answer = judged("choose Payment methods")
    openai_server.answers["Judgement"] = answer | {"own_tone": answer["helpfulness"] | {"score": 1}}
    score_ended_conversations_of(merchant.pk)
    page = sign_in(viewer).get(f"/lumen/conversations/{conversation.pk}/").content.decode()
    assert "<dt>Tone</dt><dd>25%</dd>" in page
    rows = api("read").get("/api/v1/quality/scores/").json()["results"]
    assert {(row["scorer"], row["rubric_version"]): row["criteria"] for row in rows} == {
        ("llm", "2"): {"tone": 0.25},
        ("local", "1"): {},
        ("local", "2"): {},
    }
    assert "tone" in {quote["dimension"] for row in rows for quote in row["quotes"]}
    assert "does not judge your own criteria" in page
