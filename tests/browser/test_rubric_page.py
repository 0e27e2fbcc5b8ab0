import pytest
import time_machine

from analytics.models import RubricVersion
from analytics.rubric_changes import change_rubric
from analytics.tasks import score_ended_conversations_of
from tests.analytics.quality_cases import GOOD, NOW, REFUSAL, told
from tests.browser.conftest import inspect_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WEIGHTS = {"helpfulness": 35, "accuracy": 30, "politeness": 10, "completeness": 25}
TONE = {
    "label": "Tone",
    "description": "Does the agent sound like us?",
    "instruction": "4: warm and plain. 2: neutral. 0: stiff or full of jargon.",
    "weight": 20,
}


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_an_owner_looks_at_what_would_change_and_saves_it(browse, merchant, owner, width, theme):
    with time_machine.travel(NOW, tick=True):
        for n in range(6):
            told(merchant, f"c-{n}", answer=REFUSAL if n % 3 == 0 else GOOD * (n + 1))
        score_ended_conversations_of(merchant.pk)
        change_rubric(merchant, WEIGHTS, [TONE], note="Agreed in November", by=owner, at=NOW)
        score_ended_conversations_of(merchant.pk)
        page = browse(owner, width=width, theme=theme)
        page.goto("/lumen/quality/rubric/")
        page.get_by_label("Politeness").fill("40")
        page.get_by_label("Why").fill("Customers told us so")
        page.get_by_role("button", name="See what changes").click()
        page.get_by_text("10 → 40").wait_for()
        inspect_page(page, "rubric-preview")
        page.get_by_role("button", name="Save version").click()
        page.get_by_text("Version 3 holds from now on.").wait_for()
        score_ended_conversations_of(merchant.pk)
        page.reload()
        page.get_by_text("2 → 3").wait_for()
        inspect_page(page, "rubric")
    assert RubricVersion.objects.filter(merchant=merchant).count() == 2
