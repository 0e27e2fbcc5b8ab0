"""From a written pattern to what one person types: choices, slots, greetings, lower case, typing errors."""

import re
from collections.abc import Sequence
from random import Random

from reporting.demo.topics import Slots, Talk, Texts, talk

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[^\W\d_]{5,}")

# How people write where: (share in lower case, with a greeting, with a typing error, without the final mark).
_MANNERS = {
    "widget": (0.30, 0.25, 0.16, 0.30),
    "email": (0.03, 1.00, 0.07, 0.00),
    "whatsapp": (0.38, 0.40, 0.22, 0.45),
    "sms": (0.45, 0.15, 0.20, 0.50),
}
DETAIL_SHARES = (0.1, 0.4, 0.5)  # of no, one and two sentences about one's own case
_NUMBERS = {
    "n": (2, 9),
    "height": (158, 198),
    "height_child": (98, 150),
    "weight": (52, 98),
    "head": (53, 62),
    "leg": (72, 92),
    "age": (2, 11),
}


class Phrasing:
    """Draws the texts of one conversation; every slot keeps its value from the first message to the last."""

    def __init__(self, rng: Random, language: str, channel: str, texts: Texts, customer: str) -> None:
        self.rng = rng
        self.channel = channel
        self.talk: Talk = talk(language)
        self._details = texts.details
        self._slots: Slots = self.talk.slots | texts.slots
        self._filled = {"order": f"#{rng.randint(20000, 98999)}", "version": "next"}
        person = Random(customer)  # noqa: S311 (the same customer always has the same name)
        for name in ("name", "surname"):
            self._filled[name] = person.choice(self._slots[name])

    def fill(self, pattern: str) -> str:
        """`[a|b]` becomes a or b, `{slot}` its value; an unknown slot raises KeyError."""
        chosen = _CHOICE.sub(lambda found: self.rng.choice(found[1].split("|")), pattern)
        text = _SLOT.sub(lambda found: self._value(found[1]), chosen)
        return re.sub(r" +(?=[ ?.,])", "", text).strip()

    def say(self, name: str) -> str:
        return self.fill(self.rng.choice(self.talk.phrases[name]))

    def ask(self, patterns: Sequence[str]) -> str:
        """A follow-up as the customer types it, without greeting."""
        return self._type(self.fill(self.rng.choice(patterns)))

    def chat(self, name: str) -> str:
        return self._type(self.say(name))

    def first_message(self, pattern: str, *, again: bool = False) -> str:
        text = self.fill(pattern)
        if again:
            text = f"{self.say('again')} {text}"
        for detail in self._pick_details():
            text = f"{detail} {text}" if self.rng.random() < 0.4 else f"{_ended(text)} {detail}"
        if self.rng.random() < (0.55 if self.channel == "email" else 0.16):
            text = f"{_ended(text)} {self.say('context')}"
        if self.channel == "email":
            return f"{self.say('email_hello')},\n\n{_capitalised(self._type(text))}\n\n{self.say('email_bye')}"
        greets = self.rng.random() < _MANNERS[self.channel][1]
        return self._type(f"{self.say('hello')}{self.rng.choice([', ', '! ', ' '])}{text}" if greets else text)

    def answer(self, text: str) -> str:
        """The agent's answer around what the article says."""
        opening, closing = self.say("opening"), self.say("closing")
        return " ".join(part for part in (opening, text, closing) if part)

    def _pick_details(self) -> list[str]:
        """None to two of what customers say about their own case."""
        if not self._details:
            return []
        n = self.rng.choices((0, 1, 2), DETAIL_SHARES)[0]
        return [self.fill(detail) for detail in self.rng.sample(self._details, n)]

    def _value(self, name: str) -> str:
        if name not in self._filled:
            if name in _NUMBERS:
                self._filled[name] = str(self.rng.randint(*_NUMBERS[name]))
            else:
                self._filled[name] = self.rng.choice(self._slots[name])
        return self._filled[name]

    def _type(self, text: str) -> str:
        lower, _, mistyped, unended = _MANNERS[self.channel]
        if self.rng.random() < lower:
            text = text.lower()
        if self.rng.random() < mistyped:
            text = _with_typing_error(self.rng, text)
        if self.rng.random() < unended:
            text = text.rstrip(".?!") or text
        return text


def _with_typing_error(rng: Random, text: str) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = rng.choice(words)
    at = word.start() + rng.randint(1, len(word[0]) - 3)
    mistake = rng.choice(("swap", "drop", "double"))
    if mistake == "swap":
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + (text[at + 1 :] if mistake == "drop" else text[at] + text[at:])


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
