"""Sessions that know whose they are, in which browser, and when it was last seen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.models.session import USER_AGENT_LENGTH, Session
from portal.models.user import User

SEEN_PRECISION = timedelta(minutes=5)
SIGNED_IN_AT, SEEN_AT, USER_AGENT = "signed_in_at", "seen_at", "user_agent"


class SessionStore(DatabaseStore):
    """Django's database sessions, with columns for the list of one's sessions."""

    @classmethod
    def get_model_class(cls) -> Any:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        row.user_agent = data.get(USER_AGENT, "")
        row.signed_in_at, row.seen_at = _moment(data, SIGNED_IN_AT), _moment(data, SEEN_AT)
        return row


def _moment(data: dict[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(data[name]) if name in data else None


def record_visits(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: notes browser and time of whoever is signed in, at most every five minutes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # A page that did not look at the session must not be made to read it.
        if request.session.accessed and SESSION_KEY in request.session:
            _note_visit(request, now=timezone.now())
        return response

    return middleware


def _note_visit(request: HttpRequest, *, now: datetime) -> None:
    seen_at = request.session.get(SEEN_AT)
    if seen_at is None or now - datetime.fromisoformat(seen_at) >= SEEN_PRECISION:
        request.session.setdefault(SIGNED_IN_AT, now.isoformat())
        request.session[SEEN_AT] = now.isoformat()
        request.session[USER_AGENT] = request.headers.get("user-agent", "")[:USER_AGENT_LENGTH]


def list_sessions(user: User, *, now: datetime) -> list[Session]:
    """Those that are still good, the last seen first."""
    rows = Session.objects.filter(user=user, expire_date__gt=now)
    return list(rows.order_by("-seen_at", "-expire_date"))


def end_sessions(user: User, *, but: str | None = None) -> int:
    """Signs a person out everywhere, but for the session with this key. Returns how many were ended."""
    n_ended, _rows = Session.objects.filter(user=user).exclude(session_key=but).delete()
    return n_ended
