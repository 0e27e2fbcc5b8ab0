"""From the form on the team page to the new member, and every way in which it can go wrong."""

import smtplib
import threading
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.models import AuditEntry, ClosedInvitationError, Invitation, Membership, Merchant, Role, User
from tests.portal.conftest import PASSWORD

TEAM = "/lumen/settings/team/"
YES = {"confirmed": "yes"}
NEWCOMER = {"name": "Nadia New", "new_password1": "lamp warm 42 hall", "new_password2": "lamp warm 42 hall"}


@pytest.fixture
def invite(sign_in, owner, committed, cheap_hashes):
    def post(email="nadia@lumen.example", role=Role.REVIEWER):
        with committed():
            return sign_in(owner).post(TEAM, {"email": email, "role": int(role)})

    return post


class TestInviting:
    def test_sends_a_link_and_makes_nobody_a_member_yet(self, invite, merchant, owner):
        assert invite("Nadia@Lumen.example").url == TEAM
        (message,) = mail.outbox
        assert message.to == ["nadia@lumen.example"]
        assert message.subject == "Olivia Owner invites you to Lumen Lighting on Aftercare"
        html = message.alternatives[0][0]
        assert "/account/invitations/" in message.body
        assert "/account/invitations/" in html
        assert not User.objects.filter(email="nadia@lumen.example").exists()
        row = Invitation.objects.get()
        assert (row.role, row.invited_by, row.mail_error) == (Role.REVIEWER, owner, "")
        assert row.sent_at is not None
        assert AuditEntry.objects.for_merchant(merchant).get().verb == "invitation.created"

    def test_only_a_hash_of_the_link_is_kept(self, invite, link_in_mail):
        invite()
        token = link_in_mail().split("/")[-2]
        assert token not in str(Invitation.objects.values())
        assert Invitation.find(token) == Invitation.objects.get()

    def test_is_listed_with_its_state(self, invite, sign_in, owner, viewer):
        invite()
        page = sign_in(owner).get(TEAM).content.decode()
        assert "1 open invitation" in page
        assert "Sent just now" in page
        assert "Withdraw" not in sign_in(viewer).get(TEAM).content.decode()

    def test_nobody_is_invited_twice_nor_as_a_member(self, invite, viewer):
        invite()
        assert b"is invited already" in invite("NADIA@lumen.example").content
        assert b"is a member already" in invite(viewer.email).content
        assert len(mail.outbox) == 1

    def test_no_mailbox_is_filled(self, invite, sign_in, owner, committed):
        invite()
        row = Invitation.objects.get()
        with committed():
            for _ in range(6):
                answer = sign_in(owner).post(f"{TEAM}invitations/{row.pk}/reminders/", follow=True)
        assert len(mail.outbox) == 4
        assert b"has to wait" in answer.content

    def test_what_the_mail_server_has_against_it_is_shown(self, invite, sign_in, owner, monkeypatch):
        refusal = smtplib.SMTPRecipientsRefused({"nadia@lumen.example": (550, b"no such mailbox")})
        monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", lambda *_: (_ for _ in ()).throw(refusal))
        invite()
        page = sign_in(owner).get(TEAM).content.decode()
        assert "Not delivered" in page
        assert "550: no such mailbox" in page

    def test_one_that_ran_out_can_be_made_again_with_another_role(self, invite, link_in_mail):
        with time_machine.travel(timezone.now() - timedelta(days=8)):
            invite()
        old = link_in_mail()
        invite(role=Role.OWNER)
        assert Invitation.objects.get().role == Role.OWNER
        assert Client().get(old).status_code == 404
        assert Client().get(link_in_mail()).status_code == 200


