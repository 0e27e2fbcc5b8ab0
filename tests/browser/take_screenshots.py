"""`make screenshots`: pictures of a running portal's pages; the README's own goes to docs/images/.

Every page of the demo shop is taken at 1440 px, at 390 px and dark into artifacts/, to be looked at.
"""

import argparse
import os
import re
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "artifacts" / "pages"
README_PICTURE = ROOT / "docs" / "images" / "overview.png"
SECTIONS = ("conversations", "quality", "anomalies", "gaps", "drafts", "articles", "roi", "reports", "data-health")
SETTINGS = ("", "conversations/", "privacy/", "model/", "team/", "keys/", "audit/")
PAGES = ("", *(f"{name}/" for name in SECTIONS), "roi/paper/", *(f"settings/{path}" for path in SETTINGS))
LOOKS = (("desktop", 1440, 900, "light"), ("phone", 390, 844, "light"), ("dark", 1440, 900, "dark"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--merchant", required=True, help="slug of the merchant to show")
    parser.add_argument("--email", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--chromium", default=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    options = parser.parse_args()
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        for look, width, height, scheme in LOOKS:
            page = signed_in_page(browser, options, width, height, scheme)
            home = f"{options.url}/{options.merchant}/"
            for path in PAGES:
                name = path.strip("/").replace("/", "-") or "overview"
                take(page, home + path, ARTIFACTS / f"{name}-{look}.png", full_page=True)
            for kind in ("conversations", "gaps", "drafts", "articles", "reports"):
                page.goto(home + kind + "/")
                details = re.compile(rf"/{kind}/\d+/$")
                links = [str(link.get_attribute("href")) for link in page.locator("main a[href]").all()]
                if found := [link for link in links if details.search(link)]:
                    take(page, urljoin(page.url, found[0]), ARTIFACTS / f"{kind}-one-{look}.png", full_page=True)
            if look == "desktop":
                take(page, home, README_PICTURE, full_page=False)
            page.context.close()
        browser.close()


def signed_in_page(browser: Browser, options: argparse.Namespace, width: int, height: int, scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(f"{options.url}/sign-in/")
    page.get_by_label("Email").fill(options.email)
    page.get_by_label("Password", exact=True).fill(options.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{options.url}/**")
    return page


def take(page: Page, url: str, path: Path, *, full_page: bool) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, full_page=full_page)


if __name__ == "__main__":
    main()
