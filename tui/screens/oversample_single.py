"""A single training file with repeated positives, as the screen plans it."""

import shlex
from collections.abc import Mapping

from core.errors import InvalidInput
from core.progress import CancelToken, Reporter
from core.text import plural, printable
from core.workflow.actions.oversample import (
    OversamplePreview,
    oversample_training,
    parse_target,
    preview_oversampling,
)
from core.workflow.session import Session
from core.workflow.state import OversamplingState, SplitState
from tui.jobs import Work
from tui.widgets.arms_plan import LabelCounts

LEAD = (
    "Repeats positives in train only; calibration and test stay as they are.",
    "Copies raise the labels beside the chosen one as well: read every row.",
)


class SingleFile:
    """Positives wanted per label, and what they make of every label."""

    def __init__(self, split: SplitState, kept: OversamplingState | None) -> None:
        self.targets: dict[str, int] = {}
        self.seed = 0
        self.before = {label: counts["train"] for label, counts in split.support.items()}
        self.after: dict[str, int] = dict(self.before)
        self.added = 0
        if kept is not None and kept.split == split.fingerprint:
            self.targets, self.seed = dict(kept.targets), kept.seed
            self.after, self.added = dict(kept.after), kept.added

    def read_target(self, label: str, text: str) -> None:
        """Take a typed target of a label, or LABEL=N; an empty one takes the target away.

        Raises:
            InvalidInput: it is neither, or names no label.
        """
        targets = dict(self.targets)
        if not text:
            targets.pop(label, None)
        elif text.isdecimal():
            _, targets[label] = parse_target(f"{label}={text}")
        else:
            named, count = parse_target(text)
            if named not in self.before:
                message = f"{printable(named, 60)!r} is not a label here"
                raise InvalidInput("No such label", message, "")
            targets[named] = count
        self.targets = targets
        if not targets:
            self.take(self.before, 0)

    def take(self, after: Mapping[str, int], added: int) -> None:
        """Keep the counts that came out."""
        self.after, self.added = dict(after), added

    def forget(self) -> None:
        """Want nothing any more."""
        self.targets, self.seed = {}, 0
        self.take(self.before, 0)

    def rows(self) -> tuple[LabelCounts, ...]:
        """Every label, before and after."""
        return tuple(
            LabelCounts(label, count, self.after.get(label), target=self.targets.get(label))
            for label, count in self.before.items()
        )

    def summary(self, kept: OversamplingState | None) -> str:
        """How many copies, and whether they are kept."""
        if kept is not None and (kept.targets, kept.seed) == (self.targets, self.seed):
            state = "kept: the next run (4 Train) uses it"
        elif kept is not None:
            state = "not kept yet: r keeps it in place of the former targets"
        elif self.targets:
            state = "not kept yet: r keeps it for the next run (4 Train)"
        else:
            return "no target: e sets one; the next run (4 Train) repeats nothing"
        return f"{plural(self.added, 'copy', 'copies')} · seed {self.seed} · {state}"

    def options(self) -> str:
        """The same as options of the command."""
        if not self.targets:
            return "--clear"
        targets = " ".join(
            f"--to {shlex.quote(f'{label}={count}')}" for label, count in self.targets.items()
        )
        return f"{targets} --seed {self.seed}"

    def preview_work(self, session: Session) -> Work:
        """Count all labels before and after."""
        targets, seed = dict(self.targets), self.seed

        def work(reporter: Reporter, cancel: CancelToken) -> OversamplePreview:
            return preview_oversampling(session, targets, seed)

        return work

    def keep_work(self, session: Session) -> Work:
        """Write the training file of the next run."""
        targets, seed = dict(self.targets), self.seed

        def work(reporter: Reporter, cancel: CancelToken) -> OversamplingState:
            return oversample_training(session, targets, seed)

        return work
