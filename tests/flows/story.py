"""A small lamp shop: its help centre, and a fortnight of conversations. Nobody wrote about discount codes."""

from datetime import datetime, timedelta
from typing import NamedTuple

from tests.events import Chat, all_events

ARTICLES = {
    "delivery": (
        "When will my order arrive?",
        (
            "Orders leave our warehouse within one working day. Delivery takes two to four working days. "
            "You find the tracking link in the dispatch email and under Orders in your account."
        ),
    ),
    "returns": (
        "Return a lamp",
        (
            "You can return a lamp within 30 days of delivery. Print the return label under Orders, Return, "
            "and drop the parcel at any post office. The refund reaches you within five working days."
        ),
    ),
    "bulbs": (
        "Which bulb fits my lamp?",
        (
            "The socket type, E14 or E27, and the maximum wattage are printed inside the shade and listed on the "
            "product page under Technical details."
        ),
    ),
    "dimming": (
        "Dim a lamp",
        (
            "Lamps marked with the dimmer symbol work with any trailing-edge dimmer. Lamps without the symbol must "
            "not be dimmed: the driver would flicker and fail."
        ),
    ),
}
COVERED = {
    "delivery": ("When will my order arrive?", "has my parcel been sent yet", "How long does delivery take?"),
    "returns": ("I want to return a lamp", "how do i send the lamp back", "Can I get a refund for this floor lamp?"),
    "bulbs": ("Which bulb do I need for this lamp?", "is the socket E14 or E27", "what bulb fits the table lamp"),
    "dimming": ("Can this lamp be dimmed?", "does it work with a dimmer", "my lamp flickers with the dimmer"),
}


class Topic(NamedTuple):
    """What customers ask and no article answers."""

    name: str
    questions: tuple[str, ...]
    human_answers: tuple[str, ...]


CODES = Topic(
    "code",
    (
        "My discount code does not work at checkout",
        "the voucher code is not accepted",
        "Why is my promo code rejected?",
        "I have a discount code but it says invalid",
        "how do I use the voucher from the newsletter",
        "Discount code gives an error",
        "where can I enter my promo code",
        "the newsletter discount is not applied to my basket",
    ),
    (
        "Enter the discount code in the basket, below the articles, and choose Apply. One code can be used per order.",
        "Discount codes from the newsletter are valid for 30 days, from a value of 40 euros. Sale items are excluded.",
        "Please enter the code in the basket below the articles, then choose Apply. Codes work once per customer.",
    ),
)
INVOICES = Topic(
    "invoice",
    (
        "I need an invoice for my company",
        "where is my invoice",
        "Can you put our VAT number on the invoice?",
        "please send me the invoice as PDF",
        "the billing address on the invoice is wrong",
        "I have not received an invoice",
        "invoice with VAT for my tax office",
        "how can I download the invoice",
    ),
    (
        "The invoice is sent as a PDF with the dispatch email. You can download it under Orders, Invoice.",
        "Enter your VAT number at checkout under Billing address. It is printed on the invoice.",
        "We can correct the billing address on an invoice within 14 days. Reply with the right address.",
    ),
)
PASSWORDS = Topic(
    "password",
    (
        "I forgot my password",
        "how do I reset my password",
        "My password is not accepted when I log in",
        "I cannot log in to my account",
        "can you send me a new password",
        "the password reset email does not arrive",
        "where can I change my password",
        "my account is locked after a wrong password",
    ),
    (
        "Choose Forgot password on the page where you log in. We send you a link that is valid for one hour.",
        "An account is locked for 15 minutes after five wrong passwords. Then you can try again.",
        "You can change your password in your account under Security.",
    ),
)
SORRY = "Sorry, I have no information about this. A colleague will help you."


def fortnight(end: datetime, *topics: Topic) -> list[dict]:
    """Every day: each covered topic once, resolved; each uncovered one (discount codes unless others are named) twice,
    escalated and answered by a person."""
    chats: list[Chat] = []
    for day in range(14):
        morning = end - timedelta(days=14 - day)
        for number, (name, questions) in enumerate(COVERED.items()):
            chats.append(_resolved(number, name, questions[day % len(questions)], morning))
        for place, topic in enumerate(topics or (CODES,)):
            noon = morning + timedelta(hours=5 + place)
            chats += [_escalated(topic, 2 * day + number, noon + timedelta(minutes=20 * number)) for number in range(2)]
    return all_events(*chats)


def _resolved(number: int, name: str, question: str, morning: datetime) -> Chat:
    sources = [{"article_id": name, "score": 0.8}]
    thread = f"{name}-{morning.date()}"
    chat = Chat(thread, at=morning + timedelta(minutes=20 * number))
    chat.start(customer_id=f"customer of {thread}").ask(question).retrieve(question, sources, after=1)
    chat.answer(ARTICLES[name][1], sources=sources, latency_ms=1500, confidence=0.9, cost=0.004)
    return chat.resolve(confirmed=number == 0)


def _escalated(topic: Topic, turn: int, at: datetime) -> Chat:
    thread = f"{topic.name}-{at.isoformat()}"
    chat = Chat(thread, at=at)
    chat.start(customer_id=f"customer of {thread}").ask(topic.questions[turn % len(topic.questions)])
    chat.answer(SORRY, sources=[], latency_ms=900, confidence=0.2, cost=0.002).hand_off("missing_knowledge")
    return chat.teammate(topic.human_answers[turn % len(topic.human_answers)]).close()
