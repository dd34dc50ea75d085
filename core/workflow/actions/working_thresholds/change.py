"""What another objective would change, before it is taken."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidInput
from core.progress import CancelToken
from core.tuning.evaluation import pool
from core.tuning.objectives import (
    Choice,
    FigureRange,
    PreviewRow,
    choose_all,
    parse_objective,
)
from core.workflow.actions.run_curves import RunCurves, macro_f1


@dataclass(frozen=True)
class Change:
    """Another objective, for one label or for all, and what it would do on the tuning part."""

    objective: str
    """Of every label without one of its own, after the change."""
    per_label: Mapping[str, str]
    name: str
    """The objective that was asked for."""
    label: str | None
    """The label that it is for; None for all."""
    part: str
    """The part that the figures are of: optimistic, thresholds are chosen there."""
    rows: tuple[PreviewRow, ...]
    """The labels that it is for."""
    macro_before: FigureRange
    macro_after: FigureRange
    micro_before: FigureRange
    micro_after: FigureRange
    chosen: dict[str, Choice]
    """What the objectives choose, of all labels."""


def planned_change(
    curves: RunCurves,
    part: str,
    values: Mapping[str, float],
    aims: tuple[str, Mapping[str, str]],
    name: str,
    label: str | None = None,
    cancel: CancelToken | None = None,
) -> Change:
    """What an objective would choose and what that does, on one part.

    An objective for all labels takes the place of those of single labels.

    Args:
        curves: of the run.
        part: the part to tune on.
        values: the present thresholds.
        aims: the present objective and those of single labels.
        name: the objective, as `parse_objective` reads it.
        label: the label that it is for; None for all.
        cancel: looked at during a joint search.

    Raises:
        InvalidInput: no such objective, or a joint one for a single label.
        Interrupted: stopped through `cancel`.
    """
    wanted = parse_objective(name)
    if label is not None and wanted.is_joint:
        raise InvalidInput(
            "Not for one label", f"{wanted.name} weighs all labels together", "take all labels"
        )
    objective, own = (wanted.name, {}) if label is None else _with_own(aims, label, wanted.name)
    shown = curves.parts[part]
    chosen = choose_all(shown, objective, own, curves.default, cancel=cancel)
    changed = list(shown) if label is None else [label]
    after = {**values, **{one: chosen[one].threshold for one in changed}}
    found = tuple(
        PreviewRow(
            one, shown[one].at(values[one]), shown[one].at(after[one]),
            chosen[one].status, chosen[one].note,
        )
        for one in changed
    )  # fmt: skip
    macro = [macro_f1(shown, at) for at in (values, after)]
    micro = [pool([shown[one].at(at[one]) for one in shown]) for at in (values, after)]
    return Change(
        objective=objective,
        per_label=own,
        name=wanted.name,
        label=label,
        part=part,
        rows=found,
        macro_before=FigureRange(macro[0].low, macro[0].high),
        macro_after=FigureRange(macro[1].low, macro[1].high),
        micro_before=FigureRange(micro[0].f1_low, micro[0].f1_high),
        micro_after=FigureRange(micro[1].f1_low, micro[1].f1_high),
        chosen=chosen,
    )


def _with_own(
    aims: tuple[str, Mapping[str, str]], label: str, name: str
) -> tuple[str, dict[str, str]]:
    """The present objectives with another one for a label."""
    objective, present = aims
    own = {one: text for one, text in present.items() if one != label}
    return objective, own if name == objective else {**own, label: name}
