"""Every page of a merchant with a story on it: wide and narrow, light and dark, and without scripts."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import find_problems, keep_picture, sign_in_by_hand
from tests.flows.shop import PASSWORD, committed, draft_for, open_shop, publish, tell, write_report
from tests.flows.story import CODES, INVOICES, PASSWORDS

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture(scope="module")
def story(django_db_setup, django_db_blocker):
    """→ its owner, and name → (path, what stands there): the sections of the navigation and one detail page of each."""
    with committed(django_db_blocker):
        shop, owner = open_shop()
        tell(shop, CODES, INVOICES, PASSWORDS)
        article = publish(draft_for(shop, CODES, by=owner), by=owner).article
        draft = draft_for(shop, INVOICES, by=owner)
        report = write_report(shop)
        from analytics.models import Conversation
        from improvement.models import Gap

        open_gap = Gap.objects.for_merchant(shop).filter(status="open")[0]
        conversation = Conversation.objects.for_merchant(shop).filter(outcome="escalated").latest("started_at")
        yield (
            owner,
            {
                "overview": ("", "How they ended"),
                "conversations": ("conversations/", "140 conversations"),
                "conversation": (f"conversations/{conversation.pk}/", "Sorry, I have no information"),
                "quality": ("quality/", "140"),
                "anomalies": ("anomalies/", "Unusual hours"),
                "data health": ("data-health/", "Data health"),
                "gaps": ("gaps/", open_gap.name),
                "gap": (f"gaps/{open_gap.pk}/", "What customers asked"),
                "drafts": ("drafts/", "To review"),
                "draft": (f"drafts/{draft.pk}/", "Decide on revision 1"),
                "articles": ("articles/", "Return a lamp"),
                "article": (f"articles/{article.pk}/", "Discount codes"),
                "roi": ("roi/", "Return on investment"),
                "reports": ("reports/", report.subject),
                "report": (f"reports/{report.pk}/", "The plain-text version"),
                "settings": ("settings/", "Time zone"),
            },
        )


@pytest.fixture(scope="module")
def site(story):
    server = LiveServer("localhost")
    yield server.url
    server.stop()


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_drawn_fits_and_can_be_used_by_everybody(browse, story, width):
    owner, pages = story
    page = sign_in_by_hand(browse(None, width=width), owner.email, PASSWORD)
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    found = {}
    for name, (path, text) in pages.items():
        page.goto(f"/lumen/{path}")
        page.get_by_text(text).first.wait_for(state="attached")
        expect(page.locator(".chart__canvas:not([data-drawn])"), name).to_have_count(0)
        found[name] = find_problems(page)
        keep_picture(page, f"page-{name}-{width}")
    assert {name: what for name, what in found.items() if what} == {}
    assert failed == []


def test_every_page_is_there_without_javascript(browse, story):
    owner, pages = story
    page = sign_in_by_hand(browse(None, javascript=False), owner.email, PASSWORD)
    for path, text in pages.values():
        page.goto(f"/lumen/{path}")
        assert page.locator("h1").inner_text().strip(), path
        assert text in page.locator("main").text_content(), path
