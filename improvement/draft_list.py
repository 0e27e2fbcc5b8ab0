"""The drafts of a merchant in the order in which they want attention."""

from django.db.models import Case, F, Func, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from improvement.models import Draft, DraftRevision, DraftState, Effect
from portal.models import Merchant

N_CLAIMS = Func(F("grounding"), function="jsonb_array_length", output_field=IntegerField())
N_SUPPORTED = Func(
    F("grounding"),
    template="jsonb_array_length(jsonb_path_query_array(%(expressions)s, '$[*] ? (@.is_supported == true)'))",
    output_field=IntegerField(),
)
WAITING_FIRST = (DraftState.IN_REVIEW, DraftState.FAILED, DraftState.APPROVED, DraftState.WRITING)
# Tabs of the page: key → states.
GROUPS: dict[str, tuple[DraftState, ...]] = {
    "to_review": (DraftState.IN_REVIEW,),
    "in_progress": (DraftState.WRITING, DraftState.APPROVED),
    "published": (DraftState.PUBLISHED,),
    "closed": (DraftState.REJECTED, DraftState.WITHDRAWN, DraftState.FAILED),
}


def list_drafts(merchant: Merchant, *, group: str = "") -> "QuerySet[Draft]":
    """Waiting ones first, the oldest of them on top; then the newest. Adds title, writer, claims and verdict."""
    drafts: QuerySet[Draft] = Draft.objects.for_merchant(merchant).select_related("gap", "requested_by")
    if group:
        drafts = drafts.filter(state__in=GROUPS[group])
    latest = DraftRevision.objects.filter(draft=OuterRef("pk")).order_by("-number")
    effect = Effect.objects.filter(version__revision__draft=OuterRef("pk")).order_by("-version__published_at")
    order = [When(state=state, then=Value(place)) for place, state in enumerate(WAITING_FIRST)]
    return drafts.annotate(
        title=Coalesce(Subquery(latest.values("title")[:1]), F("gap__name")),
        revision_number=Subquery(latest.values("number")[:1]),
        writer=Subquery(latest.values("writer")[:1]),
        n_claims=Subquery(latest.annotate(n=N_CLAIMS).values("n")[:1]),
        n_supported=Subquery(latest.annotate(n=N_SUPPORTED).values("n")[:1]),
        verdict=Subquery(effect.values("verdict")[:1]),
        change=Subquery(effect.values("change")[:1]),
        place=Case(*order, default=Value(len(WAITING_FIRST)), output_field=IntegerField()),
        waiting_since=Case(When(state=DraftState.IN_REVIEW, then=F("updated_at")), default=Value(None)),
    ).order_by("place", F("waiting_since").asc(nulls_last=True), "-created_at")


def count_groups(merchant: Merchant) -> dict[str, int]:
    states = list(Draft.objects.for_merchant(merchant).values_list("state", flat=True))
    return {group: sum(states.count(state) for state in members) for group, members in GROUPS.items()}
