from improvement.models.article import SHARED, Article, ArticleStatus, ArticleVersion, Audience, Chunk
from improvement.models.article_import import ArticleImport, EntryOutcome, ImportEntry, ImportState
from improvement.models.article_pair import ArticlePair, PairKind, PairStatus
from improvement.models.decision import Decision
from improvement.models.draft import Draft, DraftState
from improvement.models.effect import Effect, Verdict
from improvement.models.gap import Dismissal, Gap, GapStatus, Priority
from improvement.models.question import Question
from improvement.models.question_mark import QuestionMark
from improvement.models.question_request import QuestionRequest
from improvement.models.reading import Reading
from improvement.models.review import Review
from improvement.models.revision import DraftRevision, Writer

__all__ = [
    "SHARED",
    "Article",
    "ArticleImport",
    "ArticlePair",
    "ArticleStatus",
    "ArticleVersion",
    "Audience",
    "Chunk",
    "Decision",
    "Dismissal",
    "Draft",
    "DraftRevision",
    "DraftState",
    "Effect",
    "EntryOutcome",
    "Gap",
    "GapStatus",
    "ImportEntry",
    "ImportState",
    "PairKind",
    "PairStatus",
    "Priority",
    "Question",
    "QuestionMark",
    "QuestionRequest",
    "Reading",
    "Review",
    "Verdict",
    "Writer",
]
