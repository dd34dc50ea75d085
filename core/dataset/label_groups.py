"""Groups of labels for extra classifiers that return every score of every document.

The service lists the highest labels of a document only, but a classifier with few labels returns
its whole score vector. A group is therefore as many labels as fit beside a none-label of its own.
That none-label stands for "neither of these": it has a name that no label of the dataset has, since
the dataset's own none-label means that a document has no label at all.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import count

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset
from core.errors import InvalidInput
from core.text import printable

RETURNED = 3
"""Labels that the service was seen to return of every document."""
NONE_NAME = "none-of-these"
"""Label of the documents without any label of a group."""


class LabelGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The labels of one extra classifier."""

    labels: tuple[str, ...]
    """Labels of the dataset, in its order."""
    none_label: str
    """What documents without any of them get."""

    @property
    def all_labels(self) -> tuple[str, ...]:
        """What the classifier is trained with, the none-label last."""
        return (*self.labels, self.none_label)


def plan_groups(
    labels: Sequence[str],
    none_label: str | None,
    in_need: Collection[str],
    returned: int = RETURNED,
    together: npt.NDArray[np.int64] | None = None,
) -> tuple[LabelGroup, ...]:
    """The smallest set of groups that covers the labels in need.

    The first label left, in the dataset's order, is joined by those that it shares the fewest
    documents with, the earlier ones first where that is equal: a document with both labels of a
    pair says nothing about what parts them.

    Args:
        labels: the labels of the dataset.
        none_label: the dataset's none-label, which is left out: it means something only beside all
            other labels, so its score stays the main classifier's.
        in_need: labels whose every score is wanted.
        returned: labels that a classifier returns of every document, 2 at least.
        together: int64 (n_labels, n_labels): documents with both labels; None when it is not known.

    Returns:
        The groups; empty when no label is in need.

    Raises:
        InvalidInput: a label in need is not one of the dataset, or fewer than 2 are returned.
    """
    unknown = sorted(set(in_need) - set(labels))
    if unknown:
        known_labels = ", ".join(printable(name, 40) for name in labels)
        raise InvalidInput(
            "No such label",
            f"{printable(unknown[0], 60)!r} is not a label here",
            f"labels: {known_labels}",
        )
    if returned < 2:
        raise InvalidInput(
            "No label groups",
            f"a classifier that returns {returned} label has no room beside its none-label",
            "groups need at least 2 returned labels",
        )
    left = [at for at, name in enumerate(labels) if name in in_need and name != none_label]
    none_name = _free_name(labels)
    groups = []
    while left:
        first = left.pop(0)
        nearest = sorted(left, key=lambda at: (0 if together is None else together[first, at], at))
        chosen = sorted([first, *nearest[: returned - 2]])
        left = [at for at in left if at not in chosen]
        names = tuple(labels[at] for at in chosen)
        groups.append(LabelGroup(labels=names, none_label=none_name))
    return tuple(groups)


def project(dataset: Dataset, group: LabelGroup) -> Dataset:
    """The same documents with a group's labels alone.

    A document with none of them gets the group's none-label, whatever other labels it has.
    """
    columns = [dataset.labels.index(name) for name in group.labels]
    own = dataset.membership[:, columns]
    return Dataset(
        ids=dataset.ids,
        texts=dataset.texts,
        labels=group.all_labels,
        membership=np.column_stack((own, ~own.any(axis=1))),
        mode="multi-label",
        none_label=group.none_label,
        groups=dataset.groups,
        origins=dataset.origins,
    )


def _free_name(labels: Sequence[str]) -> str:
    """The none-label's name, with a number when a label is called like it."""
    taken = {_folded(name) for name in labels}
    return next(name for name in _names() if _folded(name) not in taken)


def _names() -> Iterator[str]:
    yield NONE_NAME
    for number in count(2):
        yield f"{NONE_NAME}-{number}"


def _folded(name: str) -> str:
    return "".join(name.casefold().replace("_", " ").replace("-", " ").split())
