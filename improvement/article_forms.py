"""What people type when they write an article by hand."""

from django import forms
from django.utils.translation import gettext_lazy as _

MAX_TAG = 60


class ArticleForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    body = forms.CharField(
        label=_("Text"), widget=forms.Textarea(attrs={"rows": 18}), max_length=50_000, help_text=_("Markdown")
    )
    language = forms.CharField(
        label=_("Language"), max_length=16, initial="en", help_text=_("An IETF code, such as en or pt-BR")
    )
    tags = forms.CharField(label=_("Tags"), required=False, max_length=600, help_text=_("Separated by commas"))
    source_url = forms.URLField(label=_("Address on your site"), required=False, max_length=200, assume_scheme="https")

    def clean_tags(self) -> list[str]:
        tags = [tag.strip() for tag in self.cleaned_data["tags"].split(",")]
        if any(len(tag) > MAX_TAG for tag in tags):
            raise forms.ValidationError(_("A tag has at most 60 characters."))
        return list(dict.fromkeys(tag for tag in tags if tag))
