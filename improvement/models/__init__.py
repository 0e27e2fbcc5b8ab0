from improvement.models.article import Article, ArticleStatus, ArticleVersion, Chunk
from improvement.models.decision import Decision
from improvement.models.draft import Draft, DraftState
from improvement.models.effect import Effect, Verdict
from improvement.models.gap import Dismissal, Gap, GapStatus, Priority
from improvement.models.question import Question
from improvement.models.reading import Reading
from improvement.models.review import Review
from improvement.models.revision import DraftRevision, Writer

__all__ = [
    "Article",
    "ArticleStatus",
    "ArticleVersion",
    "Chunk",
    "Decision",
    "Dismissal",
    "Draft",
    "DraftRevision",
    "DraftState",
    "Effect",
    "Gap",
    "GapStatus",
    "Priority",
    "Question",
    "Reading",
    "Review",
    "Verdict",
    "Writer",
]
