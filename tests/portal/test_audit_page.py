from portal.models import AuditEntry

URL = "/lumen/settings/audit/"


def test_lists_who_did_what_newest_first(sign_in, owner, merchant, django_assert_max_num_queries):
    for n in range(60):
        AuditEntry.record(merchant, f"draft.approved {n}", by=owner, on=owner, detail={"scopes": ["read", "review"]})
    client = sign_in(owner)
    with django_assert_max_num_queries(12):
        first = client.get(URL).content.decode()
    assert "Draft approved 59" in first
    assert "Draft approved 9<" not in first
    assert "1–50 of 60" in first
    assert "read, review" in first
    assert "Draft approved 9<" in client.get(URL, {"page": 2}).content.decode()


def test_an_empty_trail_says_what_will_be_there(sign_in, owner):
    assert b"Nothing has happened yet" in sign_in(owner).get(URL).content


def test_entries_of_others_are_not_there(sign_in, owner, stranger, other_merchant):
    AuditEntry.record(other_merchant, "secret.done", by=stranger, on=stranger)
    assert b"secret.done" not in sign_in(owner).get(URL).content


def test_owners_only(sign_in, reviewer, stranger, merchant):
    assert sign_in(reviewer).get(URL).status_code == 403
    assert sign_in(stranger).get(URL).status_code == 404


def test_nobody_posts_there(sign_in, owner):
    assert sign_in(owner).post(URL).status_code == 405
