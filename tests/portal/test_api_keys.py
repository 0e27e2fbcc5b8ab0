import re

from django.utils import timezone
from rest_framework.test import APIClient

from portal.models import ApiKey, AuditEntry, Scope
from portal.models.api_key import hash_key

URL = "/lumen/settings/keys/"
READ_URL = "/api/v1/drafts/"
YES = {"confirmed": "yes"}


def create(client, name="Agent", scopes=("ingest",)):
    return client.post(URL, {"name": name, "scopes": list(scopes)})


def shown_key(page) -> str:
    return re.search(r"ac_[\w-]{40,}", page.content.decode()).group()


def test_a_key_is_shown_once_and_only_its_hash_is_kept(sign_in, owner, merchant):
    client = sign_in(owner)
    page = create(client)
    key = shown_key(page)
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    row = ApiKey.objects.get()
    assert row.key_hash == hash_key(key)
    assert key not in client.get(URL).content.decode()
    assert (row.merchant, row.created_by, row.scopes) == (merchant, owner, ["ingest"])
    assert AuditEntry.objects.for_merchant(merchant).get().verb == "api_key.created"


def test_the_key_works_until_it_is_revoked(sign_in, owner):
    client = sign_in(owner)
    rest = APIClient(headers={"authorization": f"Bearer {shown_key(create(client, scopes=['read']))}"})
    assert rest.get(READ_URL).status_code == 200
    row = ApiKey.objects.get()
    assert row.last_used_at is not None
    url = f"{URL}{row.pk}/revocations/"
    assert b"This cannot be undone" in client.post(url).content
    assert rest.get(READ_URL).status_code == 200, "the question alone revokes nothing"
    assert client.post(url, YES).url == URL
    assert rest.get(READ_URL).status_code == 401
    assert b"Revoked" in client.get(URL).content


def test_revoking_twice_is_one_entry(sign_in, owner, merchant):
    row, _key = ApiKey.create(merchant, name="BI", scopes=[Scope.READ])
    for _ in range(2):
        sign_in(owner).post(f"{URL}{row.pk}/revocations/", YES)
    verbs = list(AuditEntry.objects.for_merchant(merchant).values_list("verb", flat=True))
    assert verbs == ["api_key.revoked", "api_key.created"]


def test_a_form_sent_again_makes_no_second_key(sign_in, owner):
    client = sign_in(owner)
    create(client)
    again = create(client)
    assert again.status_code == 422
    assert b"A key of this name is in use" in again.content
    assert ApiKey.objects.count() == 1


def test_a_key_that_may_do_nothing_is_refused(sign_in, owner):
    answer = create(sign_in(owner), scopes=())
    assert answer.status_code == 422
    assert b"Tick at least one thing" in answer.content


def test_last_use_is_written_at_most_once_a_minute(merchant, api, django_assert_num_queries):
    client = api("read")
    client.get(READ_URL)
    ApiKey.objects.update(last_used_at=timezone.now())
    with django_assert_num_queries(2):  # the key, the list
        client.get(READ_URL)


def test_reviewers_and_viewers_never_see_the_page(sign_in, reviewer, viewer, merchant):
    row, _key = ApiKey.create(merchant, name="BI", scopes=[Scope.READ])
    for user in (reviewer, viewer):
        assert sign_in(user).get(URL).status_code == 403
        assert create(sign_in(user)).status_code == 403
        assert sign_in(user).post(f"{URL}{row.pk}/revocations/", YES).status_code == 403
    row.refresh_from_db()
    assert row.is_active


def test_another_merchants_key_is_not_there(sign_in, owner, other_merchant):
    row, _key = ApiKey.create(other_merchant, name="Theirs", scopes=[Scope.READ])
    client = sign_in(owner)
    assert client.post(f"{URL}{row.pk}/revocations/", YES).status_code == 404
    assert b"Theirs" not in client.get(URL).content


def test_a_stranger_sees_nothing_there(sign_in, stranger, merchant):
    assert sign_in(stranger).get(URL).status_code == 404


def test_revoking_is_a_post(sign_in, owner, merchant):
    row, _key = ApiKey.create(merchant, name="BI", scopes=[Scope.READ])
    assert sign_in(owner).get(f"{URL}{row.pk}/revocations/").status_code == 405


class TestWhatTheApiSays:
    def test_errors_are_problem_json(self, db):
        answer = APIClient().get(READ_URL)
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
        assert answer.json()["detail"] == "Send an API key: 'Authorization: Bearer <key>'."

    def test_another_way_of_sending_a_key_is_explained(self, db):
        answer = APIClient(headers={"authorization": "Token abc"}).get(READ_URL)
        assert answer.json()["detail"] == "Send the header 'Authorization: Bearer <key>'."

    def test_a_missing_scope_is_named(self, api):
        answer = api("ingest").get(READ_URL)
        assert answer.status_code == 403
        assert answer.json()["detail"] == "This API key lacks the scope 'read'."

    def test_an_unknown_address_is_a_problem_too(self, db):
        answer = APIClient().get("/api/v1/nothing-here/")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
