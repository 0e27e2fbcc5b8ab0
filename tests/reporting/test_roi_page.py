"""The ROI page and its REST twin: the same formula, inputs and sources."""

import re
from decimal import Decimal

import pytest
import time_machine

from portal.costs import TYPED_NAMES, Source
from portal.models import AuditEntry, CostInputs, Role
from tests.events import Chat, resolved, send
from tests.reporting.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def two_resolved(merchant):
    """Old enough to be verified, without measured cost: 2 × 8 min at 25.00 an hour − 2 × 0.05 = 6.57."""
    send(merchant, resolved("a", at="2026-11-02T09:00:00+00:00"), resolved("b", at="2026-11-03T09:00:00+00:00"))


def inputs(**typed: str) -> dict[str, str]:
    return {**dict.fromkeys(TYPED_NAMES, ""), **typed}


def page_of(client, query: dict[str, str] | None = None, **headers: str) -> str:
    return client.get("/lumen/roi/", query or {}, headers=headers).content.decode()


def typing(client, **typed: str) -> str:
    """What the page gets while somebody types."""
    return page_of(client, typed, **{"HX-Request": "true"})


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_page_shows_the_formula_with_its_numbers(sign_in, viewer, two_resolved, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(17):
        html = page_of(client)

    assert "The agent saved €6.57 from Oct 25, 2026 to Nov 12, 2026." in html
    assert "2 verified resolutions × 8 min × €25.00 per hour" in html
    assert "2 conversations × €0.0500" in html
    assert "€6.67" in html  # human baseline
    assert "It pays from 1.5% of all conversations resolved; now it is 100.0%." in html  # 0.05 of 3.33
    assert "€3.33" in html  # up to this agent cost
    assert ">default</span>" in html
    assert ">Save</button>" not in html  # a viewer tries and does not save


def test_the_amounts_of_the_lines_add_up_to_the_result_to_the_cent(sign_in, owner, merchant, two_resolved):
    # 2 × 7 min at 10.01 an hour = 2.33567 and 2 × 0.0333 = 0.0666: rounded alone they would be 2.34 − 0.07 = 2.27.
    tried = {"minutes_per_conversation": "7", "hourly_cost": "10.01", "ai_cost_per_conversation": "0.0333"}
    page = find_page(sign_in(owner), tried)

    assert page.amount == Decimal("2.27")
    assert sum(row.amount for row in page.lines) == page.amount == page.honest_amount
    assert page.seed_amount + sum(step.amount for step in page.steps) == page.honest_amount


def find_page(client, query: dict[str, str]):
    return client.get("/lumen/roi/", query).context["page"]


def test_an_owner_changes_the_inputs_and_gaps_are_priced_alike(sign_in, owner, merchant, two_resolved):
    client = sign_in(owner)
    answer = client.post("/lumen/roi/?period=90d", inputs(minutes_per_conversation="12", hourly_cost="30"))

    assert (answer.status_code, answer["Location"]) == (302, "/lumen/roi/?period=90d")
    assert CostInputs.costs_of(merchant).human_conversation == Decimal(6)
    html = page_of(client, {"period": "90d"})
    assert "€11.90" in html  # 2 × 6.00 − 2 × 0.05
    assert "Olivia Owner, Nov 23, 2026" in text_of(html)
    entry = AuditEntry.objects.for_merchant(merchant).get(verb="costs.changed")
    assert entry.detail == {"minutes_per_conversation": "default → 12", "hourly_cost": "default → 30"}


def test_each_amount_knows_who_typed_it(sign_in, owner, merchant, make_member):
    partner = make_member(merchant, Role.OWNER, email="pat@lumen.example", name="Pat Partner")
    sign_in(owner).post("/lumen/roi/", inputs(minutes_per_conversation="12", hourly_cost="30"))
    sign_in(partner).post("/lumen/roi/", inputs(minutes_per_conversation="12", hourly_cost="40"))
    assert "€40.00" in text_of(typing(sign_in(partner), hourly_cost="lots"))  # and not who typed it
    saved = CostInputs.of(merchant)

    assert saved.find_typing("minutes_per_conversation").by == "Olivia Owner"
    assert saved.find_typing("hourly_cost").by == "Pat Partner"
    assert saved.find_typing("platform_fee_per_month") is None


def test_amounts_of_before_who_typed_them_was_kept_are_of_the_last_who_saved(merchant, owner):
    CostInputs.objects.create(merchant=merchant, hourly_cost=Decimal(30), updated_by=owner)

    assert CostInputs.of(merchant).find_typing("hourly_cost").by == "Olivia Owner"


def test_saving_the_same_again_changes_nothing(sign_in, owner, merchant):
    client = sign_in(owner)
    client.post("/lumen/roi/", inputs(hourly_cost="30"))
    client.post("/lumen/roi/", inputs(hourly_cost="30.00"))

    assert AuditEntry.objects.for_merchant(merchant).filter(verb="costs.changed").count() == 1


def test_a_change_and_a_reset_can_be_undone_once(sign_in, owner, merchant, two_resolved):
    client = sign_in(owner)
    client.post("/lumen/roi/", inputs(hourly_cost="30", minutes_per_conversation="6.5"))
    page_of(client)
    client.post("/lumen/roi/", inputs())  # what the reset sends
    assert CostInputs.costs_of(merchant).hourly_cost.source is Source.DEFAULT
    assert CostInputs.of(merchant).typed == {}

    undo = client.get("/lumen/roi/").context["undo"]
    assert client.get("/lumen/roi/").context["undo"] is None
    client.post("/lumen/roi/", undo)
    assert CostInputs.costs_of(merchant).hourly_cost.value == 30
    assert CostInputs.costs_of(merchant).minutes_per_conversation.value == Decimal("6.5")


def test_while_typing_the_result_follows_and_nothing_is_saved(sign_in, owner, merchant, two_resolved):
    client = sign_in(owner)
    answer = client.get("/lumen/roi/", inputs(hourly_cost="60"), headers={"HX-Request": "true"})
    html = answer.content.decode()

    assert "€15.90" in html  # 2 × 8.00 − 0.10
    assert "<html" not in html
    assert "tried out, not saved" in html
    assert "read as €60.00" in text_of(html)
    assert answer["HX-Replace-Url"] == "/lumen/roi/?period=30d&hourly_cost=60"
    assert "HX-Request" in answer["Vary"]
    assert not CostInputs.objects.exists()
    # The address that is left behind shows the same again.
    assert "€15.90" in client.get(answer["HX-Replace-Url"]).content.decode()


def test_a_viewer_may_try_but_not_save(sign_in, viewer, reviewer, merchant, two_resolved):
    assert "€15.90" in typing(sign_in(viewer), hourly_cost="60")
    assert sign_in(viewer).post("/lumen/roi/", inputs(hourly_cost="1")).status_code == 403
    assert sign_in(reviewer).post("/lumen/roi/", inputs(hourly_cost="1")).status_code == 403
    assert not CostInputs.objects.exists()


@pytest.mark.parametrize(
    ("locale", "typed", "read"),
    [
        ("en-DE", "30,00", "30,00 €"),
        ("en-DE", "1.500,5", "1.500,50 €"),
        ("en-DE", "1.500", "1.500,00 €"),
        ("en-DE", "27.50", "27,50 €"),  # no German number, and yet clear
        ("en", "30.00", "€30.00"),
        ("en", "1,500.5", "€1,500.50"),
        ("en", "27,50", "€27.50"),
        ("en", "€ 30", "€30.00"),
        ("en-CH", "1'500", "€\xa01’500.00"),
    ],
)
def test_amounts_are_read_as_the_locale_writes_them(sign_in, owner, merchant, locale, typed, read):
    merchant.locale = locale
    merchant.save()
    assert f"read as {read}" in typing(sign_in(owner), hourly_cost=typed)


def test_an_input_that_is_no_number_is_said_beside_its_field(sign_in, owner, merchant, two_resolved):
    client = sign_in(owner)
    saved = client.post("/lumen/roi/", inputs(hourly_cost="-3"))
    preview = text_of(typing(client, hourly_cost="lots", minutes_per_conversation="16"))

    assert saved.status_code == 400
    assert "-3 is below zero. Type 0 or more." in text_of(saved.content.decode())
    assert "“lots” is not a number. Write it like 12.50." in preview
    assert "The result goes by the saved one: €25.00." in preview
    assert "The agent saved €13.23" in preview  # the other input is tried all the same
    assert "Nothing was saved yet" not in preview
    assert "hourly_cost" not in find_page(client, {"hourly_cost": "lots"}).query
    assert not CostInputs.objects.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"minutes_per_conversation": "1441"}, "1,441 is too much. Type 1,440 at most."),
        ({"hourly_cost": "12.345"}, "12.345 has too many decimals. Round it to 12.34."),
        ({"hourly_cost": "NaN"}, "“NaN” is not a number."),
        ({"hourly_cost": "1e3"}, "“1e3” is not a number."),
        ({"hourly_cost": "1234,500"}, "“1234,500” is not a number."),  # thousands, or decimals?
        ({"minutes_low": "9"}, "This is more than the minutes per conversation: lower it, or leave it empty."),
        ({"minutes_high": "7"}, "This is less than the minutes per conversation: raise it, or leave it empty."),
    ],
)
def test_an_error_names_the_fix(sign_in, owner, merchant, typed, said):
    answer = sign_in(owner).post("/lumen/roi/", inputs(**typed))

    assert answer.status_code == 400
    assert said in text_of(answer.content.decode())
    assert not CostInputs.objects.exists()


