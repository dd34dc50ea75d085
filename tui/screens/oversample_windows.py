"""Options of an experiment beyond its labels and arms."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input, Static

from core.comprehend.pricing import Estimate
from core.dataset.arms import DEFAULT_POSITIVES, ArmsRequest
from core.errors import InvalidInput
from core.progress import Watch
from core.text import plural, printable
from core.views.numbers import figure, fine, level, ranged, size, threshold, usd
from core.views.prices import budget_words, estimate_words
from core.views.terminal import table
from core.workflow.experiments.plan import ArmPreview, ExperimentPlan, ExperimentReport, Version
from core.workflow.oversample import (
    OversamplePreview,
    oversample_training,
    parse_target,
    preview_oversampling,
)
from core.workflow.session import Session
from core.workflow.state import ExperimentState, OversamplingState, SessionState, SplitState
from core.workflow.train import GroupKind
from tui.jobs import Work
from tui.render import cell, glyph, literal, plain
from tui.widgets.arms import AVERAGES, SHORT_OUTCOMES, ArmGroup, LabelCounts, effect_text, row_of
from tui.widgets.facts import Fact, Facts
from tui.widgets.forms import Field, Line
from tui.widgets.tables import KeyTable

if TYPE_CHECKING:
    from core.tuning.arm_effects import ArmFigures, ArmRow, ArmsComparison, Effect


# A single training file with repeated positives, as the screen plans it.


LEAD = (
    "Repeats positives in train only; calibration and test stay as they are.",
    "Copies raise the labels beside the chosen one as well: read every row.",
)


class SingleFile:
    """Positives wanted per label, and what they make of every label."""

    def __init__(self, split: SplitState, kept: OversamplingState | None) -> None:
        self.targets: dict[str, int] = {}
        self.seed = 0
        self.before = split.positives("train")
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

        def work(
            watch: Watch,
        ) -> OversamplePreview:
            return preview_oversampling(session, targets, seed)

        return work

    def keep_work(self, session: Session) -> Work:
        """Write the training file of the next run."""
        targets, seed = dict(self.targets), self.seed

        def work(
            watch: Watch,
        ) -> OversamplingState:
            return oversample_training(session, targets, seed)

        return work


# What the oversample screen is asked for: labels, arms and options, read from typed lines.


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
class ArmsWish:
    """The experiment that is planned."""

    labels: tuple[str, ...] = ()
    """Labels to raise, in the dataset's order."""
    kind: Amounts = "positives"
    amounts: tuple[float, ...] = field(default=tuple(map(float, DEFAULT_POSITIVES)))
    repeat_from: int | None = None
    replicates: int = 1
    patience: int | None = None
    seed: int = 0
    groups: GroupKind | None = None

    @property
    def is_whole_set(self) -> bool:
        """Whether the arms look at every label, so that none is chosen."""
        return self.kind == "growths"

    @property
    def is_complete(self) -> bool:
        """Whether there is anything to plan."""
        return self.is_whole_set or bool(self.labels)

    def request(self) -> ArmsRequest:
        """The same for planning."""
        amounts = self.amounts
        return ArmsRequest(
            labels=() if self.is_whole_set else self.labels,
            positives=tuple(map(int, amounts)) if self.kind == "positives" else (),
            factors=amounts if self.kind == "factors" else (),
            ratios=amounts if self.kind == "ratios" else (),
            growths=amounts if self.kind == "growths" else (),
            repeat_from=self.repeat_from if self.kind == "positives" else None,
            replicates=self.replicates,
            seed=self.seed,
        )

    def amount_texts(self) -> list[str]:
        """The amounts as they are written, those of ML-ROS in percent."""
        factor = 100 if self.is_whole_set else 1
        return [_plain_number(amount * factor) for amount in self.amounts]

    def options(self) -> str:
        """The same as options of the command."""
        labels = () if self.is_whole_set else self.labels
        if labels and not any("," in label for label in labels):
            labels = (",".join(labels),)
        pieces = [f"--labels {shlex.quote(label)}" for label in labels]
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


def _plain_number(amount: float) -> str:
    """A number without exponent or zeros at its end."""
    return f"{amount:.10f}".rstrip("0").rstrip(".")


def wish_of(experiment: ExperimentState) -> ArmsWish:
    """The wish that an experiment was planned from; its label groups are kept by the plan."""
    request = experiment.request
    given: list[tuple[Amounts, tuple[float, ...]]] = [
        ("positives", tuple(map(float, request.positives))),
        ("factors", request.factors),
        ("ratios", request.ratios),
        ("growths", request.growths),
    ]
    kind, amounts = next((one for one in given if one[1]), given[0])
    return ArmsWish(
        labels=request.labels,
        kind=kind,
        amounts=amounts,
        repeat_from=request.repeat_from,
        replicates=request.replicates,
        patience=experiment.patience,
        seed=request.seed,
    )


def arms_text(wish: ArmsWish) -> str:
    """The amounts as they are typed."""
    texts = wish.amount_texts()
    match wish.kind:
        case "positives":
            return ",".join(texts)
        case "factors":
            return ",".join(f"x{text}" for text in texts)
        case "ratios":
            return f"ratio {','.join(text.removeprefix('0') for text in texts)}"
        case _:
            return f"ml-ros {','.join(f'{text}%' for text in texts)}"


def read_arms(wish: ArmsWish, text: str) -> ArmsWish:
    """The wish with the amounts of a typed line.

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
    return replace(wish, kind=kind, amounts=amounts)


def _amount(piece: str, kind: Amounts) -> float:
    if kind == "positives":
        return float(int(piece))
    if kind == "factors":
        return float(piece.lstrip("x×"))
    if kind == "growths":
        return float(piece.removesuffix("%")) / 100
    return float(piece[:-1]) / 100 if piece.endswith("%") else float(piece)


def toggled(wish: ArmsWish, label: str, labels: tuple[str, ...]) -> ArmsWish:
    """The wish with a label chosen, or no longer; in the order of `labels`."""
    chosen = set(wish.labels) ^ {label}
    return replace(wish, labels=tuple(one for one in labels if one in chosen))


def read_options(wish: ArmsWish, typed: dict[str, str]) -> ArmsWish:
    """The wish with the options of typed fields; an empty field means that there is none.

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
    replicates = _number(typed, "replicates", 1)
    seed = _number(typed, "seed", 0)
    return replace(
        wish,
        repeat_from=_number(typed, "repeat from", 1),
        replicates=1 if replicates is None else replicates,
        patience=_number(typed, "stop after", 1),
        seed=0 if seed is None else seed,
        groups=kinds.get(groups),
    )


def _number(typed: dict[str, str], name: str, least: int) -> int | None:
    text = typed[name].strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < least:
        message = f"{name}: {printable(text, 30)!r} is no whole number from {least} on"
        raise InvalidInput("Unreadable option", message, "")
    return int(text)


_PURPOSES = {
    "replicates": "trainings of each arm with other seeds: how much chance alone does",
    "repeat from": "further arms that repeat so many distinct ones: repeat, or label more?",
    "stop after": "so many arms in a row without gain; empty trains every arm",
    "seed": "same seed, same documents",
    "groups": "single: one classifier; rare, complete: further ones that return every score;"
    " empty: as the base",
}


class OptionsModal(ModalScreen[ArmsWish | None]):
    """Five fields; enter takes them all, esc none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down", "focus_next", show=False, priority=True),
        Binding("up", "focus_previous", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    OptionsModal Field > .field-name { width: 13; }
    OptionsModal #purpose { height: 2; color: $text-muted; }
    OptionsModal #refused { height: auto; color: $text-error; }
    """

    def __init__(self, wish: ArmsWish) -> None:
        super().__init__()
        self._wish = wish

    def compose(self) -> ComposeResult:
        """Title, fields, what the focused one is for, keys."""
        with Vertical(classes="window question"):
            yield Static(literal("Options of the experiment"), classes="window-title")
            for name in _PURPOSES:
                yield Field(name, Line(_id(name)))
            yield Static("", id="purpose")
            yield Static("", id="refused")
            yield Static(literal("enter take   tab next   esc cancel"), classes="window-keys")

    def on_mount(self) -> None:
        """The present options; the first field has the focus."""
        wish = self._wish
        values = (wish.replicates, wish.repeat_from, wish.patience, wish.seed, wish.groups)
        for name, value in zip(_PURPOSES, values, strict=True):
            self.query_one(f"#{_id(name)}", Line).value = "" if value is None else str(value)
        self.query_one(Line).focus()

    def on_descendant_focus(self) -> None:
        """Say what the focused field is for."""
        for name, purpose in _PURPOSES.items():
            if self.query_one(f"#{_id(name)}", Line).has_focus:
                self.query_one("#purpose", Static).update(literal(purpose))

    @on(Input.Submitted)
    def _take(self) -> None:
        typed = {name: self.query_one(f"#{_id(name)}", Line).value for name in _PURPOSES}
        try:
            self.dismiss(read_options(self._wish, typed))
        except InvalidInput as error:
            self.query_one("#refused", Static).update(literal(f"{error.message} {error.hint}"))

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def _id(name: str) -> str:
    return f"option-{name.replace(' ', '-')}"


# What the oversample screen says: plans, questions, verdicts.


_ARM_NAME = 30
_KINDS = {
    "base": "as it was split",
    "distinct": "fewer distinct documents",
    "repeats": "documents repeated",
    "mixed": "some labels drawn, some repeated",
    "repeats-from": "few distinct ones repeated",
    "ml-ros": "rare labels repeated (ML-ROS)",
}


def names_text(labels: Sequence[str], is_whole_set: bool = False) -> str:
    """The labels that are raised."""
    if is_whole_set or not labels:
        return "every rare label (ML-ROS)" if is_whole_set else "no label"
    return ", ".join(printable(label, _ARM_NAME) for label in labels)


def wish_text(wish: ArmsWish) -> str:
    """Arms and options in one line."""
    pieces = [f"arms {arms_text(wish)}"]
    if wish.repeat_from is not None:
        pieces.append(f"repeat from {wish.repeat_from}")
    pieces.append(plural(wish.replicates, "replicate"))
    if wish.patience is not None:
        pieces.append(f"stop after {wish.patience} without gain")
    pieces.append(f"seed {wish.seed}")
    if wish.groups is not None:
        pieces.append(f"groups {wish.groups}")
    return " · ".join(pieces)


def plan_lead(wish: ArmsWish) -> tuple[str, ...]:
    """What is planned, above the labels."""
    if not wish.is_complete:
        return (
            "An experiment trains arms of more and of fewer positives and compares them:",
            "space chooses labels, a sets the arms. Calibration and test stay as they are.",
        )
    return f"raise in train only: {names_text(wish.labels, wish.is_whole_set)}", wish_text(wish)


def arm_text(plan: ExperimentPlan, arm: ArmPreview, place: int) -> str:
    """What the highlighted arm would train on."""
    base = plan.arms[0].imbalance
    changes = []
    if arm.added:
        changes.append(f"+{arm.added:,} copies")
    if arm.removed:
        changes.append(f"{arm.removed:,} left out")
    found = arm.imbalance
    measures = (
        f"MeanIR {base.mean_ir:.1f} → {found.mean_ir:.1f}"
        f" · SCUMBLE {fine(base.scumble)} → {fine(found.scumble)}"
        if arm.plan.kind != "base"
        else f"MeanIR {found.mean_ir:.1f} · SCUMBLE {fine(found.scumble)}"
    )
    counted = plural(arm.documents, "document")
    changed = f" ({', '.join(changes)})" if changes else ""
    return (
        f"{arm.plan.id} ({place + 1} of {len(plan.arms)}): {_KINDS[arm.plan.kind]},"
        f" {counted}{changed}, {size(arm.size_bytes)} · {measures}"
    )


def sweep_text(plan: ExperimentPlan) -> str:
    """Number of trainings and price of the whole sweep."""
    there = sum(arm.is_there for arm in plan.arms)
    trained = f", {there} trained already" if there else ""
    return (
        f"{plural(len(plan.arms), 'arm')}{trained} · {plural(plan.trainings, 'training')},"
        f" {plan.at_once} at once · {money_text(plan)}"
    )


def money_text(plan: ExperimentPlan) -> str:
    """Price of what is still to be started, keeping and budget."""
    if not plan.trainings and not plan.estimate.high_usd:
        return "nothing is left to pay"
    estimate, keeping = plan.estimate, plan.keeping
    text = estimate_words(estimate.low_usd, estimate.high_usd, plan.is_paid)
    text = f"{text} · keeping {usd(keeping.high_usd)} a month"
    budget = budget_words(plan)
    return f"{text} · budget {budget}" if budget else text


def arm_price(arm: ArmPreview) -> str:
    """Highest price of one arm; a dash when nothing of it is left to be started."""
    high = arm.training.high_usd + arm.scoring.high_usd
    return usd(high) if high else "–"


def question_facts(plan: ExperimentPlan) -> list[Fact]:
    """What is asked before a paid sweep, the price first."""
    estimate, keeping = plan.estimate, plan.keeping
    carried = "carried on" if plan.is_resumed else "new"
    request = plan.request
    facts: list[Fact] = [
        ("sweep", f"{plan.id} ({carried}) on {plan.engine}"),
        ("price", estimate_words(estimate.low_usd, estimate.high_usd, plan.is_paid)),
        ("keeping", f"{usd(keeping.high_usd)} a month until they are deleted (9)"),
    ]
    budget = budget_words(plan)
    facts += [("budget", budget)] if budget else []
    facts += [
        ("creates", f"{plural(plan.trainings, 'classifier')}, {plan.at_once} at once; scores each"),
        ("raises", names_text(request.labels, bool(request.growths))),
        ("arms", ", ".join(arm.plan.id for arm in plan.arms if not arm.is_there)),
        ("basis", estimate.basis),
    ]
    if plan.patience is not None:
        facts.append(("stops", f"after {plan.patience} arms without gain, so it may cost less"))
    return [*facts, *(("mind", text) for text in plan.cautions)]


def whole_price(plan: ExperimentPlan) -> Estimate:
    """Everything that is new in a plan, a month of keeping included."""
    return Estimate(
        plan.estimate.low_usd + plan.keeping.low_usd,
        plan.estimate.high_usd + plan.keeping.high_usd,
        plan.estimate.basis,
    )


def head_text(
    experiment: ExperimentState, report: ExperimentReport | None, state: SessionState
) -> str:
    """Experiment, labels and where its figures are from."""
    whole_set = bool(experiment.request.growths)
    pieces = [f"{experiment.id}: {names_text(experiment.request.labels, whole_set)}"]
    if state.split is None or experiment.split != state.split.id:
        pieces.append(f"of an earlier split ({experiment.split})")
    if report is not None:
        pieces.append(f"tuned on {report.tuned_on}, measured on {report.measured_on}")
        pieces.append(plural(report.test_looks, "look"))
    else:
        pieces.append("not compared yet")
    adopted = [arm.plan.id for arm in experiment.arms if arm.run == state.adopted]
    pieces += [f"adopted: {adopted[0]}"] if adopted else []
    return " · ".join(pieces)


def hint_text(name: str, names: Sequence[str], experiments: int) -> str:
    """Whose figures are shown, and the keys beside those of the footer."""
    whose = name if name not in AVERAGES else f"{name} average"
    place = f"({names.index(name) + 1} of {len(names)})"
    others = f" · [ ] {experiments} experiments" if experiments > 1 else ""
    return f"←→ {printable(whose, _ARM_NAME)} {place} · v versions{others}"


def adopt_facts(
    group: ArmGroup, run: str, report: ExperimentReport | None, state: SessionState
) -> list[Fact]:
    """What adopting an arm changes."""
    row = row_of(report, group.name)
    now = state.run.name if state.run is not None else "none"
    is_same = run == now
    change = f"the session is about run {run}, no longer about run {now}"
    facts: list[Fact] = [
        ("arm", f"{group.name}, trained as run {run}"),
        ("verdict", row.verdict if row is not None else "it was not compared"),
        ("changes", f"the session stays about run {run}" if is_same else change),
        (
            "",
            "its own thresholds are tuned and become the session's: Thresholds (6), Review (7),"
            " Endpoint (E) and reports follow; the next run (4) is trained as this one was",
        ),
        (
            "stays",
            f"{'' if is_same else f'run {now} with its thresholds, '}every arm and all files;"
            " nothing is trained, deleted or charged",
        ),
    ]
    if row is not None and row.outcome not in ("better", "base"):
        facts.append(("mind", f"this arm is not shown to be better than the base: {row.outcome}"))
    return facts


# Windows of the oversample screen: all figures of an arm, and the history of versions.


_NAME = 14
_NOISY = {"average_precision": "average precision", "f1_tuned": "tuned F1"}
_AROUND = 13
"""Rows of the window of versions beside its table."""


def plan_text(plan: ExperimentPlan, ascii_only: bool) -> str:
    """Everything that an experiment would do, in lines that a window wraps."""
    texts = [arm_text(plan, arm, place) for place, arm in enumerate(plan.arms)]
    texts += ["", sweep_text(plan), plan.estimate.basis]
    texts += [f"! {caution}" for caution in plan.cautions]
    return plain("\n".join(texts), ascii_only)


def figures_text(group: ArmGroup, report: ExperimentReport | None, ascii_only: bool) -> str:
    """Everything that is known of an arm, in lines that a window wraps."""
    texts = [f"{status.arm.run}: {status.stage}, {status.detail}" for status in group.statuses]
    row = row_of(report, group.name)
    if report is not None:
        missing = report.missing.get(group.name)
        texts += [f"! not compared: {missing}"] if missing and row is None else []
    if report is not None and row is not None:
        texts += ["", row.verdict, *_advice(report.comparison), "", *_tables(row)]
        texts += ["", *_grounds(report)]
    text = "\n".join(texts)
    return plain(text, ascii_only).replace("─", "-").replace("−", "-") if ascii_only else text


def _advice(comparison: "ArmsComparison") -> list[str]:
    return [f"· {line}" for line in comparison.advice]


def _tables(row: "ArmRow") -> list[str]:
    """The arm's own figures, then its differences from the base."""
    shown = (*row.labels, row.macro, row.micro)
    headers = ["label", "train", "test", "AP", "F1@.5", "F1", "P", "R", "thr"]
    texts = [table(headers, [_figures(row, one) for one in shown], widest=_NAME)]
    compared = [one for one in shown if one.f1_tuned_effect is not None]
    if compared:
        rows = [
            [*_effects(one, one.average_precision_effect, one.f1_tuned_effect), _verdict(one)]
            for one in compared
        ]
        texts += ["", table(["against base", "AP ", "tuned F1 ", "F1 is "], rows)]
        rows = [_effects(one, one.precision_effect, one.recall_effect) for one in compared]
        texts += ["", table(["against base", "precision ", "recall "], rows)]
        rows = [_effects(one, one.f1_default_effect) for one in compared]
        texts += ["", table(["against base", "F1@.5 "], rows)]
    return texts


def _figures(row: "ArmRow", one: "ArmFigures") -> list[str]:
    positives = row.positives.get(one.name)
    return [
        one.name,
        f"{positives:,}" if positives is not None else "",
        f"{one.support:,}",
        figure(one.average_precision),
        ranged(one.f1_default, one.f1_default_range),
        ranged(one.f1_tuned, one.f1_tuned_range),
        figure(one.precision),
        figure(one.recall),
        threshold(one.threshold) if one.threshold is not None else "",
    ]


def _effects(one: "ArmFigures", *effects: "Effect | None") -> list[str]:
    return [printable(one.name, _NAME), *(effect_text(effect) for effect in effects)]


def _verdict(one: "ArmFigures") -> str:
    verdict = one.f1_tuned_effect.verdict if one.f1_tuned_effect is not None else ""
    return SHORT_OUTCOMES.get(verdict, verdict)


def _grounds(report: ExperimentReport) -> list[str]:
    """What the figures stand on: documents, intervals, looks, notes."""
    found = report.comparison
    documents = f"{plural(found.documents, 'document')} of {found.part}"
    if found.distinct_documents != found.documents:
        documents = f"{documents} ({found.distinct_documents:,} distinct)"
    told = (*found.chosen, "macro")
    noise = [
        f"{printable(one.name, _NAME)}: {_NOISY[one.figure]} of replicates of an arm lies"
        f" {fine(one.deviation)} apart (standard deviation, {one.degrees} degrees of freedom)"
        for one in found.noise
        if one.name in told and one.figure in _NOISY
    ]
    return [
        f"{report.engine}: {documents}; each arm tuned on {report.tuned_on}"
        f" for {report.objective}, measured on {report.measured_on}",
        f"in pairs against the base, {found.resamples:,} resamples; {level(found.level)} for all"
        f" together: {level(found.claim_level)} each of {plural(found.claims, 'interval')} that"
        f" verdicts rest on, {level(found.other_level)} each of the other {found.others:,}",
        f"the test part was looked at {plural(report.test_looks, 'time')}",
        *noise,
        *(f"! {note}" for note in (*found.notes, *report.cautions)),
        *(f"! {arm} is not compared: {reason}" for arm, reason in report.missing.items()),
    ]


class VersionsModal(ModalScreen[None]):
    """Every trained run of the session, the newest highlighted, with what it was trained on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,v", "close", show=False),
        Binding("c", "copy_run", show=False),
    ]
    DEFAULT_CSS = """
    VersionsModal .window { max-width: 110; }
    VersionsModal #version-facts { height: auto; max-height: 7; margin-top: 1; }
    """

    def __init__(self, versions: Sequence[Version], ascii_only: bool) -> None:
        super().__init__()
        self._versions = versions
        self._ascii_only = ascii_only

    def compose(self) -> ComposeResult:
        """Title, runs, what the highlighted one is, keys."""
        with Vertical(classes="window"):
            title = f"Versions of this session: {plural(len(self._versions), 'run')}"
            yield Static(literal(title), classes="window-title")
            yield KeyTable("versions")
            yield Facts(self._ascii_only, widget_id="version-facts")
            yield Static(
                literal(
                    "↑↓ look   c copy its name   esc close"
                    if not self._ascii_only
                    else "up/down look   c copy its name   esc close"
                ),
                classes="window-keys",
            )

    def on_mount(self) -> None:
        """Fill the table; the run that the session is about is highlighted."""
        shown = self.query_one(KeyTable)
        shown.styles.height = "auto"
        shown.cell_padding = 0
        for title, width in (("run", 16), ("trained on", 13), ("split", 6), ("state", 15)):
            shown.add_column(cell(title), width=width)
        for title in ("F1@.5", "F1"):
            shown.add_column(cell(title, justify="right"), width=8)
        for version in self._versions[:500]:
            shown.add_cells(self._cells(version), self._ascii_only)
        current = [at for at, version in enumerate(self._versions) if version.is_current]
        shown.move_cursor(row=(current or [len(self._versions) - 1])[-1], animate=False)
        shown.focus()
        self._show_facts()

    def on_resize(self) -> None:
        """Leave the window's height to title, facts and keys first."""
        room = max(self.app.size.height - _AROUND, 3)
        self.query_one(KeyTable).styles.max_height = room

    def _cells(self, version: Version) -> list[Text]:
        sign = glyph("ready", self._ascii_only) if version.is_current else " "
        style = "bold" if version.is_current else ""
        return [
            cell(f"{sign}{version.run}", style),
            cell(version.kind),
            cell(version.split),
            cell(version.state),
            cell(plain(ranged(None, version.macro_f1_default), self._ascii_only), justify="right"),
            cell(plain(ranged(None, version.macro_f1), self._ascii_only), justify="right"),
        ]

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say more of the highlighted run."""
        self._show_facts()

    def _show_facts(self) -> None:
        version = self._highlighted
        if version is None:
            return
        counts = sorted(version.positives.items(), key=lambda pair: pair[1])
        rare = ", ".join(f"{printable(label, 20)} {count:,}" for label, count in counts[:8])
        whose = " · the session's thresholds are its" if version.is_current else ""
        arm = f" · arm of {version.experiment}" if version.experiment else ""
        facts = [
            ("run", f"{version.run}, made {version.made_at[:16].replace('T', ' ')}{arm}{whose}"),
            ("positives", f"{rare}{' …' if len(counts) > 8 else ''}"),
        ]
        if version.verdict:
            facts.append(("verdict", version.verdict))
        self.query_one(Facts).show(facts)

    @property
    def _highlighted(self) -> Version | None:
        row = self.query_one(KeyTable).cursor_row
        return self._versions[row] if 0 <= row < len(self._versions) else None

    def action_close(self) -> None:
        """Close the window."""
        self.dismiss(None)

    def action_copy_run(self) -> None:
        """Copy the name of the highlighted run."""
        from tui.app import TunerApp

        assert isinstance(self.app, TunerApp)
        if self._highlighted is not None:
            self.app.copy(self._highlighted.run)
