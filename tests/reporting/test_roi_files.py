"""The return on investment to take away: CSV, JSON, paper. Each says what the page says."""

import csv
import io
from decimal import Decimal

import pytest
import time_machine

from portal.models import CostInputs
from tests.events import Chat, resolved, send
from tests.reporting.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _three(merchant):
    """Old enough to be verified: two resolved, one handed over. 2 × 3.33 − 3 × 0.05 = 6.52."""
    send(
        merchant,
        resolved("a", at="2026-11-02T09:00:00+00:00"),
        resolved("b", at="2026-11-03T09:00:00+00:00"),
        Chat("c", at="2026-11-04T09:00:00+00:00").start().ask().answer().hand_off().close(),
    )


def rows_of(client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/lumen/roi/export.csv{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="roi-lumen-2026-10-25-2026-11-12.csv"'
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def find(rows, part: str, key: str) -> dict[str, str]:
    (row,) = [row for row in rows if (row["part"], row["key"]) == (part, key)]
    return row


def test_the_csv_has_the_lines_and_they_add_up(sign_in, viewer, merchant):
    rows = rows_of(sign_in(viewer))
    *lines, result = [row for row in rows if row["part"] == "result"]

    assert find(rows, "result", "work_saved")["quantity"] == "2"
    assert result["amount"] == "6.52"
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal("6.52")
    assert find(rows, "about", "written_by")["label"] == "Vera Viewer"
    assert find(rows, "about", "is_saved")["label"] == "True"
    assert (find(rows, "input", "hourly_cost")["each"], find(rows, "input", "hourly_cost")["source"]) == (
        "25.00",
        "default",
    )
    steps = [row for row in rows if row["part"] == "seed formula to honest" and row["key"] != "savings"]
    seed = Decimal(find(rows, "seed formula", "savings")["amount"])
    assert seed + sum(Decimal(step["amount"]) for step in steps) == Decimal("6.52")


def test_inputs_that_are_tried_out_are_taken_along_and_said(sign_in, viewer, merchant):
    rows = rows_of(sign_in(viewer), "?hourly_cost=60")

    assert find(rows, "result", "savings")["amount"] == "15.85"
    assert find(rows, "about", "is_saved")["label"] == "False"
    assert not CostInputs.objects.exists()


def test_a_name_is_no_formula_of_a_spreadsheet(sign_in, owner, merchant):
    owner.name = "=HYPERLINK()"
    owner.save()

    assert find(rows_of(sign_in(owner)), "about", "written_by")["label"] == "'=HYPERLINK()"


def test_the_json_file_is_what_rest_answers(sign_in, viewer, api):
    assert sign_in(viewer).get("/lumen/roi/export.json").json() == api("read").get("/api/v1/roi/").json()


def test_rest_says_the_cases_the_sensitivity_and_the_difference(api):
    body = api("read").get("/api/v1/roi/").json()

    # 2 of 3 ended: Wilson 20.8 – 93.9 %, in whole conversations 0 – 3; low: nothing saved, 3 × 0.06 spent.
    low, base, high = body["cases"]
    assert (low["case"], low["savings"]) == ("low", "-0.18")
    assert (base["case"], base["savings"]) == ("base", body["savings"])
    assert (high["case"], high["savings"]) == ("high", "14.28")  # 3 × 9.6 min at 30 − 3 × 0.04
    assert low["inputs"][0] == {"key": "resolutions", "value": "0.000000", "reason": "chance"}
    assert [row["key"] for row in body["sensitivity"]][-1] == "ai_cost_per_conversation"
    seed, *steps, honest = body["difference"]
    assert (seed, honest) == ({"key": "seed", "amount": "6.57"}, {"key": "honest", "amount": "6.52"})
    assert sum(Decimal(step["amount"]) for step in [seed, *steps]) == Decimal("6.52")
    assert body["break_even_agent_cost"] == "2.222222"  # 6.67 / 3
    assert (body["payback_days"], body["pending_from"]) == (None, "2026-11-12T23:00:00Z")


def test_paper_says_who_when_and_how(sign_in, viewer, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(14):
        html = client.get("/lumen/roi/paper/?minutes_per_conversation=16").content.decode()

    assert "The agent saved €13.18" in html
    assert "Vera Viewer, Lumen Lighting" in html
    assert "Nov 23, 2026, 11:00" in html
    assert "verified resolutions × minutes × cost per hour" in html
    assert "2 verified resolutions × 16 min × €25.00 per hour" in html
    assert "not saved" in html


@pytest.mark.parametrize("path", ["export.csv", "export.json", "paper/"])
class TestFiles:
    def test_a_stranger_finds_nothing(self, sign_in, stranger, path):
        assert sign_in(stranger).get(f"/lumen/roi/{path}").status_code == 404

    def test_nothing_is_written_by_post(self, sign_in, owner, path):
        assert sign_in(owner).post(f"/lumen/roi/{path}").status_code == 405

    def test_an_input_that_cannot_be_used_is_refused(self, sign_in, viewer, path):
        answer = sign_in(viewer).get(f"/lumen/roi/{path}?hourly_cost=lots")
        assert answer.status_code == 400
        assert "hourly_cost" in answer.json()["errors"]
