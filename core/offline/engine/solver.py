"""Many linear models over the same documents, fitted together.

Every model is an L2-regularised linear classifier with squared hinge loss, the objective of
scikit-learn's `LinearSVC`, minimised in the primal by Newton steps with conjugate gradients
(Keerthi and DeCoste 2005, "A modified finite Newton method for fast solution of large scale linear
SVMs"). All models take their steps at the same time, so that the sparse matrices are read once for
all of them; labels times folds cost little more than one label.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]

_NEWTON_STEPS = 12
_GRADIENT_STEPS = 15
_CG_TOLERANCE = 0.1
"""Residual at which an inner solution is good enough, relative to the gradient."""
_HALVINGS = 20


@dataclass(frozen=True)
class Factors:
    """Documents times description, with an intercept, and never multiplied out."""

    documents: Any
    """float32 CSR (n_documents, n_words)."""
    documents_t: Any
    """Its transpose as CSR."""
    description: Any
    """float32 CSR (n_words, n_features)."""
    description_t: Any
    """Its transpose as CSR."""

    @classmethod
    def of(cls, documents: Any, description: Any) -> "Factors":
        """Keep both matrices with their transposes."""
        return cls(documents, documents.T.tocsr(), description, description.T.tocsr())

    @property
    def n_weights(self) -> int:
        """Features, and the intercept as the last weight."""
        return int(self.description.shape[1]) + 1

    def margins(self, weights: Float32Array) -> Float32Array:
        """float32 (n_documents, n_models) of weights (n_weights, n_models)."""
        return np.asarray(self.documents @ (self.description @ weights[:-1]) + weights[-1])

    def gradient(self, values: Float32Array) -> Float32Array:
        """The transpose of `margins`: float32 (n_weights, n_models) of (n_documents, n_models)."""
        features = self.description_t @ (self.documents_t @ values)
        return np.concatenate([features, values.sum(axis=0, keepdims=True)])


def fit_together(
    factors: Factors, signs: Float32Array, cost: Float32Array, tolerance: float = 0.05
) -> tuple[Float32Array, Float32Array]:
    """Minimise ``|w|^2 / 2 + sum(cost * max(0, 1 - sign * margin)^2)`` for each model.

    Args:
        factors: the documents.
        signs: float32 (n_documents, n_models), 1 for positive and -1 for negative documents.
        cost: float32 (n_documents, n_models), 0 for documents that a model must not see.
        tolerance: gradient length at which a model is done, relative to its length at the start
            and to the share of the rarer side, as in liblinear.

    Returns:
        The weights, float32 (n_weights, n_models) with the intercept last, and the margins of all
        documents, float32 (n_documents, n_models), those that a model did not see included.
    """
    weights = np.zeros((factors.n_weights, signs.shape[1]), np.float32)
    margins = np.zeros(signs.shape, np.float32)
    target: Float32Array | None = None
    for _ in range(_NEWTON_STEPS):
        slack = 1 - signs * margins
        curvature = np.where(slack > 0, 2 * cost, 0).astype(np.float32)
        gradient = weights - factors.gradient(curvature * signs * slack)
        length = np.sqrt(_dots(gradient, gradient))
        if target is None:
            target = tolerance * _rarer_share(signs, cost) * length
        live = length > target
        if not live.any():
            break
        step, step_margins = _newton_step(factors, curvature, gradient, live)
        size = _step_size(_Point(weights, margins, signs, cost), gradient, step, step_margins)
        weights += size * step
        margins += size * step_margins
    return weights, margins


def _rarer_share(signs: Float32Array, cost: Float32Array) -> Float32Array:
    positives = ((signs > 0) & (cost > 0)).sum(axis=0)
    seen = np.maximum((cost > 0).sum(axis=0), 1)
    rarer = np.maximum(np.minimum(positives, seen - positives), 1)
    return np.asarray(rarer / seen, np.float32)


def _newton_step(
    factors: Factors, curvature: Float32Array, gradient: Float32Array, live: npt.NDArray[np.bool_]
) -> tuple[Float32Array, Float32Array]:
    """Solve ``(I + X'DX) step = -gradient`` by conjugate gradients; also the step's margins."""
    step = np.zeros_like(gradient)
    step_margins = np.zeros_like(curvature)
    residual = np.where(live, -gradient, np.float32(0))
    direction = residual.copy()
    length = _dots(residual, residual)
    enough = _CG_TOLERANCE**2 * length
    for _ in range(_GRADIENT_STEPS):
        going = length > enough
        if not going.any():
            break
        direction_margins = factors.margins(direction)
        product = direction + factors.gradient(curvature * direction_margins)
        ahead = _ratio(length, _dots(direction, product), going)
        step += ahead * direction
        step_margins += ahead * direction_margins
        residual -= ahead * product
        new_length = _dots(residual, residual)
        direction *= _ratio(new_length, length, going)
        direction += residual
        length = np.where(going, new_length, length)
    return step, step_margins


@dataclass(frozen=True)
class _Point:
    """Where all models stand."""

    weights: Float32Array
    margins: Float32Array
    signs: Float32Array
    cost: Float32Array


def _step_size(
    point: _Point, gradient: Float32Array, step: Float32Array, step_margins: Float32Array
) -> Float32Array:
    """float32 (n_models,): 1, halved for a model until its objective falls enough."""
    slope = _dots(gradient, step)
    along, square = _dots(point.weights, step), _dots(step, step)
    size = np.ones(len(slope), np.float32)
    now = _loss(point, np.zeros_like(size), step_margins)
    for _ in range(_HALVINGS):
        change = size * along + size**2 * square / 2 + _loss(point, size, step_margins) - now
        short = change > 1e-4 * size * slope + 1e-6 * now
        if not short.any():
            break
        size = np.where(short, size / 2, size).astype(np.float32)
    return size


def _loss(point: _Point, size: Float32Array, step_margins: Float32Array) -> npt.NDArray[np.float64]:
    slack = np.maximum(1 - point.signs * (point.margins + size * step_margins), 0)
    return np.asarray((point.cost * slack * slack).sum(axis=0, dtype=np.float64))


def _dots(left: Float32Array, right: Float32Array) -> Float32Array:
    return np.asarray(np.einsum("ij,ij->j", left, right))


def _ratio(upper: Float32Array, lower: Float32Array, wanted: npt.NDArray[np.bool_]) -> Float32Array:
    """``upper / lower`` where wanted, else 0."""
    safe = np.maximum(lower, np.finfo(np.float32).tiny)
    return np.where(wanted, upper / safe, 0).astype(np.float32)