def test_days_that_wait_are_said_with_what_waits_in_them(sign_in, viewer, merchant, two_resolved):
    send(merchant, resolved("young", at="2026-11-20T09:00:00+00:00"))
    said = text_of(page_of(sign_in(viewer)))

    assert "Nov 13, 2026 to Nov 23, 2026 are left out with 1 resolution" not in said  # one is left out
    assert "Nov 13, 2026 to Nov 23, 2026 is left out with 1 resolution until it is known" in said
    assert "all of it is verified on Dec 3, 2026" in said


def test_the_plain_formula_counts_every_resolution_of_all_days(sign_in, viewer, merchant, two_resolved):
    send(merchant, resolved("young", at="2026-11-20T09:00:00+00:00"))
    client = sign_in(viewer)
    page, said = find_page(client, {"mode": "seed"}), text_of(page_of(client, {"mode": "seed"}))

    assert page.headline == "The agent saved €9.85 from Oct 25, 2026 to Nov 23, 2026."  # 3 × 3.33 − 3 × 0.05
    assert "plain formula: nothing verified, nothing taken off" in said
    assert "3 resolutions × 8 min × €25.00 per hour" in said
    assert [row.label for row in page.lines] == ["Work that people did not have", "Cost of the agent"]
    assert "outcome=resolved" in page.lines[1].url
    # Why it differs is told for the days that can be verified.
    assert (page.seed_amount, page.honest_amount) == (Decimal("6.57"), Decimal("6.57"))