class TestAcceptingAsSomebodyNew:
    def test_a_name_and_a_password_and_one_is_in(self, invite, link_in_mail, merchant):
        invite()
        client = Client()
        assert b"nadia@lumen.example" in client.get(link_in_mail()).content
        assert client.post(link_in_mail(), NEWCOMER).url == "/lumen/"
        assert client.get(TEAM).status_code == 200
        nadia = User.objects.get(email="nadia@lumen.example")
        assert (nadia.name, nadia.check_password("lamp warm 42 hall")) == ("Nadia New", True)
        assert Membership.objects.get(user=nadia).role == Role.REVIEWER
        entry = AuditEntry.objects.for_merchant(merchant).first()
        assert (entry.verb, entry.actor) == ("invitation.accepted", nadia)
        assert entry.detail == {"role": "reviewer", "invited by": "Olivia Owner"}

    def test_a_weak_password_is_refused_and_the_link_stays_good(self, invite, link_in_mail):
        invite()
        weak = {**NEWCOMER, "new_password1": "nadia", "new_password2": "nadia"}
        answer = Client().post(link_in_mail(), weak)
        assert answer.status_code == 422
        assert b"at least 10 characters" in answer.content
        assert not User.objects.filter(email="nadia@lumen.example").exists()
        assert Client().post(link_in_mail(), NEWCOMER).status_code == 302

    def test_who_never_chose_a_password_does_so_now(self, invite, link_in_mail, other_merchant, make_member):
        make_member(other_merchant, Role.VIEWER, email="nadia@lumen.example", name="Nadia")
        invite()
        assert Client().post(link_in_mail(), NEWCOMER).url == "/lumen/"
        assert User.objects.get(email="nadia@lumen.example").memberships.count() == 2

    def test_it_works_once(self, invite, link_in_mail):
        invite()
        Client().post(link_in_mail(), NEWCOMER)
        again = Client().post(link_in_mail(), {**NEWCOMER, "name": "Somebody else"})
        assert again.status_code == 410
        assert b"was accepted" in again.content
        assert User.objects.filter(name="Nadia New").count() == 1


class TestAcceptingWithAnAccount:
    @pytest.fixture
    def stig(self, stranger, cheap_hashes):
        stranger.set_password(PASSWORD)
        stranger.save()
        return stranger

    def test_signs_in_comes_back_and_joins(self, invite, link_in_mail, stig, attempt):
        invite(stig.email, Role.VIEWER)
        path, client = link_in_mail(), Client()
        page = client.get(path).content.decode()
        assert "has an account already" in page
        assert "new_password1" not in page, "an invitation must not change a password"
        assert client.post(path, NEWCOMER).status_code == 200
        assert attempt(email=stig.email, client=client, next=path).url == path
        assert b"Join the team" in client.get(path).content
        assert client.post(path).url == "/lumen/"
        assert {m.merchant.slug: m.role for m in stig.memberships.all()} == {"himal": 3, "lumen": 1}
        stig.refresh_from_db()
        assert stig.check_password(PASSWORD)

    def test_somebody_else_who_is_signed_in_is_told_so(self, invite, link_in_mail, stig, sign_in):
        invite()
        client = sign_in(stig)
        page = client.get(link_in_mail()).content.decode()
        assert "The invitation is for <strong>nadia@lumen.example</strong>" in page
        assert "signed in as <strong>stig@himal.example</strong>" in page
        assert client.post(link_in_mail(), NEWCOMER).status_code == 403
        assert stig.memberships.count() == 1
        assert client.post(reverse("sign_out"), {"next": link_in_mail()}).url == link_in_mail()

    def test_who_became_a_member_meanwhile_keeps_the_role(self, invite, link_in_mail, stig, sign_in, merchant):
        invite(stig.email, Role.VIEWER)
        Membership.objects.create(merchant=merchant, user=stig, role=Role.OWNER)
        assert sign_in(stig).post(link_in_mail()).url == "/lumen/"
        assert Membership.objects.get(merchant=merchant, user=stig).role == Role.OWNER

    def test_who_was_switched_off_stays_outside(self, invite, link_in_mail, stig):
        User.objects.filter(pk=stig.pk).update(is_active=False)
        invite(stig.email)
        assert Client().post(link_in_mail(), NEWCOMER).status_code == 403
        assert stig.memberships.count() == 1


