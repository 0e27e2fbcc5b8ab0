"""What the tests of all pages rely on: a page that somebody cannot use is found, in either theme."""

import pytest

from tests.browser.conftest import ask_axe, find_problems

pytestmark = pytest.mark.browser
PAGE = """<html lang="en"><title>Lamps</title><main><h1>Lamps</h1>{}<p>All of them</p></main>
<style>p {{ color: {}; background: white }} @media (prefers-color-scheme: dark) {{ p {{ color: {} }} }}</style>"""


def test_what_breaks_a_rule_is_found_with_its_element(chromium):
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_content(PAGE.format('<input><img src="x">', "#ccc", "#222"))
    assert ask_axe(page) == {"color-contrast": [["p"]], "image-alt": [["img"]], "label": [["input"]]}
    page.set_content(PAGE.format("", "#222", "#ddd"))
    assert find_problems(page) == {"color-contrast in the other theme": [["p"]]}
    page.close()
