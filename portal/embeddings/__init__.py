"""Sentence vectors: the local all-MiniLM-L6-v2, or OpenAI's model where one is configured.

Both have 384 dimensions, yet vectors of two models mean nothing to each other: `model_name()` is stored beside every
vector, and only vectors of one name may be compared.
"""

from collections.abc import Sequence

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

DIMENSIONS = 384
LOCAL_NAME = "local:all-MiniLM-L6-v2"
OPENAI_MODEL = "text-embedding-3-small"
OPENAI_NAME = f"openai:{OPENAI_MODEL}"

Vectors = NDArray[np.float32]


class EmbeddingError(Exception):
    """`permanent` is False where the same call may work later."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


def uses_openai() -> bool:
    return bool(settings.OPENAI_API_KEY and settings.OPENAI_EMBEDDINGS)


def model_name() -> str:
    return OPENAI_NAME if uses_openai() else LOCAL_NAME


def can_embed(model: str) -> bool:
    """Whether questions can still be compared with vectors of that name."""
    return model == LOCAL_NAME or (model == OPENAI_NAME and bool(settings.OPENAI_API_KEY))


def embed(texts: Sequence[str], *, model: str | None = None) -> Vectors:
    """One L2-normalised row of 384 per text, in the order given. Equal texts are embedded once.

    `model`: a name that is stored beside vectors, for questions to those; default: the model of now. The model is
    loaded at the first call, so that a process that never embeds never pays for it. Raises EmbeddingError.
    """
    places: dict[str, int] = {}
    rows = [places.setdefault(text, len(places)) for text in texts]
    if not places:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    model = model or model_name()
    if not can_embed(model):
        raise EmbeddingError(f"There is no model {model} here.", permanent=True)
    if model == OPENAI_NAME:
        from portal.embeddings.remote import embed_remotely as embed_distinct  # noqa: PLC0415
    else:
        from portal.embeddings.local import embed_locally as embed_distinct  # noqa: PLC0415
    return embed_distinct(list(places))[rows]
