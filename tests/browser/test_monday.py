"""A merchant on a Monday: the numbers, what is behind them, what they are worth, and the file to take along."""

import csv
import re
from itertools import pairwise

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.budget import open_and_measure
from tests.browser.conftest import ask_axe, inspect_page, keep_picture, sign_in_by_hand
from tests.browser.monday import tell_two_months
from tests.flows.shop import PASSWORD, committed, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
MAX_BYTES, MAX_SHIFT = 250_000, 0.1


@pytest.fixture(scope="module")
def owner(django_db_setup, django_db_blocker):
    with committed(django_db_blocker):
        shop, owner = open_shop()
        tell_two_months(shop, now=timezone.now())
        yield owner


@pytest.fixture(scope="module")
def site(owner):
    server = LiveServer("localhost", start=False)
    # Static files come from the application itself, as they do in production.
    server.thread.static_handler = lambda application: application
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def visit(browse, owner):
    """`visit(width=390)` → a page, signed in: by hand, because a session of the test's transaction stays in it."""
    return lambda **look: sign_in_by_hand(browse(None, **look), owner.email, PASSWORD)


def open_overview(page: Page, query: str = "") -> Page:
    page.goto(f"/lumen/{query}")
    expect(page.locator(".chart__canvas[data-drawn]")).to_have_count(2)
    return page


def card(page: Page, name: str):
    return page.locator(".stat--linked").filter(has=page.get_by_role("link", name=name, exact=True))


def value(page: Page, name: str) -> str:
    return card(page, name).locator(".stat__value").inner_text()


def noted(page: Page, name: str, pattern: str) -> int:
    """The number that the card's note says."""
    return int(re.search(pattern, card(page, name).inner_text())[1])


def listed_behind(page: Page, name: str) -> int:
    """Follows the card by keyboard, counts, and comes back."""
    card(page, name).get_by_role("link").press("Enter")
    counted = page.get_by_role("status").filter(has_text=re.compile(r"^\d+ conversations?$"))
    n = int(counted.inner_text().split()[0])
    page.go_back()
    expect(page.locator(".chart__canvas[data-drawn]")).to_have_count(2)
    return n


def test_from_the_numbers_to_the_file(visit):
    page = visit()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    keep_picture(page, "monday-1-overview")
    choose_the_last_week_by_keyboard(page)
    narrow_to_a_channel_and_go_back(page)
    open_overview(page, "?period=30d")
    compare_every_card_with_its_list(page)
    add_up_the_file(page)
    see_what_the_agent_is_worth(page)


def choose_the_last_week_by_keyboard(page: Page) -> None:
    before = value(page, "Conversations")
    page.locator(".period > summary").press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".period > summary")).to_be_focused()
    expect(page.locator(".period")).not_to_have_attribute("open", "")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Last 7 days").press("Enter")
    page.wait_for_url("**/lumen/?period=7d")
    assert int(value(page, "Conversations")) < int(before)
    keep_picture(page, "monday-2-week")


def narrow_to_a_channel_and_go_back(page: Page) -> None:
    """The filter swaps a part of the page; address, file and period follow it, and so does the way back."""
    before = value(page, "Conversations")
    page.get_by_label("Channel").focus()
    page.keyboard.type("WhatsApp")
    expect(card(page, "Conversations").locator(".stat__value")).not_to_have_text(before)
    narrowed = value(page, "Conversations")
    assert 0 < int(narrowed) < int(before)
    assert "channel=whatsapp" in page.url
    assert "period=7d" in page.url
    expect(page.get_by_label("Channel")).to_be_focused()
    assert "channel=whatsapp" in page.get_by_role("link", name="Export CSV").get_attribute("href")
    assert "channel=whatsapp" in page.get_by_role("link", name="Last 90 days", include_hidden=True).get_attribute(
        "href"
    )
    expect(page.locator(".chart__canvas[data-drawn]")).to_have_count(2)
    keep_picture(page, "monday-3-channel")

    page.go_back()
    expect(card(page, "Conversations").locator(".stat__value")).to_have_text(before)
    expect(page.get_by_label("Channel")).to_have_value("")
    page.go_forward()
    expect(card(page, "Conversations").locator(".stat__value")).to_have_text(narrowed)
    expect(page.get_by_label("Channel")).to_have_value("whatsapp")
    expect(page.locator(".chart__canvas[data-drawn]")).to_have_count(2)
    assert page.locator("[data-theme-toggle]:not([hidden])").count() > 0, "the page came back without its scripts"


def compare_every_card_with_its_list(page: Page) -> None:
    n, n_ended = int(value(page, "Conversations")), noted(page, "Resolution rate", r"of (\d+) ended")
    n_ratings = noted(page, "CSAT", r"of (\d+) ratings")
    assert listed_behind(page, "Conversations") == n
    assert f"{listed_behind(page, 'Resolution rate') / n_ended:.1%}" == value(page, "Resolution rate")
    assert listed_behind(page, "Response time (median)") == noted(page, "Response time (median)", r"(\d+) answers")
    assert listed_behind(page, "Quality score") == noted(page, "Quality score", r"(\d+) of \d+ scored")
    assert f"{listed_behind(page, 'CSAT') / n_ratings:.1%}" == value(page, "CSAT")


