import re
import threading

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from portal import tasks
from portal.models import AuditEntry, LastOwnerError, Membership, Role, User

URL = "/lumen/settings/team/"


def member_of(user):
    return Membership.objects.get(user=user)


@pytest.fixture
def add(sign_in, owner, monkeypatch, django_capture_on_commit_callbacks):
    def post(email, role=Role.REVIEWER):
        monkeypatch.setattr(tasks.send_invitation_mail, "delay", tasks.send_invitation_mail)
        with django_capture_on_commit_callbacks(execute=True):
            return sign_in(owner).post(URL, {"email": email, "role": int(role)})

    return post


def test_a_new_address_gets_a_link_to_choose_a_password(add, merchant):
    assert add("Nadia@lumen.example").url == URL
    nadia = User.objects.get(email="nadia@lumen.example")
    assert not nadia.has_usable_password()
    (message,) = mail.outbox
    assert message.to == ["nadia@lumen.example"]
    path = re.search(r"(/password/\S+)", message.body).group(1)
    client = Client()
    client.post(client.get(path).url, {"new_password1": "lamp warm 42 hall", "new_password2": "lamp warm 42 hall"})
    assert client.get(URL).status_code == 200
    assert AuditEntry.objects.for_merchant(merchant).get().detail == {"role": "reviewer"}


def test_somebody_of_another_merchant_gets_a_link_to_this_one(add, stranger):
    stranger.set_password("himal trekking boots")
    stranger.save()
    add(stranger.email)
    (message,) = mail.outbox
    assert "http://localhost:8000/lumen/" in message.body
    assert "/password/" not in message.body
    assert stranger.memberships.count() == 2


def test_nobody_is_added_twice(add, viewer):
    answer = add(viewer.email)
    assert answer.status_code == 422
    assert b"is a member already" in answer.content
    assert mail.outbox == []


def test_an_owner_changes_a_role(sign_in, owner, viewer, merchant):
    sign_in(owner).post(f"{URL}{member_of(viewer).pk}/roles/", {"role": 2})
    assert member_of(viewer).role == Role.REVIEWER
    assert AuditEntry.objects.for_merchant(merchant).get().detail == {"role": "viewer → reviewer"}


def test_a_role_that_does_not_exist_changes_nothing(sign_in, owner, viewer):
    answer = sign_in(owner).post(f"{URL}{member_of(viewer).pk}/roles/", {"role": 9}, follow=True)
    assert b"Choose one of the roles" in answer.content
    assert member_of(viewer).role == Role.VIEWER


def test_an_owner_removes_a_member_who_then_sees_nothing(sign_in, owner, viewer):
    sign_in(owner).post(f"{URL}{member_of(viewer).pk}/removals/")
    assert sign_in(viewer).get(URL).status_code == 404
    assert User.objects.filter(pk=viewer.pk).exists()


@pytest.mark.parametrize(("path", "form"), [("roles", {"role": 1}), ("removals", {})])
def test_the_last_owner_stays(sign_in, owner, reviewer, path, form):
    answer = sign_in(owner).post(f"{URL}{member_of(owner).pk}/{path}/", form, follow=True)
    assert b"This is the last owner" in answer.content
    assert member_of(owner).role == Role.OWNER


def test_a_second_owner_may_leave(sign_in, owner, reviewer):
    member_of(reviewer).change_role(Role.OWNER, by=owner)
    assert sign_in(owner).post(f"{URL}{member_of(owner).pk}/removals/").url == "/"
    assert not Membership.objects.filter(user=owner).exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_once_leave_one(owner, reviewer, merchant):
    member_of(reviewer).change_role(Role.OWNER, by=owner)
    both = [member_of(owner), member_of(reviewer)]
    refused, start = [], threading.Barrier(2)

    def leave(membership):
        start.wait()
        try:
            membership.end(by=owner)
        except LastOwnerError:
            refused.append(membership)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(membership,)) for membership in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.filter(merchant=merchant, role=Role.OWNER).count() == 1


def test_viewers_read_the_team_and_change_nothing(sign_in, viewer, owner, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(12):
        page = client.get(URL).content.decode()
    assert "Olivia Owner" in page
    assert "Add to the team" not in page
    assert client.post(URL, {"email": "x@lumen.example", "role": 3}).status_code == 403
    assert client.post(f"{URL}{member_of(owner).pk}/removals/").status_code == 403
    assert client.post(f"{URL}{member_of(viewer).pk}/roles/", {"role": 3}).status_code == 403


def test_members_of_other_merchants_cannot_be_touched(sign_in, owner, stranger):
    for path in ("roles", "removals"):
        assert sign_in(owner).post(f"{URL}{member_of(stranger).pk}/{path}/", {"role": 1}).status_code == 404
    assert member_of(stranger).role == Role.OWNER


def test_changes_are_posts(sign_in, owner, viewer):
    for path in ("roles", "removals"):
        assert sign_in(owner).get(f"{URL}{member_of(viewer).pk}/{path}/").status_code == 405


def test_a_stranger_sees_nothing_there(sign_in, stranger, merchant):
    assert sign_in(stranger).get(URL).status_code == 404
