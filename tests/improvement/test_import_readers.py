"""What is read out of files: Markdown, web pages, tables, lines and archives; and what is refused, with its place."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from improvement import article_import_files
from improvement.article_import_files import read_archive, read_file, read_folder
from improvement.article_import_found import Found, Refused, derive_id, read_moment
from improvement.article_import_html import read_html
from improvement.article_import_markdown import read_markdown
from improvement.article_import_rows import read_csv, read_jsonl
from improvement.chunking import split_article

PAGE = """<!doctype html><html lang="de-AT"><head><title>Rücksendung | Lumen Hilfe</title>
<link rel="canonical" href="https://help.lumen.example/ruecksendung"></head><body>
<header><a href="/">Lumen</a><nav><a href="/a">Alle Themen</a></nav></header>
<div class="breadcrumbs"><a href="/">Hilfe</a> / Bestellen</div>
<main><article><h1>Eine Lampe zurücksenden</h1>
<p>Sie haben <strong>30 Tage</strong> Zeit. <a href="/adresse">Unsere Adresse</a> <a href="#oben">oben</a>
<a href="javascript:alert(1)">Klick</a></p>
<h2>So geht es</h2><ol><li>Etikett drucken<ul><li>Tinte reicht</li></ul></li><li>Paket abgeben</li></ol>
<table><thead><tr><th>Land</th><th>Preis</th></tr></thead><tbody><tr><td>AT</td><td>4,90 €</td></tr></tbody></table>
<img src="x.png" alt="Bild"><script>alert("böse")</script></article>
<aside>Verwandte Artikel: Versand</aside></main>
<form><button>War das hilfreich?</button></form><footer>© Lumen</footer></body></html>"""


def test_front_matter_names_what_the_text_does_not():
    text = (
        "---\nid: kb-7\ntitle: Return a lamp\nlang: en\ntags: [returns, lamps]\nurl: https://x.example/r\n"
        "updated: 2026-05-01\nlayout: page\n---\n# Return a lamp\n\nWithin 30 days.\n"
    )
    found = read_markdown("docs/returns.md", text, "help")
    assert found == Found(
        place="docs/returns.md",
        external_id="kb-7",
        title="Return a lamp",
        body="\nWithin 30 days.\n",
        language="en",
        tags=("returns", "lamps"),
        source_url="https://x.example/r",
        updated_at=datetime(2026, 5, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# First heading\n\nText", "First heading"),
        ("Text alone", "Opening hours"),
        ("---\ntitle: Named\n---\n# Another\n\nText", "Named"),
        ("\ufeff# With a mark\r\n\r\nText", "With a mark"),
        ("--- \nno front matter, a rule", "Opening hours"),
    ],
)
def test_the_title_is_named_or_the_first_heading_or_the_files(text, title):
    assert read_markdown("opening-hours.md", text, "help").title == title


@pytest.mark.parametrize(
    ("front", "field"),
    [
        ("title: [", "front matter"),
        ("- a\n- b", "front matter"),
        ("updated: soon", "updated_at"),
        ("a: !!python/object:x {}", "front matter"),
    ],
)
def test_front_matter_that_cannot_be_read_is_refused_by_field(front, field):
    refused = read_markdown("a.md", f"---\n{front}\n---\nText", "help")
    assert isinstance(refused, Refused)
    assert (refused.place, refused.field, refused.external_id) == ("a.md", field, "help:a")


def test_a_page_keeps_its_content_and_leaves_the_furniture():
    found = read_html("r.html", PAGE, "help")
    assert (found.title, found.language) == ("Eine Lampe zurücksenden", "de-AT")
    assert found.source_url == "https://help.lumen.example/ruecksendung"
    for kept in ("**30 Tage**", "## So geht es", "1. Etikett drucken", "- Tinte reicht", "| AT | 4,90 € |"):
        assert kept in found.body
    for left in (
        "Alle Themen",
        "Bestellen",
        "Verwandte",
        "hilfreich",
        "©",
        "böse",
        "javascript",
        "Bild",
        "# Eine Lampe",
    ):
        assert left not in found.body
    passages = split_article(found.title, found.body)
    assert "AT | 4,90 €" in passages
    assert "Paket abgeben" in passages


def test_links_of_a_fetched_page_lead_to_its_site():
    found = read_html("u", PAGE, "help.lumen.example", url="https://help.lumen.example/de/r", updated="2026-05-01")
    assert "[Unsere Adresse](https://help.lumen.example/adresse)" in found.body
    assert found.external_id == "help.lumen.example:de:r"
    assert found.updated_at == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_page_without_marks_of_its_content_gives_the_part_with_most_text():
    menu = "".join(f'<li><a href="/{n}">Topic number {n} of the shop</a></li>' for n in range(40))
    text = "<p>Turn the knob slowly until the light is as you like it.</p>" * 4
    html = f"<html><title>Dim it - Lumen</title><body><div><ul>{menu}</ul></div><div id=c>{text}</div></body></html>"
    found = read_html("dim.html", html, "help")
    assert found.title == "Dim it"
    assert "Turn the knob" in found.body
    assert "Topic number" not in found.body


@pytest.mark.parametrize(
    ("html", "field"),
    [("<p>Text that is long enough to be one.</p>", "title"), ("<h1>Only this</h1>", "body"), ("", "title")],
)
def test_a_page_without_title_or_text_is_refused(html, field):
    assert read_html("a.html", html, "help").field == field


def test_a_table_is_read_whatever_parts_its_cells():
    rows = list(
        read_csv("a.csv", '\ufefftitle;body;tags\r\nReturns;"Within\r\n30 days";a,b\r\nPay;By card;\r\n', "help")
    )
    assert [(row.title, row.body, row.tags) for row in rows] == [
        ("Returns", "Within\r\n30 days", ("a", "b")),
        ("Pay", "By card", ()),
    ]
    assert rows[0].external_id == "help:returns"
    assert rows[1].place == "a.csv, line 4"


@pytest.mark.parametrize(
    ("text", "place", "field", "reason"),
    [
        ("name,body\na,b\n", "line 1", "title", "names no column title; add it"),
        ("title,body,colour\na,b,c\n", "line 1", "colour", "unknown column colour; take it out"),
        ("title,body,body\na,b,c\n", "line 1", "body", "twice; take one out"),
        ("title,body\na\n", "line 2", "body", "1 cells, but the first line names 2"),
        ("title,body\na,b,c\n", "line 2", "column 3", "put a cell with a separator in quotes"),
        ('title,body\na,b\nc,"d\ne,f\n', "line 3", "body", "none closes it; add it"),
        ('title,body\n"a "b" c",d\n', "line 2", "title", 'write a " inside of it twice'),
        ("title,body,updated_at\na,b,soon\n", "line 2", "updated_at", "no date; write 2026-11-23"),
        ("sep=;\ntitle;body\na,b\n", "line 3", "body", "1 cells"),
        ("", "line 1", "", "the file is empty"),
    ],
)
def test_a_fault_in_a_table_names_its_line_its_column_and_what_to_do(text, place, field, reason):
    *_good, refused = read_csv("a.csv", text, "help")
    assert (refused.place, refused.field) == (f"a.csv, {place}", field)
    assert reason in refused.reason


@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
def test_excels_line_says_what_parts_the_cells(sign):
    text = f'sep={sign}\r\ntitle{sign}body\r\n"Pay, or not; now"{sign}By card\r\n'
    (found,) = read_csv("a.csv", text, "help")
    assert (found.title, found.body, found.place) == ("Pay, or not; now", "By card", "a.csv, line 3")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("name", ["a.csv", "a.md", "a.html", "a.jsonl"])
def test_files_are_read_as_excel_and_old_help_centres_write_them(name, encoding):
    title, body = "Größe ändern – für 5 €", "„Drehen“ Sie den Knopf an der Lampe nach rechts."
    moment = "2026-05-01T09:00:00Z"
    written = {
        "a.csv": f"title;body\n{title};{body}\n",
        "a.md": f"# {title}\n\n{body}\n",
        "a.html": f"<h1>{title}</h1><p>{body}</p>",
        "a.jsonl": f'{{"external_id": "a", "title": "{title}", "body": "{body}", "updated_at": "{moment}"}}',
    }
    (found,) = read_file(name, written[name].encode(encoding), "help")
    assert (found.title, found.body.strip()) == (title, body)


@pytest.mark.parametrize("declared", ["utf-16", "idna", "rot13", "no-such"])
def test_a_page_that_declares_nonsense_is_read_as_western(declared):
    html = f'<meta charset="{declared}"><h1>Grün</h1><p>Drehen Sie den Knopf nach rechts.</p>'
    (found,) = read_file("a.html", html.encode("cp1252"), "help")
    assert found.title == "Grün"


def test_a_page_says_itself_how_it_is_written():
    html = '<meta charset="iso-8859-2"><h1>Zwrot</h1><p>Lampę można zwrócić w ciągu 30 dni.</p>'
    (found,) = read_file("a.html", html.encode("iso-8859-2"), "help")
    assert found.body == "Lampę można zwrócić w ciągu 30 dni."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Grün\n".encode() + "Größe\n".encode("cp1252"), "byte 8, in line 2. Save the file as UTF-8."),
        ("Возврат лампы".encode("cp1251"), "neither UTF-8 nor Windows-1252"),
        (b"\xff\xfeabc", "begins as UTF-16, but is not"),
        (b"Text\nand \x00\x01\x00", "line 2 holds"),
        ("Text".encode("utf-16-le"), "line 1 holds"),
    ],
)
def test_what_would_be_read_wrongly_is_refused_with_what_to_do(content, reason):
    (refused,) = read_file("a.md", content, "help")
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            '<p>Within <strong>30 days</strong>.</p><ul><li>Box</li></ul><a href=""/r"">More</a><script>x</script>',
            "Within **30 days**.\n\n- Box\n\n[More](https://x.example/r)",
        ),
        ("By card<br>or <b>cash</b>", "By card  \nor **cash**"),
        ("# Pay\n\nBy **card**<br>or cash", None),
        ("Write `<b>bold</b>` for bold,\n\nas is", None),
        ("Cheaper if a < b and c > d", None),
    ],
)
def test_html_in_a_table_becomes_markdown_and_markdown_stays(body, shown):
    text = f'title,body,source_url\nPay,"{body}",https://x.example/a/\n'
    (found,) = read_csv("a.csv", text, "help")
    assert found.body == (body if shown is None else shown)


def test_lines_of_json_keep_the_good_and_name_the_bad():
    good = (
        '{"external_id": "a", "title": "A", "body": "T", "updated_at": "2026-05-01T09:00:00Z", "audience": "internal"}'
    )
    found = list(read_jsonl("a.jsonl", f'{good}\n\n{{\n{good[:-1]}, "colour": 1}}\n'))
    assert [type(one).__name__ for one in found] == ["Found", "Refused", "Refused"]
    assert found[0].audience == "internal"
    assert found[1].place == "a.jsonl, line 3"
    assert "colour" in found[2].reason


def zipped(**files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_an_archive_gives_its_texts_and_passes_over_the_rest():
    content = zipped(
        **{
            "a/b.md": "# B\nText",
            "../../etc/x.md": "# X\nText",
            "p.png": b"\x89",
            "__MACOSX/b.md": "x",
            ".git/c.md": "x",
        }
    )
    found = list(read_archive(content, "help"))
    assert [one.title for one in found] == ["B"]
    assert found[0].external_id == "help:a:b"


def test_an_archive_that_unpacks_to_too_much_is_stopped(monkeypatch):
    monkeypatch.setattr(article_import_files, "MAX_UNPACKED", 1000)
    found = list(read_archive(zipped(**{"a.md": "x" * 5000, "b.md": "# B\nText"}), "help"))
    assert [(one.place, one.reason) for one in found] == [("a.md", "too large when unpacked")]


@pytest.mark.parametrize(("name", "content"), [("a.zip", b"nothing"), ("a.docx", b"x"), ("a.md", b"\x00\x01")])
def test_what_is_no_text_is_refused(name, content):
    (refused,) = read_file(name, content, "help")
    assert isinstance(refused, Refused)


def test_a_folder_is_read_in_the_order_of_its_names_without_links(tmp_path):
    (tmp_path / "b.md").write_text("# B\nText")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.md").write_text("# C\nText")
    (tmp_path / "link.md").symlink_to("/etc/hostname")
    assert [one.place for one in read_folder(tmp_path, "help")] == ["a/c.md", "b.md"]


def test_an_id_stands_for_its_path():
    assert derive_id("help", "/Rückgabe & Umtausch/FAQ") == "help:ruckgabe-umtausch:faq"
    assert derive_id("help", "/") == "help:index"
    assert derive_id("help", "/a/") == derive_id("help", "a")
    assert read_moment("2026-05-01T10:00:00+02:00") == datetime(2026, 5, 1, 8, tzinfo=UTC)
