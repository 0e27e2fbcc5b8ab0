"""Vectors of the texts that this process embedded last.

Customers repeat each other, and a draft is written, grounded and tested from the same sentences.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portal.embeddings import Vectors


class KeptVectors:
    """The `size` texts used last; 1.5 kB each, whatever their length."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rows: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def fill(self, vectors: Vectors, texts: Sequence[str]) -> list[int]:
        """Writes what is known into its rows. Returns the indexes of the others."""
        unknown = []
        with self._lock:
            for index, text in enumerate(texts):
                row = self._rows.get(key := _key(text))
                if row is None:
                    unknown.append(index)
                else:
                    self._rows.move_to_end(key)
                    vectors[index] = row
        return unknown

    def keep(self, texts: Sequence[str], vectors: Vectors) -> None:
        with self._lock:
            for text, row in zip(texts, vectors, strict=True):
                self._rows[_key(text)] = row.copy()
            while len(self._rows) > self._size:
                self._rows.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
