"""How unequally the labels of a dataset are filled."""

from dataclasses import dataclass

from core.dataset.documents import Dataset
from core.dataset.health.measures import cvir, irlbl, mean_ir, scumble


@dataclass(frozen=True)
class Imbalance:
    """Measures of imbalance over all labels, the none-label among them.

    Charte, Rivera, del Jesus, Herrera, Neurocomputing 163 (2015), section 3; see
    `core.dataset.health.measures`.
    """

    irlbl: dict[str, float]
    """Support of the commonest label over each label's; 1 for the commonest, infinite for none."""
    mean_ir: float
    """Mean of IRLbl over the labels with documents; NaN without any."""
    cvir: float
    """Coefficient of variation of IRLbl."""
    scumble: float
    """How much rare and common labels stand together, in [0, 1); high above 0.1."""


def imbalance_of(dataset: Dataset) -> Imbalance:
    """Measure the imbalance of a dataset, copies counted like any document."""
    support = dataset.support
    return Imbalance(
        irlbl=dict(zip(dataset.labels, irlbl(support).tolist(), strict=True)),
        mean_ir=mean_ir(support),
        cvir=cvir(support),
        scumble=scumble(dataset.membership),
    )
