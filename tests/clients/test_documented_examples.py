"""The examples of docs/clients.md are run as they stand there."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analytics.models import Message
from portal.models import ApiKey, Scope
from tests.clients.test_processes import EXAMPLES
from tests.events import resolved

PAGE = (Path(__file__).resolve().parents[2] / "docs/clients.md").read_text()

pytestmark = pytest.mark.django_db(transaction=True)


def example(language: str, holding: str) -> str:
    (code,) = [code for code in re.findall(rf"```{language}\n(.*?)```", PAGE, re.S) if holding in code]
    return code


@pytest.fixture
def run(merchant, live_server, tmp_path):
    _row, key = ApiKey.create(merchant, name="agent", scopes=[Scope.INGEST])
    environment = {**os.environ, "AFTERCARE_URL": live_server.url, "AFTERCARE_KEY": key, "PYTHONPATH": str(EXAMPLES)}

    def run_code(program: str, code: str) -> str:
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
        command = [program, "-c" if program == "bash" else "-e", code]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_code


def test_curl_sends_one_event(merchant, run):
    assert json.loads(run("bash", example("bash", "9ea0afd9"))) == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert Message.objects.for_merchant(merchant).get().text == "Where is my order?"


def test_curl_sends_a_file(run, tmp_path):
    (tmp_path / "events.ndjson").write_text("\n".join(map(json.dumps, resolved().events)))
    assert json.loads(run("bash", example("bash", "events.ndjson")))["accepted"] == 4


def test_node(merchant, run):
    run("node", example("js", "class Aftercare"))
    found = Message.objects.for_merchant(merchant).order_by("occurred_at", "pk")
    assert {each.text for each in found} == {"Where is my order?", "On its way."}


def test_python(run, merchant, live_server):
    code = example("python", "chat.started").replace("https://aftercare.example", live_server.url)
    key = ApiKey.create(merchant, name="python", scopes=[Scope.INGEST])[1]
    code = code.replace("ac_…", key).replace("/var/lib/agent/aftercare", "spool")
    run("bash", f"python3 - <<'EOF'\n{code}\nEOF")
    assert Message.objects.for_merchant(merchant).count() == 2
