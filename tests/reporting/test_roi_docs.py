"""The worked example of docs/roi.md is what the code says."""

import re
from decimal import Decimal
from pathlib import Path

from portal.costs import DEFAULTS
from reporting.roi import compute_roi
from reporting.roi_cases import build_cases
from reporting.roi_difference import explain_difference
from reporting.rounding import round_to_sum
from tests.reporting.roi_counts import CENT, counts, typed

PAGE = (Path(__file__).resolve().parents[2] / "docs/roi.md").read_text()
COSTS = typed(
    hourly_cost="27.50", minutes_per_conversation="6", minutes_low="5", minutes_high="8", handoff_extra_minutes="2",
    platform_fee_per_month="300",
)  # fmt: skip
EXAMPLE = counts(
    costs=COSTS, n_conversations=1000, n_ended=900, n_resolved=680, n_verified=600, n_escalated=180, n_recontacted=50,
    n_with_cost=1000, agent_cost=Decimal("38.40"), review_seconds=7200, n_days=30,
)  # fmt: skip


def told() -> dict[str, Decimal]:
    table = PAGE.split("<!-- example -->")[1].split("<!-- end of example -->")[0]
    rows = re.findall(r"^\| (\w+) \|.*\| (−?[\d,.]+) \|$", table, re.M)
    return {key: Decimal(amount.replace(",", "").replace("−", "-")) for key, amount in rows}


def test_the_amounts_are_right_and_add_up():
    roi, cases, difference = compute_roi(EXAMPLE), build_cases(EXAMPLE), explain_difference(EXAMPLE)
    lines = dict(
        zip([line.key for line in roi.lines], round_to_sum([line.amount for line in roi.lines], CENT), strict=True)
    )
    steps = {step.key: step.amount.quantize(CENT) for step in difference.steps[:3]}

    assert told() == {
        **lines,
        "savings": sum(lines.values()),
        "low": cases.low.roi.savings.quantize(CENT),
        "high": cases.high.roi.savings.quantize(CENT),
        "seed": difference.seed.savings.quantize(CENT),
        **steps,
    }
    assert sum(told()[key] for key in lines) == told()["savings"]


def test_what_follows_is_right():
    roi = compute_roi(EXAMPLE)

    assert f"{roi.roi:.1f}." in PAGE
    assert f"{roi.break_even_rate:.1%}".replace("%", " %") in PAGE
    assert f"= {roi.break_even_agent_cost:.4f}" in PAGE
    assert f"= {roi.payback_days:.1f} days" in PAGE


def test_the_defaults_are_those_of_the_code():
    defaults = re.findall(r"^\| [a-z ]+ \| ([\d.]+) \|", PAGE, re.M)
    assert [Decimal(value) for value in defaults] == list(DEFAULTS.values())
