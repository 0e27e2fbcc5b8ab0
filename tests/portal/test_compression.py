"""What a browser gets: text compressed, fonts as they are, the parts of a file uncompressed."""

import gzip

import pytest

pytestmark = pytest.mark.django_db
GZIP = {"accept-encoding": "gzip"}


def content(answer) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content


@pytest.mark.parametrize("path", ["/sign-in/", "/static/js/app.js", "/static/img/icons.svg", "/api/schema/"])
def test_text_goes_out_compressed_to_whom_can_read_it(client, path):
    plain, packed = client.get(path), client.get(path, headers=GZIP)
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    small, large = content(packed), content(plain)
    assert len(small) < len(large) / 2
    assert len(gzip.decompress(small)) == pytest.approx(len(large), rel=0.01)  # a page's form token differs


def test_fonts_and_parts_of_files_stay_as_they_are(client):
    font = client.get("/static/unfold/fonts/inter/Inter-Regular.woff2", headers=GZIP)
    part = client.get("/static/js/app.js", headers=GZIP | {"range": "bytes=0-99"})
    assert (font.status_code, part.status_code) == (200, 206)
    assert "Content-Encoding" not in font
    assert "Content-Encoding" not in part
    assert (content(font)[:4], len(content(part))) == (b"wOF2", 100)
