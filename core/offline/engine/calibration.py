"""From margins to probabilities, on margins of documents that the model did not see.

Each document's margin comes from the fold model that was fitted without it and without its copies,
so what is learnt here holds for new documents. Multi-label: a sigmoid per label (Platt 1999,
"Probabilistic outputs for support vector machines", with his smoothed targets), its slope drawn to
the common slope of all labels as strongly as positives are few. Multi-class: a softmax with one
slope and a bias per class (Guo et al. 2017, "On calibration of modern neural networks").
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

BoolMatrix = npt.NDArray[np.bool_]
Float64Array = npt.NDArray[np.float64]

DEFAULT_SLOPE = 10.0
"""Log-odds per unit of margin when no label has enough positives to measure it."""
_SLOPE_PRIOR = 4.0
"""Strength of the pull to the common slope, in units of the slope's inverse variance."""
_FEW = 10
"""Distinct positive documents from which a label takes part in the common slope."""
_STEPS = 50


def fold_of_documents(
    texts: Sequence[str], membership: BoolMatrix, n_folds: int, seed: int
) -> npt.NDArray[np.intp]:
    """intp (n_documents,): fold of each document; equal texts share one, rare labels are spread.

    Distinct texts are sorted so that those with the same rarest labels are neighbours, in random
    order among equals, and dealt out one by one.
    """
    position: dict[str, int] = {}
    unit = np.fromiter((position.setdefault(text, len(position)) for text in texts), np.intp)
    labels_of_unit = np.zeros((len(position), membership.shape[1]), np.bool_)
    np.logical_or.at(labels_of_unit, unit, membership)
    rarest_last = np.argsort(-labels_of_unit.sum(axis=0), kind="stable")
    keys = np.packbits(labels_of_unit[:, rarest_last[::-1]], axis=1)
    shuffled = np.random.default_rng(seed).permutation(len(position))
    order = np.lexsort((shuffled, *keys.T[::-1]))
    fold_of_unit = np.empty(len(position), np.intp)
    fold_of_unit[order] = np.arange(len(position)) % n_folds
    return fold_of_unit[unit]


def distinct_positives(texts: Sequence[str], membership: BoolMatrix) -> npt.NDArray[np.intp]:
    """intp (n_labels,): number of different texts among the positives of each label."""
    counts = [
        len({texts[row] for row in np.flatnonzero(column).tolist()}) for column in membership.T
    ]
    return np.array(counts, np.intp)


def fit_sigmoids(
    margins: Float64Array, membership: BoolMatrix, distinct: npt.NDArray[np.intp]
) -> tuple[Float64Array, Float64Array]:
    """Slope and bias per label: ``probability = sigmoid(slope * margin + bias)``.

    Args:
        margins: float64 (n_documents, n_labels), out of fold.
        membership: bool (n_documents, n_labels).
        distinct: intp (n_labels,), number of different positive texts of each label.

    Returns:
        Two float64 (n_labels,).
    """
    n_labels = margins.shape[1]
    free = [
        _fit_sigmoid(margins[:, label], membership[:, label], DEFAULT_SLOPE, 1e-6)[0]
        for label in np.flatnonzero(distinct >= _FEW).tolist()
    ]
    measured = [slope for slope in free if slope > 0]
    common = float(np.median(measured)) if measured else DEFAULT_SLOPE
    fitted = [
        _fit_rising_sigmoid(
            margins[:, label],
            membership[:, label],
            common,
            _SLOPE_PRIOR if distinct[label] > 1 else np.inf,
        )
        for label in range(n_labels)
    ]
    slopes, biases = np.array(fitted, np.float64).reshape(n_labels, 2).T
    return slopes, biases


def _fit_rising_sigmoid(
    margin: Float64Array, is_positive: npt.NDArray[np.bool_], centre: float, strength: float
) -> tuple[float, float]:
    """A falling sigmoid would turn the ranking round: a tenth of the common slope instead."""
    slope, bias = _fit_sigmoid(margin, is_positive, centre, strength)
    if slope <= 0:
        return _fit_sigmoid(margin, is_positive, centre / 10, np.inf)
    return slope, bias


def _fit_sigmoid(
    margin: Float64Array, is_positive: npt.NDArray[np.bool_], centre: float, strength: float
) -> tuple[float, float]:
    """Newton's method on Platt's cross entropy plus ``strength / 2 * (slope - centre)^2``.

    An infinite strength fixes the slope.
    """
    positives = int(is_positive.sum())
    negatives = len(margin) - positives
    target = np.where(is_positive, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    mean = float(target.mean())
    slope = centre
    bias = float(np.log(mean / (1 - mean)) - centre * margin.mean())
    is_fixed = bool(np.isinf(strength))
    for _ in range(_STEPS):
        probability = sigmoid(slope * margin + bias)
        error = probability - target
        spread = np.maximum(probability * (1 - probability), 1e-12)
        by_bias, bias_bend = float(error.sum()), float(spread.sum())
        if is_fixed:
            change = np.array([0.0, by_bias / bias_bend])
        else:
            by_slope = float(error @ margin) + strength * (slope - centre)
            mixed = float(spread @ margin)
            bend = [[float(spread @ (margin * margin)) + strength, mixed], [mixed, bias_bend]]
            change = np.linalg.solve(np.array(bend), np.array([by_slope, by_bias]))
        change *= min(1.0, 2.0 / max(float(np.abs(change).max()), 1e-12))
        slope, bias = slope - float(change[0]), bias - float(change[1])
        if float(np.abs(change).max()) < 1e-8:
            break
    return slope, bias


def fit_softmax(margins: Float64Array, membership: BoolMatrix) -> tuple[Float64Array, Float64Array]:
    """Slope (the same for all) and bias per class: ``softmax(slope * margins + bias)``.

    Args:
        margins: float64 (n_documents, n_classes), out of fold.
        membership: bool (n_documents, n_classes), one true class a row.

    Returns:
        Two float64 (n_classes,).
    """
    from scipy.optimize import minimize

    n_documents, n_classes = margins.shape
    truth = membership.astype(np.float64)

    def objective(parameters: Float64Array) -> tuple[float, Float64Array]:
        slope, bias = np.exp(parameters[0]), parameters[1:]
        probability = softmax(slope * margins + bias)
        error = probability - truth
        chosen = np.maximum((probability * truth).sum(axis=1), 1e-300)
        value = -np.log(chosen).sum() + 0.05 * float(bias @ bias)
        by_slope = slope * float((error * margins).sum())
        gradient = np.concatenate([[by_slope], error.sum(axis=0) + 0.1 * bias])
        return value / n_documents, gradient / n_documents

    start = np.zeros(n_classes + 1)
    start[0] = np.log(DEFAULT_SLOPE)
    bounds = [(np.log(0.1), np.log(100.0)), *[(None, None)] * n_classes]
    best = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return np.full(n_classes, np.exp(best[0])), best[1:]


def sigmoid(values: Float64Array) -> Float64Array:
    """The logistic function, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)))


def softmax(values: Float64Array) -> Float64Array:
    """Rows of positive numbers that sum to 1."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
