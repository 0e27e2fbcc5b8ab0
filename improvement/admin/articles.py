from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from improvement.models import Article, ArticleVersion
from portal.read_only_admin import ReadOnly


class VersionInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = ArticleVersion
    fk_name = "article"
    fields = ("number", "title", "published_by", "published_at")
    show_change_link = True
    extra = 0


@admin.register(Article)
class ArticleAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("title", "merchant", "status", "language", "external_id", "updated_at")
    list_filter = ("merchant", "status", "language")
    list_select_related = ("merchant",)
    search_fields = ("title", "external_id", "merchant__name")
    fields = (
        *("merchant", "external_id", "title", "language", "tags", "source_url", "status", "live_version"),
        *("created_at", "updated_at"),
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
