"""A person clicks the whole thread, from a headline number to the weekly email; after signing in nobody types a URL."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import keep_picture, sign_in_by_hand
from tests.flows.shop import PASSWORD, open_shop, tell

pytestmark = [pytest.mark.browser, pytest.mark.flow]
SECONDS = 1000
FOR_WORK = 60 * SECONDS  # what a worker does may take that long on a busy machine


@pytest.fixture
def told(transactional_db):
    """84 conversations, 28 of them about discount codes, escalated; no report yet."""
    shop, owner = open_shop()
    tell(shop)
    return shop, owner


def go_to(page: Page, section: str) -> None:
    page.locator(".sidebar").get_by_role("link", name=re.compile(f"^{section}")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(section)


def keep(page: Page, name: str) -> None:
    keep_picture(page, f"thread-{name}")


def first_number(text: str) -> int:
    return int(re.search(r"\d+", text)[0])


def test_from_a_headline_to_the_weekly_email_by_clicking(postbox, told, worker, browse):
    _shop, owner = told
    page = sign_in_by_hand(browse(None), owner.email, PASSWORD)
    see_where_the_focus_is(page)
    read_a_conversation_behind_a_card(page)
    gap = publish_an_article_for_the_first_gap(page)
    read_the_published_article(page, gap)
    send_the_report(page)
    worker.wait_for(lambda: postbox.messages)
    assert postbox.messages[0]["To"] == owner.email


def see_where_the_focus_is(page: Page) -> None:
    page.keyboard.press("Tab")
    skip_link = page.locator(".skip-link")
    expect(skip_link).to_be_focused()
    expect(skip_link).to_be_in_viewport()
    assert skip_link.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def read_a_conversation_behind_a_card(page: Page) -> None:
    cards = page.get_by_label("Headline numbers").locator(".stat")
    expect(cards).to_have_count(6)
    expect(page.locator(".chart__canvas[data-drawn] canvas[data-chart=trend]")).to_be_visible()
    keep(page, "1-overview")
    counted = first_number(cards.first.locator(".stat__value").inner_text())
    assert counted == 84
    resolved = first_number(page.locator(".legend li", has_text="assumed").locator(".num").first.inner_text())

    cards.first.get_by_role("link", name="Conversations").click()
    expect(page.get_by_text(f"{counted} conversations", exact=True)).to_be_visible()
    page.go_back()
    page.locator(".legend li", has_text="assumed").get_by_role("link").click()
    expect(page.get_by_text(f"{resolved} conversations", exact=True)).to_be_visible()
    keep(page, "2-conversations")
    page.locator("tbody th a").first.click()
    expect(page.locator(".bubble--customer").first).to_be_visible()
    expect(page.locator(".bubble--agent").first).to_be_visible()
    keep(page, "3-conversation")


def publish_an_article_for_the_first_gap(page: Page) -> str:
    go_to(page, "Knowledge gaps")
    keep(page, "4-gaps")
    gap = page.locator("tbody th a").first
    name = gap.inner_text()
    gap.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    keep(page, "5-gap")
    page.get_by_role("button", name="Draft an article").click()
    expect(page.get_by_text("This page updates by itself.")).to_be_visible()
    keep(page, "6-writing")
    expect(page.get_by_role("heading", name="Decide on revision 1")).to_be_visible(timeout=FOR_WORK)
    keep(page, "7-review")
    page.get_by_role("button", name="Approve and publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("goes live in your knowledge base")).to_be_visible()
    keep(page, "8-confirm")
    dialog.get_by_role("button", name="Approve and publish").click()
    return name


def read_the_published_article(page: Page, gap: str) -> None:
    """The page of the decision says by itself when the article is live."""
    link = page.get_by_role("link", name="Read it in the knowledge base")
    expect(link).to_be_visible(timeout=FOR_WORK)
    expect(page.locator("#draft-purpose .badge")).to_have_text("Published")
    expect(page.get_by_role("button", name="Unpublish the article")).to_be_visible()
    keep(page, "9-published")
    link.click()
    expect(page.locator(".badge", has_text="Live")).to_be_visible()
    expect(page.locator(".prose")).to_contain_text("code")
    expect(page.locator(".timeline")).to_contain_text(gap)
    keep(page, "10-article")


def send_the_report(page: Page) -> None:
    go_to(page, "Reports")
    page.get_by_role("button", name="Write it now").click()
    email = page.frame_locator("iframe.letter-frame")
    expect(email.locator("body")).to_contain_text("resolved")
    page.get_by_role("button", name="Send now to me").click()
    expect(page.locator("tbody .badge--good")).to_have_text("Sent", ignore_case=True, timeout=FOR_WORK)
    expect(email.locator("body")).to_contain_text("Lumen")
    keep(page, "11-report")
