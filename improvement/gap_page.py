"""What the page of one gap shows: questions over time, examples, the nearest articles and why they are not enough."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Avg, Count, QuerySet
from django.utils.translation import gettext as _

from analytics.charts import Chart
from analytics.coverage_verdict import Verdict
from improvement.gap_reasons import explain_lack, explain_recurrence
from improvement.keyphrases import count_phrases, find_missing_words
from improvement.models import Article, ArticleVersion, Gap, GapMerge, Question, QuestionPin
from improvement.question_verdicts import read_verdicts
from portal.models import Merchant
from portal.templatetags.formats import local_day, number

N_EXAMPLES = 12
N_ARTICLES = 3
N_WEEKS = 26
N_READ_FOR_WORDS = 60
N_TAKEN_OUT = 20
# An article that is nearest to fewer of the questions lacks their words because it is about something else.
MIN_SHARE_FOR_WORDS = 0.1


@dataclass(frozen=True, slots=True)
class NearArticle:
    """An article that came nearest to some of the gap's questions, without answering them."""

    article: Article
    n_questions: int
    similarity: float  # mean cosine to the gap's questions
    covered_similarity: float | None  # to the questions that it does answer; None where it answers none
    missing_words: Sequence[str]  # what the questions say and the article does not


@dataclass(frozen=True, slots=True)
class GapPage:
    gap: Gap
    chart: Chart
    why: str
    recurrence: str
    examples: Sequence[tuple[Question, Verdict]]
    articles: Sequence[NearArticle]
    n_people: int  # customers who asked
    merges: Sequence[GapMerge]  # that can be undone
    taken_out: Sequence[QuestionPin]  # that can be put back


def build_gap_page(merchant: Merchant, gap: Gap, *, now: datetime, hidden: Collection[int] = ()) -> GapPage:
    """`hidden`: conversations whose outcome and rating the reader may not see, as they are about to judge them."""
    questions = read_questions(merchant, gap)
    recent = questions.filter(asked_at__gt=now - timedelta(weeks=N_WEEKS)).order_by()
    days = [moment.astimezone(merchant.zone).date() for moment in recent.values_list("asked_at", flat=True)]
    articles = find_near_articles(merchant, gap)
    examples = list(questions.exclude(conversation__in=hidden)[:N_EXAMPLES])
    merges = GapMerge.objects.for_merchant(merchant).filter(target=gap, undone_at=None)
    taken_out = QuestionPin.objects.for_merchant(merchant).filter(gap=gap, belongs=False, question__gap=None)
    return GapPage(
        gap=gap,
        chart=weekly_chart(count_weeks(days, until=now)),
        why=explain_lack(merchant, gap),
        recurrence=explain_recurrence(gap),
        examples=with_verdicts(merchant, examples, now=now),
        articles=articles,
        n_people=questions.exclude(conversation__customer_id="").values("conversation__customer_id").distinct().count(),
        merges=list(merges.select_related("source", "by").defer("source__centroid")),
        taken_out=list(taken_out.select_related("question", "by").defer("question__embedding")[:N_TAKEN_OUT]),
    )


def read_questions(merchant: Merchant, gap: Gap) -> "QuerySet[Question]":
    """The newest first, by the index question_gap."""
    questions: QuerySet[Question] = Question.objects.for_merchant(merchant).filter(gap=gap)
    return questions.select_related("conversation").defer("embedding").order_by("-asked_at", "-id")


def with_verdicts(
    merchant: Merchant, questions: Sequence[Question], *, now: datetime
) -> list[tuple[Question, Verdict]]:
    verdicts = read_verdicts(merchant, [question.pk for question in questions], now=now)
    return [(question, verdicts[question.pk]) for question in questions if question.pk in verdicts]


def count_weeks(days: Sequence[date], *, until: datetime) -> list[tuple[date, int]]:
    """Monday → questions, without a hole, from the first question on but not further back than half a year."""
    if not days:
        return []
    last = monday(until.date())
    first = max(monday(min(days)), last - timedelta(weeks=N_WEEKS - 1))
    weeks = {first + timedelta(weeks=n): 0 for n in range((last - first).days // 7 + 1)}
    for day in days:
        if monday(day) in weeks:
            weeks[monday(day)] += 1
    return list(weeks.items())


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def weekly_chart(weeks: Sequence[tuple[date, int]]) -> Chart:
    labels = [local_day(week) for week, _n in weeks]
    counts = [n for _week, n in weeks]
    config = {
        "type": "bar",
        "unit": "count",
        "data": {"labels": labels, "datasets": [{"label": _("Questions"), "data": counts, "color": "chart-1"}]},
        "options": {"plugins": {"legend": {"display": False}}},
    }
    rows = tuple((label, number(n)) for label, n in zip(labels, counts, strict=True))
    return Chart(config, (_("Week from"), _("Questions")), rows)


def find_near_articles(merchant: Merchant, gap: Gap) -> list[NearArticle]:
    questions = Question.objects.for_merchant(merchant)
    by_article = questions.filter(gap=gap).values("nearest_article").order_by()
    rows = by_article.annotate(n=Count("pk"), mean=Avg("nearest_similarity")).order_by("-n", "nearest_article")
    # "Has an article" in the query would make the planner read all questions in the order of their articles.
    found = [row for row in rows[: N_ARTICLES + 1] if row["nearest_article"] is not None][:N_ARTICLES]
    ids = [row["nearest_article"] for row in found]
    covered = questions.filter(nearest_article__in=ids, is_covered=True).values("nearest_article").order_by()
    usual = dict(covered.annotate(mean=Avg("nearest_similarity")).values_list("nearest_article", "mean"))
    articles = Article.objects.for_merchant(merchant).in_bulk(ids)
    texts = dict(
        ArticleVersion.objects.filter(pk__in=[a.live_version_id for a in articles.values()]).values_list(
            "article_id", "body"
        )
    )
    asked = count_phrases(list(read_questions(merchant, gap).values_list("text", flat=True)[:N_READ_FOR_WORDS]))
    return [
        NearArticle(
            article=articles[row["nearest_article"]],
            n_questions=row["n"],
            similarity=row["mean"],
            covered_similarity=usual.get(row["nearest_article"]),
            missing_words=[]
            if row["n"] < MIN_SHARE_FOR_WORDS * gap.n_questions
            else find_missing_words(
                asked, f"{articles[row['nearest_article']].title}\n{texts.get(row['nearest_article'], '')}"
            ),
        )
        for row in found
    ]
