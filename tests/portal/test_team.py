import threading

import pytest
from django.db import connection

from portal.models import AuditEntry, LastOwnerError, Membership, Role, User

URL = "/lumen/settings/team/"
YES = {"confirmed": "yes"}


def member_of(user):
    return Membership.objects.get(user=user)


def test_an_owner_changes_a_role(sign_in, owner, viewer, merchant):
    sign_in(owner).post(f"{URL}{member_of(viewer).pk}/roles/", {"role": 2})
    assert member_of(viewer).role == Role.REVIEWER
    assert AuditEntry.objects.for_merchant(merchant).get().detail == {"role": "viewer → reviewer"}


def test_a_role_that_does_not_exist_changes_nothing(sign_in, owner, viewer):
    answer = sign_in(owner).post(f"{URL}{member_of(viewer).pk}/roles/", {"role": 9}, follow=True)
    assert b"Choose one of the roles" in answer.content
    assert member_of(viewer).role == Role.VIEWER


def test_an_owner_removes_a_member_who_then_sees_nothing(sign_in, owner, viewer):
    hers = sign_in(viewer)
    assert hers.get(URL).status_code == 200
    sign_in(owner).post(f"{URL}{member_of(viewer).pk}/removals/", YES)
    assert hers.get(URL).status_code == 404
    assert User.objects.filter(pk=viewer.pk).exists()


def test_without_javascript_the_page_asks_first(sign_in, owner, viewer):
    client, url = sign_in(owner), f"{URL}{member_of(viewer).pk}/removals/"
    page = client.post(url).content.decode()
    assert "Remove Vera Viewer from the team?" in page
    assert 'name="confirmed"' in page
    assert Membership.objects.filter(user=viewer).exists()


@pytest.mark.parametrize(("path", "form"), [("roles", {"role": 1}), ("removals", {})])
def test_the_last_owner_stays(sign_in, owner, reviewer, path, form):
    answer = sign_in(owner).post(f"{URL}{member_of(owner).pk}/{path}/", {**form, **YES}, follow=True)
    assert b"This is the last owner" in answer.content
    assert member_of(owner).role == Role.OWNER


def test_an_owner_who_was_switched_off_does_not_count(sign_in, owner, reviewer):
    member_of(reviewer).change_role(Role.OWNER, by=owner)
    User.objects.filter(pk=reviewer.pk).update(is_active=False)
    with pytest.raises(LastOwnerError):
        member_of(owner).end(by=owner)
    member_of(reviewer).end(by=owner)


def test_giving_up_being_an_owner_is_asked_about(sign_in, owner, reviewer):
    member_of(reviewer).change_role(Role.OWNER, by=reviewer)
    client, url = sign_in(owner), f"{URL}{member_of(owner).pk}/roles/"
    page = client.post(url, {"role": 2}).content.decode()
    assert "Only another owner can make you one again" in page
    assert '<input type="hidden" name="role" value="2">' in page
    assert member_of(owner).role == Role.OWNER
    assert client.post(url, {"role": 2, **YES}).url == URL
    assert member_of(owner).role == Role.REVIEWER


class TestLeaving:
    url = f"{URL}departures/"

    def test_is_for_every_role_after_a_question(self, sign_in, viewer, merchant):
        client = sign_in(viewer)
        assert b"Leave Lumen Lighting?" in client.post(self.url).content
        assert Membership.objects.filter(user=viewer).exists()
        assert client.post(self.url, YES).url == "/"
        assert client.get(URL).status_code == 404
        assert AuditEntry.objects.for_merchant(merchant).get().verb == "member.left"

    def test_a_second_owner_may(self, sign_in, owner, reviewer):
        member_of(reviewer).change_role(Role.OWNER, by=owner)
        assert sign_in(owner).post(self.url, YES).url == "/"
        assert not Membership.objects.filter(user=owner).exists()

    def test_the_last_owner_may_not(self, sign_in, owner, reviewer):
        assert b"This is the last owner" in sign_in(owner).post(self.url, YES, follow=True).content
        assert Membership.objects.filter(user=owner).exists()

    def test_is_a_post_and_not_for_strangers(self, sign_in, owner, stranger):
        assert sign_in(owner).get(self.url).status_code == 405
        assert sign_in(stranger).post(self.url, YES).status_code == 404


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


def test_who_uses_two_steps_is_shown(sign_in, owner, viewer, phone):
    client = sign_in(owner)
    assert 'badge--good">On' not in client.get(URL).content.decode()
    phone(viewer)
    assert client.get(URL).content.decode().count('badge--good">On') == 1


def test_viewers_read_the_team_and_change_nothing(sign_in, viewer, owner, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(12):
        page = client.get(URL).content.decode()
    assert "Olivia Owner" in page
    assert "Send invitation" not in page
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