def test_days_too_young_to_be_verified_give_a_provisional_result(sign_in, viewer, merchant):
    young = [Chat(f"y-{n}", at=f"2026-11-2{n}T09:00:00+00:00").start().ask().answer() for n in range(2)]
    send(merchant, young[0].resolve(confirmed=True), young[1].resolve())
    client = sign_in(viewer)
    said = text_of(page_of(client, {"period": "7d"}))

    assert "No day of this period is old enough to be verified." in said
    assert "2 resolutions × 8 min × €25.00 per hour" in said
    assert "not verified yet; low counts only those that customers confirmed" in said
    # One of two confirmed: Wilson from 9.5 %, no whole conversation.
    assert find_page(client, {"period": "7d"}).cases.low.roi.n_counted == 0


def test_the_days_before_are_compared_where_there_was_data(sign_in, viewer, merchant, two_resolved):
    assert "Before" not in text_of(page_of(sign_in(viewer)))
    # The 19 days before, October 6 to 24: three resolved; the data begins on the first of them.
    send(merchant, *(resolved(f"old-{n}", at=f"2026-10-0{6 + n}T09:00:00+00:00") for n in range(3)))
    said = text_of(page_of(sign_in(viewer)))

    # 3 × 3.33 − 0.15 = 9.85; now 6.57
    assert "Before, from Oct 6, 2026 to Oct 24, 2026, it was €9.85: now €3.28 less; no clear change" in said


