"""The landing page and the digest behind it, in events and numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from portal.periods import parse_period
from reporting.digest import build_digest
from tests.events import Chat, send

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def digest_of(merchant, period="30d"):
    return build_digest(merchant, parse_period({"period": period}, zone=merchant.zone, now=NOW), now=NOW)


def test_three_conversations_one_escalated_is_two_thirds(merchant):
    send(
        merchant,
        Chat("a", at="2026-11-02T09:00:00+00:00").start().ask().answer().resolve(confirmed=True),
        Chat("b", at="2026-11-03T09:00:00+00:00").start().ask().answer().resolve(confirmed=False),
        Chat("c", at="2026-11-04T09:00:00+00:00").start().ask().answer().hand_off().close(),
    )
    digest = digest_of(merchant)

    rate = digest.headline("resolution_rate")
    assert digest.headline("n_conversations").value == 3
    assert round(rate.value, 3) == 0.667
    assert rate.n == 3
    assert (round(rate.low, 3), round(rate.high, 3)) == (0.208, 0.939)
    assert {each.outcome: each.n for each in digest.outcomes} == {"confirmed": 1, "assumed": 1, "escalated": 1}
    assert sum(each.share for each in digest.outcomes) == pytest.approx(1)
    # Two verified resolutions save 2 × 8 min × 25.00 / 60; three conversations cost 3 × 0.05.
    assert digest.headline("savings").value.quantize(Decimal("0.01")) == Decimal("6.52")
