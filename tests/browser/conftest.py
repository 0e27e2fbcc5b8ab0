"""Chromium over a live server. CHROMIUM names it; without one these tests skip, or with REQUIRE_BROWSER=1 fail.

PICTURES=1 keeps a picture of every page in artifacts/.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
HEIGHTS = {390: 844, 1440: 900}
ASK_AXE = """async (options) => Object.fromEntries((await axe.run(document, options)).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .map((found) => [found.id, found.nodes.map((node) => node.target)]))"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        reason = f"There is no Chromium at {CHROMIUM}; set CHROMIUM."
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # Playwright's loop runs in this thread, which Django would take for asynchronous code.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(live_server) -> str:
    return live_server.url


@pytest.fixture
def browse(chromium: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """`browse(owner, width=390, theme="dark")` → a page, signed in as that person (None: signed out).

    At the end of the test: no script error, nothing that the content security policy had to refuse, nothing asked of
    another origin.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_browser(user: Any, *, width: int = 1440, theme: str = "light", javascript: bool = True) -> Page:
        context = chromium.new_context(
            base_url=site,
            viewport={"width": width, "height": HEIGHTS[width]},
            color_scheme=theme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: note(message.type, message.text))
        page.on("request", lambda request: note_origin(request.url))
        return page

    def note_origin(url: str) -> None:
        if not url.startswith((f"{site}/", "data:", "blob:")):
            complaints.append(f"asked another origin: {url}")

    def note(kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:  # a 404 that the test asked for
            complaints.append(text)

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in_by_hand(page: Page, email: str, password: str) -> Page:
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Sections").first.wait_for(state="attached")
    return page


def inspect_page(page: Page, name: str) -> None:
    """Asserts that `find_problems` finds none; a picture of what fails is kept."""
    name = f"{name}-{page.viewport_size['width']}"
    try:
        assert find_problems(page) == {}
    except AssertionError:
        take_picture(page, name)
        raise
    keep_picture(page, name)


def keep_picture(page: Page, name: str) -> None:
    """With PICTURES=1 only: nothing asserts anything of it, and it costs as much as all that axe does."""
    if os.environ.get("PICTURES") == "1":
        take_picture(page, name)


def take_picture(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


def find_problems(page: Page) -> dict[str, Any]:
    """What scrolls sideways, and what axe finds serious or critical: all of its rules in the theme of the page, and
    that of contrast in the other one, for nothing else depends on the theme."""
    page.wait_for_load_state()  # a click returns when the next page begins, before it has any element
    sideways = page.evaluate("document.documentElement.scrollWidth") - page.viewport_size["width"]
    found = {"scrolls sideways by": sideways} if sideways > 0 else {}
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found |= ask_axe(page)
    page.emulate_media(color_scheme="light" if is_dark else "dark")
    other = ask_axe(page, {"runOnly": ["color-contrast"]})
    page.emulate_media(color_scheme="dark" if is_dark else "light")
    return found | {f"{rule} in the other theme": nodes for rule, nodes in other.items()}


def ask_axe(page: Page, options: dict[str, Any] | None = None) -> dict[str, Any]:
    """Rule → the elements that break it, of what is serious or critical. Only these leave the browser: what passes is
    a thousand times as long, and costs more to carry over than to find."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(ASK_AXE, {"resultTypes": ["violations"]} | (options or {}))
