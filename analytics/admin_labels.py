"""Support staff label across merchants, as blind as a merchant's own reviewers, and read what was labelled."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.admin import ModelAdmin

from analytics.label_forms import MarksForm, SkipForm
from analytics.label_page import read_for_label
from analytics.labelling import LabelError, find_last, lease_next, save_marks, skip, undo_last, waiting_for
from analytics.models import Label, LabelTask, Stratum
from analytics.rubric import current_rubric
from portal.models import Merchant, User
from portal.read_only_admin import ReadOnly


@admin.register(Label)
class LabelAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Of tasks that nobody is asked about any more: who still labels one must not read the other's marks here."""

    list_display = (
        *("created_at", "merchant", "conversation", "reviewer_name", "overall", "skip_reason"),
        *("stratum", "is_adjudication", "is_import", "withdrawn_at"),
    )
    list_filter = ("merchant", "task__stratum", "skip_reason", "is_adjudication", "is_import", "rubric_version")
    list_select_related = ("merchant", "conversation", "task")
    search_fields = ("conversation__thread__exact", "reviewer_name")
    date_hierarchy = "created_at"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Label]":
        labels: QuerySet[Label] = super().get_queryset(request)
        return labels.filter(task__closed_at__isnull=False)

    @admin.display(description=_("sample"))
    def stratum(self, label: Label) -> str:
        return str(Stratum(label.task.stratum).label)


@admin.register(LabelTask)
class LabelTaskAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """No list of tasks, which would tell why they were picked: the merchants, and the queue of one."""

    def has_label_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("analytics.add_label")

    def get_urls(self) -> list[URLPattern]:
        queue = self.admin_site.admin_view(never_cache(self.queue_view))
        own = path("queue/<slug:slug>/", queue, name="analytics_labeltask_queue")
        return [own, path("", self.admin_site.admin_view(self.changelist_view), name="analytics_labeltask_changelist")]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        waiting = Count("pk", filter=Q(closed_at=None, is_import=False))
        rows = LabelTask.objects.values_list("merchant_id").annotate(n=waiting).order_by()
        counts = dict(rows)
        merchants = [(merchant, counts.get(merchant.pk, 0)) for merchant in Merchant.objects.all()]
        return self._render(request, "analytics/admin/label_queues.html", {"merchants": merchants})

    def queue_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        merchant, now = get_object_or_404(Merchant, slug=slug), timezone.now()
        user = cast(User, request.user)
        self._check(request)
        form: MarksForm | None = None
        if request.method == "POST":
            form = self._take(request, merchant, user)
            if form is None:
                return HttpResponseRedirect(reverse("admin:analytics_labeltask_queue", args=[merchant.slug]))
        task = lease_next(merchant, user, now=now)
        context: dict[str, Any] = {
            "merchant": merchant,
            "n_waiting": waiting_for(merchant, user).count(),
            "last": find_last(merchant, user, now=now),
        }
        if task is not None:
            form = form or MarksForm(rubric=current_rubric(merchant))
            context |= {"reading": read_for_label(merchant, task), "scales": form.scales(), "form": form}
            context["skip_form"] = SkipForm()
        return self._render(request, "analytics/admin/label_queue.html", context)

    def _take(self, request: HttpRequest, merchant: Merchant, user: User) -> MarksForm | None:
        """Saves, skips or takes back; returns the form where it is not complete."""
        now = timezone.now()
        try:
            if "undo" in request.POST:
                undo_last(merchant, user, now=now)
                return None
            tasks = LabelTask.objects.for_merchant(merchant).filter(is_import=False)
            task = get_object_or_404(tasks, pk=request.POST.get("task", ""))
            if "reason" in request.POST:
                skipped = SkipForm(request.POST)
                if skipped.is_valid():
                    skip(task, skipped.cleaned_data["reason"], by=user, now=now)
                return None
            form = MarksForm(request.POST, rubric=current_rubric(merchant))
            if not form.is_valid():
                return form
            save_marks(task, form.marks, by=user, now=now, comment=form.cleaned_data["comment"])
        except LabelError as error:
            messages.warning(request, str(error.message))
        return None

    def _check(self, request: HttpRequest) -> None:
        if not self.has_label_permission(request):
            raise PermissionDenied

    def _render(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        self._check(request)
        page = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Labelling"), **context}
        return TemplateResponse(request, template, page)
