from improvement.models.article import SHARED, Article, ArticleStatus, ArticleVersion, Audience, Chunk
from improvement.models.article_import import ArticleImport, EntryOutcome, ImportEntry, ImportState
from improvement.models.article_pair import ArticlePair, PairKind, PairStatus
from improvement.models.decision import Decision
from improvement.models.draft import Draft, DraftState
from improvement.models.effect import Effect, Verdict
from improvement.models.gap import Dismissal, Gap, GapStatus, Lack, Priority, Recurrence, Trend
from improvement.models.gap_merge import GapMerge, lock_gaps, merge_gaps
from improvement.models.question import Question
from improvement.models.question_mark import QuestionMark
from improvement.models.question_pin import QuestionPin, put_back, split_gap, take_out
from improvement.models.question_request import QuestionRequest
from improvement.models.reading import Reading
from improvement.models.review import Review
from improvement.models.revision import DraftRevision, Writer
from improvement.models.search_state import SearchState, WordCount

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
    "GapMerge",
    "GapStatus",
    "ImportEntry",
    "ImportState",
    "Lack",
    "PairKind",
    "PairStatus",
    "Priority",
    "Question",
    "QuestionMark",
    "QuestionPin",
    "QuestionRequest",
    "Reading",
    "Recurrence",
    "Review",
    "SearchState",
    "Trend",
    "Verdict",
    "WordCount",
    "Writer",
    "lock_gaps",
    "merge_gaps",
    "put_back",
    "split_gap",
    "take_out",
]
