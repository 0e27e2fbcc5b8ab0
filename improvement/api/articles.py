"""The knowledge base over REST: the agent pulls the live texts, other systems keep them in step."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from improvement.article_search import search_articles
from improvement.articles import save_article
from improvement.models import Article, ArticleStatus
from portal.api import MerchantApiView
from portal.api_page import PageQuery, page_of, read_page
from portal.api_query import Choice, Moment, Query, Text
from portal.embeddings import EmbeddingError
from portal.models import Scope


class EmbeddingUnavailable(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE


URL = r"^(https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[!-~]*)?)?$"


class ArticleSerializer(serializers.ModelSerializer[Article]):
    status = serializers.ChoiceField(choices=ArticleStatus.choices)
    source_url = serializers.CharField(allow_blank=True)
    body = serializers.CharField(source="live_version.body", help_text="Markdown, the live version.")
    version = serializers.IntegerField(source="live_version.number")
    published_at = serializers.DateTimeField(
        source="live_version.published_at", help_text="When this version's text changed at its source."
    )

    class Meta:
        model = Article
        fields = (
            *("external_id", "title", "body", "language", "tags", "source_url", "status", "version"),
            *("published_at", "updated_at"),
        )


class NewTextSerializer(serializers.Serializer[Any]):
    title = Text(max_length=200)
    body = Text(max_length=50_000, help_text="Markdown")
    language = Text(max_length=16, default="en")
    tags = serializers.ListField(child=Text(max_length=60), default=list, max_length=50)
    source_url = serializers.RegexField(URL, max_length=200, default="", allow_blank=True)
    updated_at = Moment(help_text="When the text changed at its source.")


class ArticlesQuery(PageQuery):
    status = Choice(ArticleStatus.values, required=False)


class SearchQuery(Query):
    q = serializers.CharField(max_length=1000, help_text="A customer's question.")
    limit = serializers.IntegerField(min_value=1, max_value=20, default=5)


class HitSerializer(serializers.Serializer[Any]):
    article_id = serializers.CharField(source="article.external_id")
    title = serializers.CharField(source="article.title")
    passage = serializers.CharField(help_text="The part of the article that fits best.")
    heading = serializers.CharField(help_text="The headings above it, from the outside in.")
    similarity = serializers.FloatField(help_text="Cosine of the passage, -1 to 1.")
    words = serializers.FloatField(help_text="Share of the question’s words in the passage, 0 to 1.")
    score = serializers.FloatField(help_text="Meaning and words together; only for ordering.")


def saved_articles(view: MerchantApiView) -> "QuerySet[Article]":
    articles: QuerySet[Article] = Article.objects.for_merchant(view.merchant).exclude(live_version=None)
    return articles.select_related("live_version")


class ArticlesView(MerchantApiView):
    scope = Scope.READ
    query = ArticlesQuery

    @extend_schema(
        operation_id="articles_list",
        tags=["articles"],
        summary="Articles with their live text, by the time of their last change",
        description="Archived articles are in it too, so that a client that keeps a copy can drop them.",
        responses=page_of(ArticleSerializer),
    )
    def get(self, request: Request) -> Response:
        articles = saved_articles(self)
        if wanted := self.asked.get("status"):
            articles = articles.filter(status=wanted)
        return read_page(self, articles, ArticleSerializer)


class ArticleView(MerchantApiView):
    @property
    def scope(self) -> Scope:  # type: ignore[override]
        """Reading takes less than changing what the agent says."""
        return Scope.REVIEW if self.request.method == "PUT" else Scope.READ

    @extend_schema(operation_id="articles_read", tags=["articles"], summary="One article", responses=ArticleSerializer)
    def get(self, request: Request, external_id: str) -> Response:
        return Response(ArticleSerializer(get_object_or_404(saved_articles(self), external_id=external_id)).data)

    @extend_schema(
        operation_id="articles_put",
        tags=["articles"],
        summary="Create an article or bring it up to date",
        description="The same text again changes nothing. A changed text becomes a new version, live at once.",
        request=NewTextSerializer,
        responses={
            200: ArticleSerializer,
            201: ArticleSerializer,
            503: OpenApiResponse(description="The embedding model is away."),
        },
    )
    def put(self, request: Request, external_id: str) -> Response:
        if len(external_id) > 128:
            raise serializers.ValidationError({"external_id": ["At most 128 characters."]})
        text = NewTextSerializer(data=request.data)
        text.is_valid(raise_exception=True)
        is_known = saved_articles(self).filter(external_id=external_id).exists()
        try:
            article = save_article(self.merchant, external_id=external_id, **text.validated_data)
        except EmbeddingError as error:
            raise EmbeddingUnavailable(str(error)) from error
        code = status.HTTP_200_OK if is_known else status.HTTP_201_CREATED
        return Response(ArticleSerializer(article).data, status=code)


class ArticleSearchView(MerchantApiView):
    scope = Scope.READ
    query = SearchQuery

    @extend_schema(
        operation_id="article_search",
        tags=["articles"],
        summary="The articles that fit a question best",
        responses={200: HitSerializer(many=True), 503: OpenApiResponse(description="The embedding model is away.")},
    )
    def get(self, request: Request) -> Response:
        try:
            hits = search_articles(self.merchant, self.asked["q"], self.asked["limit"])
        except EmbeddingError as error:
            raise EmbeddingUnavailable(str(error)) from error
        return Response(HitSerializer(hits, many=True).data)
