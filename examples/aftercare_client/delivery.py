"""Sends one batch until it is answered: again after a failure that passes, in halves where it is too large.

Every pause is a random part of a bound that doubles ("full jitter"), so that many agents do not come back at once.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aftercare_client.transport import Answer, Verdict

logger = logging.getLogger("aftercare")

SECONDS_BETWEEN_COMPLAINTS = 60.0


@dataclass(frozen=True)
class Rejected:
    """An event that Aftercare will not take. `field` and `error` say why; `status` is None if it was never sent."""

    event: dict[str, Any]
    field: str
    error: str
    status: int | None


class Post(Protocol):
    def __call__(self, lines: list[bytes]) -> Answer: ...


class Pause(Protocol):
    def __call__(self, seconds: float, *, is_ordered: bool) -> bool:
        """False: there is no time left. `is_ordered`: the server named the time, so it must not be shortened."""


class Delivery:
    def __init__(
        self,
        post: Post,
        *,
        pause: Pause,
        count: Callable[..., None],
        on_rejected: Callable[[Rejected], object] | None,
        max_events: int,
        shortest_pause_seconds: float,
        longest_pause_seconds: float,
    ) -> None:
        """`count(sent=…, accepted=…, duplicates=…, rejected=…)` adds to the client's counters."""
        self._post, self._pause, self._count, self._on_rejected = post, pause, count, on_rejected
        self._shortest, self._longest = shortest_pause_seconds, longest_pause_seconds
        self._all_events = max_events
        # What the server took last; a batch that was too large makes it smaller, and every one that it takes larger.
        self.max_events = max_events
        self._complained_at: dict[str, float] = {}

    def deliver(self, lines: list[bytes]) -> list[bytes]:
        """Returns what was not answered, which is nothing unless the time ran out."""
        parts = deque([lines])
        n_failures = 0
        while parts:
            part = parts[0]
            self._count(sent=len(part))
            answer = self._post(part)
            if answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED):
                self.complain(answer.verdict.value, f"not delivered, will be tried again: {answer.reason}")
                if not self._wait(answer, n_failures):
                    return [line for part in parts for line in part]
                n_failures += 1
                continue
            n_failures = 0
            parts.popleft()
            if answer.verdict is Verdict.TOO_LARGE and len(part) > 1:
                half = len(part) // 2
                self.max_events = half
                parts.extendleft([part[half:], part[:half]])
            else:
                self._close_books(part, answer)
        return []

    def complain(self, kind: str, message: str) -> None:
        """Logs a kind of trouble at most once a minute. Never an event's text."""
        now = time.monotonic()
        if now - self._complained_at.get(kind, float("-inf")) >= SECONDS_BETWEEN_COMPLAINTS:
            self._complained_at[kind] = now
            logger.warning("Aftercare: %s", message)

    def reject(self, rejected: Rejected) -> None:
        self._count(rejected=1)
        self.complain("rejected", f"event {rejected.event.get('id')} rejected: {rejected.field} {rejected.error}")
        if self._on_rejected is None:
            return
        try:
            self._on_rejected(rejected)
        except Exception:
            logger.exception("Aftercare: on_rejected failed")

    def _close_books(self, part: list[bytes], answer: Answer) -> None:
        if answer.verdict is Verdict.TAKEN:
            self.max_events = min(self._all_events, self.max_events + self.max_events // 10 + 1)
            self._count(accepted=answer.accepted, duplicates=answer.duplicates)
            for each in answer.rejected:
                event = _event_at(part, each.get("index"))
                self.reject(Rejected(event, str(each.get("field")), str(each.get("error")), answer.status))
        else:
            for line in part:
                self.reject(Rejected(json.loads(line), "", answer.reason, answer.status))

    def _wait(self, answer: Answer, n_failures: int) -> bool:
        bound = min(self._longest, self._shortest * 2 ** min(n_failures, 30))
        if answer.verdict is Verdict.MISCONFIGURED:
            bound = self._longest
        jitter = random.uniform(0, bound)  # noqa: S311 - spreads load, keeps no secret
        if answer.retry_after_seconds is None:
            return self._pause(jitter, is_ordered=False)
        return self._pause(answer.retry_after_seconds + min(jitter, self._shortest), is_ordered=True)


def _event_at(lines: list[bytes], index: Any) -> dict[str, Any]:
    if not isinstance(index, int) or not 0 <= index < len(lines):
        return {}
    event: dict[str, Any] = json.loads(lines[index])
    return event
