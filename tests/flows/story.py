"""A small lamp shop: its help centre, and a fortnight of conversations. Nobody wrote about discount codes."""

from datetime import datetime, timedelta

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
UNCOVERED = (
    "My discount code does not work at checkout",
    "the voucher code is not accepted",
    "Why is my promo code rejected?",
    "I have a discount code but it says invalid",
    "how do I use the voucher from the newsletter",
    "Discount code gives an error",
    "where can I enter my promo code",
    "the newsletter discount is not applied to my basket",
)
HUMAN_ANSWERS = (
    "Enter the discount code in the basket, below the articles, and choose Apply. One code can be used per order.",
    "Discount codes from the newsletter are valid for 30 days, from a value of 40 euros. Sale items are excluded.",
    "Please enter the code in the basket below the articles, then choose Apply. Codes work once per customer.",
)
SORRY = "Sorry, I have no information about this. A colleague will help you."


def fortnight(end: datetime) -> list[dict]:
    """Every day: each covered topic once, resolved; the discount code twice, escalated and answered by a person."""
    chats: list[Chat] = []
    for day in range(14):
        morning = end - timedelta(days=14 - day)
        for number, (topic, questions) in enumerate(COVERED.items()):
            chats.append(_resolved(day, number, topic, questions[day % len(questions)], morning))
        for number in range(2):
            text = UNCOVERED[(2 * day + number) % len(UNCOVERED)]
            chats.append(_escalated(day, number, text, morning + timedelta(hours=5)))
    return all_events(*chats)


def _resolved(day: int, number: int, topic: str, question: str, morning: datetime) -> Chat:
    sources = [{"article_id": topic, "score": 0.8}]
    chat = Chat(f"{topic}-{day}", at=morning + timedelta(minutes=20 * number))
    chat.start(customer_id=f"customer-{day}-{number}").ask(question).retrieve(question, sources)
    chat.answer(ARTICLES[topic][1], sources=sources, latency_ms=1500, confidence=0.9, cost=0.004)
    return chat.resolve(confirmed=number == 0)


def _escalated(day: int, number: int, question: str, at: datetime) -> Chat:
    chat = Chat(f"code-{day}-{number}", at=at + timedelta(minutes=20 * number))
    chat.start(customer_id=f"customer-{day}-code-{number}").ask(question)
    chat.answer(SORRY, sources=[], latency_ms=900, confidence=0.2, cost=0.002).hand_off("missing_knowledge")
    return chat.teammate(HUMAN_ANSWERS[(day + number) % len(HUMAN_ANSWERS)]).close()
