from improvement.models.article import Article, ArticleStatus, ArticleVersion, Chunk
from improvement.models.draft import Draft, DraftRevision, DraftState, Writer
from improvement.models.effect import Effect, Verdict
from improvement.models.gap import Gap, GapStatus, Priority
from improvement.models.question import Question
from improvement.models.review import Decision, Review

__all__ = [
    "Article",
    "ArticleStatus",
    "ArticleVersion",
    "Chunk",
    "Decision",
    "Draft",
    "DraftRevision",
    "DraftState",
    "Effect",
    "Gap",
    "GapStatus",
    "Priority",
    "Question",
    "Review",
    "Verdict",
    "Writer",
]
