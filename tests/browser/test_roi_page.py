"""The return on investment by keyboard: type, read, undo; on a phone, in the dark, without scripts, on paper."""

import pytest
from playwright.sync_api import Page, expect

from portal.models import CostInputs
from tests.browser.conftest import ask_axe, inspect_page
from tests.events import escalated, resolved, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Long enough ago to be verified whatever the day of the test.
URL = "/lumen/roi/?period=custom&from=2025-11-01&to=2025-11-30"
WAGE = "Cost of a person per hour"


@pytest.fixture
def story(merchant):
    """Thirty resolved, ten handed over: 30 × 3.33 − 40 × 0.05 = 98.00."""
    chats = [resolved(f"r-{n}", at=f"2025-11-{n % 20 + 1:02}T09:00:00+00:00") for n in range(30)]
    chats += [escalated(f"e-{n}", at=f"2025-11-{n + 1:02}T12:00:00+00:00") for n in range(10)]
    send(merchant, *chats)


def says(page: Page, text: str) -> None:
    expect(page.locator("#roi-headline")).to_contain_text(text)


def test_a_wage_typed_by_keyboard_changes_the_result_and_saves_nothing(browse, owner, merchant, story):
    page = browse(owner)
    page.goto(URL)
    says(page, "The agent saved €98.00 from Nov 1, 2025 to Nov 30, 2025.")
    page.get_by_label("At most").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label(WAGE)).to_be_focused()
    page.keyboard.type("50")

    says(page, "The agent saved €198.00")  # 30 × 6.67 − 2.00
    expect(page.get_by_role("status").filter(has_text="The agent saved €198.00")).to_have_count(1)
    expect(page.locator("#about_hourly_cost")).to_contain_text("read as €50.00")
    expect(page.get_by_label(WAGE)).to_be_focused()
    expect(page.locator(".chart__canvas[data-drawn]")).to_have_count(1)
    page.keyboard.press("Enter")  # asks for the result, and never saves
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("&hourly_cost=50")
    page.reload()
    says(page, "The agent saved €198.00")
    assert "csrf" not in page.url
    assert not CostInputs.objects.exists()


def test_what_is_no_number_is_said_and_the_saved_one_holds(browse, owner, merchant, story):
    page = browse(owner)
    page.goto(URL)
    page.get_by_label(WAGE).fill("lots")

    expect(page.locator("#about_hourly_cost")).to_contain_text("“lots” is not a number. Write it like 12.50.")
    expect(page.get_by_role("status").filter(has_text="is not a number")).to_have_count(1)
    says(page, "The agent saved €98.00")


def test_save_reset_and_undo(browse, owner, merchant, story):
    page = browse(owner)
    page.goto(URL)
    page.get_by_label(WAGE).fill("30")
    says(page, "€118.00")  # 30 × 4.00 − 2.00
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_text("The inputs are saved.").wait_for()
    assert CostInputs.costs_of(merchant).hourly_cost.value == 30

    page.get_by_role("button", name="Reset to the defaults").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Reset inputs").press("Enter")
    says(page, "€98.00")
    page.get_by_role("button", name="Undo the change of the inputs").press("Enter")
    says(page, "€118.00")
    assert CostInputs.costs_of(merchant).hourly_cost.value == 30


def test_without_javascript_a_button_calculates_and_another_saves(browse, owner, merchant, story):
    page = browse(owner, javascript=False)
    page.goto(URL)
    page.get_by_label(WAGE).fill("50")
    page.get_by_role("button", name="Calculate").click()
    says(page, "The agent saved €198.00")
    assert "csrf" not in page.url
    assert not CostInputs.objects.exists()

    page.get_by_role("button", name="Save").click()
    page.get_by_text("The inputs are saved.").wait_for()
    says(page, "The agent saved €198.00")
    assert CostInputs.costs_of(merchant).hourly_cost.value == 50


@pytest.mark.parametrize("width", [1440, 390])
def test_it_fits_and_can_be_used_by_everybody(browse, owner, merchant, story, width):
    page = browse(owner, width=width)
    page.goto(f"{URL}&hourly_cost=2&platform_fee_per_month=500")
    page.locator(".chart__canvas[data-drawn]").wait_for()
    says(page, "more than it saved")
    inspect_page(page, "roi")


def test_paper_has_at_most_two_pages_and_is_black_on_white(browse, owner, merchant, story):
    page = browse(owner, theme="dark")
    page.goto(URL.replace("/roi/", "/roi/paper/"))
    assert ask_axe(page) == {}
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.emulate_media(media="print")
    color = page.evaluate("getComputedStyle(document.querySelector('main')).color")

    assert (background, color) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
    pdf = page.pdf(prefer_css_page_size=True)
    assert 1 <= pdf.count(b"/Type /Page\n") <= 2
