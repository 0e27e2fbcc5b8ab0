"""What the layout shows around every page: the merchant, its sections, the merchants to switch to."""

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    return {}
