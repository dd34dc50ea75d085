"""How often labels occur, alone and together: counted, and drawn as bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from core.dataset.health import LabelCount, cooccurrence, label_distribution
from core.text import printable
from core.workflow.actions.create import current_dataset
from core.workflow.session import Session
from core.workflow.state import SessionState
from tui.render import literal
from tui.widgets.fitted_table import MOST_ROWS

_SHOWN_PAIRS = 12


@dataclass(frozen=True)
class Distribution:
    """How often labels occur, alone and together."""

    dataset: str
    """Fingerprint of the revision that was counted."""
    n_documents: int
    labels: tuple[LabelCount, ...]
    pairs: tuple[tuple[str, str, int], ...]
    """The pairs of labels that occur together most, the commonest first."""


def count_labels(session: Session, state: SessionState) -> Distribution:
    """Read the newest revision and count its labels.

    Raises:
        InvalidInput: the dataset file is absent or damaged.
    """
    dataset = current_dataset(session, state)
    together = cooccurrence(dataset)
    pairs = [
        (dataset.labels[first], dataset.labels[second], int(together[first, second]))
        for first in range(len(dataset.labels))
        for second in range(first)
        if together[first, second]
    ]
    pairs.sort(key=lambda pair: -pair[2])
    return Distribution(
        state.dataset.fingerprint,
        len(dataset),
        label_distribution(dataset)[:MOST_ROWS],
        tuple(pairs[:_SHOWN_PAIRS]),
    )


def distribution_content(
    labels: Sequence[LabelCount],
    pairs: Sequence[tuple[str, str, int]],
    n_documents: int,
    width: int,
    ascii_only: bool,
) -> Content:
    """Labels and pairs of labels as bars, the commonest first.

    Args:
        labels: how often each label occurs.
        pairs: two labels and the documents that have both.
        n_documents: documents in all.
        width: cells of a line.
        ascii_only: bars of ``#``.
    """
    from core.tuning.charts import bars

    def drawn(rows: list[tuple[str, float]]) -> Content:
        return Content(bars(rows, width=width, ascii_only=ascii_only))

    pieces = [
        literal(f"documents by label, of {n_documents:,}", "$text-accent"),
        drawn([(printable(label.label) or "(blank)", label.count) for label in labels]),
    ]
    rarest = labels[-1] if labels else None
    if rarest is not None and rarest.count:
        ratio = f"{rarest.imbalance:,.0f} times rarer than {printable(labels[0].label, 40)}"
        pieces.append(literal(f"{printable(rarest.label, 40)} is {ratio}", "$text-muted"))
    if pairs:
        pieces.append(literal("documents with two labels, commonest pairs", "$text-accent"))
        pieces.append(
            drawn(
                [
                    (f"{printable(one, 24)} + {printable(other, 24)}", count)
                    for one, other, count in pairs
                ]
            )
        )
    else:
        pieces.append(literal("no document has two labels", "$text-muted"))
    return Content("\n").join(pieces)
