"""A reviewer writes an article, sees it as customers will, corrects it, and brings the first text back."""

import re

import pytest
from playwright.sync_api import expect

from improvement.models import Article
from tests.browser.conftest import inspect_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTILE = '<script>document.title = "taken"</script><img src=x onerror="document.title=1">[here](javascript:alert(1))'


@pytest.mark.parametrize("width", [1440, 390])
def test_write_preview_save_correct_and_restore(browse, merchant, reviewer, width):
    page = browse(reviewer, width=width)
    page.goto("/lumen/articles/")
    page.get_by_role("link", name="Write an article").first.click()
    page.get_by_label("Title").fill("Return a lamp")
    text = page.get_by_label("Text", exact=True)
    text.fill(f"Within **30 days**.\n\n- Print the label\n\n{HOSTILE}")
    preview = page.get_by_role("region", name="Preview")
    expect(preview.locator("strong")).to_have_text("30 days")
    expect(preview.get_by_role("listitem")).to_have_text("Print the label")
    assert preview.locator("script, [onerror], [href^='javascript']").count() == 0
    assert page.title() != "taken"
    assert not Article.objects.exists()
    inspect_page(page, "article-new")

    text.fill("Within **30 days**.")
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Return a lamp")
    page.get_by_role("link", name="Edit", exact=True).click()
    expect(text).to_have_value(re.compile(r"^Within \*\*30 days\*\*\.\s*$"))
    expect(preview.locator("strong")).to_have_text("30 days")
    text.press("Control+A")
    text.type("Within **60 days**.")  # by keys, as the preview listens to input
    expect(preview.locator("strong")).to_have_text("60 days")
    page.get_by_role("button", name="Save and publish").click()
    body = page.get_by_role("article")
    expect(body).to_contain_text("60 days")
    page.get_by_text("What changed from the version before").click()
    expect(page.locator(".diff ins")).to_contain_text("60")
    inspect_page(page, "article-two-versions")

    page.get_by_role("link", name="Version 1", exact=True).click()
    expect(body).to_contain_text("30 days")
    page.get_by_role("button", name="Make this text live again").click()
    expect(page.get_by_text("Version 3 of")).to_be_visible()
    expect(body).to_contain_text("30 days")
    (article,) = Article.objects.for_merchant(merchant)
    bodies = [version.body.strip() for version in article.versions.order_by("number")]
    assert bodies == ["Within **30 days**.", "Within **60 days**.", "Within **30 days**."]
    assert article.live_version.number == 3
