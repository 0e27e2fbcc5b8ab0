"""From which age on a conversation can be called verified or not: T + N days after the hour it started in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from analytics.models import Channel
from portal.models import Merchant
from portal.periods import next_hour


@dataclass(frozen=True, slots=True)
class Maturity:
    """The latest hours whose conversations are mature; an hour is mature as a whole, because numbers are kept by it."""

    chat: datetime
    email: datetime
    zone: ZoneInfo

    @property
    def predicate(self) -> Q:
        """Of conversations, the same that `hour <=` is of rollups."""
        email = Q(channel=Channel.EMAIL, started_at__lt=next_hour(self.email, self.zone))
        return email | Q(~Q(channel=Channel.EMAIL), started_at__lt=next_hour(self.chat, self.zone))


def maturity_of(merchant: Merchant, now: datetime) -> Maturity:
    until = now - timedelta(days=merchant.recontact_days)
    return Maturity(
        chat=until - timedelta(hours=merchant.chat_idle_hours),
        email=until - timedelta(hours=merchant.email_idle_hours),
        zone=merchant.zone,
    )
