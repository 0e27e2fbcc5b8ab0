"""An uploaded file, or a folder, as the articles in it. Which kind of file it is follows from its name. Pure."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from improvement.article_import_encoding import UnreadableTextError, decode
from improvement.article_import_found import Read, Refused
from improvement.article_import_html import read_html
from improvement.article_import_markdown import read_markdown
from improvement.article_import_rows import read_csv, read_jsonl

MARKDOWN = (".md", ".markdown", ".mdx")
HTML = (".html", ".htm", ".xhtml")
ROWS = (".csv", ".tsv", ".jsonl", ".ndjson")
TEXTS = (*MARKDOWN, *HTML, *ROWS)
ARCHIVE = ".zip"
SITEMAP = ".xml"
KINDS = (*TEXTS, ARCHIVE, SITEMAP)

MAX_BYTES = 20_000_000
# A small archive may hold far more than it weighs.
MAX_UNPACKED = 100_000_000
MAX_FILES = 10_000
MAX_TEXT_BYTES = 10_000_000


def read_file(name: str, content: bytes, collection: str) -> Iterator[Read]:
    """Of every kind but a site map."""
    if suffix(name) == ARCHIVE:
        yield from read_archive(content, collection)
    else:
        yield from read_text(name, content, collection)


def suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def read_text(place: str, content: bytes, collection: str) -> Iterator[Read]:
    kind = suffix(place)
    if kind not in TEXTS:
        yield Refused(place, "", f"not a kind of file that can be read; known are {', '.join(KINDS)}")
        return
    try:
        text = decode(content, is_html=kind in HTML)
    except UnreadableTextError as error:
        yield Refused(place, "", str(error))
        return
    if kind in MARKDOWN:
        yield read_markdown(place, text, collection)
    elif kind in HTML:
        yield read_html(place, text, collection)
    elif kind in (".csv", ".tsv"):
        yield from read_csv(place, text, collection)
    else:
        yield from read_jsonl(place, text)


def read_archive(content: bytes, collection: str) -> Iterator[Read]:
    """Nothing is written to disk, so that a path in the archive leads nowhere."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError) as error:
        yield Refused("", "", f"no zip archive: {error}")
        return
    with archive:
        left = MAX_UNPACKED
        members = [one for one in archive.infolist() if is_wanted(one.filename) and not one.is_dir()]
        for member in sorted(members, key=lambda one: one.filename)[:MAX_FILES]:
            try:
                with archive.open(member) as file:
                    unpacked = file.read(min(MAX_TEXT_BYTES, left) + 1)
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
                yield Refused(member.filename, "", f"cannot be unpacked: {error}"[:250])
                continue
            left -= len(unpacked)
            if len(unpacked) > MAX_TEXT_BYTES or left < 0:
                yield Refused(member.filename, "", "too large when unpacked")
                if left < 0:
                    return
                continue
            yield from read_text(member.filename, unpacked, collection)
        for member in members[MAX_FILES:]:
            yield Refused(member.filename, "", f"more than {MAX_FILES} files")


def read_folder(folder: Path, collection: str) -> Iterator[Read]:
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if not path.is_file() or path.is_symlink() or not is_wanted(place):
            continue
        if path.stat().st_size > MAX_TEXT_BYTES:
            yield Refused(place, "", f"larger than {MAX_TEXT_BYTES // 1_000_000} MB")
        else:
            yield from read_text(place, path.read_bytes(), collection)


def is_wanted(path: str) -> bool:
    """Pictures and what programs leave behind are passed over in silence."""
    parts = PurePosixPath(path).parts
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not is_hidden and suffix(path) in TEXTS
