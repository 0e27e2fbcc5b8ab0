"""A gap's most typical question as its name, where no phrase says what the gap is about."""

import re
from collections.abc import Sequence

import numpy as np

from improvement.clustering import centroid
from improvement.keyphrases import MAX_NAME
from improvement.personal_data import find_personal
from improvement.reading_requests import asks_something, is_request
from improvement.sentences import split_sentences
from portal.embeddings import Vectors
from portal.templatetags.formats import excerpt

N_NEAREST = 12
MIN_WORDS = 3
_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|hallo|moin|good \w+|guten \w+)(?: there| again| zusammen)?[\s,.!:-]+)+", re.I
)
# A case number in a name is of one customer; "Grat 45" and "20 km" are not.
_IDENTIFIER = re.compile(r"#\d\S*|\S*\d{4}\S*")


def find_typical(texts: Sequence[str], vectors: Vectors) -> list[str]:
    """What the questions nearest to their centre ask, sentence by sentence; never empty."""
    nearest = np.argsort(-(vectors @ centroid(vectors)), kind="stable")[:N_NEAREST].tolist()
    found = [sentence for at in nearest for sentence in read_sentences(texts[at])]
    asking = [one for one in found if asks_something(one)] or found
    asking = asking or [texts[at] for at in nearest]
    general = [one for one in asking if not _IDENTIFIER.search(one) and not find_personal(one)]
    return list(dict.fromkeys(general)) or [leave_out_personal(asking[0])]


def read_sentences(text: str) -> list[str]:
    if find_personal(text):
        return []
    sentences = [_GREETING.sub("", sentence).strip() for sentence in split_sentences(text)]
    return [one for one in sentences if len(one.split()) >= MIN_WORDS and is_request(one)]


def leave_out_personal(text: str) -> str:
    text = _IDENTIFIER.sub("…", text)
    for found in find_personal(text):
        text = text.replace(found, "…")
    return text


def shorten(text: str) -> str:
    """At a word, so that it stays within a name's length; who writes in capitals only is not shouted after."""
    text = " ".join(text.split()).rstrip(" .!")
    if text.isupper() and " " in text:
        text = text.lower()
    return excerpt(text, MAX_NAME)
