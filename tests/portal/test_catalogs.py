"""Every text of the interface has its translation, and what runs is what was translated."""

import pytest
from babel.messages.mofile import read_mo
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

from portal.catalogs import catalog_path, collect_texts, missing, read_catalog, update_catalog
from portal.locales import LOCALES

LANGUAGES = [language for language, _name in settings.LANGUAGES if language != settings.LANGUAGE_CODE]


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


def translations(catalog):
    def plain(text):
        if isinstance(text, bytes):  # as Babel reads contexts from a compiled catalogue
            return text.decode()
        return tuple(text) if isinstance(text, list) else text

    return {(plain(each.id), plain(each.context)): plain(each.string) for each in catalog if each.id}


def test_every_text_is_translated(language):
    catalog = update_catalog(language)
    assert missing(catalog) == [], "run manage.py catalogs and translate what it names"
    assert translations(read_catalog(language)) == translations(catalog)


def test_the_compiled_catalogue_is_the_translated_one(language):
    with catalog_path(language).with_suffix(".mo").open("rb") as file:
        compiled = translations(read_mo(file))
    assert compiled == translations(read_catalog(language))


def test_placeholders_are_those_of_the_text(language):
    wrong = [str(error) for message in read_catalog(language) for error in message.check()]
    assert wrong == []


def test_texts_are_found_in_code_and_templates():
    texts = {message.id for message in collect_texts()}
    assert {"What changed", "Resolution rate"} <= texts
    assert any(isinstance(text, tuple) for text in texts)


def test_german_counts_in_singular_and_plural():
    with translation.override("de"):
        assert gettext("Resolution rate") == "Lösungsquote"
        one, many = (ngettext("%(n)d email sent.", "%(n)d emails sent.", n) % {"n": n} for n in (1, 2))
    assert one != many
    assert "1" in one


def test_each_locale_speaks_a_language_of_the_interface():
    known = {language for language, _name in settings.LANGUAGES}
    assert {code.split("-")[0] for code, _name in LOCALES} == known
