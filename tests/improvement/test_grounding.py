import pytest

from improvement.comparing import compare
from improvement.grounding import check_claims
from improvement.rendering import render_for_review
from improvement.sentences import split_claims, strip_marks

SOURCE = "The link is valid for 30 minutes; after five wrong tries the account is locked for one hour."
CITATIONS = [
    {"mark": 1, "kind": "teammate", "ref": 1, "conversation_id": 1, "quote": SOURCE},
    {"mark": 2, "kind": "teammate", "ref": 2, "conversation_id": 2, "quote": "We do not refund gift cards."},
]


def check(text):
    (row,) = check_claims(text, CITATIONS)
    return row["is_supported"], row["problem"]


@pytest.mark.parametrize(
    "claim",
    [
        SOURCE + " [1]",
        "The link is valid for 30 minutes. [1]",
        "After 5 wrong tries the account is locked for one hour [1].",
        "Gift cards are not refunded. [2]",
    ],
)
def test_what_a_source_says_is_supported(claim):
    assert check(claim) == (True, "")


@pytest.mark.parametrize(
    ("claim", "problem"),
    [
        ("The link is valid for 30 minutes.", "no_source"),
        ("The link is valid for 30 minutes. [9]", "no_source"),
        ("The link is valid for 60 minutes. [1]", "number"),
        ("After six wrong tries the account is locked for one hour. [1]", "number"),
        ("The link is not valid for 30 minutes. [1]", "negation"),
        ("We refund gift cards. [2]", "negation"),
        ("Our hotline answers questions about shipping day and night. [1]", "words"),
        ("The link is valid for 30 minutes. [2]", "number"),
    ],
)
def test_what_no_cited_source_says_is_not(claim, problem):
    assert check(claim) == (False, problem)


def test_the_words_that_no_source_has_are_named():
    (row,) = check_claims("The link is valid for 60 minutes on Sundays. [1]", CITATIONS)
    assert row["missing"] == ["60", "Sundays."]


def test_headings_code_and_lead_ins_are_no_claims_and_marks_stay_with_their_sentence():
    listed = "# Title\n\nYou need:\n\n- A card. [1]\n- A code [2].\n\n"
    body = listed + "```\nnot a claim\n```\nFirst. [1][2] Second, e.g. this. [2]\n"
    assert [(claim.text, claim.marks) for claim in split_claims(body)] == [
        ("A card.", (1,)),
        ("A code.", (2,)),
        ("First.", (1, 2)),
        ("Second, e.g. this.", (2,)),
    ]


def test_published_text_has_no_marks_but_keeps_links():
    assert (
        strip_marks("A card. [1][2]\n- See [1](https://x.example) [3].\n") == "A card.\n- See [1](https://x.example).\n"
    )


def test_only_the_unsupported_sentence_is_marked_and_hostile_text_stays_text():
    body = "Good. [1] Bad <script>alert(1)</script>. [1]\n\n**Bold start. And end** [2]"
    html = render_for_review(body, [{"is_supported": flag} for flag in (True, False, False, False)])
    assert html.count("<mark") == 1
    assert '<mark class="claim" id="claim-1">Bad' in html
    assert "<script" not in html
    assert html.count('class="cite"') == 3


def test_forged_markers_of_ours_do_not_become_markup():
    assert "<mark" not in render_for_review("x \ue0005\ue003 y \ue001", [{"is_supported": True}])


def test_a_comparison_adds_up_to_both_texts():
    before, after = "a b  c\nd", "a x  c\nd e"
    parts = compare(before, after)
    assert "".join(part.text for part in parts if part.kind != "added") == before
    assert "".join(part.text for part in parts if part.kind != "removed") == after
