"""The whole chain over HTTP, with a real worker and a real broker: events in, email out."""

import gzip
import json
import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from portal.celery import app
from tests.flows.person import Person
from tests.flows.story import ARTICLES, fortnight

pytestmark = pytest.mark.flow
PASSWORD = "correct horse battery"


@pytest.fixture
def shop(transactional_db):
    from portal.models import Membership, Merchant, Role, User

    shop = Merchant.objects.create(slug="lumen", name="Lumen", timezone="Europe/Berlin", currency="EUR", locale="en")
    for role in (Role.OWNER, Role.REVIEWER):
        user = User.objects.create_user(f"{role.label.lower()}@lumen.example", PASSWORD)
        Membership.objects.create(merchant=shop, user=user, role=role)
    return shop


@pytest.fixture
def open_client():
    """Closes at the end what it was given: a connection kept alive would keep the server's database session."""
    with ExitStack() as stack:
        yield stack.enter_context


def client_with_new_key(owner: Person, site: str) -> httpx2.Client:
    page = owner.post("/lumen/settings/keys/", name="agent", scopes=["ingest", "read", "review"])
    key = re.search(r"ac_[\w-]{40,}", page.text)
    assert key, "the new key is shown once"
    return httpx2.Client(base_url=f"{site}/api/v1", headers={"Authorization": f"Bearer {key[0]}"}, timeout=30)


def send(agent: httpx2.Client, events: list[dict]) -> dict:
    body = gzip.compress("\n".join(json.dumps(event) for event in events).encode())
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    answer = agent.post("/events", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_from_events_to_the_weekly_email(postbox, shop, worker, live_server, open_client):
    site = live_server.url
    owner = open_client(Person(site)).sign_in("owner@lumen.example", PASSWORD)
    reviewer = open_client(Person(site)).sign_in("reviewer@lumen.example", PASSWORD)
    agent = open_client(client_with_new_key(owner, site))

    # The knowledge base, then a fortnight of conversations: 56 answered, 28 about discount codes escalated.
    for external_id, (title, body) in ARTICLES.items():
        answer = agent.put(
            f"/articles/{external_id}/", json={"title": title, "body": body, "updated_at": "2026-01-01T00:00:00Z"}
        )
        assert answer.status_code in (200, 201), answer.text
    events = fortnight(datetime.now(UTC).replace(microsecond=0) - timedelta(days=1))
    assert send(agent, events) == {"accepted": len(events), "duplicates": 0, "rejected": []}
    assert send(agent, events) == {"accepted": 0, "duplicates": len(events), "rejected": []}
    overview = owner.get("/lumen/?period=30d").text
    assert "84" in overview
    assert "66.7" in overview

    # The scheduler's tasks, through the broker: one gap, named by what customers write.
    app.send_task("improvement.tasks.read_new_questions")
    worker.wait_for(lambda: question_count(shop) == 84)
    app.send_task("improvement.tasks.refresh_gaps")
    worker.wait_for(lambda: len(agent.get("/gaps/").json()["results"]) > 0)
    gap, *_ = agent.get("/gaps/").json()["results"]
    assert "code" in gap["name"].lower()
    gap_page = f"/lumen/gaps/{gap['id']}/"
    assert gap["name"] in reviewer.get("/lumen/gaps/").text

    # A cited draft, approved, published: the agent's own search finds the answer now.
    draft_page = str(reviewer.post(f"{gap_page}drafts/", form_on=gap_page).url).removeprefix(site)
    worker.wait_for(lambda: 'name="decision"' in reviewer.get(draft_page).text)
    draft = reviewer.get(draft_page).text
    assert "code in the basket" in draft  # two teammates said it, and which one is quoted depends on what is held back
    revision = re.search(r'name="revision" value="(\d+)"', draft)[1]
    reviewer.post(f"{draft_page}reviews/", form_on=draft_page, decision="approved", revision=revision)
    worker.wait_for(lambda: len(agent.get("/articles/").json()["results"]) == len(ARTICLES) + 1)
    found = agent.get("/article-search/", params={"q": "my voucher code is not accepted"}).json()[0]
    assert "in the basket" in agent.get(f"/articles/{found['article_id']}/").json()["body"]

    # The quality of every answered conversation, then the report, sent by SMTP.
    app.send_task("analytics.tasks.score_ended_conversations")
    worker.wait_for(lambda: score_count(shop) == 84)
    report_page = str(owner.post("/lumen/reports/").url).removeprefix(site)
    owner.post(f"{report_page}deliveries/", form_on=report_page, to="me")
    worker.wait_for(lambda: postbox.messages)
    assert_is_the_weekly_email(postbox.messages[0], gap["name"])


def assert_is_the_weekly_email(email, gap_name: str) -> None:
    assert email["To"] == "owner@lumen.example"
    assert email["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = email.get_body("plain").get_content()
    html = email.get_body("html").get_content()
    for body in (text, html):
        assert "66.7" in body
        assert "Lumen" in body
    assert email["Subject"]
    assert gap_name


def question_count(merchant) -> int:
    from improvement.models import Question

    return Question.objects.for_merchant(merchant).count()


def score_count(merchant) -> int:
    from analytics.models import QualityScore

    return QualityScore.objects.for_merchant(merchant).count()
