"""Bytes of a file as text. UTF-8 first; then what Excel and old help centres write. Pure."""

import codecs
import re

from bs4.dammit import EncodingDetector

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Signs that Windows-1252 texts hardly have: control characters; UTF-8 in between; words without one Latin letter.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_UTF8 = re.compile(rb"[\xc2\xc3][\x80-\xbf]")
_OTHER_SCRIPT = re.compile(rb"[\x80-\xff]{4}")
SAVE_AS_UTF8 = "Save the file as UTF-8"


class UnreadableTextError(ValueError):
    """Says where, and what to do."""


def decode(content: bytes, *, is_html: bool = False) -> str:
    """UTF-8, UTF-16 with its mark, what a web page declares, or Windows-1252, which Latin-1 is a part of.

    Raises UnreadableTextError.
    """
    for encoding in _encodings(content, is_html=is_html):
        try:
            text = content.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        # A sign that slipped into UTF-8 does no harm; UTF-16 without its mark looks like UTF-8 full of zeros.
        is_sure = encoding == "utf-8-sig" and text.count("\x00") <= len(text) // 10
        if not is_sure and (found := _CONTROLS.search(text)):
            line = text.count("\n", 0, found.start()) + 1
            raise UnreadableTextError(f"no text: line {line} holds {found.group()!r}. {SAVE_AS_UTF8}.")
        return text
    raise UnreadableTextError(_describe(content))


def _encodings(content: bytes, *, is_html: bool) -> list[str]:
    if content.startswith(_MARKS):
        return ["utf-16"]
    declared = EncodingDetector.find_declared_encoding(content, is_html=True) if is_html else None
    if declared and declared.startswith("utf-16"):
        declared = None  # what was read as bytes to get here is not UTF-16
    is_western = not _UTF8.search(content) and not _OTHER_SCRIPT.search(content)
    return ["utf-8-sig", *([declared] if declared else []), *(["cp1252"] if is_western else [])]


def _describe(content: bytes) -> str:
    if content.startswith(_MARKS):
        return f"begins as UTF-16, but is not. {SAVE_AS_UTF8}."
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"neither UTF-8 nor Windows-1252: byte {error.start}, in line {line}. {SAVE_AS_UTF8}."
    return f"no text. {SAVE_AS_UTF8}."
