"""Articles that say the same or contradict each other: found, quiet about the rest, dismissed for good."""

from datetime import UTC, datetime

import pytest

from improvement.article_claims import Statement, find_difference
from improvement.article_pairs import find_pairs, read_pairs
from improvement.articles import archive_article, save_article
from improvement.models import ArticlePair, PairKind, PairStatus
from improvement.models.article_pair import ArticleComparison
from improvement.tasks import compare_articles
from portal.models import AuditEntry

WRITTEN = datetime(2026, 7, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def differ(first, second, context="Returns", other="Returns", language="en"):
    return find_difference(Statement(first, context, language), Statement(second, other, language))


CONTRADICTIONS = [
    (
        "You can return a lamp within 30 days.",
        "You can return a lamp within 14 days.",
        "Returns",
        "How do returns work?",
    ),
    ("Delivery costs €4.90.", "Delivery costs 5.90 EUR.", "Delivery", "Delivery"),
    ("The warranty lasts two years.", "The warranty lasts 12 months.", "Warranty", "Warranty"),
    ("Refunds arrive within 5 business days.", "Refunds arrive within 10 business days.", "Refunds", "Refunds"),
    ("Returns are free of charge in Germany.", "Returns are not free of charge in Germany.", "Returns", "Returns"),
    ("Our hotline opens at 9:00.", "Our hotline opens at 8:00.", "Hotline", "Hotline"),
    ("You get 20% off your first order.", "You get 15 percent off your first order.", "Discounts", "Discounts"),
    ("The offer ends on 1 May.", "The offer ends on 15 May.", "Spring offer", "Spring offer"),
]
NO_CONTRADICTIONS = [
    ("You can return a lamp within two weeks.", "You can return a lamp within 14 days.", "Returns", "Returns"),
    ("Delivery takes 3 days.", "Delivery takes 5 days.", "Shipping within Germany", "Shipping abroad"),
    ("Delivery takes 2 days.", "Delivery takes 5 days.", "Express delivery", "Delivery"),
    ("The model QX-77 takes 60 watts.", "The model QX-78 takes 40 watts.", "Bulbs", "Bulbs"),
    ("The model QX 77 takes 60 watts.", "The model ZX 77 takes 40 watts.", "Bulbs", "Bulbs"),
    ("Refunds take up to 10 days.", "Refunds take at least 14 days.", "Refunds", "Refunds"),
    ("You can change your order before it ships.", "You cannot change your order after it ships.", "Orders", "Orders"),
    ("Shipping is free above 50 euros.", "Shipping is free above 50 euros.", "Shipping", "Shipping"),
    ("Do returns take 14 days?", "Do returns take 30 days?", "Returns", "Returns"),
    ("Enter a number, for example 12 days.", "Enter a number, for example 30 days.", "Form", "Form"),
    ("Basic | 5 euros", "Basic | 9 euros", "Plans", "Plans"),
    ("Choose step 1 first.", "Choose the colour that fits step 2.", "Setup", "Setup"),
    ("Returns from Austria cost 5 euros.", "Returns from Switzerland cost 9 euros.", "Returns", "Returns"),
    ("Business customers pay within 30 days.", "Private customers pay within 14 days.", "Invoices", "Invoices"),
    ("A lamp weighs 2 kg.", "A parcel arrives in 4 days.", "Lamps", "Lamps"),
    ("The lamp costs 1,000 euros.", "The lamp costs 1.000 euros.", "Lamp", "Lamp"),
    ("If you pay by card, refunds take 5 days.", "If you pay by invoice, refunds take 14 days.", "Refunds", "Refunds"),
]


@pytest.mark.parametrize(("first", "second", "context", "other"), CONTRADICTIONS)
def test_other_numbers_dates_and_a_not_contradict(first, second, context, other):
    assert differ(first, second, context, other)
    assert differ(second, first, other, context)


@pytest.mark.parametrize(("first", "second", "context", "other"), NO_CONTRADICTIONS)
def test_other_cases_and_equal_amounts_do_not(first, second, context, other):
    assert differ(first, second, context, other) == ""
    assert differ(second, first, other, context) == ""


def test_german_and_the_unknown():
    first, second = (
        "Sie können die Lampe binnen 30 Tagen zurückgeben.",
        "Sie können die Lampe binnen 14 Tagen zurückgeben.",
    )
    assert differ(first, second, "Rückgabe", "Rückgabe", "de") == "30 tagen ≠ 14 tagen"
    assert differ(first, second, "Rückgabe", "Rückgabe", "xx") == ""


RETURNS = (
    "You can return a lamp within {days} days of delivery.\n\n"
    "Print the label in your account and bring the parcel to a shop."
)


def save(merchant, name, title, body, **more):
    return save_article(merchant, external_id=name, title=title, body=body, updated_at=WRITTEN, **more)


def kinds(merchant):
    pairs = read_pairs(merchant)
    return {(pair.first.external_id, pair.second.external_id): pair.kind for pair in pairs}


def test_a_copy_is_a_duplicate_and_another_number_a_contradiction(merchant, other_merchant):
    save(merchant, "a", "Return a lamp", RETURNS.format(days=30))
    save(merchant, "b", "Returning lamps", RETURNS.format(days=30))
    save(merchant, "c", "Return lamp", RETURNS.format(days=14))
    save(merchant, "d", "Dim a lamp", "Turn the knob slowly until the light is as soft as you would like it to be.")
    save(other_merchant, "e", "Return a lamp", RETURNS.format(days=60))
    find_pairs(merchant, now=NOW)
    contradiction = PairKind.CONTRADICTION
    assert kinds(merchant) == {("a", "b"): PairKind.DUPLICATE, ("a", "c"): contradiction, ("b", "c"): contradiction}
    pair = ArticlePair.objects.get(first__external_id="a", kind=contradiction)
    assert pair.evidence == [
        [
            "You can return a lamp within 30 days of delivery.",
            "You can return a lamp within 14 days of delivery.",
            "30 days ≠ 14 days",
        ]
    ]


def test_other_languages_and_archived_articles_are_no_pairs(merchant):
    save(merchant, "a", "Return a lamp", RETURNS.format(days=30))
    save(merchant, "b", "Return a lamp", RETURNS.format(days=30), language="de")
    gone = save(merchant, "c", "Return a lamp", RETURNS.format(days=14))
    archive_article(gone, by=None, at=NOW)
    assert find_pairs(merchant, now=NOW) == 0


def test_what_was_corrected_is_a_pair_no_more_and_nothing_is_compared_twice(merchant, monkeypatch):
    save(merchant, "a", "Return a lamp", RETURNS.format(days=30))
    save(merchant, "b", "Return a lamp", RETURNS.format(days=14))
    compare_articles(merchant.pk)
    assert len(kinds(merchant)) == 1
    monkeypatch.setattr("improvement.article_pairs.load_passages", lambda _merchant: pytest.fail("compared again"))
    compare_articles(merchant.pk)
    monkeypatch.undo()
    save(merchant, "b", "Dim a lamp", "Turn the knob slowly until the light is as soft as you would like it to be.")
    compare_articles(merchant.pk)
    assert kinds(merchant) == {}


def test_the_schedule_compares_merchants_whose_articles_changed(merchant, other_merchant, monkeypatch):
    save(merchant, "a", "Return a lamp", "Within 30 days.")
    asked: list[int] = []
    monkeypatch.setattr(compare_articles, "delay", asked.append)
    compare_articles()
    assert asked == [merchant.pk]
    find_pairs(merchant, now=NOW)
    compare_articles()
    assert asked == [merchant.pk]
    assert ArticleComparison.objects.count() == 1


def test_a_dismissed_pair_stays_so_until_its_evidence_changes(merchant, sign_in, reviewer, viewer, stranger):
    save(merchant, "a", "Return a lamp", RETURNS.format(days=30))
    save(merchant, "b", "Return a lamp", RETURNS.format(days=14))
    find_pairs(merchant, now=NOW)
    pair = read_pairs(merchant).get()
    page, act = "/lumen/articles/pairs/", f"/lumen/articles/pairs/{pair.pk}/dismissals/"
    client = sign_in(reviewer)
    html = client.get(page).content.decode()
    assert "within 30 days of delivery" in html
    assert "within 14 days of delivery" in html
    assert "1 pair of articles" in client.get("/lumen/articles/").content.decode()
    assert "within 14 days" in client.get(f"/lumen/articles/{pair.first_id}/").content.decode()
    assert sign_in(viewer).post(act).status_code == 403
    assert sign_in(stranger).post(act).status_code == 404
    assert client.get(act).status_code == 405
    client.post(act)
    client.post(act)
    assert AuditEntry.objects.filter(verb="article_pair.dismissed").count() == 1
    save(merchant, "a", "Return a lamp", RETURNS.format(days=30), tags=["returns"])
    find_pairs(merchant, now=NOW)
    pair.refresh_from_db()
    assert pair.status == PairStatus.DISMISSED
    assert "Remi Reviewer" in client.get(f"{page}?status=dismissed").content.decode()
    save(merchant, "a", "Return a lamp", RETURNS.format(days=60))
    find_pairs(merchant, now=NOW)
    pair.refresh_from_db()
    assert pair.status == PairStatus.OPEN
    client.post(act)
    client.post(act, {"undo": "1"})
    assert read_pairs(merchant, [pair.second_id]).count() == 1
