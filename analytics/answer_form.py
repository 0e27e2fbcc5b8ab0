"""Whether an answer has the form that its question asks for. Pure; English and German.

"How much", "how long", "when" ask for a number, a date or a time; an answer with none of these leaves them open.
"""

import re

_ASKS_FOR_NUMBER = re.compile(
    r"\bhow\s+(?:much|many|long|often|old|far|fast|soon|big|large)\b|\bwhen\b(?=[^.!]*\?)|\bwhat\s+(?:time|date|day)\b|"
    r"\bwie\s*(?:viel\w*|lange?|oft|alt|weit|schnell|groß|hoch|teuer)\b|\bwann\b|\bum\s+wie\s*viel\s+uhr\b",
    re.IGNORECASE,
)
_IS_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|free|no|none|never|always|once|twice|daily|"
    r"weekly|monthly|yearly|annually|hourly|immediately|instantly|today|tomorrow|tonight|morning|noon|midnight|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|june|july|august|september|october|"
    r"november|december|weekdays?|weekends?|minutes?|hours?|days?|weeks?|months?|years?|unlimited|as\s+soon\s+as|"
    r"ein(?:en|e|er|mal)?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|halb\w*|kostenlos|kein\w*|nie|immer|täglich|"
    r"wöchentlich|monatlich|jährlich|sofort|heute|morgen|montags?|dienstags?|mittwochs?|donnerstags?|freitags?|"
    r"samstags?|sonntags?|minuten?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?|unbegrenzt|sobald)\b",
    re.IGNORECASE,
)


def lacks_form(question: str, answer: str) -> bool | None:
    """None where the question asks for no number, date or time."""
    if _ASKS_FOR_NUMBER.search(question) is None:
        return None
    return _IS_NUMBER.search(answer) is None
