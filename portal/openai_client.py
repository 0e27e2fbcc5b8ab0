"""The openai SDK's client, for chat and for embeddings. Imported only where there is something to ask."""

import functools
import ssl

import certifi
import openai
from django.conf import settings


def make_client(*, max_retries: int) -> openai.OpenAI:
    """Close it after use: `with make_client(…) as client`."""
    return openai.OpenAI(
        api_key=settings.OPENAI_API_KEY,
        base_url=settings.OPENAI_BASE_URL or None,
        timeout=settings.OPENAI_TIMEOUT_SECONDS,
        max_retries=max_retries,
        http_client=openai.DefaultHttpxClient(verify=trusted_authorities()),
    )


@functools.cache
def trusted_authorities() -> ssl.SSLContext:
    """Read once in a process. The SDK would read the whole list for every client."""
    return ssl.create_default_context(cafile=certifi.where())
