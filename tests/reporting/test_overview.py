"""The landing page and the digest behind it, in events and numbers."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from improvement.models import Draft, DraftRevision
from portal.periods import parse_period
from reporting.digest import build_digest
from tests.events import Chat, escalated, resolved, send
from tests.reporting.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def digest_of(merchant, period="30d"):
    return build_digest(merchant, parse_period({"period": period}, zone=merchant.zone, now=NOW), now=NOW)


def test_three_conversations_one_escalated_is_two_thirds(merchant):
    send(
        merchant,
        Chat("a", at="2026-11-02T09:00:00+00:00").start().ask().answer().resolve(confirmed=True),
        Chat("b", at="2026-11-03T09:00:00+00:00").start().ask().answer().resolve(confirmed=False),
        Chat("c", at="2026-11-04T09:00:00+00:00").start().ask().answer().hand_off().close(),
    )
    digest = digest_of(merchant)

    rate = digest.headline("resolution_rate")
    assert digest.headline("n_conversations").value == 3
    assert round(rate.value, 3) == 0.667
    assert rate.n == 3
    assert (round(rate.low, 3), round(rate.high, 3)) == (0.208, 0.939)
    assert {each.outcome: each.n for each in digest.outcomes} == {"confirmed": 1, "assumed": 1, "escalated": 1}
    assert sum(each.share for each in digest.outcomes) == pytest.approx(1)
    # Two verified resolutions save 2 × 8 min × 25.00 / 60; three conversations cost 3 × 0.05.
    assert digest.headline("savings").value.quantize(Decimal("0.01")) == Decimal("6.52")


def test_a_young_resolution_saves_nothing_verified_yet(merchant):
    send(merchant, resolved("old", at="2026-11-02T09:00:00+00:00"), resolved("new", at="2026-11-22T09:00:00+00:00"))
    savings = digest_of(merchant).savings

    assert savings.roi.n_counted == 1
    # The oldest day that may still be re-contacted: ten days (email idles for three, re-contacts take seven) ago.
    assert savings.period.end == datetime(2026, 11, 12, 23, tzinfo=UTC)
    assert not savings.is_provisional


def test_a_window_without_an_old_day_is_provisional(merchant):
    send(merchant, resolved("new", at="2026-11-22T09:00:00+00:00"))
    savings = digest_of(merchant, "7d").savings

    assert savings.is_provisional
    assert savings.roi.n_counted == 1
    assert savings.verified_at == datetime(2026, 12, 3, 11, tzinfo=UTC)


def test_what_was_not_there_before_is_new_and_small_differences_are_not_called_changes(merchant):
    send(merchant, resolved("a", at="2026-11-02T09:00:00+00:00"))
    assert digest_of(merchant).headline("n_conversations").change.kind == "new"

    send(merchant, resolved("b", at="2026-10-02T09:00:00+00:00"), escalated("c", at="2026-10-03T09:00:00+00:00"))
    rate = digest_of(merchant).headline("resolution_rate")
    assert rate.change.value == pytest.approx(0.5)
    assert not rate.change.is_clear


def test_sums_are_not_compared_with_a_window_in_which_the_data_began(merchant):
    send(merchant, resolved("old", at="2026-10-20T09:00:00+00:00"))
    send(merchant, *(resolved(f"new {n}", at=f"2026-11-02T09:{n:02}:00+00:00") for n in range(40)))
    digest = digest_of(merchant)
    assert digest.headline("n_conversations").change.value is None
    assert digest.headline("savings").change.value is None

    # With data from the start of the earlier window on, both are compared.
    send(merchant, resolved("oldest", at="2026-09-20T09:00:00+00:00"))
    assert digest_of(merchant).headline("savings").change.value is not None


def test_the_page_shows_numbers_gaps_and_drafts(sign_in, viewer, merchant, make_gap, django_assert_max_num_queries):
    send(
        merchant,
        resolved("a", at="2026-11-02T09:00:00+00:00"),
        resolved("b", at="2026-11-03T09:00:00+00:00"),
        escalated("c", at="2026-11-04T09:00:00+00:00"),
    )
    gap = make_gap("PFAS-free rainwear", money="120.00", status="in_review")
    make_gap("Answered already", money="900.00", status="addressed")
    draft = Draft.objects.create(merchant=merchant, gap=gap, state="in_review")
    DraftRevision.objects.create(draft=draft, number=1, title="What is PFAS?", body="", writer="teammates")
    client = sign_in(viewer)
    client.get("/lumen/reports/")  # the first page of a session notes who is using it
    with django_assert_max_num_queries(28):
        page = client.get("/lumen/")

    html = page.content.decode()
    assert page.status_code == 200
    assert "66.7%" in html
    assert "95% interval 20.8% – 93.9%" in html
    assert "PFAS-free rainwear" in html
    assert "1 open gap, worth €120 a week" in html
    assert "Answered already" not in html
    assert "What is PFAS?" in html
    assert "Write article" not in html  # viewers read


def test_every_number_of_the_page_is_the_length_of_the_list_it_links_to(sign_in, viewer, merchant, busy_week):
    client = sign_in(viewer)
    html = client.get("/lumen/").content.decode()
    links = re.findall(r'<li><a href="(/lumen/conversations/[^"]*)">.*?<span class="num">(\d+)</span>', html)

    assert [int(n) for _url, n in links] == [1, 3, 1, 1]  # confirmed, assumed, escalated, escalated for one reason
    for url, n in links:
        rows = client.get(url.replace("&amp;", "&")).context["page"].rows
        assert len(rows) == int(n)


def test_reviewers_can_have_an_article_written_from_the_page(sign_in, reviewer, merchant, busy_week, make_gap):
    gap = make_gap("PFAS-free rainwear", money="120.00")

    assert f'action="/lumen/gaps/{gap.pk}/drafts/"' in sign_in(reviewer).get("/lumen/").content.decode()


def test_another_merchants_events_gaps_and_drafts_stay_out(sign_in, viewer, merchant, other_merchant, make_gap):
    send(other_merchant, resolved("x", at="2026-11-02T09:00:00+00:00"))
    send(merchant, resolved("a", at="2026-11-02T09:00:00+00:00"))
    make_gap("Yak wool", money="500.00", of=other_merchant)
    digest = digest_of(merchant)

    assert (digest.n_conversations, digest.n_gaps) == (1, 0)
    assert "Yak wool" not in sign_in(viewer).get("/lumen/").content.decode()


def test_a_period_that_makes_no_sense_is_said_and_answered_with_the_usual_one(sign_in, viewer, merchant, busy_week):
    html = sign_in(viewer).get("/lumen/?period=fortnight").content.decode()

    assert "“fortnight” is not a period" in html
    assert "Last 30 days" in html


def test_the_first_page_of_a_new_merchant_holds_an_example_that_really_works(sign_in, owner, merchant, api):
    html = sign_in(owner).get("/lumen/").content.decode()
    assert "/lumen/settings/keys/" in html
    body = re.search(r"-d &#x27;(\[.*?\])&#x27;|-d '(\[.*?\])'", html, re.DOTALL)
    events = json.loads((body.group(1) or body.group(2)).replace("&quot;", '"'))
    url = re.search(r"curl http://testserver(\S+)", html).group(1)

    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        answer = api("ingest").post(url, events, format="json")
        assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (200, 4, [])
        digest = digest_of(merchant)
    assert digest.n_conversations == 1
    assert digest.headline("resolution_rate").value == 1.0
    assert digest.outcomes[0].outcome == "confirmed"


def test_strangers_anonymous_people_and_other_methods(sign_in, stranger, viewer, client, merchant):
    assert sign_in(stranger).get("/lumen/").status_code == 404
    assert client.get("/lumen/").status_code == 302
    assert sign_in(viewer).post("/lumen/").status_code == 405


def three_channels(merchant):
    send(
        merchant,
        resolved("a", at="2026-11-16T09:00:00+00:00"),
        resolved("b", at="2026-11-17T09:00:00+00:00", channel="email"),
        escalated("c", at="2026-11-18T09:00:00+00:00", channel="email"),
    )


def cards_of(client, query=""):
    page = client.get(f"/lumen/?period=30d{query}")
    return {card.key: (card, url) for card, url in page.context["overview"].cards}


def test_six_numbers_each_with_its_meaning_and_the_conversations_behind_it(sign_in, viewer, merchant):
    three_channels(merchant)
    client = sign_in(viewer)
    cards = cards_of(client)
    assert list(cards) == [
        "n_conversations", "resolution_rate", "median_response_time_ms", "savings", "quality_score", "csat",
    ]  # fmt: skip
    card, url = cards["resolution_rate"]
    assert (card.value, card.formula) == ("66.7%", "resolved / (resolved + escalated + abandoned)")
    assert len(client.get(url).context["page"].rows) == 2
    assert "2 answers" in client.get("/lumen/?channel=email").content.decode()


def test_filters_narrow_the_numbers_and_go_along_to_the_lists(sign_in, viewer, merchant):
    three_channels(merchant)
    client = sign_in(viewer)
    cards = cards_of(client, "&channel=email")
    assert cards["resolution_rate"][0].value == "50.0%"
    assert "channel=email" in cards["resolution_rate"][1]
    assert "channel=email" not in cards["quality_score"][1]  # that one is of all conversations, and so is its list
    assert len(client.get(cards["n_conversations"][1]).context["page"].rows) == 2
    html = client.get("/lumen/?period=30d&channel=email").content.decode()
    assert '<option value="email" selected>Email</option>' in html
    assert "Savings and quality are those of all conversations." in html


def test_an_unknown_channel_has_no_conversations(sign_in, viewer, merchant):
    three_channels(merchant)
    assert cards_of(sign_in(viewer), "&channel=fax")["n_conversations"][0].value == "0"


def test_without_comparison_nothing_is_held_against_the_window_before(sign_in, viewer, merchant):
    three_channels(merchant)
    send(merchant, *(resolved(f"old {n}", at="2026-10-20T09:00:00+00:00") for n in range(9)))
    client = sign_in(viewer)
    assert cards_of(client)["resolution_rate"][0].change == "no clear change"
    alone = client.get("/lumen/?compare=off")
    assert {card.change for card, _url in alone.context["overview"].cards} == {""}
    assert "Changes are against" not in alone.content.decode()


def test_what_changed_is_told_with_its_place(sign_in, viewer, merchant):
    for start, n_escalated in ((datetime(2026, 10, 11, tzinfo=UTC), 5), (datetime(2026, 11, 4, tzinfo=UTC), 45)):
        for channel, wrong in (("widget", 5), ("whatsapp", n_escalated)):
            kinds = [escalated] * wrong + [resolved] * (60 - wrong)
            moments = (start + timedelta(hours=6 * n) for n in range(60))
            chats = [tell(f"{channel}{at}", at=at, channel=channel) for tell, at in zip(kinds, moments, strict=True)]
            send(merchant, *chats)
    page = sign_in(viewer).get("/lumen/?period=custom&from=2026-11-01&to=2026-11-22")
    [finding] = page.context["overview"].findings
    assert finding.headline.startswith("Resolution rate fell by")
    assert "the channel WhatsApp: 91.7% before, 25.0% now" in finding.detail
    assert "What changed" in page.content.decode()


def test_htmx_gets_the_part_that_filters_change(sign_in, viewer, merchant):
    three_channels(merchant)
    answer = sign_in(viewer).get("/lumen/?channel=email", headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert "HX-Request" in answer["Vary"]
    assert "/lumen/export/metrics/?channel=email&amp;format=csv" in answer.content.decode()
    assert "?channel=email&amp;period=7d" in answer.content.decode()
