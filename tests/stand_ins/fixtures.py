"""The outside world on loopback, spoken to by the real SDKs."""

from collections.abc import Iterator

import pytest

from tests.stand_ins.langsmith_server import LangSmithServer
from tests.stand_ins.openai_server import OpenAIServer


@pytest.fixture
def openai_server(settings) -> Iterator[OpenAIServer]:
    server = OpenAIServer().start()
    settings.OPENAI_API_KEY = "sk-stand-in"
    settings.OPENAI_BASE_URL = server.base_url
    settings.OPENAI_MODEL = "gpt-4o-mini"
    settings.OPENAI_TIMEOUT_SECONDS = 5
    yield server
    server.stop()


@pytest.fixture
def langsmith_server(settings) -> Iterator[LangSmithServer]:
    server = LangSmithServer().start()
    settings.LANGSMITH_API_KEY = "ls-stand-in"
    settings.LANGSMITH_ENDPOINT = server.origin
    settings.LANGSMITH_AGENT_PROJECT = "agent"
    yield server
    server.stop()
