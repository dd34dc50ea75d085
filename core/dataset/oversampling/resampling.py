"""Change a training part by a recipe.

The parts that measure stay natural: nothing that is repeated may be in a held-out part, under its
id or under another with the same text. A copy brings all labels of its document, and a document
left out takes all of its labels along; the result shows the counts of every label.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.dataset.documents import Dataset
from core.dataset.health.limits import MOST_DOCUMENTS
from core.dataset.oversampling.distinct import kept_rows
from core.dataset.oversampling.held_out import refuse_held_out
from core.dataset.oversampling.labels import SHOWN, refuse_label
from core.dataset.oversampling.ml_ros import clones, minority_columns
from core.dataset.oversampling.recipe import MOST_GROWTH, TITLE, Recipe, Resampled, Rows
from core.dataset.oversampling.repeats import repeats
from core.errors import InvalidInput
from core.text import plural, printable

_CLONING, _SHUFFLING = 1, 2


def resample(train: Dataset, recipe: Recipe, held_out: Sequence[Dataset] = ()) -> Resampled:
    """Leave out, repeat, clone and shuffle documents of a training part, in this order.

    1. `recipe.distinct`: surplus positives are left out, never relabelled; see
       `core.dataset.oversampling.distinct`.
    2. `recipe.targets`: what is left is repeated evenly; see `repeats`. A label with 10 in
       `distinct` and 500 in `targets` ends with 10 distinct positives repeated to 500.
    3. `recipe.growth`: ML-ROS on the documents and copies so far, whose number it grows by; it
       draws from the documents, each as often as any other however many copies it has. See
       `ml_ros.clones`.
    4. `recipe.is_shuffled`: all documents in an order drawn from the seed.

    Args:
        train: the training part, without copies.
        recipe: how to change it.
        held_out: the parts used to tune or to measure.

    Raises:
        InvalidInput: an unknown label, one without positives, a target below what is there after
            the first step, more distinct positives than there are, a growth outside 0 to 5, a
            negative seed, more documents than the service trains on, a training part that holds
            copies already, or a held-out part that holds copies or a document (by id or normalised
            text) which would be repeated.
    """
    _refuse_recipe(train, recipe)
    kept = kept_rows(train, recipe.distinct, recipe.targets, recipe.seed)
    members = train.membership[kept]
    support = members.sum(axis=0, dtype=np.int64)
    targets = _target_columns(train.labels, support.tolist(), recipe.targets)
    times = repeats(members, targets, np.random.default_rng(recipe.seed))
    _refuse_size(len(kept), int(times.sum()))
    copies = np.repeat(np.arange(len(kept)), times)
    growing = [column for column, target in targets.items() if target > support[column]]
    if recipe.growth:
        support = support + members[copies].sum(axis=0, dtype=np.int64)
        growing += minority_columns(support)
    refuse_held_out(train, kept[members[:, growing].any(axis=1)], held_out)
    if recipe.growth:
        budget = round(recipe.growth * (len(kept) + len(copies)))
        _refuse_size(len(kept), len(copies) + budget)
        rng = np.random.default_rng((recipe.seed, _CLONING))
        cloned = np.array(clones(members, support, budget, rng), dtype=np.intp)
        copies = np.concatenate((copies, cloned))
    return _resampled(train, kept, kept[copies], recipe)


def _refuse_recipe(train: Dataset, recipe: Recipe) -> None:
    if recipe.seed < 0:
        raise InvalidInput(TITLE, f"the seed {recipe.seed} is negative", "use 0 or above")
    if not 0 <= recipe.growth <= MOST_GROWTH:
        message = f"a growth of {recipe.growth:g} is not between 0 and {MOST_GROWTH:g}"
        raise InvalidInput(TITLE, message, "for example 0.25 adds a quarter of the documents")
    support = dict(zip(train.labels, train.support.tolist(), strict=True))
    for label in (*recipe.targets, *recipe.distinct):
        refuse_label(label, support)
    if train.origins and any(train.origins):
        message = "the training part holds copies already"
        raise InvalidInput(TITLE, message, "start from the training part as it was split")
    for label, number in recipe.distinct.items():
        shown = printable(label, SHOWN)
        if number < 1:
            message = f"{number:,} distinct positives of label {shown!r}"
            raise InvalidInput(TITLE, message, "keep at least 1")
        if number > support[label]:
            message = f"{number:,} distinct positives of label {shown!r} of {support[label]:,}"
            hint = "repeat the positives for more than are there"
            raise InvalidInput(TITLE, message, hint)


def _target_columns(
    labels: Sequence[str], support: Sequence[int], targets: Mapping[str, int]
) -> dict[int, int]:
    """Return the targets by column, after checking each against what is there."""
    present = dict(zip(labels, support, strict=True))
    column_of = {label: column for column, label in enumerate(labels)}
    for label, target in targets.items():
        refuse_label(label, present)
        if target < present[label]:
            shown = printable(label, SHOWN)
            message = f"the target {target:,} of label {shown!r} is below the {present[label]:,} "
            hint = "oversampling only adds; ask for at least as many"
            raise InvalidInput(TITLE, message + "present", hint)
        _refuse_size(0, target)
    return {column_of[label]: target for label, target in targets.items()}


def _refuse_size(documents: int, copies: int) -> None:
    if copies and documents + copies > MOST_DOCUMENTS:
        raise InvalidInput(
            TITLE,
            f"the training part would hold {plural(documents + copies, 'document')}",
            f"Comprehend trains on {MOST_DOCUMENTS:,} at most; ask for fewer copies",
        )


def _resampled(train: Dataset, kept: Rows, copied: Rows, recipe: Recipe) -> Resampled:
    rows = np.concatenate((kept, copied))
    names = [train.ids[row] for row in kept.tolist()] + _copy_names(train.ids, copied.tolist())
    origins = [""] * len(kept) + [train.ids[row] for row in copied.tolist()]
    if recipe.is_shuffled:
        rng = np.random.default_rng((recipe.seed, _SHUFFLING))
        order = rng.permutation(len(rows))
        rows = rows[order]
        names = [names[place] for place in order.tolist()]
        origins = [origins[place] for place in order.tolist()]
    together = train.subset(rows)
    dataset = Dataset(
        ids=names,
        texts=together.texts,
        labels=train.labels,
        membership=together.membership,
        mode=train.mode,
        none_label=train.none_label,
        groups=together.groups,
        origins=origins if len(copied) else None,
    )
    distinct = train.membership[kept].sum(axis=0, dtype=np.int64)
    return Resampled(
        dataset=dataset,
        rows=rows,
        added=len(copied),
        removed=len(train) - len(kept),
        before=dict(zip(train.labels, train.support.tolist(), strict=True)),
        after=dict(zip(train.labels, dataset.support.tolist(), strict=True)),
        distinct=dict(zip(train.labels, distinct.tolist(), strict=True)),
    )


def _copy_names(ids: Sequence[str], copied: Sequence[int]) -> list[str]:
    """Return ``<id>#copy1`` … for each copied document, none of which is an id already."""
    taken = set(ids)
    made: dict[int, int] = {}
    names = []
    for row in copied:
        name = ids[row]
        while name in taken:
            made[row] = made.get(row, 0) + 1
            name = f"{ids[row]}#copy{made[row]}"
        taken.add(name)
        names.append(name)
    return names
