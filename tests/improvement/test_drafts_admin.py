import pytest
from django.contrib.auth.models import Permission

from improvement.models import DraftState, Review
from portal.models import User
from tests.improvement.gap_builder import make_draft, make_gap

LIST = "/admin/improvement/draft/"


@pytest.fixture
def draft(merchant, reviewer):
    return make_draft(merchant, by=reviewer)


@pytest.fixture
def helper(db):
    """Support staff who may look and review, and nothing else."""
    user = User.objects.create_user("hana@aftercare.example", name="Hana Helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_draft", "change_draft"]))
    return user


@pytest.fixture
def onlooker(db):
    user = User.objects.create_user("olaf@aftercare.example", name="Olaf Onlooker", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_draft"))
    return user


def test_staff_find_drafts_of_all_merchants_by_state_merchant_and_text(
    draft, other_merchant, helper, sign_in, django_assert_max_num_queries
):
    make_draft(other_merchant, gap=make_gap(other_merchant, name="password at Himal"))
    client = sign_in(helper)
    with django_assert_max_num_queries(30):
        page = client.get(LIST)
    assert page.status_code == 200
    assert page.content.count(b"How do I reset my password?") >= 2
    assert "Himal Outfitters" in client.get(LIST, {"merchant__id__exact": other_merchant.pk}).content.decode()
    assert client.get(LIST, {"q": "at Himal"}).context["cl"].result_count == 1
    assert client.get(LIST, {"state__exact": "published"}).context["cl"].result_count == 0


def test_the_change_page_shows_revisions_reviews_and_the_buttons(draft, helper, sign_in):
    draft.edit(by=helper, title="Another title", body=draft.latest_revision.body)
    page = sign_in(helper).get(f"{LIST}{draft.pk}/change/").content.decode()
    assert "Another title" in page
    for path in ("approve", "reject", "edit"):
        assert f"/admin/improvement/draft/{draft.pk}/{path}" in page


@pytest.mark.parametrize("path", ["approve", "reject"])
def test_a_button_asks_first_and_decides_on_the_revision_it_showed(draft, helper, sign_in, path):
    client, url = sign_in(helper), f"{LIST}{draft.pk}/{path}/"
    asked = client.get(url)
    assert asked.status_code == 200
    assert f'name="revision-{draft.pk}" value="1"' in asked.content.decode()
    assert not Review.objects.exists()
    answer = client.post(url, {"confirmed": "yes", f"revision-{draft.pk}": 1, "comment": "Checked"})
    assert answer.status_code == 302
    review = Review.objects.get()
    assert (review.reviewer, review.comment) == (helper, "Checked")
    draft.refresh_from_db()
    assert draft.state == ("approved" if path == "approve" else "rejected")


def test_rejecting_without_a_reason_asks_again(draft, helper, sign_in):
    answer = sign_in(helper).post(f"{LIST}{draft.pk}/reject/", {"confirmed": "yes", f"revision-{draft.pk}": 1})
    assert "Say why" in answer.content.decode()
    assert not Review.objects.exists()


def test_a_revision_that_came_after_the_question_is_not_approved(draft, helper, reviewer, sign_in):
    draft.edit(by=reviewer, title="Newer", body="Newer text.")
    client = sign_in(helper)
    answer = client.post(f"{LIST}{draft.pk}/approve/", {"confirmed": "yes", f"revision-{draft.pk}": 1}, follow=True)
    assert "revision 2 is there now" in answer.content.decode()
    assert not Review.objects.exists()


def test_selected_drafts_are_approved_after_a_confirmation_and_others_skipped(draft, merchant, helper, sign_in):
    writing = make_gap(merchant, name="another gap").request_draft(by=helper)
    client = sign_in(helper)
    chosen = {"action": "approve_selected", "_selected_action": [draft.pk, writing.pk]}
    asked = client.post(LIST, chosen).content.decode()
    assert "1 other draft is not in review" in asked
    client.post(LIST, {**chosen, "confirmed": "yes", f"revision-{draft.pk}": 1})
    draft.refresh_from_db()
    writing.refresh_from_db()
    assert (draft.state, writing.state) == (DraftState.APPROVED, DraftState.WRITING)


def test_staff_edit_by_a_new_revision(draft, helper, sign_in):
    client, url = sign_in(helper), f"{LIST}{draft.pk}/edit/"
    assert "Choose Forgot password" in client.get(url).content.decode()
    assert client.post(url, {"title": "", "body": "x"}).status_code == 200
    client.post(url, {"title": "Better", "body": "Choose Forgot password. [1]"})
    assert [(revision.number, revision.author) for revision in draft.revisions.all()] == [(2, helper), (1, None)]


def test_staff_without_the_permission_see_and_cannot_decide(draft, onlooker, sign_in):
    client = sign_in(onlooker)
    page = client.get(f"{LIST}{draft.pk}/change/")
    assert page.status_code == 200
    assert f"{draft.pk}/approve" not in page.content.decode()
    for path in ("approve", "reject", "edit"):
        assert client.post(f"{LIST}{draft.pk}/{path}/", {"confirmed": "yes", "comment": "x"}).status_code == 403
    client.post(LIST, {"action": "approve_selected", "_selected_action": [draft.pk], "confirmed": "yes"})
    assert not Review.objects.exists()


def test_those_who_are_no_staff_do_not_get_in(draft, owner, sign_in):
    client = sign_in(owner)
    for path in ("", f"{draft.pk}/change/", f"{draft.pk}/approve/"):
        assert client.get(LIST + path).status_code == 302
        assert "login" in client.get(LIST + path).url
    assert not Review.objects.exists()


def test_nothing_is_added_deleted_or_typed_over(draft, staff, sign_in):
    client = sign_in(staff)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{draft.pk}/change/", {"state": "published"}).status_code == 403
    assert client.get("/admin/improvement/effect/").status_code == 200
    assert client.get("/admin/improvement/effect/add/").status_code == 403
