"""In which language a merchant reads, and how numbers and dates are written. Each is one of settings.LANGUAGES."""

# Each name is in its own language, with what 1234.5 and a date look like there (by Babel).
LOCALES = (
    ("en", "English: 1,234.5 · Nov 23, 2026"),
    ("en-GB", "English (United Kingdom): 1,234.5 · 23 Nov 2026"),
    ("en-DE", "English (Germany): 1.234,5 · 23 Nov 2026"),
    ("en-CH", "English (Switzerland): 1’234.5 · 23 Nov 2026"),
    ("en-SE", "English (Sweden): 1 234,5 · 23 Nov 2026"),
    ("en-NL", "English (Netherlands): 1.234,5 · 23 Nov 2026"),
    ("en-IN", "English (India): 12,34,567.5 · 23 Nov 2026"),
    ("en-AU", "English (Australia): 1,234.5 · 23 Nov 2026"),
    ("de", "Deutsch: 1.234,5 · 23.11.2026"),
    ("de-AT", "Deutsch (Österreich): 1.234,5 · 23.11.2026"),
    ("de-CH", "Deutsch (Schweiz): 1’234.5 · 23.11.2026"),
)
