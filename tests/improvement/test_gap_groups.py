"""Which uncovered questions make a gap: a topic, without the noise that gathered around it."""

import numpy as np
import pytest

from improvement.gap_groups import keep_gaps

NOTHING_IN_COMMON = np.zeros(384, dtype=np.float32)


def make_vectors(*, n_of_topic: int, n_noise: int, closeness: float = 0.8) -> np.ndarray:
    """First the topic's questions, all as close to each other; then others, close to nothing."""
    own = np.eye(384, dtype=np.float32)
    topic = own[:n_of_topic] * (1 - closeness) ** 0.5
    topic[:, 383] = closeness**0.5
    return np.concatenate([topic, own[100 : 100 + n_noise]])


def keep(vectors: np.ndarray) -> list[list[int]]:
    rows = np.arange(len(vectors))
    return [kept.tolist() for kept in keep_gaps(vectors, np.zeros(len(rows)), [rows], NOTHING_IN_COMMON)]


def test_noise_around_a_topic_is_left_out():
    vectors = make_vectors(n_of_topic=10, n_noise=12)  # mean cosine 0.16
    (kept,) = keep(vectors)
    assert kept[:10] == list(range(10))
    assert len(kept) == 17  # with the eighteenth the mean cosine is below a quarter


@pytest.mark.parametrize(
    ("n_of_topic", "n_noise"),
    [(0, 30), (3, 4), (6, 20)],
    ids=["no two alike", "fewer than five of a topic", "a small part of a large group"],
)
def test_noise_is_no_gap(n_of_topic, n_noise):
    assert keep(make_vectors(n_of_topic=n_of_topic, n_noise=n_noise, closeness=0.5)) == []


def test_a_loose_topic_keeps_its_far_questions():
    vectors = make_vectors(n_of_topic=10, n_noise=5)  # mean cosine 0.34
    assert keep(vectors) == [list(range(15))]


def test_the_largest_is_first_when_the_noise_is_gone():
    tight, loose = make_vectors(n_of_topic=12, n_noise=0), make_vectors(n_of_topic=6, n_noise=10)
    vectors = np.concatenate([loose, tight])
    groups = [np.arange(16), np.arange(16, 28)]
    kept = keep_gaps(vectors, np.zeros(28), groups, NOTHING_IN_COMMON)
    assert [int(rows[0]) for rows in kept] == [16, 0]
