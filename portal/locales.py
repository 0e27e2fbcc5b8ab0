"""How numbers and dates may be written. Texts are English, so the offered locales are those that speak it."""

from django.utils.translation import gettext_lazy as _

# Babel knows each of these; the example is what 1234.5 and a date look like there.
LOCALES = (
    ("en", _("International English: 1,234.5 · Nov 23, 2026")),
    ("en-GB", _("British: 1,234.5 · 23 Nov 2026")),
    ("en-DE", _("German: 1.234,5 · 23 Nov 2026")),
    ("en-CH", _("Swiss: 1’234.5 · 23 Nov 2026")),
    ("en-SE", _("Swedish: 1 234,5 · 23 Nov 2026")),
    ("en-NL", _("Dutch: 1.234,5 · 23 Nov 2026")),
    ("en-IN", _("Indian: 12,34,567.5 · 23 Nov 2026")),
    ("en-AU", _("Australian: 1,234.5 · 23 Nov 2026")),
)
