from datetime import timedelta

import pytest
from django.utils import timezone

from tests.events import Chat, send

pytestmark = pytest.mark.browser
COLORS = "Chart.getChart(document.querySelector('canvas')).data.datasets.map((set) => set.borderColor)"
URL = "/lumen/?period=7d"


@pytest.fixture
def conversations(merchant):
    """Three yesterday; two resolved, one escalated."""
    yesterday = timezone.now() - timedelta(days=1)
    send(
        merchant,
        Chat("c-1", at=yesterday).start().ask().answer().resolve(confirmed=True),
        Chat("c-2", at=yesterday).start().ask().answer().resolve(confirmed=True),
        Chat("c-3", at=yesterday).start().ask().answer().hand_off().close(),
    )


def wait_until_drawn(page) -> None:
    page.locator(".chart__canvas[data-drawn]").first.wait_for()


def test_a_change_of_theme_redraws_in_its_colours(browse, owner, conversations):
    page = browse(owner, theme="light")
    page.goto(URL)
    wait_until_drawn(page)
    light = page.evaluate(COLORS)
    page.emulate_media(color_scheme="dark")
    for _ in range(50):  # wait_for_function would need eval, which the policy forbids
        dark = page.evaluate(COLORS)
        if dark != light:
            break
        page.wait_for_timeout(100)
    assert len(set(light)) == len(light) > 1, "the series have one colour"
    assert all(one != other for one, other in zip(light, dark, strict=True))
    assert all(color.startswith("rgb") for color in (*light, *dark)), "a token was not resolved"


def test_the_numbers_are_in_a_table_too(browse, owner, conversations):
    page = browse(owner)
    page.goto(URL)
    page.get_by_text("Show the numbers").first.click()
    table = page.locator(".chart table").first
    table.get_by_text("66.7%").wait_for()


def test_without_the_library_the_table_opens_by_itself(browse, owner, conversations):
    page = browse(owner)
    page.route("**/chart.js", lambda route: route.abort())
    page.goto(URL)
    page.locator(".chart details[open]").first.wait_for()


def test_without_javascript_the_numbers_are_there(browse, owner, conversations):
    page = browse(owner, javascript=False)
    page.goto(URL)
    page.get_by_text("Show the numbers").first.click()
    page.locator(".chart table").first.get_by_text("66.7%").wait_for()