def test_days_in_which_the_data_began_are_nothing_to_compare_with(sign_in, viewer, merchant, two_resolved):
    # The 19 days before begin on October 6; the first conversation is of the 20th.
    send(merchant, resolved("first", at="2026-10-20T09:00:00+00:00"))

    assert find_page(sign_in(viewer), {}).before.counts.n_conversations == 1
    assert "Before" not in text_of(page_of(sign_in(viewer)))


def test_every_line_counts_the_conversations_that_it_leads_to(sign_in, viewer, merchant, two_resolved):
    send(
        merchant,
        Chat("c", at="2026-11-04T09:00:00+00:00").start().ask().answer().hand_off().close(),
        Chat("d", at="2026-11-05T09:00:00+00:00").start(customer_id="dan").ask().answer().resolve(),
        Chat("e", at="2026-11-08T09:00:00+00:00").start(customer_id="dan").ask().answer().resolve(),
    )
    client = sign_in(viewer)
    lines = {row.key: row for row in find_page(client, {}).lines}

    led_to = {key: client.get(row.url).context["page"].n for key, row in lines.items() if row.url}
    assert led_to == {"work_saved": 3, "agent": 5, "handoffs": 1, "recontacts": 1}
    assert lines["work_saved"].calculation.startswith("3 verified resolutions")


def test_a_fee_is_due_from_the_first_conversation_on(sign_in, viewer, merchant, two_resolved):
    html = typing(sign_in(viewer), platform_fee_per_month="300")

    # The data begins on November 2; the days that can be verified end on the 12th.
    assert "11 of 30.44 days × €300.00 per month" in html


def test_the_plain_formula_stands_beside_the_honest_one(sign_in, viewer, merchant, two_resolved):
    send(merchant, Chat("c", at="2026-11-04T09:00:00+00:00").start().ask().answer().hand_off().close())
    said = text_of(page_of(sign_in(viewer)))

    assert "The plain formula says €6.57" in said  # 2 × 3.33 − 2 × 0.05
    assert "The agent is paid for conversations that it did not resolve, too -€0.05" in said
    assert "Counting honestly leaves €6.52" in said


def test_a_loss_is_shown_as_one(sign_in, viewer, merchant):
    send(merchant, Chat("a", at="2026-11-02T09:00:00+00:00").start().ask().answer(cost=0.5).abandon())
    html = sign_in(viewer).get("/lumen/roi/").content.decode()

    assert "Loss" in html
    assert "The agent cost €0.50 more than it saved" in html
    assert ">measured</span>" in html


def test_without_conversations_the_page_says_what_to_do(sign_in, viewer, merchant):
    said = text_of(page_of(sign_in(viewer)))

    assert "No conversations started in these days." in said
    assert "How it adds up" not in said


def test_strangers_and_other_methods(sign_in, stranger, viewer, merchant):
    assert sign_in(stranger).get("/lumen/roi/").status_code == 404
    assert sign_in(viewer).delete("/lumen/roi/").status_code == 405


def test_the_api_says_the_same_as_the_page(api, merchant, two_resolved):
    body = api("read").get("/api/v1/roi/").json()

    assert body["savings"] == "6.57"
    assert body["human_baseline"] == "6.67"
    assert body["break_even_rate"] == pytest.approx(0.015)
    assert {row["key"]: row["source"] for row in body["inputs"]}["hourly_cost"] == "default"
    assert sum(Decimal(line["amount"]) for line in body["lines"]) == Decimal("6.57")
    assert api("read").get("/api/v1/roi/?mode=seed").json()["formula"].startswith("savings = resolved ×")


def test_the_api_refuses_a_wrong_period_mode_and_scope(api, merchant):
    assert "period" in api("read").get("/api/v1/roi/?period=fortnight").json()["errors"]
    assert "mode" in api("read").get("/api/v1/roi/?mode=rosy").json()["errors"]
    assert api("ingest").get("/api/v1/roi/").status_code == 403
    assert api("read").post("/api/v1/roi/").status_code == 405
