"""Many logistic regressions over the same documents, fitted together.

Every model is an L2-regularised logistic regression whose intercept is free, the objective of
scikit-learn's `LogisticRegression`: one per label, or one softmax over all classes. It is minimised
by Newton steps with conjugate gradients (Lin, Weng and Keerthi 2008, "Trust region Newton method
for large-scale logistic regression", with halved steps in place of the trust region). All models
take their steps at the same time, so that the sparse matrices are read once for all of them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Membership = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]

_NEWTON_STEPS = 30
_GRADIENT_STEPS = 30
_CG_TOLERANCE = 0.1
"""Residual at which an inner solution is good enough, relative to the gradient."""
_HALVINGS = 20
_ROUNDING = 1e-6
"""Gradient length that float32 cannot tell from 0, for one document at cost 1."""


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


@dataclass(frozen=True)
class _Independent:
    """One yes or no per document and model: log loss of a sigmoid."""

    truth: Float32Array
    """float32 (n_documents, n_models): 1 for positive documents, else 0."""

    def start(self) -> Float32Array:
        """float32 (n_models,): the intercept of a model without any other weight."""
        rates = self.truth.mean(axis=0, dtype=np.float64)
        return np.asarray(np.log(rates / (1 - rates)), np.float32)

    def probabilities(self, margins: Float32Array) -> Float32Array:
        return sigmoid(margins)

    def bend(self, probability: Float32Array, direction: Float32Array) -> Float32Array:
        """Second derivative by the margins, times a direction of margins."""
        return probability * (1 - probability) * direction

    def loss(self, margins: Float32Array) -> npt.NDArray[np.float64]:
        """float64 (n_models,): sum over the documents."""
        each = np.logaddexp(np.float32(0), margins) - self.truth * margins
        return np.asarray(each.sum(axis=0, dtype=np.float64))

    def dots(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """float32 (n_models,): products over what is minimised as one problem."""
        return np.asarray(np.einsum("ij,ij->j", left, right))


@dataclass(frozen=True)
class _OneOfAll:
    """One true class per document: log loss of a softmax. All classes are one problem."""

    truth: Float32Array
    """float32 (n_documents, n_classes): 1 for the true class, else 0."""

    def start(self) -> Float32Array:
        return np.asarray(np.log(self.truth.mean(axis=0, dtype=np.float64)), np.float32)

    def probabilities(self, margins: Float32Array) -> Float32Array:
        return softmax(margins)

    def bend(self, probability: Float32Array, direction: Float32Array) -> Float32Array:
        weighted = probability * direction
        return np.asarray(weighted - probability * weighted.sum(axis=1, keepdims=True))

    def loss(self, margins: Float32Array) -> npt.NDArray[np.float64]:
        highest = margins.max(axis=1, keepdims=True)
        away = np.log(np.exp(margins - highest).sum(axis=1)) + highest[:, 0]
        total = (away - (self.truth * margins).sum(axis=1)).sum(dtype=np.float64)
        return np.full(margins.shape[1], total)

    def dots(self, left: Float32Array, right: Float32Array) -> Float32Array:
        return np.full(left.shape[1], np.vdot(left, right), np.float32)


_Loss = _Independent | _OneOfAll


def fit_together(
    factors: Factors,
    membership: Membership,
    cost: float,
    one_of_all: bool = False,
    tolerance: float = 0.01,
) -> Float32Array:
    """Minimise ``|w|^2 / 2 + cost * sum(log loss)`` for each model; the intercept is not in ``w``.

    Args:
        factors: the documents.
        membership: bool (n_documents, n_models); each column has positives and negatives.
        cost: weight of a document's loss against the length of the weights.
        one_of_all: a softmax over the columns, of which each document has one, in place of one
            sigmoid per column.
        tolerance: gradient length at which a model is done, relative to its length at the start,
            where the model knows base rates alone.

    Returns:
        The weights, float32 (n_weights, n_models) with the intercept last.
    """
    truth = membership.astype(np.float32)
    loss: _Loss = _OneOfAll(truth) if one_of_all else _Independent(truth)
    weights = np.zeros((factors.n_weights, truth.shape[1]), np.float32)
    weights[-1] = loss.start()
    margins = np.tile(weights[-1], (len(truth), 1))
    target: Float32Array | None = None
    for _ in range(_NEWTON_STEPS):
        probability = loss.probabilities(margins)
        gradient = _penalised(weights) + factors.gradient(np.float32(cost) * (probability - truth))
        length = np.asarray(np.sqrt(loss.dots(gradient, gradient)))
        if target is None:
            noise = _ROUNDING * cost * np.sqrt(len(truth))
            target = np.maximum(np.float32(tolerance) * length, np.float32(noise))
        live = length > target
        if not live.any():
            break
        step, step_margins = _newton_step(
            factors, loss, np.float32(cost), probability, np.where(live, gradient, np.float32(0))
        )
        size = _step_size(loss, cost, (weights, margins), gradient, (step, step_margins))
        weights += size * step
        margins += size * step_margins
    return weights


def _penalised(weights: Float32Array) -> Float32Array:
    """The weights with 0 for the intercept."""
    free = weights.copy()
    free[-1] = 0
    return free


def _newton_step(
    factors: Factors,
    loss: _Loss,
    cost: np.float32,
    probability: Float32Array,
    gradient: Float32Array,
) -> tuple[Float32Array, Float32Array]:
    """Solve ``second derivative * step = -gradient`` by conjugate gradients; also its margins."""
    step = np.zeros_like(gradient)
    step_margins = np.zeros_like(probability)
    residual = -gradient
    direction = residual.copy()
    length = loss.dots(residual, residual)
    enough = _CG_TOLERANCE**2 * length
    for _ in range(_GRADIENT_STEPS):
        going = length > enough
        if not going.any():
            break
        direction_margins = factors.margins(direction)
        bent = cost * loss.bend(probability, direction_margins)
        product = _penalised(direction) + factors.gradient(bent)
        ahead = _ratio(length, loss.dots(direction, product), going)
        step += ahead * direction
        step_margins += ahead * direction_margins
        residual -= ahead * product
        new_length = loss.dots(residual, residual)
        direction *= _ratio(new_length, length, going)
        direction += residual
        length = np.where(going, new_length, length)
    return step, step_margins


def _step_size(
    loss: _Loss,
    cost: float,
    point: tuple[Float32Array, Float32Array],
    gradient: Float32Array,
    step: tuple[Float32Array, Float32Array],
) -> Float32Array:
    """float32 (n_models,): 1, halved for a model until its objective falls enough.

    `point` and `step` are weights with their margins.
    """
    slope = loss.dots(gradient, step[0])
    kept = _penalised(step[0])
    along, square = loss.dots(point[0], kept), loss.dots(kept, kept)
    size = np.ones(len(slope), np.float32)
    now = cost * loss.loss(point[1])
    for _ in range(_HALVINGS):
        then = cost * loss.loss(point[1] + size * step[1])
        change = size * along + size**2 * square / 2 + then - now
        short = change > 1e-4 * size * slope + 1e-6 * now
        if not short.any():
            break
        size = np.where(short, size / 2, size).astype(np.float32)
    return size


def _ratio(upper: Float32Array, lower: Float32Array, wanted: npt.NDArray[np.bool_]) -> Float32Array:
    """``upper / lower`` where wanted and possible, else 0."""
    safe = np.where(lower > 0, lower, np.float32(np.inf))
    return np.where(wanted, upper / safe, 0).astype(np.float32)


def sigmoid(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The logistic function, without overflow; the dtype stays."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)))


def softmax(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows of positive numbers that sum to 1; the dtype stays."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