class TestLinksThatAreNotGood:
    def test_unknown(self, db):
        answer = Client().get("/account/invitations/not-one-of-ours/")
        assert answer.status_code == 404
        assert b"no longer good" in answer.content

    def test_run_out_after_a_week(self, invite, link_in_mail):
        invite()
        with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
            answer = Client().post(link_in_mail(), NEWCOMER)
        assert answer.status_code == 410
        assert b"Ask Olivia Owner to send it again" in answer.content
        assert not User.objects.filter(email="nadia@lumen.example").exists()

    def test_withdrawn(self, invite, link_in_mail, sign_in, owner, merchant):
        invite()
        client, url = sign_in(owner), f"{TEAM}invitations/{Invitation.objects.get().pk}/withdrawals/"
        assert b"Withdraw the invitation of nadia@lumen.example?" in client.post(url).content
        assert Client().get(link_in_mail()).status_code == 200
        for _ in range(2):
            client.post(url, YES)
        assert Client().post(link_in_mail(), NEWCOMER).status_code == 410
        verbs = list(AuditEntry.objects.for_merchant(merchant).values_list("verb", flat=True))
        assert verbs == ["invitation.withdrawn", "invitation.created"]

    def test_replaced_by_a_newer_mail(self, invite, link_in_mail, sign_in, owner, committed):
        with time_machine.travel(timezone.now() - timedelta(days=6)):
            invite()
        old = link_in_mail()
        with committed():
            sign_in(owner).post(f"{TEAM}invitations/{Invitation.objects.get().pk}/reminders/")
        assert Client().get(old).status_code == 404
        with time_machine.travel(timezone.now() + timedelta(days=5)):
            assert Client().post(link_in_mail(), NEWCOMER).url == "/lumen/"

    def test_other_methods_are_refused(self, invite, link_in_mail):
        invite()
        assert Client().delete(link_in_mail()).status_code == 405


def test_one_that_ran_out_cannot_be_accepted_by_any_way(merchant, owner, stranger):
    now = timezone.now()
    invitation = Invitation.create(merchant, stranger.email, Role.OWNER, by=owner, at=now - timedelta(days=8))
    with pytest.raises(ClosedInvitationError):
        invitation.accept(stranger, at=now)
    assert stranger.memberships.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_member(merchant, owner):
    now = timezone.now()
    invitation = Invitation.create(merchant, owner.email.replace("olivia", "nadia"), Role.VIEWER, by=owner, at=now)
    nadia = User.objects.create_user(invitation.email)
    refused, start = [], threading.Barrier(2)

    def accept():
        start.wait()
        try:
            Invitation.objects.get(pk=invitation.pk).accept(nadia, at=now)
        except ClosedInvitationError:
            refused.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.filter(user=nadia).count() == 1


@pytest.mark.parametrize("path", ["reminders", "withdrawals"])
class TestOwnersOnly:
    def test_role_stranger_method_and_other_merchants(self, path, invite, sign_in, owner, reviewer, stranger):
        invite()
        row = Invitation.objects.get()
        url = f"{TEAM}invitations/{row.pk}/{path}/"
        assert sign_in(reviewer).post(url, YES).status_code == 403
        assert sign_in(stranger).post(url, YES).status_code == 404
        assert sign_in(owner).get(url).status_code == 405
        theirs = Invitation.create(
            Merchant.objects.get(slug="himal"), "x@himal.example", Role.VIEWER, by=stranger, at=timezone.now()
        )
        assert sign_in(owner).post(f"{TEAM}invitations/{theirs.pk}/{path}/", YES).status_code == 404
        assert Invitation.waiting(theirs.merchant).exists()
