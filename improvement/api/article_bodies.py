"""Articles as they come and go over REST."""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from improvement.article_texts import (
    MAX_BODY,
    MAX_ID,
    MAX_LANGUAGE,
    MAX_TAG,
    MAX_TAGS,
    MAX_TITLE,
    MAX_URL,
    ArticleText,
)
from improvement.models import Article, ArticleStatus, Audience
from portal.api_query import Choice, Moment, Text

URL = r"^(https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[!-~]*)?)?$"
MAX_AT_ONCE = 100
NEW_TEXTS_EXAMPLE = {
    "articles": [
        {
            "external_id": "kb-17",
            "title": "Return a lamp",
            "body": "Within **30 days**, in its box.",
            "tags": ["returns"],
            "source_url": "https://help.lumen.example/returns",
            "updated_at": "2026-11-23T08:30:00Z",
        },
        {
            "external_id": "kb-18",
            "title": "Eine Lampe zurücksenden",
            "body": "Innerhalb von **30 Tagen**, im Karton.",
            "language": "de",
            "audience": "customers",
            "updated_at": "2026-11-23T08:30:00Z",
        },
    ]
}
SAVED_EXAMPLE = [
    {
        "external_id": "kb-17",
        "version": 4,
        "updated_at": "2026-11-23T08:31:11.204000Z",
        "is_new": False,
        "is_changed": True,
    },
    {
        "external_id": "kb-18",
        "version": 1,
        "updated_at": "2026-11-23T08:31:11.204000Z",
        "is_new": True,
        "is_changed": True,
    },
]
_ETAG = re.compile(r'^"([0-9]{1,9})"$')


class ArticleSerializer(serializers.ModelSerializer[Article]):
    """What the reader may not have (any more) comes as archived, without its text. Context: `audiences`."""

    status = serializers.ChoiceField(choices=ArticleStatus.choices)
    audience = serializers.ChoiceField(choices=Audience.choices)
    source_url = serializers.CharField(allow_blank=True)
    body = serializers.CharField(source="live_version.body", help_text="Markdown, the live version.")
    version = serializers.IntegerField(source="live_version.number")
    published_at = serializers.DateTimeField(
        source="live_version.published_at", help_text="When this version's text changed at its source."
    )

    class Meta:
        model = Article
        fields = (
            *("external_id", "title", "body", "language", "audience", "tags", "source_url", "status", "version"),
            *("published_at", "updated_at"),
        )

    def to_representation(self, instance: Article) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if instance.audience not in self.context["audiences"]:
            shown |= {"status": ArticleStatus.ARCHIVED.value, "title": "", "body": "", "tags": [], "source_url": ""}
        return shown


class NewTextSerializer(serializers.Serializer[Any]):
    title = Text(max_length=MAX_TITLE)
    body = Text(max_length=MAX_BODY, help_text="Markdown")
    language = Text(max_length=MAX_LANGUAGE, default="en")
    audience = Choice(
        Audience.values, required=False, help_text="Left out: what the article has; public for a new one."
    )
    tags = serializers.ListField(child=Text(max_length=MAX_TAG), default=list, max_length=MAX_TAGS)
    source_url = serializers.RegexField(URL, max_length=MAX_URL, default="", allow_blank=True)
    updated_at = Moment(help_text="When the text changed at its source.")


class NamedTextSerializer(NewTextSerializer):
    external_id = Text(max_length=MAX_ID)
    if_version = serializers.IntegerField(min_value=0, required=False, allow_null=True)


class NewTextsSerializer(serializers.Serializer[Any]):
    articles = serializers.ListField(child=NamedTextSerializer(), min_length=1, max_length=MAX_AT_ONCE)

    def validate_articles(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        first: dict[str, int] = {}
        twice = {
            str(place): {"external_id": [f"{name} is in place {first[name]} already."]}
            for place, name in enumerate(row["external_id"] for row in rows)
            if first.setdefault(name, place) != place
        }
        if twice:
            raise serializers.ValidationError(twice)
        return rows


class SavedSerializer(serializers.Serializer[Any]):
    external_id = serializers.CharField(source="article.external_id")
    version = serializers.IntegerField(source="article.live_version.number")
    updated_at = serializers.DateTimeField(source="article.updated_at")
    is_new = serializers.BooleanField()
    is_changed = serializers.BooleanField(help_text="False: the same article was there already.")


def to_text(external_id: str, row: Mapping[str, Any], audience: str) -> ArticleText:
    """The same limits were checked by the serializer. `audience` counts where the row names none."""
    return ArticleText(
        external_id=external_id,
        title=row["title"],
        body=row["body"],
        updated_at=row["updated_at"],
        language=row["language"],
        audience=row.get("audience") or audience,
        tags=tuple(row["tags"]),
        source_url=row["source_url"],
    )


def etag(article: Article) -> str:
    return f'"{article.get_live_version().number}"'


def read_etag(given: str | None) -> int | None:
    """The version that `If-Match` names; None where it was not sent."""
    if given is None:
        return None
    match = _ETAG.match(given.strip())
    if match is None:
        raise serializers.ValidationError({"If-Match": ['Take it from `ETag` of an earlier answer, such as "3".']})
    return int(match.group(1))
