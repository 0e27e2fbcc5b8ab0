"""The texts that an agent may answer from, as an answer is compared with them: was there a better one?

They live above this app; settings.QUALITY_HOUSE_TEXTS names who reads them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
from django.conf import settings
from django.utils.module_loading import import_string
from numpy.typing import NDArray

from analytics.passages import split_passages
from analytics.wording import content_stems
from portal.embeddings import DIMENSIONS, Vectors, embed
from portal.models import Merchant


@dataclass(frozen=True)
class HouseTexts:
    """Row i of `vectors` is a passage of the text `owners[i]`; a text's first passage is its title.

    `places` gives a text's number by the name under which it is cited, `n_texts_with` how many texts hold a stem.
    """

    vectors: Vectors
    owners: NDArray[np.intp]
    places: Mapping[str, int]
    n_texts_with: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        return np.flatnonzero(np.diff(self.owners, prepend=-1))

    @cached_property
    def centres(self) -> Vectors:
        """One row of length 1 for each text: the mean of its passages."""
        if not len(self):
            return self.vectors
        sums = np.add.reduceat(self.vectors, self.starts, axis=0)
        return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9))

    def rarity(self, stem: str) -> float:
        """The inverse document frequency: how much a word tells here. Equal for all words where there are no texts."""
        return log(1 + (len(self) + 1) / (self.n_texts_with.get(stem, 0) + 0.5))


NO_TEXTS = HouseTexts(np.zeros((0, DIMENSIONS), np.float32), np.zeros(0, np.intp), {}, {})


def build_house(texts: Mapping[str, Sequence[str]], vectors: Vectors) -> HouseTexts:
    """`texts` holds each text's passages by its name, the title first; `vectors` has one row for each, in order."""
    known = {name: passages for name, passages in texts.items() if passages}
    owners = np.repeat(np.arange(len(known)), [len(passages) for passages in known.values()])
    counted = Counter(stem for passages in known.values() for stem in content_stems("\n".join(passages)))
    return HouseTexts(vectors, owners, {name: place for place, name in enumerate(known)}, counted)


def embed_house(texts: Mapping[str, str]) -> HouseTexts:
    """Whole texts by name. Raises EmbeddingError."""
    passages = {name: split_passages(text) for name, text in texts.items()}
    return build_house(passages, embed([passage for parts in passages.values() for passage in parts]))


def read_house(merchant: Merchant) -> HouseTexts:
    """What the merchant's agent may answer from now, with the vectors that are kept of it."""
    found: HouseTexts = import_string(settings.QUALITY_HOUSE_TEXTS)(merchant)
    return found
