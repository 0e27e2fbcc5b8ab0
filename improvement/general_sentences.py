"""Which sentences of a teammate's answer hold for every customer, and which were for one customer only. Pure, English.

A sentence is left out when in doubt: the reviewer sees how many were, and why.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from improvement.material import Answer
from improvement.personal_data import find_names, find_personal
from improvement.sentences import split_sentences

COURTESY = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|thanks|thank you|of course|sure|certainly|absolutely"
    r"|no problem|no worries|sorry|i am sorry|i'm sorry|we are sorry|apologies|you(?:'re| are) welcome|glad|great"
    r"|perfect|welcome|happy to help|let me know|please let (?:me|us) know|feel free|have a (?:nice|great|good)"
    r"|best regards|kind regards|regards|cheers|one moment|just a moment|hope (?:this|that)|is there anything)\b",
    re.IGNORECASE,
)
OFFER = re.compile(r"\bI can\b|\bI could\b")
OWN_ACT = re.compile(r"\b(?:I|I'm|I've|I'll|I'd|me|my|mine|myself)\b")
DONE_FOR_YOU = re.compile(
    r"\b(?:we|we've|our team)(?: have|'ve| has)? (?:just |now |also |already )?"
    r"(?:sent|emailed|posted|opened|started|looked|checked|refunded|cancelled|canceled|changed|updated|verified|added"
    r"|removed|booked|received|found|created|issued|credited|reset|fixed|escalated|forwarded)\b"
    r"|\byour case\b|\b(?:today|yesterday|tomorrow|tonight|this morning|this afternoon|just now)\b",
    re.IGNORECASE,
)
# Such a sentence says nothing without the one before it.
DEPENDENT = re.compile(
    r"^(?:it|its|this|that|these|those|they|he|she|then|there|so|also|once it|both|otherwise|after that)\b", re.I
)
CLAUSE_OF_OWN = re.compile(r",? (?:or|and) I [^,.;]*(?=[.;]|$)")


@dataclass(frozen=True, slots=True)
class Unit:
    """A general statement: one sentence, or one with those that lean on it."""

    text: str
    quote: str  # verbatim out of the message
    answer: Answer
    position: float  # 0 at the start of the answer, 1 at its end


@dataclass(frozen=True, slots=True)
class Selection:
    units: Sequence[Unit]
    n_left_out: int


def why_left_out(sentence: str) -> str | None:
    """None where the sentence holds for everybody."""
    if sentence.endswith("?"):
        return "question"
    if COURTESY.search(sentence) and len(sentence.split()) <= 12:
        return "courtesy"
    if OWN_ACT.search(sentence) or DONE_FOR_YOU.search(sentence):
        return "one_customer"
    if find_personal(sentence):
        return "personal"
    return None


def generalise(sentence: str) -> str:
    """ "I can send it" is an offer of the team; what the teammate did or would do alone is cut off."""
    sentence = OFFER.sub("our team can", CLAUSE_OF_OWN.sub("", sentence) if not OFFER.match(sentence) else sentence)
    return sentence[:1].upper() + sentence[1:]


def select_units(answers: Sequence[Answer]) -> Selection:
    names = {name.lower() for answer in answers for name in find_names(answer.text)}
    units: list[Unit] = []
    n_left_out = 0
    for answer in answers:
        sentences = split_sentences(answer.text)
        follows_kept = False
        for index, quote in enumerate(sentences):
            text = generalise(quote)
            is_dependent = bool(DEPENDENT.search(quote))
            has_name = any(re.search(rf"\b{re.escape(name)}\b", text.lower()) for name in names)
            if why_left_out(text) or has_name or (is_dependent and not follows_kept):
                n_left_out += 1
                follows_kept = False
            elif is_dependent:
                units[-1] = replace(units[-1], text=f"{units[-1].text} {text}", quote=f"{units[-1].quote} {quote}")
            else:
                units.append(Unit(text, quote, answer, index / max(len(sentences) - 1, 1)))
                follows_kept = True
    return Selection(units, n_left_out)
