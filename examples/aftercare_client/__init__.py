"""Sends the events of an AI support agent to Aftercare, and never stands in the agent's way.

    from aftercare_client import Aftercare

    aftercare = Aftercare("https://aftercare.example", key="ac_…", spool="/var/lib/agent/aftercare")
    chat = aftercare.conversation("c-00728", channel="widget")
    chat.started(customer_id="ann", language="en", agent_version="2026.11")
    chat.received("Where is my order?")
    chat.sent("It left our warehouse yesterday.", latency_ms=840, confidence=0.93, sources=[("kb-12", 0.81)])
    chat.resolved(confirmed=True)

docs/clients.md says what it does when the network, the server or this process fails.
"""

from aftercare_client.client import Aftercare, Counts, Limits
from aftercare_client.conversation import Channel, Conversation, HandoffReason
from aftercare_client.delivery import Rejected

__all__ = ["Aftercare", "Channel", "Conversation", "Counts", "HandoffReason", "Limits", "Rejected"]
__version__ = "1.0.0"
