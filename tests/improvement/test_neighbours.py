"""Nearest neighbours of many vectors, and of equal ones."""

import numpy as np

from improvement.neighbours import find_distinct, find_top, nearest, nearest_by_cell


def topics(n: int, *, n_topics: int = 60) -> np.ndarray:
    chooser = np.random.default_rng(4)
    centres = chooser.standard_normal((n_topics, 384))
    vectors = (centres[chooser.integers(0, n_topics, n)] + chooser.standard_normal((n, 384))).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_cell_by_cell_nearly_all_neighbours_are_found_and_nothing_is_its_own():
    vectors = topics(6000)
    found, cosines = nearest_by_cell(vectors, 10)
    exact, _cosines = nearest(vectors, vectors, 10, is_same=True)
    shared = [len(set(one) & set(other)) / 10 for one, other in zip(found.tolist(), exact.tolist(), strict=True)]
    assert np.mean(shared) > 0.95
    assert not (found == np.arange(6000)[:, None]).any()
    assert (np.diff(cosines, axis=1) <= 0).all()
    told = np.einsum("ij,ij->i", vectors, vectors[found[:, 0]])
    assert np.allclose(cosines[:, 0], told, atol=1e-5)
    again, _cosines = nearest_by_cell(vectors, 10)
    assert (again == found).all()


def test_of_equally_near_ones_the_first_are_taken():
    similarities = np.array([[0.5, 0.9, 0.5, 0.5, 0.1], [0.1, 0.2, 0.3, 0.4, 0.5]], dtype=np.float32)
    found, values = find_top(similarities, 3)
    assert found.tolist() == [[1, 0, 2], [4, 3, 2]]
    assert values[0].tolist() == [np.float32(0.9), 0.5, 0.5]
    assert find_top(similarities, 9)[0].shape == (2, 5)


def test_the_same_words_are_one_and_a_negative_zero_is_a_zero():
    vectors = np.array([[0.6, 0.8], [0.0, 1.0], [0.6, 0.8], [-0.0, 1.0]], dtype=np.float32)
    first, copies = find_distinct(vectors)
    assert first.tolist() == [0, 1]
    assert copies.tolist() == [0, 1, 0, 1]
