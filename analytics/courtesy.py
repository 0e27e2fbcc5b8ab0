"""Messages that ask for nothing: greetings, thanks, goodbyes. Pure.

A greeting alone is no real request (metrics.md), and a closing "thanks" needs no answer. The list is closed and
small on purpose: a word that is not on it makes the message a request.
"""

import re

WORDS = frozenset(
    """
    hi hello hey hiya howdy greetings yo good morning afternoon evening day night there all team everyone dear sir madam
    thanks thank you thx ty cheers so very much a lot many great perfect awesome ok okay cool nice fine alright got it
    appreciated bye goodbye see later take care have
    hallo guten tag morgen abend moin servus grüß gott danke vielen dank schön super tschüss prima
    bonjour salut bonsoir merci beaucoup hola buenos días buenas tardes gracias muchas ciao grazie namaste
    """.split()  # noqa: SIM905 - eighty words read better as text
)
_WORD = re.compile(r"[^\W\d_]+")
MAX_WORDS = 8


def is_courtesy(text: str) -> bool:
    """True for "Hi there!", "ok, thanks a lot" and a lone emoji; False for anything with a digit or another word."""
    if len(text) > 80 or "?" in text or any(character.isdigit() for character in text):
        return False
    words = _WORD.findall(text.casefold())
    return len(words) <= MAX_WORDS and all(word in WORDS for word in words)
