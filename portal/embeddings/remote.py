"""OpenAI's text-embedding-3-small, cut to 384 dimensions by the service."""

from collections.abc import Iterator

import numpy as np
import openai

from portal.embeddings import DIMENSIONS, OPENAI_MODEL, EmbeddingError, Vectors
from portal.openai_client import make_client

# The service takes 2,048 texts a request, 300,000 tokens in sum and 8,192 in one text. A token is at least one byte of
# UTF-8, so that bytes hold these limits in every script.
TEXTS_PER_CALL = 256
BYTES_PER_CALL = 290_000
BYTES_PER_TEXT = 8_000
RETRIES = 3


def embed_remotely(texts: list[str]) -> Vectors:
    """Raises EmbeddingError; temporary where the service was busy or could not be reached."""
    with make_client(max_retries=RETRIES) as client:
        return np.concatenate([embed_call(client, batch) for batch in cut_batches(texts)])


def cut_batches(texts: list[str]) -> Iterator[list[str]]:
    """As many requests as the service's limits need; of a text that is too long the beginning."""
    batch: list[str] = []
    n_bytes = 0
    for text in texts:
        cut = text.encode()[:BYTES_PER_TEXT]
        if batch and (len(batch) == TEXTS_PER_CALL or n_bytes + len(cut) > BYTES_PER_CALL):
            yield batch
            batch, n_bytes = [], 0
        batch.append(cut.decode(errors="ignore") or " ")  # the service refuses an empty text
        n_bytes += len(cut)
    yield batch


def embed_call(client: openai.OpenAI, texts: list[str]) -> Vectors:
    try:
        answer = client.embeddings.create(
            model=OPENAI_MODEL,
            input=texts,
            dimensions=DIMENSIONS,
        )
    except (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError) as error:
        raise EmbeddingError(f"The embedding service did not answer: {error}", permanent=False) from error
    except openai.APIError as error:
        raise EmbeddingError(f"The embedding service refused: {error}", permanent=True) from error
    vectors = np.array([row.embedding for row in sorted(answer.data, key=lambda row: row.index)], dtype=np.float32)
    if vectors.shape != (len(texts), DIMENSIONS):
        raise EmbeddingError(f"The embedding service sent vectors of shape {vectors.shape}.", permanent=True)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
