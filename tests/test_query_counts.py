"""No page and no list asks the database more often when a shop has more: the N+1 check, with a story told twice."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from tests.flows.shop import committed, draft_for, open_shop, publish, tell, write_report
from tests.flows.story import CODES, INVOICES, PASSWORDS

pytestmark = pytest.mark.django_db
MOST = 30


@pytest.fixture(scope="module")
def counts(django_db_setup, django_db_blocker):
    """Address → queries with one fortnight in the database, and with twice as much of everything."""
    with committed(django_db_blocker):
        shop, owner = open_shop()
        addresses, api_addresses = tell_first_half(shop, owner)
        before = {address: count(ask, address) for ask, address in askers(shop, owner, addresses, api_addresses)}
        tell_second_half(shop, owner)
        after = {address: count(ask, address) for ask, address in askers(shop, owner, addresses, api_addresses)}
    return before, after


def tell_first_half(shop, owner):
    """→ the addresses of pages, and of the API."""
    from analytics.models import Conversation
    from improvement.models import Gap

    tell(shop, CODES, INVOICES)
    draft_for(shop, INVOICES, by=owner)
    draft = publish(draft_for(shop, CODES, by=owner), by=owner)
    report = write_report(shop)
    gap = Gap.objects.for_merchant(shop).get(pk=draft.gap_id)
    conversation = Conversation.objects.for_merchant(shop).latest("started_at")
    details = [f"conversations/{conversation.pk}/", f"gaps/{gap.pk}/", "gaps/?status=all", f"drafts/{draft.pk}/"]
    details += [f"articles/{draft.article_id}/", "articles/?q=voucher", f"articles/{draft.article_id}/versions/"]
    details += ["articles/new/", f"reports/{report.pk}/", f"reports/{report.pk}/email/"]
    sections = ["", "conversations/", "quality/", "gaps/", "drafts/", "articles/", "roi/", "reports/", "settings/"]
    sections += [
        "data-health/",
        "anomalies/",
        "conversations/?text=voucher&topic=uncovered&score=unscored&rating=unrated",
    ]
    sections += ["settings/conversations/", "settings/privacy/", "settings/model/"]
    sections += [
        "settings/team/",
        "settings/keys/",
        "settings/audit/",
        "roi/paper/",
        "roi/export.csv",
        "roi/export.json",
    ]
    api = [
        "metrics/",
        "series/?metric=n_conversations",
        "conversations/",
        f"conversations/{conversation.pk}/",
        "quality/",
        "quality/scores/",
    ]
    api += ["articles/", "articles/returns/", "article-search/?q=voucher", "gaps/", f"gaps/{gap.pk}/"]
    api += ["drafts/", f"drafts/{draft.pk}/", "roi/", "reports/", f"reports/{report.pk}/"]
    return [f"/lumen/{path}" for path in sections + details], [f"/api/v1/{path}" for path in api]


def tell_second_half(shop, owner) -> None:
    tell(shop, INVOICES, PASSWORDS, end=timezone.now().replace(microsecond=0) - timedelta(days=15), edition=" again")
    draft_for(shop, PASSWORDS, by=owner)
    write_report(shop, weeks_ago=1)


def askers(shop, owner, addresses, api_addresses):
    from portal.models import ApiKey, Scope

    browser = Client()
    browser.force_login(owner)
    _row, key = ApiKey.create(shop, name="reader", scopes=[Scope.READ, Scope.REVIEW])
    agent = APIClient(headers={"authorization": f"Bearer {key}"})
    yield from ((browser, address) for address in addresses)
    yield from ((agent, address) for address in api_addresses)


def count(client, address: str) -> int:
    client.get(address)  # what is asked once per process, or once per key and hour, is no part of a page
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return len(queries)


def test_every_page_and_every_list_asks_few_questions(counts):
    before, after = counts
    assert {address: n for found in (before, after) for address, n in found.items() if n > MOST} == {}


def test_twice_as_much_data_is_asked_for_as_often(counts):
    before, after = counts
    assert {address: (n, after[address]) for address, n in before.items() if after[address] > n} == {}
