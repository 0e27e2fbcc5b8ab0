"""Two months of a lamp shop for the pages of the dashboard: everything that they can show is in it."""

from datetime import datetime, timedelta

from tests.events import Chat, send

DAYS = 60
RECENT = 30


def tell_two_months(shop, *, now: datetime) -> None:
    """Each day two chats in English, a WhatsApp message and, every other day, an email in German. Since thirty days
    WhatsApp goes to people, since a fortnight there is a new version of the agent."""
    from analytics.scoring import score_locally
    from analytics.scoring_queue import waiting_for_local
    from reporting.models import Among, Anomaly

    today = now.replace(hour=9, minute=0, second=0, microsecond=0)
    for start in range(DAYS, 0, -12):
        send(shop, *(chat for day in range(start, start - 12, -1) for chat in _one_day(today, day)), now=now)
    score_locally(shop, list(waiting_for_local(shop, now=now)[:20]), now=now)
    hour = today - timedelta(days=6)
    Anomaly.objects.create(
        merchant=shop,
        metric="n_conversations",
        among=Among.ALL,
        is_above=True,
        started_at=hour,
        ended_at=hour + timedelta(hours=2),
        found_at=hour + timedelta(hours=3),
        value=40,
        expected=4,
        low=0,
        high=12,
        z=6.5,
        worst_from=hour,
        worst_to=hour + timedelta(hours=2),
    )


def _one_day(today: datetime, days_ago: int) -> list[Chat]:
    at = today - timedelta(days=days_ago)
    who = {"language": "en", "agent_version": "2.1" if days_ago <= 14 else "2.0"}
    chats = [
        Chat(f"w-{days_ago}-{n}", at=at + timedelta(hours=n))
        .start(customer_id=f"c{days_ago}{n}", **who)
        .ask(QUESTIONS[(days_ago + n) % len(QUESTIONS)])
        .answer()
        .resolve(confirmed=n == 0)
        .rate(5 if days_ago % 3 else 2)
        for n in range(2)
    ]
    message = Chat(f"m-{days_ago}", at=at, channel="whatsapp").start(customer_id=f"m{days_ago}", **who).ask().answer()
    chats.append(message.hand_off().teammate().close() if days_ago <= RECENT else message.resolve())
    if days_ago % 2:
        email = Chat(f"e-{days_ago}", at=at, channel="email")
        email.start(customer_id=f"e{days_ago}", **who | {"language": "de"}).ask("Wo ist meine Bestellung?").answer()
        chats.append(email.abandon() if days_ago % 6 == 1 else email.resolve())
    return chats


QUESTIONS = ("When will my order arrive?", "I want to return a lamp", "Can this lamp be dimmed?")
