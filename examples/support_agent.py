"""A small support agent that tells Aftercare what it does. Nothing here waits for Aftercare, and nothing fails with it.

    AFTERCARE_URL=http://localhost:8000 AFTERCARE_KEY=ac_… python examples/support_agent.py

The key is made under Settings → API keys, with the scope "Send events". `search` and `ask_model` stand for yours: with
LangChain, `retriever.invoke(question)` and `chain.invoke(…)`; with the OpenAI SDK, `client.chat.completions.create(…)`,
whose `usage` has the tokens. Where the loop is not your own, the same calls go into its callbacks: `on_retriever_end` →
`retrieved`, `on_llm_end` → `sent`, a tool that calls a human → `handed_off`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import uuid4

from aftercare_client import Aftercare, Conversation

ARTICLES = {
    "kb-returns": ("return", "You can return anything within 30 days; the label is in your account."),
    "kb-delivery": ("order", "Orders leave our warehouse within a day; the link to follow yours is in your mail."),
}


@dataclass
class Answer:
    text: str
    confidence: float
    input_tokens: int
    output_tokens: int


def search(question: str) -> list[tuple[str, float]]:
    return [(article, 0.8) for article, (word, _text) in ARTICLES.items() if word in question.lower()]


def ask_model(question: str, found: list[tuple[str, float]]) -> Answer:
    text = ARTICLES[found[0][0]][1]
    return Answer(text, confidence=found[0][1], input_tokens=len(question) // 4 + 300, output_tokens=len(text) // 4)


def answer(chat: Conversation, question: str) -> str:
    chat.received(question)
    began = time.monotonic()
    found = search(question)
    chat.retrieved(question, found)
    if not found:
        text = "I do not know that. A colleague will write to you."
        chat.sent(text, confidence=0.1)
        chat.handed_off("missing_knowledge")
        return text
    reply = ask_model(question, found)
    chat.sent(
        reply.text,
        latency_ms=(time.monotonic() - began) * 1000,
        confidence=reply.confidence,
        model="gpt-4o-mini",
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        sources=found,
    )
    return reply.text


def main() -> None:
    # In a server: one client for the whole process, made at start. The folder keeps events over outages and crashes.
    with Aftercare(spool="aftercare-spool") as aftercare:
        for question in ("Where is my order?", "How do I return a lamp?", "Do you ship to Iceland?"):
            chat = aftercare.conversation(f"example-{uuid4()}", channel="widget")
            chat.started(customer_id="ann", language="en", agent_version="example-1")
            print(f"{question}\n  {answer(chat, question)}")  # noqa: T201 - an example talks
            if "order" in question:
                chat.resolved(confirmed=True)
                chat.rated(5, comment="Quick!")
    print(aftercare.counts)  # noqa: T201


if __name__ == "__main__":
    main()
