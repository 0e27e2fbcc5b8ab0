from analytics.models.archive import ArchivedPeriod
from analytics.models.calibration import Calibration
from analytics.models.conversation import Channel, Conversation, Exclusion, HandoffReason, Outcome
from analytics.models.counting import Counting
from analytics.models.event import Event, EventType
from analytics.models.labels import Label, LabelLease, LabelPlan, LabelTask, SkipReason, Stratum, TargetReason
from analytics.models.message import Author, Message
from analytics.models.quality import QualityScore, ScoreAttempt, Scorer
from analytics.models.recount import Recount
from analytics.models.rejection import RejectedEvents
from analytics.models.rollup import Reconciliation, Rollup
from analytics.models.rubric import RubricVersion
from analytics.models.sealed import DayChannel, DayQuality, DayRollup, SealedDay
from analytics.models.search import SearchProgress, SearchText
from analytics.models.spam import SpamDecision
from analytics.models.trained_scorer import TrainedScorer

__all__ = [
    "ArchivedPeriod",
    "Author",
    "Calibration",
    "Channel",
    "Conversation",
    "Counting",
    "DayChannel",
    "DayQuality",
    "DayRollup",
    "Event",
    "EventType",
    "Exclusion",
    "HandoffReason",
    "Label",
    "LabelLease",
    "LabelPlan",
    "LabelTask",
    "Message",
    "Outcome",
    "QualityScore",
    "Reconciliation",
    "Recount",
    "RejectedEvents",
    "Rollup",
    "RubricVersion",
    "ScoreAttempt",
    "Scorer",
    "SealedDay",
    "SearchProgress",
    "SearchText",
    "SkipReason",
    "SpamDecision",
    "Stratum",
    "TargetReason",
    "TrainedScorer",
]
