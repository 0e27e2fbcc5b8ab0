"""Tenancy of every address of the site, found through the resolver, so that a new one is swept without being listed.

A new address fails here only when it is outside a merchant (then say below why it may be) or takes a kind of id that
FOREIGN does not know (then say how another merchant comes to have such an object).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from analytics.models import Conversation, LabelTask
from improvement.models import Article, ArticleImport, ArticlePair, Draft, Gap, Question, merge_gaps
from portal.models import ApiKey, Invitation, Job, Membership, Role, Scope
from reporting.models import Report

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Outside of every merchant, and why that is right.
SITE_PAGES = {
    "home": "leads to the merchants of whoever is signed in",
    "login": "",
    "sign_out": "",
    "sign_in_code": "for people whose password was right",
    "admin_sign_in": "leads to the one sign-in",
    "admin_password_change": "leads to one's own",
    "account": "one's own name, protection and sessions",
    "password_change": "one's own",
    "two_step": "one's own",
    "two_step_setup": "one's own",
    "recovery_codes": "one's own",
    "two_step_removal": "one's own",
    "session_removals": "one's own; tests/portal/test_account.py",
    "other_sessions_removals": "one's own",
    "invitation": "the token in the address is the permission, with the invited person's sign-in",
    "password_resets": "for people who cannot sign in",
    "password_reset_sent": "for people who cannot sign in",
    "password_choice": "the signed link is the permission",
    "healthz": "for load balancers",
    "readyz": "for load balancers; says no secret",
    "api_schema": "the contract, no merchant's data",
    "api_docs": "the contract, no merchant's data",
}
# Below a merchant and yet open: the signed token in the address is the permission.
OPEN_BY_TOKEN = {"report_unsubscribe"}


@dataclass(frozen=True)
class Address:
    name: str
    kwargs: tuple[str, ...]
    callback: Any

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(name for name in self.kwargs if name != "slug")

    @property
    def api_view(self) -> Any:
        return getattr(self.callback, "cls", None)

    def scope(self, method: str) -> Scope:
        view = self.api_view()
        view.request = SimpleNamespace(method=method.upper())  # some views ask for another scope to write
        return Scope(view.scope)

    def reverse(self, **kwargs: Any) -> str:
        return reverse(self.name or self.callback, kwargs=kwargs)

    def __str__(self) -> str:
        return self.name or self.callback.__name__


def walk(patterns: list[Any], above: tuple[str, ...] = ()) -> Iterator[Address]:
    for pattern in patterns:
        kwargs = (*above, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":  # Django's own permissions; tests/portal/test_admin.py
                yield from walk(pattern.url_patterns, kwargs)
        elif isinstance(pattern, URLPattern):
            yield Address(pattern.name or "", kwargs, pattern.callback)


ADDRESSES = list(walk(get_resolver().url_patterns))
PAGES = [a for a in ADDRESSES if "slug" in a.kwargs and a.name not in OPEN_BY_TOKEN]
API = [a for a in ADDRESSES if a.api_view is not None and a.name not in SITE_PAGES]
API_CALLS = [(a, m) for a in API for m in ("get", "post", "put", "patch", "delete") if hasattr(a.api_view, m)]


def make_gap(merchant) -> Gap:
    vector = [1.0] + [0.0] * 383
    return Gap.objects.create(
        merchant=merchant, name="Returns", centroid=vector, embedding_model="m", first_asked_at=NOW, last_asked_at=NOW
    )


def make_conversation(merchant) -> Conversation:
    return Conversation.objects.create(
        merchant=merchant, thread="t-1", channel="widget", started_at=NOW, last_event_at=NOW, updated_at=NOW
    )


def make_label_task(merchant) -> LabelTask:
    """One that waits, and on which two people differ, so that every page about a task finds it."""
    return LabelTask.objects.create(
        merchant=merchant,
        conversation=make_conversation(merchant),
        stratum="random",
        rubric_version="1",
        created_at=NOW,
        closed_at=NOW,
        is_disputed=True,
    )


def make_article(merchant) -> Article:
    return Article.objects.create(merchant=merchant, external_id="a-1", title="Returns", updated_at=NOW)


def make_pair(merchant) -> ArticlePair:
    other = Article.objects.create(merchant=merchant, external_id="a-2", title="Returns again", updated_at=NOW)
    return ArticlePair.objects.create(
        merchant=merchant, first=make_article(merchant), second=other, kind="duplicate", similarity=1, found_at=NOW
    )


def make_import(merchant) -> ArticleImport:
    return ArticleImport.objects.create(
        merchant=merchant, name="help.csv", collection="help", language="en", audience="public"
    )


def make_report(merchant) -> Report:
    return Report.objects.create(merchant=merchant, start=NOW, end=NOW, subject="s", digest={}, html="h", text="t")


def make_invitation(merchant) -> Invitation:
    owner = Membership.objects.get(merchant=merchant).user
    return Invitation.create(merchant, "new@post.example", Role.VIEWER, by=owner, at=NOW)


def make_question(merchant) -> Question:
    return Question.objects.create(
        merchant=merchant, conversation=make_conversation(merchant), text="?", asked_at=NOW, embedding=[1] + [0] * 383
    )


# What a kwarg names → how to give one to a merchant. `pk` says nothing, so there the start of the URL's name decides.
FOREIGN: dict[str, Callable[[Any], Any]] = {
    "member_id": lambda merchant: Membership.objects.get(merchant=merchant).pk,
    "invitation_id": lambda merchant: make_invitation(merchant).pk,
    "key_id": lambda merchant: ApiKey.create(merchant, name="k", scopes=[Scope.READ])[0].pk,
    "job_id": lambda merchant: Job.start(merchant, "draft").pk,
    "gap_id": lambda merchant: make_gap(merchant).pk,
    "merge_id": lambda merchant: merge_gaps(make_gap(merchant), make_gap(merchant), by=None).pk,
    "question_id": lambda merchant: make_question(merchant).pk,
    "draft_id": lambda merchant: Draft.objects.create(merchant=merchant, gap=make_gap(merchant)).pk,
    "conversation_id": lambda merchant: make_conversation(merchant).pk,
    "label_task_id": lambda merchant: make_label_task(merchant).pk,
    "article_id": lambda merchant: make_article(merchant).pk,
    "external_id": lambda merchant: make_article(merchant).external_id,
    "number": lambda merchant: 1,
    "pair_id": lambda merchant: make_pair(merchant).pk,
    "import_id": lambda merchant: make_import(merchant).pk,
    "report.pk": lambda merchant: make_report(merchant).pk,
}


def foreign_ids(address: Address, merchant) -> dict[str, Any]:
    """The ids of an address, each naming an object of `merchant`. A KeyError here asks you to extend FOREIGN."""
    kind = address.name.removeprefix("api_").split("_")[0].rstrip("s")
    return {name: FOREIGN[f"{kind}.{name}" if name == "pk" else name](merchant) for name in address.ids}


def open_page(client: Client, address: Address, **kwargs: Any) -> Any:
    """By GET, or by POST where the page takes nothing else."""
    url = address.reverse(**kwargs)
    answer = client.get(url)
    return client.post(url) if answer.status_code == 405 else answer


def test_every_address_is_a_page_of_a_merchant_or_of_the_api_or_is_explained():
    unexplained = {str(a) for a in ADDRESSES} - {str(a) for a in (*PAGES, *API)} - set(SITE_PAGES) - OPEN_BY_TOKEN
    assert unexplained == set()
    assert len(PAGES) > 20
    assert len(API_CALLS) > 5


@pytest.mark.parametrize("address", PAGES, ids=str)
def test_a_stranger_finds_nothing(address, sign_in, stranger, merchant, owner):
    answer = open_page(sign_in(stranger), address, slug=merchant.slug, **foreign_ids(address, merchant))
    assert answer.status_code == 404


@pytest.mark.parametrize("address", PAGES, ids=str)
def test_anonymous_is_asked_to_sign_in(address, merchant, owner):
    answer = open_page(Client(), address, slug=merchant.slug, **foreign_ids(address, merchant))
    assert answer.status_code == 302
    assert answer.url.startswith("/sign-in/?next=/lumen/")


@pytest.mark.parametrize("address", [a for a in PAGES if a.ids], ids=str)
def test_an_owner_does_not_reach_objects_of_another_merchant(address, sign_in, owner, other_merchant, stranger):
    answer = open_page(sign_in(owner), address, slug="lumen", **foreign_ids(address, other_merchant))
    assert answer.status_code == 404


@pytest.mark.parametrize("address", PAGES, ids=str)
def test_a_viewer_is_held_to_the_role_of_the_page(address, sign_in, viewer, merchant):
    role = address.callback.required_role
    answer = open_page(sign_in(viewer), address, slug=merchant.slug, **dict.fromkeys(address.ids, 2**40))
    if role > Role.VIEWER:
        assert answer.status_code == 403
    else:
        assert answer.status_code in (200, 302, 404)


@pytest.mark.parametrize(("address", "method"), API_CALLS, ids=str)
class TestApi:
    def url(self, address, merchant):
        return address.reverse(**foreign_ids(address, merchant))

    def test_without_a_key(self, address, method, merchant, owner):
        answer = getattr(APIClient(), method)(self.url(address, merchant))
        assert answer.status_code == 401

    def test_with_a_revoked_key(self, address, method, merchant, owner, api):
        client = api(address.scope(method))
        ApiKey.objects.update(revoked_at=NOW)
        assert getattr(client, method)(self.url(address, merchant)).status_code == 401

    def test_with_the_wrong_scope(self, address, method, merchant, owner, api):
        url = self.url(address, merchant)
        for scope in set(Scope) - {address.scope(method)}:
            assert getattr(api(scope), method)(url).status_code == 403

    def test_objects_of_another_merchant(self, address, method, merchant, api, other_merchant, stranger):
        if not address.ids:
            return
        answer = getattr(api(address.scope(method)), method)(self.url(address, other_merchant))
        # A PUT to a name that the client chooses makes an object of its own; an empty one is not valid.
        assert answer.status_code == (400 if method == "put" and "external_id" in address.ids else 404)
