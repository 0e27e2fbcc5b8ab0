"""What a conversation gives away about itself that makes it worth a look: targeted labels never feed calibration."""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, F, FloatField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Abs

from analytics.models import Author, Conversation, LabelTask, Message, Outcome, QualityScore, Scorer, TargetReason

BORDER = 0.5
NEAR = 0.15  # a score no further from the border
APART = 0.25  # scorers that differ by as much
HIGH = 0.75
LOW_RATING = 2
# The newest so many are searched for words, so that a merchant of millions is not read through.
N_SEARCHED = 1000
# At the start of a word, in the languages that the portal speaks. PostgreSQL's \m is the start of a word.
COMPLAINTS = (
    r"\m(complain|ridiculous|unacceptable|useless|terribl|horribl|awful|angry|furious|frustrat|disappoint|scam|"
    r"worst|wrong answer|not helpful|did ?n.t help|does ?n.t help|that.s not what|not what i asked|"
    r"beschwer|lächerlich|unverschämt|nutzlos|schrecklich|furchtbar|wütend|verärgert|enttäusch|betrug|"
    r"hilft mir nicht|nicht geholfen|falsche antwort|habe ich nicht gefragt)"
)

Rows = QuerySet[Conversation]


def find_targets(rows: Rows, *, rubric_version: str, limit: int) -> dict[TargetReason, list[int]]:
    """The ids of at most `limit` of these conversations for each reason, the most telling first."""
    finders: dict[TargetReason, Callable[[], Any]] = {
        TargetReason.SCORERS_DISAGREE: lambda: _scorers_disagree(rows, rubric_version),
        TargetReason.UNCERTAIN: lambda: _uncertain(rows, rubric_version),
        TargetReason.LOW_RATING: lambda: rows.filter(rating__lte=LOW_RATING).order_by("rating", "-started_at"),
        TargetReason.ESCALATED_THOUGH_HIGH: lambda: _escalated_though_high(rows, rubric_version),
        TargetReason.COMPLAINT: lambda: _complaints(rows),
    }
    return {reason: list(find().values_list("pk", flat=True)[:limit]) for reason, find in finders.items()}


def without_task(rows: Rows, *, rubric_version: str) -> Rows:
    tasks = LabelTask.objects.filter(conversation=OuterRef("pk"), rubric_version=rubric_version)
    return rows.exclude(Exists(tasks))


def _uncertain(rows: Rows, rubric_version: str) -> Rows:
    scored = rows.filter(scores__rubric_version=rubric_version, scores__overall__range=(BORDER - NEAR, BORDER + NEAR))
    distance = Abs(F("scores__overall") - Value(BORDER), output_field=FloatField())
    return scored.annotate(distance=distance).order_by("distance", "-started_at")


def _scorers_disagree(rows: Rows, rubric_version: str) -> Rows:
    def by(scorer: Scorer) -> Subquery:
        scores = QualityScore.objects.filter(conversation=OuterRef("pk"), scorer=scorer, rubric_version=rubric_version)
        return Subquery(scores.order_by("-created_at").values("overall")[:1], output_field=FloatField())

    apart = Abs(by(Scorer.LLM) - by(Scorer.LOCAL))
    judged = rows.filter(scores__scorer=Scorer.LLM, scores__rubric_version=rubric_version)
    return judged.annotate(apart=apart).filter(apart__gte=APART).order_by("-apart", "-started_at")


def _escalated_though_high(rows: Rows, rubric_version: str) -> Rows:
    high = rows.filter(outcome=Outcome.ESCALATED, scores__rubric_version=rubric_version, scores__overall__gte=HIGH)
    return high.order_by("-scores__overall", "-started_at")


def _complaints(rows: Rows) -> Rows:
    newest = list(rows.order_by("-started_at").values_list("pk", flat=True)[:N_SEARCHED])
    said = Message.objects.filter(conversation=OuterRef("pk"), author=Author.CUSTOMER, text__iregex=COMPLAINTS)
    return rows.filter(Exists(said), pk__in=newest).order_by("-started_at")
