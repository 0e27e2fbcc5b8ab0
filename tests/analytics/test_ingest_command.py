"""`manage.py ingest`: any size of file, safe to repeat, bad lines told by number."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from analytics.models import Conversation, Event
from tests.events import escalated, resolved

EVENTS = resolved("a").events + escalated("b").events
LINES = [json.dumps(event) for event in EVENTS]


def run(path, *, slug="lumen", **options) -> str:
    out = io.StringIO()
    call_command("ingest", str(path), merchant=slug, stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize("suffix", ["ndjson", "ndjson.gz"])
def test_a_file_is_loaded_once(merchant, tmp_path, suffix, capsys):
    path = tmp_path / f"events.{suffix}"
    text = ("\n".join(LINES[:4]) + "\n\n" + "\n".join(LINES[4:])).encode()
    path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    assert run(path, batch=3) == f"{len(LINES)} accepted, 0 known already, 0 rejected\n"
    assert run(path) == f"0 accepted, {len(LINES)} known already, 0 rejected\n"
    assert Conversation.objects.for_merchant(merchant).count() == 2


def test_bad_lines_are_told_by_number_and_the_rest_is_loaded(merchant, tmp_path, capsys):
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join([*LINES[:2], "{broken", "", '{"type": "x"}', *LINES[2:]]))
    with pytest.raises(CommandError, match="2 lines were rejected"):
        run(path, batch=2)
    told = capsys.readouterr().err
    assert "line 3: event: This is not valid JSON" in told
    assert "line 5: type: Unknown type 'x'" in told
    assert Event.objects.count() == len(LINES)


def test_an_endless_line_is_rejected_and_does_not_fill_the_memory(merchant, tmp_path, capsys):
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join([LINES[0], "x" * 3_000_000, *LINES[1:]]))
    with pytest.raises(CommandError, match="1 lines were rejected"):
        run(path)
    assert "line 2: " in capsys.readouterr().err
    assert Event.objects.count() == len(LINES)


def test_what_stops_it_is_said(merchant, tmp_path, capsys):
    whole = gzip.compress("\n".join(LINES).encode())
    (tmp_path / "cut.ndjson.gz").write_bytes(whole[:-20])
    (tmp_path / "no.ndjson.gz").write_bytes(b"no gzip")
    for name, slug, says in (
        ("cut.ndjson.gz", "lumen", "damaged"),
        ("no.ndjson.gz", "lumen", "cannot be read"),
        ("none.ndjson", "lumen", "cannot be read"),
        ("cut.ndjson.gz", "nobody", "no merchant"),
    ):
        with pytest.raises(CommandError, match=says):
            run(tmp_path / name, slug=slug)
