"""The texts of the interface and their translations: collects them from code and templates, and compiles catalogues.

With Babel alone, so that no gettext tools are needed. `manage.py catalogs` writes what is found to locale/.
"""

import re
from ast import literal_eval
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

CODE = ("analytics", "improvement", "portal", "reporting")
KEYWORDS: dict[str, Any] = {
    "_": None,
    "_t": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
DOMAIN = "django"
_LITERAL = re.compile(r"""u?("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""")
_CALL = re.compile(rf"\b(?P<function>_|n?p?gettext)\((?P<texts>{_LITERAL.pattern}(?:,\s*{_LITERAL.pattern})*)")

Found = tuple[str, str, Any]  # file, function, its texts


def catalog_path(language: str) -> Path:
    return settings.BASE_DIR / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def collect_texts() -> Catalog:
    """Everything that is marked for translation, with the files that say it."""
    catalog = Catalog(project="Aftercare", charset="utf-8")
    for path, function, message in (*_in_code(), *_in_templates()):
        if found := _message(function, message):
            text, context = found
            catalog.add(text, locations=[(path, 0)], context=context)
    return catalog


def _in_code() -> Iterator[Found]:
    for app in CODE:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            for _line, function, message, _comments in extract_python(BytesIO(path.read_bytes()), KEYWORDS, [], {}):
                yield _name(path), str(function), message


def _in_templates() -> Iterator[Found]:
    """Django turns the tags into calls; what stands around them is no Python, so the calls are looked for as text."""
    for path in sorted((settings.BASE_DIR / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            for call in _CALL.finditer(templatize(path.read_text())):
                texts = [literal_eval(text) for text in _LITERAL.findall(call["texts"])]
                yield _name(path), call["function"], tuple(texts)


def _name(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


def _message(function: str, message: Any) -> tuple[Any, str | None] | None:
    """The text, or the pair of singular and plural, and its context; None for a call without a constant."""
    parts = list(message) if isinstance(message, tuple) else [message]
    context = parts.pop(0) if "pgettext" in function else None
    texts = [part for part in parts if part]
    if not texts:
        return None
    is_plural = function.startswith("n") and len(texts) > 1
    return (tuple(texts[:2]) if is_plural else texts[0]), context


def read_catalog(language: str) -> Catalog:
    with catalog_path(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def update_catalog(language: str) -> Catalog:
    """The stored translations of the texts of now: new texts without one, texts that went left out."""
    catalog = read_catalog(language)
    texts = collect_texts()
    texts.creation_date = catalog.creation_date  # nothing changes where no text did
    catalog.update(texts, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    for message in catalog:
        if not message.pluralizable and isinstance(message.string, tuple):
            message.string = message.string[0]  # what Babel gives to a new text
    return catalog


def missing(catalog: Catalog) -> list[str]:
    """The texts that are not translated, or not surely."""
    return [str(message.id) for message in catalog if message.id and (message.fuzzy or not _is_whole(message.string))]


def _is_whole(string: Any) -> bool:
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


def to_po(catalog: Catalog) -> bytes:
    """By text, with the files but without line numbers, so that a moved line changes nothing."""
    out = BytesIO()
    write_po(out, catalog, sort_output=True, include_lineno=False, width=110, omit_header=False)
    return out.getvalue()


def to_mo(catalog: Catalog) -> bytes:
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()
