"""The pure parts: impact, priorities, matching, names, neighbours, coverage."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from improvement.clustering import find_groups
from improvement.gap_matching import Known, match_groups
from improvement.gap_page import count_weeks
from improvement.gap_phrases import choose_names
from improvement.gap_questions import find_typical, shorten
from improvement.keyphrases import build_names, name_topics
from improvement.neighbours import nearest
from improvement.ranking import Observed, find_priorities, measure_impact
from portal.embeddings import embed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def observed(*, days_ago=10, ended=True, mature=True, verified=False, answerable=True) -> Observed:
    return Observed(NOW - timedelta(days=days_ago), ended, mature, verified, answerable)


def test_impact_is_questions_a_week_times_unresolved_times_answerable():
    questions = [
        *(observed(verified=True) for _n in range(3)),
        *(observed() for _n in range(6)),
        *(observed(answerable=False) for _n in range(3)),
    ]
    impact = measure_impact(questions, since=NOW - timedelta(weeks=4), now=NOW, cost_of_conversation=Decimal("4.00"))
    assert impact.questions_per_week == 3  # 12 in 4 weeks
    assert impact.verified_resolution_rate == 0.25
    assert impact.text_answerable_share == 0.75
    assert impact.per_week == pytest.approx(3 * 0.75 * 0.75)
    assert impact.money_per_week == Decimal("6.75")


def test_old_questions_no_longer_weigh_and_young_ones_are_not_judged():
    questions = [observed(days_ago=100), observed(mature=False, verified=True)]
    impact = measure_impact(questions, since=NOW - timedelta(weeks=50), now=NOW, cost_of_conversation=Decimal(4))
    assert impact.questions_per_week == pytest.approx(1 / 12)
    assert impact.verified_resolution_rate == 0  # the mature one alone


def test_without_a_mature_conversation_the_rate_is_unknown_and_nothing_is_subtracted():
    impact = measure_impact(
        [observed(mature=False)], since=NOW - timedelta(days=1), now=NOW, cost_of_conversation=Decimal(4)
    )
    assert impact.verified_resolution_rate is None
    assert impact.per_week == 0  # asked ten days ago, before the merchant's first day
    fresh = observed(days_ago=0, mature=False)
    assert (
        measure_impact([fresh], since=NOW - timedelta(days=1), now=NOW, cost_of_conversation=Decimal(4)).per_week == 1
    )


def test_priorities_follow_the_share_of_all_impact():
    assert find_priorities([1, 5, 3, 1]) == ["low", "high", "medium", "low"]
    assert find_priorities([0.0, 7.0]) == ["low", "high"]
    assert find_priorities([]) == []


def unit(*values: float) -> np.ndarray:
    vector = np.zeros(384, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def test_a_group_that_shares_its_members_keeps_its_gap():
    known = [Known(1, 4, unit(1)), Known(2, 4, unit(0, 1))]
    groups = [[2, 2, 2, None], [1, 1, None, None], [None] * 5]
    assert match_groups(groups, [unit(0, 1), unit(1), unit(0, 0, 1)], known) == [2, 1, None]


def test_of_two_halves_the_larger_keeps_the_gap_and_the_other_is_new():
    known = [Known(1, 10, None)]
    assert match_groups([[1] * 3, [1] * 7], [unit(1), unit(1)], known) == [None, 1]


def test_a_gap_that_lost_its_questions_is_known_by_its_centre_but_not_by_another_models():
    assert match_groups([[None] * 5], [unit(1)], [Known(7, 0, unit(1, 0.1))]) == [7]
    assert match_groups([[None] * 5], [unit(1)], [Known(7, 0, unit(0.2, 1))]) == [None]
    assert match_groups([[None] * 5], [unit(1)], [Known(7, 0, None)]) == [None]


PASSWORD = ["I need to reset my password", "please reset my password", "how do I reset a password", "reset password?"]
PROOF = [
    "I need proof of insurance",
    "send me my proof of insurance",
    "proof of insurance please",
    "a proof of insurance",
]


def test_names_are_readable_phrases():
    phrases = name_topics([PASSWORD, PROOF], ["I want to pay my bill", "change my address"])
    assert build_names(phrases) == ["Reset my password", "Proof of insurance"]


def test_an_order_number_names_nothing():
    cases = [f"Cancel my order TW-{number}" for number in range(4000, 4010)]
    assert name_topics([cases])[0][0] == "cancel my order"


def test_of_two_phrases_the_one_that_says_what_the_questions_are_about_comes_first():
    centre = embed(["I want to reset my password", "forgot my password, please reset it"]).mean(axis=0)
    naming = choose_names([["nothing works", "status", "reset password"]], [["I want to reset my password"]], [centre])
    assert naming[0].phrases[0] == naming[0].options[0] == "reset password"


def test_where_no_phrase_is_near_to_the_questions_the_most_typical_one_is_the_name():
    asked = ["Hello, has my parcel left your warehouse yet? Thanks a lot, Ben!", "my parcel, has it left", "my parcel!"]
    vectors = embed(asked)
    naming = choose_names([["thanks"]], [find_typical(asked, vectors)], [vectors.mean(axis=0)])
    assert naming[0].options == ["has my parcel left your warehouse yet?", "thanks"]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (["7021645199", "7021645199"], "…"),
        (["please ring 7021645199 again"], "please ring … again"),
        (["where is #88766 then", "where is #90210 then"], "where is … then"),
        (["where is #88766 then", "when will the parcel come"], "when will the parcel come"),
        (["write to kim@post.example please now"], "write to … please now"),
    ],
)
def test_a_name_holds_nothing_of_one_customer(asked, name):
    assert find_typical(asked, embed(asked))[0] == name


def test_a_question_becomes_a_name_at_a_word():
    assert shorten("How long  does it take until an exchanged jacket is delivered to Austria or Switzerland?") == (
        "How long does it take until an exchanged jacket is…"
    )
    assert len(shorten("x" * 90)) == 60


def test_a_name_ends_with_a_noun_and_is_no_piece_of_a_longer_phrase():
    bags = [f"The sleeping bag hardly fits my {tent}, can I return it" for tent in ("tent", "car", "pack", "trailer")]
    leases = [f"Can I lease a gravel bike from {shop}" for shop in ("you", "work", "a dealer", "my boss")]
    leases.append("May I lease a gravel? Tyres for the gravel")
    texts = ["I lost the sleeping bag", "is the gravel bike for me", "a new bike", "in my sleeping bag"]
    found = name_topics([bags, leases], articles=texts)
    assert [phrases[0] for phrases in found] == ["sleeping bag", "lease a gravel bike"]


def test_no_name_goes_from_one_clause_into_the_next():
    asked = ["I lost my key, battery is empty", "my key. Battery is empty", "where is my key? the battery", "the key"]
    assert all("battery" not in phrase for phrase in name_topics([asked])[0] if "key" in phrase)


def test_german_names_are_nouns_with_a_capital_and_no_fragments():
    asked = ["wie viel zoll zahle ich?", "zoll für die schweiz", "Muss ich Zoll zahlen?", "Mein Paket ist beim Zoll"]
    others = ["Wie lange dauert der Versand?", "Was kostet der Versand?"] * 6
    assert name_topics([asked], others)[0] == ["Zoll"]


def test_a_taken_name_is_told_apart_by_a_second_phrase_or_a_number():
    names = build_names([["reset password", "locked out"], ["reset password"]], taken=["Reset password"])
    assert names == ["Reset password: locked out", "Reset password (2)"]


def test_questions_without_a_common_phrase_have_none():
    assert name_topics([["?!", "hi there you", "what is it"]]) == [[]]


def test_neighbours_equal_a_plain_sort_and_nothing_is_its_own():
    vectors = np.random.default_rng(3).standard_normal((1500, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    indexes, cosines = nearest(vectors, vectors, 5, is_same=True)
    plain = vectors @ vectors.T
    np.fill_diagonal(plain, -9)
    assert (indexes == np.argsort(-plain, axis=1, kind="stable")[:, :5]).all()
    assert np.allclose(cosines[:, 0], plain.max(axis=1), atol=1e-6)


def test_groups_separate_topics_and_repeat_exactly():
    texts = [f"{text} {extra}" for text in PASSWORD + PROOF for extra in ("", "today", "now", "thanks")]
    groups = find_groups(embed(texts))
    assert set(groups[:16]).isdisjoint(groups[16:])
    assert (groups == find_groups(embed(texts))).all()


def test_one_topic_is_one_group():
    """Modularity alone would cut it."""
    assert set(find_groups(embed([f"{text} {extra}" for text in PASSWORD for extra in ("", "now", "thanks")]))) == {0}


def test_the_same_words_asked_again_make_no_group_of_their_own():
    texts = [f"{text} {extra}" for text in PASSWORD for extra in ("", "now", "thanks")]
    groups = find_groups(embed(texts))
    repeated = find_groups(embed([text for text in texts for _copy in range(12)]))
    assert (repeated.reshape(-1, 12) == groups[:, None]).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_questions_make_no_trouble(n):
    assert len(find_groups(embed(PASSWORD)[:n])) == n


def test_weeks_have_no_holes_and_end_with_this_one():
    days = [datetime(2026, 11, 3, tzinfo=UTC).date(), datetime(2026, 11, 18, tzinfo=UTC).date()]
    weeks = count_weeks(days, until=NOW)
    assert [(week.isoformat(), n) for week, n in weeks] == [
        *(("2026-11-02", 1), ("2026-11-09", 0), ("2026-11-16", 1), ("2026-11-23", 0))
    ]
    assert count_weeks([], until=NOW) == []
