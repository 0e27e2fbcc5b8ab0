"""The knowledge base over REST: the agent pulls the live texts, other systems keep them in step."""

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from improvement.api.article_bodies import (
    NEW_TEXTS_EXAMPLE,
    SAVED_EXAMPLE,
    ArticleSerializer,
    NewTextSerializer,
    NewTextsSerializer,
    SavedSerializer,
    etag,
    read_etag,
    to_text,
)
from improvement.article_search import Filter, search_articles
from improvement.articles import Saved, VersionConflictError, archive_article, save_articles
from improvement.models import SHARED, Article, ArticleStatus, Audience
from portal.api import MerchantApiView
from portal.api_page import PageQuery, page_of, read_page
from portal.api_query import Choice, Query
from portal.embeddings import EmbeddingError
from portal.models import ApiKey, Scope


class EmbeddingUnavailable(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE


class VersionChanged(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED


IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
    OpenApiParameter.HEADER,
    description='The `ETag` of the article that you have seen, such as "3": the change is refused with 412 where '
    "somebody saved since.",
)
AUDIENCES = "Default: public and customers. What is for the team alone has to be asked for by name."


class ArticlesQuery(PageQuery):
    status = Choice(ArticleStatus.values, required=False)
    language = serializers.CharField(max_length=16, required=False, help_text="Such as en, which includes en-US.")
    audience = serializers.ListField(child=Choice(Audience.values), required=False, help_text=AUDIENCES)


class SearchQuery(Query):
    q = serializers.CharField(max_length=1000, help_text="A customer's question.")
    limit = serializers.IntegerField(min_value=1, max_value=20, default=5)
    language = serializers.CharField(max_length=16, required=False, help_text="Such as en, which includes en-US.")
    audience = serializers.ListField(child=Choice(Audience.values), required=False, help_text=AUDIENCES)


class HitSerializer(serializers.Serializer[Any]):
    article_id = serializers.CharField(source="article.external_id")
    title = serializers.CharField(source="article.title")
    language = serializers.CharField(source="article.language")
    version = serializers.IntegerField(source="article.live_version.number")
    passage = serializers.CharField(help_text="The part of the article that fits best.")
    heading = serializers.CharField(help_text="The headings above it, from the outside in.")
    similarity = serializers.FloatField(help_text="Cosine of the passage, -1 to 1.")
    words = serializers.FloatField(help_text="Share of the question’s words in the passage, 0 to 1.")
    score = serializers.FloatField(help_text="Meaning and words together; only for ordering.")


def saved_articles(view: MerchantApiView) -> "QuerySet[Article]":
    articles: QuerySet[Article] = Article.objects.for_merchant(view.merchant).exclude(live_version=None)
    return articles.select_related("live_version")


def in_language(articles: "QuerySet[Article]", language: str) -> "QuerySet[Article]":
    return articles.filter(Q(language=language) | Q(language__startswith=f"{language}-"))


def key_of(view: MerchantApiView) -> ApiKey | None:
    key = view.request.auth
    return key if isinstance(key, ApiKey) else None


def save(view: MerchantApiView, rows: dict[str, dict[str, Any]], expected: dict[str, int]) -> list[Saved]:
    """Raises EmbeddingUnavailable and VersionConflictError."""
    known = dict(saved_articles(view).filter(external_id__in=list(rows)).values_list("external_id", "audience"))
    texts = [to_text(name, row, known.get(name, Audience.PUBLIC.value)) for name, row in rows.items()]
    try:
        return save_articles(view.merchant, texts, via=key_of(view), expected=expected)
    except EmbeddingError as error:
        raise EmbeddingUnavailable(str(error)) from error


def describe_conflict(error: VersionConflictError) -> str:
    live = error.article.get_live_version().number if error.article else 0
    return f"{error.external_id} is at version {live}. Read it again before you change it."


class ArticlesView(MerchantApiView):
    query = ArticlesQuery

    @property
    def scope(self) -> Scope:  # type: ignore[override]
        """Reading takes less than changing what the agent says."""
        return Scope.REVIEW if self.request.method == "POST" else Scope.READ

    @extend_schema(
        operation_id="articles_list",
        tags=["articles"],
        summary="Articles with their live text, by the time of their last change",
        description="Archived articles are in it too, so that a client that keeps a copy can drop them; so are "
        "articles that it was given before and that are for another audience now, as archived and without their text.",
        responses=page_of(ArticleSerializer),
    )
    def get(self, request: Request) -> Response:
        audiences = self.asked.get("audience") or list(SHARED)
        articles = saved_articles(self).filter(Q(audience__in=audiences) | Q(was_shared=True))
        if wanted := self.asked.get("status"):
            is_there = Q(status=ArticleStatus.PUBLISHED, audience__in=audiences)
            articles = articles.filter(is_there if wanted == ArticleStatus.PUBLISHED else ~is_there)
        if language := self.asked.get("language"):
            articles = in_language(articles, language)
        return read_page(self, articles, ArticleSerializer, context={"audiences": audiences})

    @extend_schema(
        operation_id="articles_post",
        tags=["articles"],
        summary="Create many articles or bring them up to date, all or none",
        description="Up to 100. Each as `articles_put` takes it, with its `external_id`; `if_version` is the version "
        "that it was made from, 0 for none, and one that is outdated refuses them all with 412. Errors name the place "
        "in the list, from 0, and the field.",
        request=NewTextsSerializer,
        examples=[
            OpenApiExample("A changed text and a new one", value=NEW_TEXTS_EXAMPLE, request_only=True),
            OpenApiExample("Both were saved", value=SAVED_EXAMPLE, response_only=True, status_codes=["200"]),
        ],
        responses={
            200: SavedSerializer(many=True),
            412: OpenApiResponse(description="Somebody saved one of them since."),
            503: OpenApiResponse(description="The embedding model is away."),
        },
    )
    def post(self, request: Request) -> Response:
        body = NewTextsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rows = body.validated_data["articles"]
        expected = {row["external_id"]: row["if_version"] for row in rows if row.get("if_version") is not None}
        try:
            saved = save(self, {row["external_id"]: row for row in rows}, expected)
        except VersionConflictError as error:
            place = next(n for n, row in enumerate(rows) if row["external_id"] == error.external_id)
            raise VersionChanged(f"articles.{place}.if_version: {describe_conflict(error)}") from error
        return Response(SavedSerializer(saved, many=True).data)


class ArticleView(MerchantApiView):
    @property
    def scope(self) -> Scope:  # type: ignore[override]
        """Reading takes less than changing what the agent says."""
        return Scope.REVIEW if self.request.method in ("PUT", "DELETE") else Scope.READ

    @extend_schema(
        operation_id="articles_read",
        tags=["articles"],
        summary="One article",
        description="Of whatever audience. Its `ETag` is the number of its version.",
        responses=ArticleSerializer,
    )
    def get(self, request: Request, external_id: str) -> Response:
        article = get_object_or_404(saved_articles(self), external_id=external_id)
        return self.answer(article, status.HTTP_200_OK)

    @extend_schema(
        operation_id="articles_put",
        tags=["articles"],
        summary="Create an article or bring it up to date",
        description="The same text again changes nothing. A changed text becomes a new version, live at once.",
        parameters=[IF_MATCH],
        request=NewTextSerializer,
        responses={
            200: ArticleSerializer,
            201: ArticleSerializer,
            412: OpenApiResponse(description="Somebody saved it since."),
            503: OpenApiResponse(description="The embedding model is away."),
        },
    )
    def put(self, request: Request, external_id: str) -> Response:
        if len(external_id) > 128:
            raise serializers.ValidationError({"external_id": ["At most 128 characters."]})
        text = NewTextSerializer(data=request.data)
        text.is_valid(raise_exception=True)
        version = read_etag(request.headers.get("If-Match"))
        expected = {} if version is None else {external_id: version}
        try:
            (saved,) = save(self, {external_id: text.validated_data}, expected)
        except VersionConflictError as error:
            raise VersionChanged(describe_conflict(error)) from error
        return self.answer(saved.article, status.HTTP_201_CREATED if saved.is_new else status.HTTP_200_OK)

    @extend_schema(
        operation_id="articles_delete",
        tags=["articles"],
        summary="Archive an article",
        description="Out of search and coverage; the list tells it as archived. Its versions stay, and `articles_put` "
        "brings it back. Archiving it again changes nothing.",
        parameters=[IF_MATCH],
        responses={
            204: None,
            400: OpenApiResponse(description="`If-Match` is no `ETag` of an article."),
            412: OpenApiResponse(description="Somebody saved it since."),
        },
    )
    def delete(self, request: Request, external_id: str) -> Response:
        article = get_object_or_404(saved_articles(self).select_related("merchant"), external_id=external_id)
        version = read_etag(request.headers.get("If-Match"))
        try:
            archive_article(article, by=None, at=self.now, via=key_of(self), expected_version=version)
        except VersionConflictError as error:
            raise VersionChanged(describe_conflict(error)) from error
        return Response(status=status.HTTP_204_NO_CONTENT)

    def answer(self, article: Article, code: int) -> Response:
        shown = ArticleSerializer(article, context={"audiences": Audience.values}).data
        return Response(shown, status=code, headers={"ETag": etag(article)})


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
        wanted = Filter(self.asked.get("audience") or SHARED, self.asked.get("language", ""))
        try:
            hits = search_articles(self.merchant, self.asked["q"], self.asked["limit"], wanted)
        except EmbeddingError as error:
            raise EmbeddingUnavailable(str(error)) from error
        return Response(HitSerializer(hits, many=True).data)
