"""The title as a customer would ask it, and the wordings in which customers do ask. Pure but for the embeddings."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from improvement.material import Asked, Material, Rivals
from improvement.personal_data import find_personal, tells_about_a_person
from improvement.sentences import split_sentences
from improvement.wording import content_words
from portal.embeddings import embed

MIN_QUESTIONS = 2
MAX_QUESTIONS = 6
MAX_WORDS = 15
TYPICAL = 25  # percentile of closeness to the middle of all wordings
TOO_ALIKE = 0.93
WISH = re.compile(
    r"\b(?:(?:want|wanna|need|like|looking|trying|wish|hoping|how (?:do|can|could) (?:i|we))(?: to)?"
    r"|(?:help|assist) me(?: to)?|help)\s+((?:[a-z'-]+ ){1,9}[a-z'-]+)",
    re.IGNORECASE,
)
TAIL = re.compile(
    r"\b(?:please|and|but|because|since|so|can you|could you|if|that|who|which|today|with you|with that|for me|i)\b.*$",
    re.IGNORECASE,
)
LOOSE_END = re.compile(
    r"(?:\s+(?:my|the|an?|of|to|in|on|at|for|with|about|from|your|our|this|and|or))+$", re.IGNORECASE
)
NO_VERB = re.compile(r"^(?:have|be|do|know|some|the|an?|help|your|in|on|with|out|me|it)\b", re.IGNORECASE)
REQUEST = re.compile(
    r"\?$|\b(?:want|wanna|need|like to|looking|help|how|where|when|what|why|can|could|please|report|trying|forgot"
    r"|lost)\b",
    re.IGNORECASE,
)
GREETING = re.compile(r"^(?:(?:hi|hello|hey|good \w+|yes|please|greetings)(?: there| again| to you)?[\s,.!:-]+)+", re.I)


def find_wish(text: str) -> str | None:
    """ "Hi, I want to reset my password please" → "reset my password"."""
    match = WISH.search(text)
    if match is None:
        return None
    wish = LOOSE_END.sub("", TAIL.sub("", match.group(1).lower()).strip(" ,.-'"))
    return wish if 2 <= len(wish.split()) <= 8 and not NO_VERB.match(wish) else None


def build_title(material: Material) -> str:
    """A name that a person gave stays. Otherwise "How do I …?" from the most typical wish of at least two customers."""
    if material.is_named_by_person or material.name.rstrip().endswith("?"):
        return material.name.strip()[:200]
    texts = [asked.text for asked in material.questions if not find_personal(asked.text)]
    wishes = Counter(wish for text in texts if (wish := find_wish(text)))
    asked_words = [content_words(text) for text in texts]
    # A wish also stands for the more special ones: "file a claim" for "file a health claim".
    support = {wish: sum(content_words(wish) <= words for words in asked_words) for wish in wishes}
    common = [wish for wish in wishes if support[wish] >= 2 and len(content_words(wish)) >= 2]
    if not common:
        return material.name.strip()[:1].upper() + material.name.strip()[1:200]
    centre = embed(texts).mean(axis=0)
    closeness = dict(zip(common, embed(common) @ centre, strict=True))
    return f"How do I {max(common, key=lambda wish: (support[wish] * (1 + closeness[wish]), wishes[wish]))}?"


def pick_questions(questions: Sequence[Asked], rivals: Rivals) -> list[tuple[Asked, str, str]]:
    """Typical wordings that differ from each other: (question, as printed, verbatim). Personal ones are left out.

    A wording that lies nearer to other topics' questions than the articles that answer those would catch them. Measured
    on six topics: the first two wordings bring all the coverage, eight of any kind triple the questions caught.
    """
    candidates = [found for asked in questions if (found := _find_request(asked))]
    distinct = {text.lower().rstrip(".!?"): (asked, text, quote) for asked, text, quote in reversed(candidates)}
    rows = list(distinct.values())
    if not rows:
        return []
    vectors = embed([text for _asked, text, _quote in rows])
    closeness = vectors @ vectors.mean(axis=0)
    typical = np.percentile(closeness, TYPICAL)
    n_caught = (vectors @ rivals.vectors.T > rivals.similarity).sum(axis=1)
    chosen: list[int] = []
    for index in np.lexsort((-closeness, n_caught)):
        if closeness[index] < typical:
            continue
        is_wanted = len(chosen) < MIN_QUESTIONS or (len(chosen) < MAX_QUESTIONS and not n_caught[index])
        if is_wanted and all(vectors[index] @ vectors[other] < TOO_ALIKE for other in chosen):
            chosen.append(int(index))
    return [rows[index] for index in chosen]


def _find_request(asked: Asked) -> tuple[Asked, str, str] | None:
    """The one sentence that asks, without its greeting. A message with a name in it is not used at all."""
    if find_personal(asked.text):
        return None
    for quote in split_sentences(asked.text):
        text = GREETING.sub("", quote).strip()
        is_short = 3 <= len(text.split()) <= MAX_WORDS
        if is_short and REQUEST.search(text) and not tells_about_a_person(quote):
            return asked, text[:1].upper() + text[1:], quote
    return None
