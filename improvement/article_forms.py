"""What people type when they write an article by hand."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from improvement.article_import_files import KINDS, MAX_BYTES, suffix
from improvement.article_texts import MAX_TAG, MAX_TAGS, SCHEMES
from improvement.models import Audience


class ArticleForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    body = forms.CharField(
        label=_("Text"), widget=forms.Textarea(attrs={"rows": 18}), max_length=50_000, help_text=_("Markdown")
    )
    language = forms.CharField(
        label=_("Language"), max_length=16, initial="en", help_text=_("An IETF code, such as en or pt-BR")
    )
    audience = forms.ChoiceField(label=_("For whom"), choices=Audience.choices, initial=Audience.PUBLIC)
    tags = forms.CharField(label=_("Tags"), required=False, max_length=600, help_text=_("Separated by commas"))
    source_url = forms.URLField(label=_("Address on your site"), required=False, max_length=200, assume_scheme="https")

    # The version that the writer started from; 0 for a new article.
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)

    def clean_tags(self) -> list[str]:
        tags = [tag.strip() for tag in self.cleaned_data["tags"].split(",")]
        if any(len(tag) > MAX_TAG for tag in tags):
            raise forms.ValidationError(_("A tag has at most 60 characters."))
        if len(tags) > MAX_TAGS:
            raise forms.ValidationError(_("At most 50 tags."))
        return list(dict.fromkeys(tag for tag in tags if tag))


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("Markdown, HTML, CSV or JSONL, several in a ZIP, or a help centre’s sitemap.xml; up to 20 MB"),
        widget=forms.FileInput(attrs={"accept": ",".join(KINDS)}),
    )
    address = forms.URLField(
        label=_("Or the address of a site map"), required=False, max_length=200, assume_scheme="https"
    )
    language = forms.CharField(label=_("Language"), max_length=16, help_text=_("Of articles that name none"))
    audience = forms.ChoiceField(label=_("For whom"), choices=Audience.choices, initial=Audience.PUBLIC)
    collection = forms.RegexField(
        r"^[\w.-]+$",
        label=_("Name of this source"),
        required=False,
        max_length=100,
        help_text=_("Articles that are missing the next time are found by it. Default: the file’s name or the host."),
    )

    def clean(self) -> dict[str, Any]:
        entered: dict[str, Any] = super().clean() or {}
        file, address = entered.get("file"), entered.get("address")
        if address and not address.startswith(SCHEMES):
            self.add_error("address", _("The address begins with http:// or https://."))
        if bool(file) == bool(address) and not self.errors:
            raise forms.ValidationError(_("Choose a file, or give the address of a site map."))
        if file and suffix(file.name) not in KINDS:
            kinds = ", ".join(KINDS)
            self.add_error("file", _("This kind of file cannot be read. Known are %(kinds)s.") % {"kinds": kinds})
        elif file and file.size > MAX_BYTES:
            self.add_error("file", _("The file is larger than 20 MB."))
        return entered
