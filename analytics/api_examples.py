"""Answers as OpenAPI shows them."""

from typing import Any

_WINDOW: dict[str, Any] = {
    "start": "2026-10-25T00:00:00+02:00",
    "end": "2026-11-23T13:00:00+01:00",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "data_to": "2026-11-23T11:58:12Z",
}
_RATE: dict[str, Any] = {"value": 0.72, "unit": "rate", "n": 1250, "low": 0.694, "high": 0.744}
_COUNT: dict[str, Any] = {"value": 1402.0, "unit": "count", "n": None, "low": None, "high": None}

METRICS_EXAMPLE = {
    **_WINDOW,
    "previous": {"start": "2026-09-25T00:00:00+02:00", "end": "2026-10-24T13:00:00+02:00"},
    "metrics": {
        "resolution_rate": {
            **_RATE,
            "previous": 0.655,
            "change": {"kind": "points", "value": 0.065, "is_clear": True, "direction": "up", "is_better": True},
            "version": 1,
        }
    },
    "outcomes": {
        "resolved": 900,
        "confirmed": 310,
        "escalated": 250,
        "abandoned": 100,
        "open": 12,
        "not_involved": 140,
        "excluded": 35,
    },
}
SERIES_EXAMPLE = {
    **_WINDOW,
    "step": "day",
    "by": None,
    "series": [{"metric": "n_conversations", "part": None, "points": [{"start": "2026-10-25", **_COUNT}]}],
}
BREAKDOWN_EXAMPLE = {
    **_WINDOW,
    "by": "channel",
    "n": 1402,
    "parts": [{"key": "widget", "n": 1402, "share": 1.0, "metrics": {"resolution_rate": _RATE}}],
}
CONVERSATION_EXAMPLE = {
    "id": 728,
    "conversation_id": "c-00728",
    "episode": 1,
    "channel": "widget",
    "language": "de",
    "agent_version": "2026-11-a",
    "customer_id": "k-51",
    "started_at": "2026-11-23T08:30:00Z",
    "last_event_at": "2026-11-23T08:31:10Z",
    "ended_at": "2026-11-23T08:31:10Z",
    "updated_at": "2026-11-23T08:31:11.204Z",
    "outcome": "resolved",
    "is_confirmed": True,
    "is_disputed": False,
    "recontacted_at": None,
    "exclusion": "",
    "handoff_reason": "",
    "rating": 5,
    "question": "Where is my order?",
    "n_customer_messages": 2,
    "n_agent_messages": 1,
    "n_teammate_messages": 0,
    "first_response_ms": 1840,
    "resolution_ms": 70000,
    "input_tokens": 912,
    "output_tokens": 118,
    "agent_cost": "0.004210",
}
