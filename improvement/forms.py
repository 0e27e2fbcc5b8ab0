"""What people type on the pages of drafts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from improvement.models import Decision

MAX_SECONDS = 3600  # a page left open over lunch is no review time


class ReviewForm(forms.Form):
    decision = forms.ChoiceField(choices=Decision.choices, error_messages={"required": _("Say approved or rejected.")})
    revision = forms.IntegerField(min_value=1)
    comment = forms.CharField(required=False, max_length=2000)
    opened_at = forms.IntegerField(required=False)

    def clean_comment(self) -> str:
        comment: str = self.cleaned_data["comment"].strip()
        if self.cleaned_data.get("decision") == Decision.REJECTED and not comment:
            raise forms.ValidationError(_("Say why: the reason is kept with the draft."))
        return comment


class RevisionForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    body = forms.CharField(
        label=_("Text"),
        strip=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true"}),
        help_text=_("Markdown. Keep the [n] behind a sentence: it names the source, and customers never see it."),
    )
