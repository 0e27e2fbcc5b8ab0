"""What reviewers do about a gap: name it, merge and split it, take questions out, dismiss it and open it again."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from improvement.errors import RefusedError
from improvement.models import (
    Dismissal,
    Gap,
    GapMerge,
    Question,
    merge_gaps,
    put_back,
    split_gap,
    take_out,
)
from improvement.question_marks import mark_question
from improvement.views.gaps import get_gap
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page


class DismissalForm(forms.Form):
    dismissal = forms.ChoiceField(choices=Dismissal.choices)
    reason = forms.CharField(required=False, max_length=300)


class SplitForm(forms.Form):
    name = forms.CharField(required=False, max_length=160)
    questions = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args: object, question_ids: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["questions"].choices = [(pk, pk) for pk in question_ids if pk.isdigit()]  # type: ignore[attr-defined]


def attempt(request: MerchantRequest, act: Callable[[], object], said: str | SafeString) -> bool:
    try:
        act()
    except RefusedError as error:
        messages.error(request, error.message)
        return False
    messages.success(request, said)
    return True


def get_question(merchant: Merchant, question_id: str) -> Question:
    questions = Question.objects.for_merchant(merchant).defer("embedding")
    found: Question = get_object_or_404(questions, pk=int(question_id) if question_id.isdigit() else 0)
    return found


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_names(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    name = request.POST.get("name", "")
    attempt(request, lambda: found.rename(name, by=request.user), _("The name is kept, whatever is asked next."))
    return redirect("gap", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_dismissals(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    form = DismissalForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose why this gap is dismissed, in at most 300 characters."))
        return redirect("gap", merchant.slug, found.pk)
    dismissal, reason = Dismissal(form.cleaned_data["dismissal"]), form.cleaned_data["reason"]
    attempt(
        request,
        lambda: found.dismiss(by=request.user, dismissal=dismissal, reason=reason),
        _("Dismissed. It can be opened again at any time."),
    )
    return redirect("gap", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_reopenings(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    attempt(request, lambda: found.reopen(by=request.user), _("The gap is on the list again."))
    return redirect("gap", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_merges(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    """This gap becomes part of another."""
    found = get_gap(merchant, gap_id)
    into = request.POST.get("into", "")
    target = get_gap(merchant, int(into) if into.isdigit() else 0)
    said = _("“%(name)s” is part of this gap now. It can be taken apart again below.") % {"name": found.name}
    is_done = attempt(request, lambda: merge_gaps(found, target, by=request.user), said)
    return redirect("gap", merchant.slug, target.pk if is_done else found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_merge_undos(request: MerchantRequest, merchant: Merchant, merge_id: int) -> HttpResponse:
    merges = GapMerge.objects.for_merchant(merchant).select_related("source__merchant", "target__merchant", "merchant")
    merge: GapMerge = get_object_or_404(merges, pk=merge_id)
    said = _("Taken apart again: “%(name)s” is a gap of its own.") % {"name": merge.source.name}
    attempt(request, lambda: merge.undo(by=request.user), said)
    return redirect("gap", merchant.slug, merge.source_id if merge.undone_at else merge.target_id)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_splits(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    form = SplitForm(request.POST, question_ids=request.POST.getlist("questions"))
    if not form.is_valid():
        messages.error(request, _("Choose some of the questions, not all of them."))
        return redirect("gap_questions", merchant.slug, found.pk)
    made: list[Gap] = []
    chosen, name = form.cleaned_data["questions"], form.cleaned_data["name"]
    said = _("A gap of its own. To undo this, merge it into “%(name)s”.") % {"name": found.name}
    if attempt(request, lambda: made.append(split_gap(found, chosen, name, by=request.user)), said):
        return redirect("gap", merchant.slug, made[0].pk)
    return redirect("gap_questions", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_exclusions(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    """A question is not part of this gap; with `undo` it is again."""
    found = get_gap(merchant, gap_id)
    question = get_question(merchant, request.POST.get("question", ""))
    if request.POST.get("undo"):
        attempt(
            request, lambda: put_back(found, question, by=request.user), _("The question is part of the gap again.")
        )
        return redirect("gap", merchant.slug, found.pk)
    said = _("The question is no longer part of this gap. It can be put back on the gap’s page.")
    attempt(request, lambda: take_out(found, question, by=request.user), said)
    return redirect("gap_questions", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def question_marks(request: MerchantRequest, merchant: Merchant, question_id: int) -> HttpResponse:
    """Whether an article answers a question, in a person’s word; the next refresh learns from it."""
    question = get_question(merchant, str(question_id))
    is_covered = request.POST.get("is_covered") == "yes"
    mark_question(merchant, question.pk, is_covered=is_covered, by=request.user)
    if is_covered:
        messages.success(request, _("Noted: an article answers this. The next refresh learns from it."))
    else:
        messages.success(request, _("Noted: no article answers this."))
    back = request.POST.get("back", "")
    if back == "conversation":
        return redirect("conversation", merchant.slug, question.conversation_id)
    if question.gap_id is None:
        return redirect("gaps", merchant.slug)
    return redirect("gap" if back == "gap" else "gap_questions", merchant.slug, question.gap_id)
