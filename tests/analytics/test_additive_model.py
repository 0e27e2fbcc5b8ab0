import numpy as np
import pytest

from analytics.additive_model import AdditiveModel, expand, fit, sigmoid, straight
from analytics.cross_fitting import assign_folds, cross_fit, fit_chosen

RNG = np.random.default_rng(1)


def test_contributions_and_baseline_add_up_to_the_score():
    model = AdditiveModel(0.3, RNG.normal(size=(4, 4)))
    features = RNG.normal(size=(50, 4))
    features[3, 2] = np.nan
    total = model.baseline + model.contributions(features).sum(axis=1)
    assert np.allclose(sigmoid(total), model.predict(features))
    assert model.contributions(features)[3, 2] == 0
    assert np.allclose(AdditiveModel.from_json(model.as_json()).predict(features), model.predict(features), atol=1e-5)


def test_what_is_unremarkable_adds_nothing_whatever_the_curve():
    assert not expand(np.zeros((1, 3))).any()


def test_few_labels_leave_the_prior_and_many_replace_it():
    """The truth is the opposite of what the prior believes of the first feature."""
    prior = straight(0.0, [1.0, 0.5])
    features = RNG.normal(size=(2000, 2))
    labels = sigmoid(-1.0 * features[:, 0] + 0.5 * features[:, 1])
    few, many = (fit(features[:n], labels[:n], prior, strength=30) for n in (8, 2000))
    order = np.corrcoef(few.predict(features), prior.predict(features))[0, 1]
    assert order > 0.8
    assert np.corrcoef(many.predict(features), labels)[0, 1] > 0.99


def test_a_bend_is_learned():
    features = RNG.uniform(-2, 2, size=(3000, 1))
    labels = sigmoid(np.where(features[:, 0] > 0, 2 * features[:, 0], 0.0))
    model = fit(features, labels, straight(0.0, [0.5]), strength=3)
    assert np.abs(model.predict(features) - labels).max() < 0.05


def test_what_never_varies_and_what_the_prior_leaves_out_keep_the_priors_weight():
    features = np.column_stack([np.full(300, 1.7), RNG.normal(size=300), RNG.normal(size=300)])
    labels = sigmoid(2 * features[:, 1] + 2 * features[:, 2] - 1)
    model = fit(features, labels, straight(0.0, [-0.8, 0.1, 0.0]), strength=3)
    assert model.weights[0].tolist() == pytest.approx([-0.8, 0, 0, 0], abs=1e-9)
    assert model.weights[1, 0] > 0.1
    assert not model.weights[2].any()


def test_a_held_out_row_is_predicted_without_its_group():
    """Labels that follow the group alone: whoever sees the group's other rows knows them, nobody else does."""
    groups = np.array([f"q{n // 3}" for n in range(120)])
    offsets = np.repeat(RNG.choice([0.1, 0.9], size=40), 3)
    features = np.repeat(RNG.normal(size=(40, 6)), 3, axis=0)
    prior = straight(0.0, [0.1] * 6)
    found = cross_fit(features, offsets, groups, prior, fold_of=assign_folds(groups, 5))
    assert abs(np.corrcoef(found.held_out, offsets)[0, 1]) < 0.5
    folds = assign_folds(groups, 5)
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
    for fold, model in enumerate(found.folds):
        rows = folds == fold
        assert np.allclose(found.held_out[rows], model.predict(features[rows]))


def test_the_same_labels_give_the_same_model():
    features, labels = RNG.normal(size=(60, 3)), RNG.random(60)
    groups = np.array([str(n) for n in range(60)])
    first, second = (fit_chosen(features, labels, groups, straight(0, [1, 1, 1])) for _n in range(2))
    assert (first.weights == second.weights).all()
    assert first.baseline == second.baseline
