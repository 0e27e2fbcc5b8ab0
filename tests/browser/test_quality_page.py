import pytest
import time_machine

from analytics.tasks import score_ended_conversations_of
from tests.analytics.quality_cases import GOOD, NOW, REFUSAL, told
from tests.browser.conftest import inspect_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
def test_quality_and_the_score_of_one_conversation(browse, merchant, viewer, width):
    with time_machine.travel(NOW, tick=True):
        for n in range(12):
            at = f"2026-11-{n + 2:02}T09:00:00+00:00"
            told(merchant, f"c-{n}", answer=REFUSAL if n % 4 == 0 else GOOD, at=at, channel=["widget", "email"][n % 2])
        score_ended_conversations_of(merchant.pk)
        page = browse(viewer, width=width)
        page.goto("/lumen/quality/?period=custom&from=2026-11-01&to=2026-11-23")
        page.wait_for_selector("canvas[data-chart]")
        inspect_page(page, "quality")
        page.get_by_role("link", name="How do I change my payment card?").first.click()
        page.get_by_text("the agent said that it has no answer").first.wait_for()
        inspect_page(page, "quality-conversation")
