import pytest
import time_machine

from analytics.calibrating import calibrate_merchant
from tests.analytics.calibration_cases import NOW, planted
from tests.analytics.label_builder import plant
from tests.browser.conftest import inspect_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_how_scores_and_people_agree(browse, merchant, reviewer, width, theme):
    with time_machine.travel(NOW, tick=True):
        conversations, _scores, _people, picked = planted(merchant, n_all=140, n_labels=60, judge="nonlinear")
        calibrate_merchant(merchant, now=NOW.replace(day=20))
        rest = [each for n, each in enumerate(conversations) if n not in set(picked)]
        for conversation in rest[:9]:
            plant(conversation, 0.75)
        calibrate_merchant(merchant, now=NOW)
        page = browse(reviewer, width=width, theme=theme)
        page.goto("/lumen/quality/agreement/")
        page.wait_for_function("document.querySelectorAll('[data-drawn]').length === 2")
        inspect_page(page, "agreement")
        page.get_by_role("link", name="Politeness").click()
        page.get_by_role("heading", name="Politeness", exact=True).wait_for()
