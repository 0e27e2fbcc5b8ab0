"""Everything that the review page shows about one draft, gathered in a fixed number of queries."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from analytics.models import Conversation
from improvement.comparing import Part, compare
from improvement.models import Article, Draft, DraftRevision, DraftState, Effect, Review
from improvement.personal_data import find_personal
from improvement.rendering import render_for_review
from improvement.sentences import find_marks, strip_marks
from portal.models import Job, Merchant

MAX_ALSO = 5
PROBLEMS: dict[str, str | Promise] = {
    "no_source": _("No source is cited."),
    "number": _("A number here stands in none of its sources."),
    "negation": _("Its source says the opposite, or one of the two has a “not”."),
    "words": _("Its sources do not say this."),
}


@dataclass(frozen=True, slots=True)
class SourceView:
    mark: int
    kind: str
    quote: str
    conversation: Conversation | None
    article: Article | None
    also: list[Conversation]
    n_also: int


@dataclass(frozen=True, slots=True)
class ClaimView:
    index: int
    text: str
    problem: str | Promise
    missing: list[str]


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A revision with what changed since the one before it."""

    revision: DraftRevision
    review: Review | None
    title_changes: list[Part] | None
    changes: list[Part] | None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    draft: Draft
    revision: DraftRevision | None
    job: Job | None
    article_html: SafeString
    sources: list[SourceView]
    questions: list[SourceView]
    problems: list[ClaimView]
    n_claims: int
    personal: list[str]
    revisions: list[RevisionView]
    effect: Effect | None
    opened_at: int

    @property
    def n_supported(self) -> int:
        return self.n_claims - len(self.problems)

    @property
    def last_review(self) -> Review | None:
        return next((entry.review for entry in self.revisions if entry.review), None)

    @property
    def is_waiting(self) -> bool:
        return self.draft.state == DraftState.IN_REVIEW and self.revision is not None

    @property
    def is_editable(self) -> bool:
        return self.draft.state != DraftState.WRITING


def build_review_page(merchant: Merchant, draft: Draft, *, now: datetime) -> ReviewPage:
    revisions = list(draft.revisions.select_related("author", "llm_call"))
    reviews = {review.revision_id: review for review in draft.reviews.select_related("reviewer", "api_key", "revision")}
    revision = revisions[0] if revisions else None
    sources = find_sources(merchant, revision) if revision else []
    grounding: list[dict[str, Any]] = revision.grounding if revision else []
    jobs = Job.objects.for_merchant(merchant).filter(kind="write_draft", target_id=draft.pk)
    return ReviewPage(
        draft=draft,
        revision=revision,
        job=jobs.first() if draft.state == DraftState.WRITING else None,
        article_html=render_for_review(revision.body, grounding) if revision else SafeString(),
        sources=[source for source in sources if source.kind != "customer"],
        questions=[source for source in sources if source.kind == "customer"],
        problems=find_problems(grounding),
        n_claims=len(grounding),
        personal=list(Counter(find_personal(strip_marks(revision.body)))) if revision else [],
        revisions=compare_revisions(revisions, reviews),
        effect=Effect.objects.for_merchant(merchant)
        .filter(version__revision__draft=draft)
        .order_by("-version__published_at")
        .first(),
        opened_at=int(now.timestamp()),
    )


def find_sources(merchant: Merchant, revision: DraftRevision) -> list[SourceView]:
    """Those that the text cites, in the order of their marks; a source that was deleted since keeps its quote."""
    cited = find_marks(revision.body)
    rows = [row for row in revision.citations if row["mark"] in cited]
    wanted = {row["conversation_id"] for row in rows} | {pk for row in rows for pk in row["also"][:MAX_ALSO]}
    conversations = Conversation.objects.for_merchant(merchant).in_bulk(wanted - {None})
    articles = Article.objects.for_merchant(merchant).in_bulk({row["ref"] for row in rows if row["kind"] == "article"})
    return [
        SourceView(
            mark=row["mark"],
            kind=row["kind"],
            quote=row["quote"],
            conversation=conversations.get(row["conversation_id"]),
            article=articles.get(row["ref"]) if row["kind"] == "article" else None,
            also=[conversations[pk] for pk in row["also"][:MAX_ALSO] if pk in conversations],
            n_also=len(row["also"]),
        )
        for row in rows
    ]


def find_problems(grounding: list[dict[str, Any]]) -> list[ClaimView]:
    return [
        ClaimView(index, row["claim"], PROBLEMS[row.get("problem") or "words"], row.get("missing", []))
        for index, row in enumerate(grounding)
        if not row["is_supported"]
    ]


def compare_revisions(revisions: list[DraftRevision], reviews: dict[int, Review]) -> list[RevisionView]:
    """Newest first."""
    earlier: list[DraftRevision | None] = [*revisions, None][1:]
    return [
        RevisionView(
            revision=revision,
            review=reviews.get(revision.pk),
            title_changes=compare(before.title, revision.title) if before else None,
            changes=compare(before.body, revision.body) if before else None,
        )
        for revision, before in zip(revisions, earlier, strict=True)
    ]
