"""What it costs to open a page: bytes, jumps of the layout, and the time until the last chart is drawn."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

WATCH = """
window.opened = { shift: 0, drawn: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) opened.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new MutationObserver(() => { opened.drawn = performance.now(); })
  .observe(document, { subtree: true, attributeFilter: ["data-drawn"] });
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """`n_bytes` as transferred, without fonts. Times count from the click: until the answer's first byte, until the
    last chart is drawn."""

    n_bytes: int
    n_scripts: int
    layout_shift: float
    first_byte_ms: float
    drawn_ms: float
    policy: str


def open_and_measure(page: Page, url: str, *, n_charts: int) -> Opened:
    """With an empty cache; the tab is the measuring one from now on."""
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    network.on("Network.responseReceived", lambda told: kinds.update({told["requestId"]: told["type"]}))
    network.on("Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}))
    page.add_init_script(WATCH)
    answer = page.goto(url)
    expect(page.locator(".chart__canvas[data-drawn]")).to_have_count(n_charts, timeout=60_000)
    page.wait_for_load_state("networkidle")
    seen = page.evaluate("opened")
    first_byte = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    network.detach()
    return Opened(
        n_bytes=sum(size for request, size in sizes.items() if kinds.get(request) != "Font"),
        n_scripts=sum(kind == "Script" for kind in kinds.values()),
        layout_shift=seen["shift"],
        first_byte_ms=first_byte,
        drawn_ms=seen["drawn"],
        policy=answer.headers["content-security-policy"],
    )
