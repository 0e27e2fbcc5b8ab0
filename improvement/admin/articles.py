from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from improvement.models import Article, ArticleImport, ArticlePair, ArticleVersion, ImportEntry
from portal.read_only_admin import ReadOnly


class VersionInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = ArticleVersion
    fk_name = "article"
    fields = ("number", "title", "published_by", "published_at")
    show_change_link = True
    extra = 0


@admin.register(Article)
class ArticleAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("title", "merchant", "status", "audience", "language", "external_id", "updated_at")
    list_filter = ("merchant", "status", "audience", "language")
    list_select_related = ("merchant",)
    search_fields = ("title", "external_id", "merchant__name")
    fields = (
        *("merchant", "external_id", "title", "language", "audience", "tags", "source_url", "status"),
        *("collection", "live_version", "created_at", "updated_at"),
    )
    inlines = (VersionInline,)


@admin.register(ArticleVersion)
class ArticleVersionAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("title", "article", "number", "published_by", "published_at")
    list_filter = ("article__merchant",)
    search_fields = ("title", "body", "article__external_id")
    fields = ("article", "number", "title", "body", "revision", "published_by", "published_at")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ArticleVersion]":
        versions: QuerySet[ArticleVersion] = super().get_queryset(request)
        return versions.select_related("article", "published_by")


class EntryInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = ImportEntry
    fields = ("number", "outcome", "place", "external_id", "title", "field", "reason")
    max_num = 200
    extra = 0


@admin.register(ArticleImport)
class ArticleImportAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "merchant", "state", "collection", "created_by", "created_at")
    list_filter = ("merchant", "state")
    list_select_related = ("merchant", "created_by")
    fields = (
        *("merchant", "name", "collection", "language", "audience", "state", "state_reason", "archives_missing"),
        *("created_by", "created_at", "ended_at"),
    )
    inlines = (EntryInline,)


@admin.register(ArticlePair)
class ArticlePairAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "merchant", "kind", "status", "similarity", "found_at")
    list_filter = ("merchant", "kind", "status")
    list_select_related = ("merchant", "first", "second")
    fields = (
        *("merchant", "first", "second", "kind", "status", "similarity", "evidence", "found_at"),
        *("dismissed_by", "dismissed_at"),
    )