def add_up_the_file(page: Page) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").press("Enter")
    rows = list(csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines()))
    sums = {name: sum(int(row[name]) for row in rows) for name in rows[0] if name.startswith("n_")}
    assert len(rows) == 30
    assert all(one["start"] < other["start"] for one, other in pairwise(rows))
    assert str(sums["n_conversations"]) == value(page, "Conversations")
    assert f"{sums['n_resolved'] / sums['n_ended']:.1%}" == value(page, "Resolution rate")
    assert f"{sums['n_positive_ratings'] / sums['n_ratings']:.1%}" == value(page, "CSAT")


def see_what_the_agent_is_worth(page: Page) -> None:
    saved = value(page, "Savings")
    card(page, "Savings").get_by_role("link").press("Enter")
    headline = page.locator("#roi-headline")
    shown = float(re.search(r"€([\d.,]+)", headline.inner_text())[1].replace(",", ""))
    assert saved == f"€{shown:,.0f}"
    page.get_by_label("Cost of a person per hour").fill("50")
    expect(headline).not_to_contain_text(f"€{shown:,.2f}")
    assert float(re.search(r"€([\d.,]+)", headline.inner_text())[1].replace(",", "")) > shown
    keep_picture(page, "monday-4-wage")


@pytest.mark.parametrize("width", [1440, 390])
def test_overview_and_unusual_hours_can_be_used_by_everybody(visit, width):
    page = open_overview(visit(width=width))
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()
    page.locator(".marks > summary").click()
    expect(page.locator(".marks .mark--anomaly, .marks .mark--version")).to_have_count(2)
    expect(page.locator(".heat__cell--6").first).to_be_visible()
    page.get_by_label("Language").select_option("en")
    expect(page.get_by_text("Savings and quality are those of all conversations.")).to_be_visible()
    inspect_page(page, "overview-filtered")

    if width == 390:
        page.locator(".tabbar summary").click()
    page.locator(".tabbar__sheet, .sidebar").get_by_role("link", name="Unusual hours").click()
    expect(page.get_by_role("link", name="Unusually many conversations")).to_be_visible()
    inspect_page(page, "anomalies")


def test_a_definition_is_shown_by_keyboard_and_hidden_by_escape(visit):
    page = open_overview(visit())
    hint = page.get_by_role("button", name="What Resolution rate means")
    definition = card(page, "Resolution rate").get_by_role("tooltip", include_hidden=True)
    expect(definition).to_be_hidden()
    card(page, "Resolution rate").get_by_role("link").focus()
    page.keyboard.press("Tab")
    expect(hint).to_be_focused()
    expect(definition).to_be_visible()
    expect(definition).to_contain_text("resolved / (resolved + escalated + abandoned)")
    expect(definition).to_contain_text("Definition, version 1")
    expect(hint).to_have_accessible_description(re.compile("without a human"))
    assert ask_axe(page) == {}
    keep_picture(page, "overview-definition")
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(definition).to_be_visible()

    narrow = open_overview(visit(width=390))
    narrow.get_by_role("button", name="What CSAT means").focus()
    shown = card(narrow, "CSAT").get_by_role("tooltip", include_hidden=True)
    expect(shown).to_be_visible()
    box = shown.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    keep_picture(narrow, "overview-definition-390")


def test_without_javascript_a_button_filters_and_tables_stand_for_charts(visit):
    page = visit(javascript=False)
    page.goto("/lumen/?period=30d")
    before = int(value(page, "Conversations"))
    expect(page.get_by_text("Changes are against")).to_be_visible()
    page.get_by_label("Channel").select_option("whatsapp")
    page.get_by_label("Compare with the period before").uncheck()
    page.get_by_role("button", name="Show", exact=True).last.click()
    page.wait_for_url(re.compile("channel=whatsapp"))
    assert 0 < int(value(page, "Conversations")) < before
    assert "period=30d" in page.url
    expect(page.get_by_text("Changes are against")).to_have_count(0)
    page.locator("figure summary").first.click()
    rows = page.locator("figure").first.locator("tbody tr")
    expect(rows).to_have_count(30)
    expect(rows.first).to_be_visible()
    page.locator(".period > summary").click()
    page.get_by_role("link", name="Last 7 days").click()
    page.wait_for_url(re.compile("period=7d"))
    assert "channel=whatsapp" in page.url


def test_the_overview_keeps_its_budget(visit, record_property):
    """How fast it is says make bench; here other tests run beside."""
    opened = open_and_measure(visit(), "/lumen/", n_charts=2)
    record_property("milliseconds until the last chart", round(opened.drawn_ms))

    assert opened.n_scripts >= 4, "nothing was measured"
    assert 30_000 < opened.n_bytes < MAX_BYTES
    assert 0 <= opened.layout_shift < MAX_SHIFT
    assert 0 < opened.first_byte_ms < opened.drawn_ms
    assert "script-src" in opened.policy
    assert "unsafe" not in opened.policy
