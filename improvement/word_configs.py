"""Which of PostgreSQL's text search configurations reads a language: its stems and function words."""

from portal.languages import NAMES

PLAIN = "simple"
_BY_LANGUAGE = {**NAMES, "nb": "norwegian"}
STEMMED = tuple(dict.fromkeys(_BY_LANGUAGE.values()))


def word_config(language: str) -> str:
    """Of an IETF code such as pt-BR; languages without a stemmer are read word by word."""
    return _BY_LANGUAGE.get(language.lower().replace("_", "-").split("-")[0], PLAIN)
