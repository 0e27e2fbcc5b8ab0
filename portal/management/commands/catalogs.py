"""Brings the translations of the interface in line with its texts, and compiles them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.catalogs import catalog_path, missing, to_mo, to_po, update_catalog


class Command(BaseCommand):
    help = "Collects the texts of the interface into locale/ and compiles the catalogues; says what is not translated."

    def handle(self, *args: Any, **options: Any) -> None:
        for language, _name in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:
                continue
            catalog = update_catalog(language)
            path = catalog_path(language)
            path.write_bytes(to_po(catalog))
            path.with_suffix(".mo").write_bytes(to_mo(catalog))
            without = missing(catalog)
            self.stdout.write(f"{language}: {len(catalog)} texts, {len(without)} without a translation")
            for text in without:
                self.stdout.write(f"  {text!r}")
