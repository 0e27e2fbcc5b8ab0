"""A person with a browser's manners: a cookie jar, the CSRF token of the page, redirects followed. Real HTTP."""

import re
from typing import Any

import httpx2


class Person:
    def __init__(self, site: str) -> None:
        self.http = httpx2.Client(base_url=site, follow_redirects=True, timeout=30)

    def __enter__(self) -> "Person":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def sign_in(self, email: str, password: str) -> "Person":
        page = self.post("/sign-in/", username=email, password=password)
        assert "/sign-in/" not in str(page.url), "the sign-in was refused"
        return self

    def get(self, path: str) -> httpx2.Response:
        page = self.http.get(path)
        assert page.status_code == 200, f"{path}: {page.status_code}"
        return page

    def post(self, path: str, *, form_on: str | None = None, **fields: Any) -> httpx2.Response:
        """Opens the page that holds the form, then sends it."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(form_on or path).text)
        assert token, f"no form on {form_on or path}"
        answer = self.http.post(path, data={"csrfmiddlewaretoken": token[1], **fields})
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer
