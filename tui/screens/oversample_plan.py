"""The plan of the oversample step in the making: what is asked for, and what it comes to.

The screen holds one `Planning`; typed lines and keys change it, and it says what the plan shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.dataset.arms import DEFAULT_POSITIVES, ArmsRequest
from core.errors import InvalidInput, TunerError
from core.text import command_word, plural, printable
from core.views.numbers import figure, fine, size, usd
from core.views.prices import budget_words, estimate_words
from core.workflow.experiments.plan import ArmPreview, ExperimentPlan
from core.workflow.oversample import parse_target
from core.workflow.state import ExperimentState, OversamplingState, SessionState, SplitState
from core.workflow.train import GroupKind
from tui.widgets.arms import PlannedLabel, PlanView
from tui.widgets.facts import Fact

# A single training file with repeated positives.


_SINGLE_LEAD = (
    "Repeats positives in train only; calibration and test stay as they are.",
    "Copies raise the labels beside the chosen one as well: read every row.",
)
_SINGLE_ENDING = "e target · space plans an experiment instead · D forgets"


class SingleFile:
    """Positives asked for per label, and what they make of every label."""

    def __init__(self, split: SplitState, saved: OversamplingState | None) -> None:
        self.targets: dict[str, int] = {}
        self.seed = 0
        self.before = split.positives("train")
        self.after: dict[str, int] = dict(self.before)
        self.added = 0
        if saved is not None and saved.split == split.fingerprint:
            self.targets, self.seed = dict(saved.targets), saved.seed
            self.after, self.added = dict(saved.after), saved.added

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
        """Ask for nothing any more."""
        self.targets, self.seed = {}, 0
        self.take(self.before, 0)

    def view(self, saved: OversamplingState | None) -> PlanView:
        """Every label before and after, and whether the copies are kept."""
        labels = tuple(
            PlannedLabel(label, count, self.after.get(label), target=self.targets.get(label))
            for label, count in self.before.items()
        )
        summary = f"{plural(self.added, 'copy', 'copies')} · seed {self.seed} · "
        if saved is not None and (saved.targets, saved.seed) == (self.targets, self.seed):
            summary += "kept: the next run (4 Train) uses it"
        elif saved is not None:
            summary += "not kept yet: r keeps it in place of the former targets"
        elif self.targets:
            summary += "not kept yet: r keeps it for the next run (4 Train)"
        else:
            summary = "no target: e sets one; the next run (4 Train) repeats nothing"
        return PlanView(_SINGLE_LEAD, labels, True, texts=(summary,), ending=_SINGLE_ENDING)

    def options(self) -> str:
        """The same as options of the command."""
        if not self.targets:
            return "--clear"
        targets = " ".join(
            f"--to {command_word(f'{label}={count}')}" for label, count in self.targets.items()
        )
        return f"{targets} --seed {self.seed}"


# Labels, arms and options of an experiment, read from keys and typed lines.


Amounts = Literal["positives", "factors", "ratios", "growths"]

ARMS_HELP = "10,25,100 positives · x2,x5 · ratio .05,.1 · ml-ros 10%,25%"
"""The forms of a line of arms."""
_MOST_DIGITS = 18
"""Of a typed whole number; Python refuses to read thousands of them."""
GROUP_KINDS: tuple[GroupKind, ...] = ("single", "rare", "complete")
_OPTIONS: dict[Amounts, str] = {
    "positives": "--arms",
    "factors": "--factors",
    "ratios": "--ratios",
    "growths": "--ml-ros",
}


@dataclass(frozen=True)
class ArmsDraft:
    """The experiment that is drafted."""

    labels: tuple[str, ...] = ()
    """Labels to raise, in the dataset's order."""
    kind: Amounts = "positives"
    amounts: tuple[float, ...] = tuple(map(float, DEFAULT_POSITIVES))
    repeat_from: int | None = None
    replicates: int = 1
    patience: int | None = None
    seed: int = 0
    groups: GroupKind | None = None

    @property
    def raised(self) -> tuple[str, ...]:
        """The chosen labels, unless the arms look at every label, so that none is chosen."""
        return () if self.kind == "growths" else self.labels

    @property
    def is_complete(self) -> bool:
        """Whether there is anything to plan."""
        return self.kind == "growths" or bool(self.labels)

    def request(self) -> ArmsRequest:
        """The same for planning."""
        is_of_positives, amounts = self.kind == "positives", self.amounts
        return ArmsRequest(
            labels=self.raised,
            positives=tuple(map(int, amounts)) if is_of_positives else (),
            factors=amounts if self.kind == "factors" else (),
            ratios=amounts if self.kind == "ratios" else (),
            growths=amounts if self.kind == "growths" else (),
            repeat_from=self.repeat_from if is_of_positives else None,
            replicates=self.replicates,
            seed=self.seed,
        )

    def amount_texts(self) -> list[str]:
        """The amounts without exponents and final zeros, those of ML-ROS in percent."""
        factor = 100 if self.kind == "growths" else 1
        return [f"{amount * factor:.10f}".rstrip("0").rstrip(".") for amount in self.amounts]

    def options(self) -> str:
        """The same as options of the command."""
        labels = self.raised
        if labels and not any("," in label for label in labels):
            labels = (",".join(labels),)
        pieces = [f"--labels {command_word(label)}" for label in labels]
        pieces.append(f"{_OPTIONS[self.kind]} {','.join(self.amount_texts())}")
        if self.repeat_from is not None and self.kind == "positives":
            pieces.append(f"--repeat-from {self.repeat_from}")
        if self.replicates != 1:
            pieces.append(f"--replicates {self.replicates}")
        if self.patience is not None:
            pieces.append(f"--patience {self.patience}")
        if self.seed:
            pieces.append(f"--seed {self.seed}")
        if self.groups is not None:
            pieces.append(f"--groups {self.groups}")
        return " ".join(pieces)


def draft_of(experiment: ExperimentState) -> ArmsDraft:
    """The draft that an experiment was planned from; its label groups are kept by the plan."""
    request = experiment.request
    given: list[tuple[Amounts, tuple[float, ...]]] = [
        ("positives", tuple(map(float, request.positives))),
        ("factors", request.factors),
        ("ratios", request.ratios),
        ("growths", request.growths),
    ]
    kind, amounts = next((pair for pair in given if pair[1]), given[0])
    return ArmsDraft(
        labels=request.labels,
        kind=kind,
        amounts=amounts,
        repeat_from=request.repeat_from,
        replicates=request.replicates,
        patience=experiment.patience,
        seed=request.seed,
    )


def amounts_text(draft: ArmsDraft) -> str:
    """The amounts as they are typed."""
    texts = draft.amount_texts()
    match draft.kind:
        case "positives":
            return ",".join(texts)
        case "factors":
            return ",".join(f"x{text}" for text in texts)
        case "ratios":
            return f"ratio {','.join(text.removeprefix('0') for text in texts)}"
        case _:
            return f"ml-ros {','.join(f'{text}%' for text in texts)}"


def read_arms(draft: ArmsDraft, text: str) -> ArmsDraft:
    """The draft with the amounts of a typed line.

    Raises:
        InvalidInput: the line has none of the known forms.
    """
    words = text.strip().lower()
    kind: Amounts = "positives"
    if words.startswith("ratio"):
        kind, words = "ratios", words.removeprefix("ratios").removeprefix("ratio")
    elif words.startswith("ml-ros"):
        kind, words = "growths", words.removeprefix("ml-ros")
    elif words.startswith(("x", "×")):
        kind = "factors"
    pieces = [piece for piece in words.replace(",", " ").split() if piece]
    try:
        amounts = tuple(sorted({_amount(piece, kind) for piece in pieces}))
    except ValueError:
        amounts = ()
    if not amounts:
        raise InvalidInput(
            "Unreadable arms", f"{printable(text, 40)!r} is none of the known forms", ARMS_HELP
        )
    return replace(draft, kind=kind, amounts=amounts)


def _amount(piece: str, kind: Amounts) -> float:
    if kind == "positives":
        return float(int(piece))
    if kind == "factors":
        return float(piece.lstrip("x×"))
    if kind == "growths":
        return float(piece.removesuffix("%")) / 100
    return float(piece[:-1]) / 100 if piece.endswith("%") else float(piece)


def toggled(draft: ArmsDraft, label: str, labels: Sequence[str]) -> ArmsDraft:
    """The draft with a label chosen, or no longer; in the order of `labels`."""
    chosen = set(draft.labels) ^ {label}
    return replace(draft, labels=tuple(name for name in labels if name in chosen))


def read_options(draft: ArmsDraft, typed: Mapping[str, str]) -> ArmsDraft:
    """The draft with the options of typed fields; an empty field means that there is none.

    Raises:
        InvalidInput: a field is not what it should be.
    """
    groups = typed["groups"].strip().lower()
    kinds: dict[str, GroupKind] = {kind: kind for kind in GROUP_KINDS}
    if groups and groups not in kinds:
        raise InvalidInput(
            "Unreadable option",
            f"groups: {printable(groups, 30)!r} is none of {', '.join(GROUP_KINDS)}",
            "",
        )
    return replace(
        draft,
        repeat_from=_number(typed, "repeat from", 1),
        replicates=_number(typed, "replicates", 1) or 1,
        patience=_number(typed, "stop after", 1),
        seed=_number(typed, "seed", 0) or 0,
        groups=kinds.get(groups),
    )


def _number(typed: Mapping[str, str], name: str, least: int) -> int | None:
    text = typed[name].strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < least:
        message = f"{name}: {printable(text, 30)!r} is no whole number from {least} on"
        raise InvalidInput("Unreadable option", message, "")
    return int(text)


# The plan while it is made.


@dataclass(frozen=True)
class CountedDraft:
    """What a draft would come to, or why it cannot be."""

    draft: ArmsDraft
    inputs: object
    """What else the plan depends on, as it was when the plan was asked for."""
    plan: ExperimentPlan | None = None
    problem: TunerError | None = None


class Planning:
    """An experiment or a single training file while it is planned, and what it comes to.

    It begins anew with every split of the session.
    """

    def __init__(self) -> None:
        self.missing = ""
        """What planning needs first; empty when nothing is missing."""
        self.single: SingleFile | None = None
        """None without a split of the present dataset."""
        self.is_single = False
        """Whether the single training file is meant, not the experiment."""
        self.draft = ArmsDraft()
        self.counted: CountedDraft | None = None
        self.place = 0
        """Of the highlighted arm."""
        self._split = ""

    def begin(self, state: SessionState) -> None:
        """Begin anew when the split is another; say what is missing without one."""
        split = state.split
        self.missing = ""
        if split is None:
            self.missing = "needs a split: press 3 (Split) to deal the documents"
        elif split.dataset != state.dataset.fingerprint:
            self.missing = "the dataset changed since the split: press 3 (Split) to deal it again"
        if split is None or self.missing:
            self.single, self._split = None, ""
        elif split.fingerprint != self._split:
            self._split = split.fingerprint
            self.single = SingleFile(split, self.saved_file(state))
            self.is_single = bool(self.single.targets)
            self.draft, self.counted = ArmsDraft(), None

    def saved_file(self, state: SessionState) -> OversamplingState | None:
        """The single training file that the session holds for the present split."""
        saved = state.oversampling
        if saved is None or saved.split != self._split:
            return None
        is_arm = any(arm.made == saved for each in state.experiments for arm in each.arms)
        return None if is_arm else saved

    @property
    def present(self) -> CountedDraft | None:
        """What the present draft comes to; None while it is not counted."""
        counted = self.counted
        return counted if counted is not None and counted.draft == self.draft else None

    @property
    def plan(self) -> ExperimentPlan | None:
        """The plan of the present draft; None while it is not counted, or cannot be."""
        return self.present.plan if self.present is not None else None

    def change(self, draft: ArmsDraft) -> None:
        """Plan an experiment of another draft."""
        if (draft.kind, draft.amounts) != (self.draft.kind, self.draft.amounts):
            self.place = 0
        self.draft, self.is_single = draft, False

    def take(self, counted: CountedDraft) -> bool:
        """Keep what was counted; whether it is of the present draft."""
        if counted.draft != self.draft:
            return False
        self.counted = counted
        last = len(counted.plan.arms) - 1 if counted.plan is not None else 0
        self.place = min(self.place or last, last)
        return True

    def options(self) -> str:
        """What is planned as options of the command."""
        if self.single is not None and not self.is_single and self.draft.is_complete:
            return self.draft.options()
        return self.single.options() if self.single is not None else "--clear"

    def view(self, state: SessionState, is_busy: bool) -> PlanView:
        """What the pane shows.

        Args:
            state: of the session.
            is_busy: whether arms are trained or compared at this moment.
        """
        draft, single, present = self.draft, self.single, self.present
        if single is None:
            return PlanView((self.missing,), (), True)
        if self.is_single:
            return single.view(self.saved_file(state))
        if present is not None and present.plan is not None and draft.is_complete:
            return _counted_view(present.plan, draft, self.place, is_busy)
        text = "no label chosen · o options · e a single training file"
        if draft.is_complete:
            text = "counting …"
            if present is not None and present.problem is not None:
                problem = present.problem
                text = f"! {problem.message}" + (f"; {problem.hint}" if problem.hint else "")
        return PlanView(_lead(draft), _counts(single.before, draft), False, texts=(text,))


# What is said of a plan.


_ARM_NAME = 30
_KINDS = {
    "base": "as it was split",
    "distinct": "fewer distinct documents",
    "repeats": "documents repeated",
    "mixed": "some labels drawn, some repeated",
    "repeats-from": "few distinct ones repeated",
    "ml-ros": "rare labels repeated (ML-ROS)",
}


def _counted_view(plan: ExperimentPlan, draft: ArmsDraft, place: int, is_busy: bool) -> PlanView:
    place = min(place, len(plan.arms) - 1)
    arm = plan.arms[place]
    if not plan.trainings and not plan.estimate.high_usd:
        start = "trained and scored: p shows it"
    elif is_busy:
        start = "r after what runs now"
    else:
        start = "r carries it on" if plan.is_resumed else "r starts it"
    return PlanView(
        _lead(draft),
        _counts(plan.before, draft, arm),
        False,
        arms=plan.arms,
        place=place,
        price_title="price" if plan.is_paid else "on AWS",
        texts=(arm_text(plan, place), sweep_text(plan)),
        cautions=tuple(f"! {text}" for text in plan.cautions),
        ending=f"{start} · ←→ arm · o options · enter all of it",
    )


def _counts(
    before: Mapping[str, int], draft: ArmsDraft, arm: ArmPreview | None = None
) -> tuple[PlannedLabel, ...]:
    """Every label in the order of `before`, with what an arm makes of it."""
    after, distinct = (before, {}) if arm is None else (arm.after, arm.distinct)
    return tuple(
        PlannedLabel(
            label, count, after.get(label), distinct.get(label), is_chosen=label in draft.labels
        )
        for label, count in before.items()
    )


def names_text(labels: Sequence[str], is_whole_set: bool = False) -> str:
    """The labels that are raised."""
    if is_whole_set or not labels:
        return "every rare label (ML-ROS)" if is_whole_set else "no label"
    return ", ".join(printable(label, _ARM_NAME) for label in labels)


def _lead(draft: ArmsDraft) -> tuple[str, str]:
    """What is planned, above the labels."""
    if not draft.is_complete:
        return (
            "An experiment trains arms of more and of fewer positives and compares them:",
            "space chooses labels, a sets the arms. Calibration and test stay as they are.",
        )
    pieces = [f"arms {amounts_text(draft)}"]
    if draft.repeat_from is not None:
        pieces.append(f"repeat from {draft.repeat_from}")
    pieces.append(plural(draft.replicates, "replicate"))
    if draft.patience is not None:
        pieces.append(f"stop after {draft.patience} without gain")
    pieces.append(f"seed {draft.seed}")
    if draft.groups is not None:
        pieces.append(f"groups {draft.groups}")
    raised = names_text(draft.labels, draft.kind == "growths")
    return f"raise in train only: {raised}", " · ".join(pieces)


def arm_text(plan: ExperimentPlan, place: int) -> str:
    """What one arm of a plan would train on."""
    arm, base = plan.arms[place], plan.arms[0].imbalance
    changes = []
    if arm.added:
        changes.append(f"+{arm.added:,} copies")
    if arm.removed:
        changes.append(f"{arm.removed:,} left out")
    mean_ir, scumble = figure(arm.imbalance.mean_ir), fine(arm.imbalance.scumble)
    if arm.plan.kind != "base":
        mean_ir = f"{figure(base.mean_ir)} → {mean_ir}"
        scumble = f"{fine(base.scumble)} → {scumble}"
    counted = plural(arm.documents, "document")
    changed = f" ({', '.join(changes)})" if changes else ""
    return (
        f"{arm.plan.id} ({place + 1} of {len(plan.arms)}): {_KINDS[arm.plan.kind]},"
        f" {counted}{changed}, {size(arm.size_bytes)} · MeanIR {mean_ir} · SCUMBLE {scumble}"
    )


def sweep_text(plan: ExperimentPlan) -> str:
    """Number of trainings, price of what is still to be started, keeping and budget."""
    there = sum(arm.is_there for arm in plan.arms)
    trained = f", {there} trained already" if there else ""
    pieces = [
        f"{plural(len(plan.arms), 'arm')}{trained}",
        f"{plural(plan.trainings, 'training')}, {plan.at_once} at once",
    ]
    if plan.trainings or plan.estimate.high_usd:
        pieces.append(estimate_words(plan.estimate.low_usd, plan.estimate.high_usd, plan.is_paid))
        pieces.append(f"keeping {usd(plan.keeping.high_usd)} a month")
        budget = budget_words(plan)
        pieces += [f"budget {budget}"] if budget else []
    else:
        pieces.append("nothing is left to pay")
    return " · ".join(pieces)


def sweep_question(plan: ExperimentPlan) -> list[Fact]:
    """What is asked before a paid sweep, the price first."""
    estimate, request, budget = plan.estimate, plan.request, budget_words(plan)
    carried = "carried on" if plan.is_resumed else "new"
    facts: list[Fact] = [
        ("sweep", f"{plan.id} ({carried}) on {plan.engine}"),
        ("price", estimate_words(estimate.low_usd, estimate.high_usd, plan.is_paid)),
        ("keeping", f"{usd(plan.keeping.high_usd)} a month until they are deleted (9)"),
        *([("budget", budget)] if budget else []),
        ("creates", f"{plural(plan.trainings, 'classifier')}, {plan.at_once} at once; scores each"),
        ("raises", names_text(request.labels, bool(request.growths))),
        ("arms", ", ".join(arm.plan.id for arm in plan.arms if not arm.is_there)),
        ("basis", estimate.basis),
    ]
    if plan.patience is not None:
        facts.append(("stops", f"after {plan.patience} arms without gain, so it may cost less"))
    return [*facts, *(("mind", text) for text in plan.cautions)]


def whole_plan(plan: ExperimentPlan) -> str:
    """Everything that an experiment would do, in lines that a window wraps."""
    texts = [arm_text(plan, place) for place in range(len(plan.arms))]
    texts += ["", sweep_text(plan), plan.estimate.basis]
    return "\n".join([*texts, *(f"! {caution}" for caution in plan.cautions)])
