"""The shop's help pages: what a page says, and some of the words in which customers ask for it."""

from random import Random

from reporting.demo.phrasing import Phrasing
from reporting.demo.topics import Texts, Topic

ALSO_ASKED = {"en": "Customers also ask", "de": "Das wird auch gefragt"}
# The local embedding model knows little German, so German pages name more wordings.
N_ALSO_ASKED = {"en": 8, "de": 10}


def build_body(topic: Topic, language: str) -> str:
    """Markdown."""
    texts = topic.texts[language]
    parts = [f"## {part.heading}\n\n{part.text}" for part in texts.sections]
    asked = "\n".join(f"- {question}" for question in pick_wordings(topic.key, language, texts))
    return "\n\n".join([*parts, f"## {ALSO_ASKED[language]}\n\n{asked}"])


def pick_wordings(key: str, language: str, texts: Texts) -> list[str]:
    """Spread over the topic; none that is about one order."""
    phrasing = Phrasing(Random(key), language, "email", texts, key)  # noqa: S311 (not for secrets)
    general = [question.pattern for question in texts.questions if "{order}" not in question.pattern]
    n = N_ALSO_ASKED[language]
    step = max(1, len(general) // n)
    filled = [phrasing.fill(pattern) for pattern in general[::step][:n]]
    return [text[:1].upper() + text[1:] for text in filled]
