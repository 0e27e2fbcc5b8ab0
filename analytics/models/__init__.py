from analytics.models.conversation import Channel, Conversation, HandoffReason, Outcome
from analytics.models.event import Event, EventType
from analytics.models.message import Author, Message
from analytics.models.quality import QualityScore, Scorer
from analytics.models.rollup import Rollup

__all__ = [
    "Author",
    "Channel",
    "Conversation",
    "Event",
    "EventType",
    "HandoffReason",
    "Message",
    "Outcome",
    "QualityScore",
    "Rollup",
    "Scorer",
]
