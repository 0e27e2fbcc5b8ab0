"""Asks before something is done that cannot be undone.

With JavaScript app.js asks in a dialog (`data-confirm` on the form) and adds `confirmed`; without it this page asks.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise


def is_confirmed(request: HttpRequest) -> bool:
    return "confirmed" in request.POST


def ask(
    request: HttpRequest, *, question: str | Promise, text: str | Promise, label: str | Promise, back: str
) -> HttpResponse:
    """`label` stands on the button that does it; `back` is where the one that does not leads to."""
    kept = [(name, value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"]
    context = {"question": question, "text": text, "label": label, "back": back, "kept": kept}
    return render(request, "portal/confirmation.html", context)
