"""OpenAI's text-embedding-3-small, cut to 384 dimensions by the service."""

import numpy as np
import openai

from portal.embeddings import DIMENSIONS, OPENAI_MODEL, EmbeddingError, Vectors
from portal.openai_client import make_client

TEXTS_PER_CALL = 256
MAX_CHARACTERS = 8000  # well inside the model's 8,191 tokens, whatever the script
RETRIES = 3


def embed_remotely(texts: list[str]) -> Vectors:
    """Raises EmbeddingError; temporary where the service was busy or could not be reached."""
    with make_client(max_retries=RETRIES) as client:
        parts = [embed_call(client, texts[at : at + TEXTS_PER_CALL]) for at in range(0, len(texts), TEXTS_PER_CALL)]
    return np.concatenate(parts)


def embed_call(client: openai.OpenAI, texts: list[str]) -> Vectors:
    try:
        answer = client.embeddings.create(
            model=OPENAI_MODEL,
            input=[text[:MAX_CHARACTERS] or " " for text in texts],  # the service refuses an empty text
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
