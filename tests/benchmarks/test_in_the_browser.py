"""How long the owner of the largest merchant waits on Monday, in Chromium on loopback and with an empty cache."""

import os
from statistics import median

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.benchmarks.databases import LARGEST, N_EVENTS, Built
from tests.benchmarks.reading import Reader, p95, window
from tests.benchmarks.report import record
from tests.benchmarks.served import HOST, answering
from tests.browser.budget import Opened, open_and_measure
from tests.browser.conftest import chromium  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("unblocked")]
N_TURNS = int(os.environ.get("BENCH_BROWSER_TURNS", "15"))
WARM_UP = 4  # both workers


def open_overview(browser: Browser, site: str, reader: Reader, built: Built) -> Opened:
    name = settings.SESSION_COOKIE_NAME
    context = browser.new_context(base_url=site, viewport={"width": 1440, "height": 900})
    try:
        context.add_cookies([{"name": name, "value": reader.browser.cookies[name].value, "url": site}])
        return open_and_measure(context.new_page(), f"/{LARGEST}/?{window(built)}", n_charts=2)
    finally:
        context.close()


def test_overview_is_usable(sizes, large, tmp_path, chromium):  # noqa: F811
    with answering(large.url, tmp_path / "web.log") as served:
        site = f"http://{HOST}:{served.port}"
        opened = [open_overview(chromium, site, sizes[large], large) for _turn in range(WARM_UP + N_TURNS)][WARM_UP:]
    section = f"Overview of 90 days in Chromium, empty cache, {N_EVENTS:,} events"
    drawn = [each.drawn_ms / 1000 for each in opened]
    record(section=section, name="last chart drawn: median", value=median(drawn), unit="s")
    record(section=section, name="last chart drawn: p95", value=p95(drawn), unit="s", target="< 1")
    first_byte = median(each.first_byte_ms / 1000 for each in opened)
    record(section=section, name="first byte of the page: median", value=first_byte, unit="s")
    record(
        section=section,
        name="transferred without fonts",
        value=max(each.n_bytes for each in opened) / 1000,
        unit="kB",
        target="< 250",
    )
    shift = max(each.layout_shift for each in opened)
    record(section=section, name="layout shift", value=shift, unit="", target="< 0.1")
