"""``oversample``: repeat positives of rare labels, or find out by experiment whether it helps."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from core.cli.options import SEED_OPTION, Options, again, chosen_session, common_options
from core.errors import InvalidInput, OperationFailed
from core.text import plural, printable
from core.views.split import positives_text

if TYPE_CHECKING:
    from core.dataset.arms import ArmsRequest
    from core.workflow.experiments.plan import ArmStatus
    from core.workflow.session import Session
    from core.workflow.state import ExperimentState
    from core.workflow.train import GroupKind


# Read the arms of an oversampling experiment from the options of ``oversample``.


Number = TypeVar("Number", int, float)

_STRATEGIES = {
    "arms": "--arms 10,25,50",
    "factors": "--factors 2,5,10",
    "ratios": "--ratios .01,.05",
    "ml_ros": "--ml-ros 10,25",
}
"""The ways to give arms, by parameter, each with an example."""


@dataclass(frozen=True)
class ArmOptions:
    """The options that make up a request, as typed; None is not given."""

    labels: tuple[str, ...] = ()
    arms: str | None = None
    factors: str | None = None
    ratios: str | None = None
    ml_ros: str | None = None
    repeat_from: int | None = None
    replicates: int = 1
    seed: int = 0


def arms_request(given: ArmOptions, known: Sequence[str]) -> "ArmsRequest":
    """The request that the options ask for; labels without a strategy get the default arms.

    Args:
        known: the labels of the dataset.

    Raises:
        InvalidInput: two strategies, a strategy without labels, or numbers that cannot be read.
    """
    from core.dataset.arms import DEFAULT_POSITIVES, ArmsRequest
    from core.workflow.train import parse_labels

    chosen = [name for name in _STRATEGIES if getattr(given, name) is not None]
    if len(chosen) > 1:
        raise InvalidInput(
            "Choose one strategy",
            f"{' and '.join(_flag(name) for name in chosen)} were given together",
            f"one of them, such as: {_STRATEGIES[chosen[0]]}",
        )
    labels = parse_labels(given.labels, known)
    if chosen == ["ml_ros"] and labels:
        raise InvalidInput(
            "Labels or the whole set?",
            "--ml-ros chooses by itself which labels are rare",
            f"leave out --labels, or give positives: {_STRATEGIES['arms']}",
        )
    if chosen != ["ml_ros"] and not labels:
        raise InvalidInput(
            "No label is chosen", "the arms raise labels", "such as: --labels threat,insult"
        )
    return ArmsRequest(
        labels=labels,
        positives=_read(given.arms, "arms", _whole) if chosen else DEFAULT_POSITIVES,
        factors=_read(given.factors, "factors", _real),
        ratios=_read(given.ratios, "ratios", _real),
        growths=tuple(percent / 100 for percent in _read(given.ml_ros, "ml_ros", _percent)),
        repeat_from=given.repeat_from,
        replicates=given.replicates,
        seed=given.seed,
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _read(text: str | None, name: str, read: Callable[[str], Number]) -> tuple[Number, ...]:
    """Numbers separated by commas.

    Raises:
        InvalidInput: none is given, or one cannot be read.
    """
    if text is None:
        return ()
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    numbers = []
    for piece in pieces:
        try:
            numbers.append(read(piece))
        except ValueError:
            raise InvalidInput(
                f"Unreadable {_flag(name)}",
                f"{printable(piece, 40)!r} is not {_KINDS[name]}",
                f"for example: {_STRATEGIES[name]}",
            ) from None
    if not numbers:
        raise InvalidInput(
            f"Empty {_flag(name)}", "no number was given", f"for example: {_STRATEGIES[name]}"
        )
    return tuple(numbers)


_KINDS = {
    "arms": "a whole number of positives above 0",
    "factors": "a number above 0",
    "ratios": "a number above 0",
    "ml_ros": "a percentage above 0",
}


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise ValueError
    return int(text)


def _real(text: str) -> float:
    number = float(text)
    if not text.isascii() or not 0 < number < math.inf:
        raise ValueError
    return number


def _percent(text: str) -> float:
    return _real(text.removesuffix("%").strip())


# Carry out what ``oversample`` is asked for: train arms, compare them, adopt one, show them.


@dataclass(frozen=True)
class Wish:
    """What is asked of an experiment."""

    request: "ArmsRequest | None"
    experiment: str | None
    groups: "GroupKind | None"
    objective: str
    patience: int | None
    is_retried: bool
    is_detached: bool
    despite_findings: bool


def sweep(options: Options, session: "Session", wish: Wish) -> None:
    """Plan, confirm, train, score and compare the arms."""
    from core.views.experiment import arms_text, plan_text
    from core.workflow.experiments.plan import plan_experiment
    from core.workflow.experiments.run import run_experiment, start_experiment
    from core.workflow.jobs import naming_resume

    plan = plan_experiment(
        session,
        wish.request,
        groups=wish.groups,
        objective=wish.objective,
        patience=wish.patience,
        experiment=wish.experiment,
        watch=options.watch(),
    )
    text = plan_text(plan)
    if options.dry_run:
        options.emit({key: value for key, value in vars(plan).items() if key != "draft"}, text)
        return
    options.refuse_when_read_only("training")
    options.narrate(text)
    is_charged = plan.is_paid and (bool(plan.estimate.high_usd) or wish.is_retried)
    retried = ", and its failed arms again," if wish.is_retried else ""
    options.confirm(f"Start experiment {plan.id}{retried} on {plan.engine}?", is_charged)
    experiment = start_experiment(session, plan, wish.despite_findings)
    if wish.is_retried:
        _retry(session, experiment)
    resume = again(options, session, f"oversample --experiment {experiment.id}")
    with naming_resume(resume):
        statuses = run_experiment(
            session, experiment.id, options.watch(), is_waiting=not wish.is_detached
        )
    shown = arms_text(statuses)
    if wish.is_detached:
        data = {"experiment": experiment.id, "arms": statuses}
        options.emit(data, f"{shown}\nstarted; come back with: {resume}")
    else:
        _compare(options, session, experiment.id, statuses)
    _require_none_failed(statuses, f"{resume} --retry")


def _retry(session: "Session", experiment: "ExperimentState") -> None:
    """Intend failed jobs anew; an arm that failed before it had a job is taken up anyway."""
    from core.workflow.experiments.arms import arm_statuses, retry_failed

    statuses = arm_statuses(session, session.state(), experiment)
    if any(status.stage == "failed" for status in statuses):
        retry_failed(session, experiment.id)


def _compare(
    options: Options, session: "Session", experiment_id: str, statuses: "tuple[ArmStatus, ...]"
) -> None:
    """Show the arms and their comparison, as far as there is something to compare."""
    from core.views.experiment import arms_text, experiment_text
    from core.workflow.experiments.compare import compare_experiment

    shown = arms_text(statuses)
    done = {one.arm.plan.group for one in statuses if one.stage == "done"}
    if "base" not in done or len(done) < 2:
        options.emit({"arms": statuses, "report": None}, shown)
        return
    report = compare_experiment(session, experiment_id, watch=options.watch())
    lines = [
        shown,
        "",
        experiment_text(report),
        f"see it again with: {again(options, session, f'compare --experiment {experiment_id}')}",
        f"take an arm over with: {again(options, session, 'oversample --adopt ARM')}",
    ]
    options.emit({"arms": statuses, "report": report}, "\n".join(lines))


def _require_none_failed(statuses: "tuple[ArmStatus, ...]", retry: str) -> None:
    """End with an error, after everything else is shown, when an arm failed.

    Raises:
        OperationFailed: one did.
    """
    failed = [one for one in statuses if one.stage == "failed"]
    if failed:
        names = ", ".join(one.arm.plan.id for one in failed)
        raise OperationFailed(
            f"{plural(len(failed), 'arm')} failed",
            f"{names}; the first: {printable(failed[0].detail, 300)}",
            f"the others are kept; again with: {retry}",
        )


def is_experiment(
    things: Sequence[str], experiment_id: str | None, all_labels: bool, run_name: str | None
) -> bool:
    """Whether ``compare`` is asked for an experiment, which is so when nothing is named.

    Raises:
        InvalidInput: an experiment's option and runs or files are mixed.
    """
    if things and (experiment_id is not None or all_labels):
        raise InvalidInput(
            "Runs or an experiment?",
            f"{'--experiment' if experiment_id else '--all-labels'} belongs to the arms of an "
            "experiment",
            "leave out the names, or that option",
        )
    if not things and run_name is not None:
        raise InvalidInput("No files", "--run belongs to thresholds files", "name the files")
    return not things


def show_comparison(
    options: Options,
    session: "Session",
    experiment_id: str | None,
    settings: tuple[float, int, int],
    all_labels: bool,
) -> None:
    """Compare the arms of an experiment from the session's files alone.

    Args:
        experiment_id: the newest when None.
        settings: level, number of resamples, seed.

    Raises:
        InvalidInput: there is no experiment, or nothing of it is scored yet.
    """
    from core.views.experiment import experiment_text
    from core.views.frames import experiment_frame
    from core.workflow.experiments.compare import ArmsSettings, compare_experiment

    state = session.state()
    if experiment_id is None and not state.experiments:
        runs = ", ".join(printable(run.name, 40) for run in state.runs) or "none yet"
        begin = again(options, session, "oversample --labels LABEL")
        raise InvalidInput(
            "Nothing to compare",
            "no run was named, and there is no experiment",
            f"name two runs ({runs}), or begin one: {begin}",
        )
    report = compare_experiment(session, experiment_id, ArmsSettings(*settings), options.watch())
    written = options.write_table(lambda: experiment_frame(report))
    options.emit(report, "\n".join([experiment_text(report, all_labels), *written]))


def adopt(options: Options, session: "Session", name: str) -> None:
    from core.views.thresholds import report_text
    from core.workflow.experiments.compare import adopt_arm, adoptable_run
    from core.workflow.reports import plain_report

    if options.dry_run:
        run = adoptable_run(session, name).name
        said = f"would tune {printable(run)} on its own scores and make it the session's run"
        options.emit({"adopt": run}, said)
        return
    tuned = adopt_arm(session, name, options.watch())
    lines = [
        report_text(tuned.report),
        f"run {printable(tuned.report.run)} is the session's run now",
        *_of_an_older_split(session),
        f"its thresholds, tuned on its own scores: {printable(tuned.thresholds_path)}",
        f"next: {again(options, session, 'thresholds --save thresholds.json')}",
    ]
    data = {
        "report": plain_report(tuned.report),
        "thresholds_path": tuned.thresholds_path,
        "report_path": tuned.report_path,
    }
    options.emit(data, "\n".join(lines))


def _of_an_older_split(session: "Session") -> list[str]:
    """What to say of a session's run that was not trained on its newest split."""
    from core.views.terminal import paragraph

    state = session.state()
    run, split = state.run, state.split
    if run is None or split is None or run.split == split.id:
        return []
    said = (
        f"it was trained on split {run.split}, not on {split.id}, the newest: its steps are stale"
    )
    return paragraph(said, "! ")


def show_history(options: Options, session: "Session") -> None:
    from core.views.experiment import history_text
    from core.workflow.experiments.arms import versions

    found = versions(session)
    options.emit({"versions": found}, history_text(found))


_EPILOG = """\b
Examples:
  comprehend-tuner --dry-run oversample --labels threat      the arms, all counts, the price
  comprehend-tuner oversample --labels threat                10, 25, 50, 100, 200, 500 positives
  comprehend-tuner oversample --labels threat,insult --arms 50,200 --repeat-from 10
  comprehend-tuner oversample --labels threat --factors 2,5 --replicates 2 --patience 2
  comprehend-tuner oversample --ml-ros 10,25                 percent more documents, rare labels
  comprehend-tuner oversample --resume                       carry on the newest experiment
  comprehend-tuner oversample --resume --retry               its failed arms again
  comprehend-tuner oversample --adopt n200                   make that arm the session's run
  comprehend-tuner oversample --history                      every run that was trained
\b
One training file for the next run, without an experiment:
  comprehend-tuner oversample --to threat=200 --to identity_hate=300
  comprehend-tuner --dry-run oversample --to threat=200      counts of all labels, nothing kept
  comprehend-tuner oversample --clear                        train on the part as it was split
"""
_ARM_OPTIONS = (
    "arms",
    "factors",
    "ratios",
    "repeat_from",
    "replicates",
    "patience",
    "objective",
    "groups",
)
_SWEEP_OPTIONS = (*_ARM_OPTIONS, "detach", "despite_findings", "retry")


@click.command(epilog=_EPILOG)
@click.option("--labels", multiple=True, metavar="A,B", help="Labels that every arm raises.")
@click.option("--arms", metavar="N,N", help="Positives: fewer are drawn, more are repeated.")
@click.option("--factors", metavar="X,X", help="Instead: times the present positives.")
@click.option("--ratios", metavar="R,R", help="Instead: share of the commonest label's positives.")
@click.option("--ml-ros", metavar="P,P", help="Instead: percent of documents, whole set (ML-ROS).")
@click.option(
    "--repeat-from",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --arms: more arms that repeat N distinct positives to each larger number.",
)
@click.option(
    "--replicates",
    default=1,
    show_default=True,
    type=click.IntRange(1, 10),
    help="Trainings of every arm, to see how much chance does.",
)
@click.option(
    "--patience",
    type=click.IntRange(min=1),
    metavar="N",
    help="Stop after N arms in a row without gain in average precision on the tuning part.",
)
@click.option(
    "--objective", default="max_f1", show_default=True, help="What every arm's thresholds are for."
)
@click.option(
    "--groups",
    type=click.Choice(["single", "rare", "complete"]),
    help="Label groups of every arm (default: those of the base run).",
)
@click.option("--resume", is_flag=True, help="Carry on the newest experiment.")
@click.option("--experiment", "experiment_id", metavar="ID", help="Carry on that one.")
@click.option("--retry", is_flag=True, help="Train and score failed arms again.")
@click.option("--detach", is_flag=True, help="Start what can run now and return.")
@click.option("--despite-findings", is_flag=True, help="Train although the health check blocks.")
@click.option("--adopt", metavar="ARM", help="Make an arm, or a run, the session's own.")
@click.option("--history", is_flag=True, help="Show every run that was trained.")
@click.option("--to", multiple=True, metavar="LABEL=N", help="One file: positives wanted.")
@click.option("--clear", is_flag=True, help="Forget that file.")
@click.option(
    "--seed",
    type=SEED_OPTION,
    default=0,
    show_default=True,
    help="Same seed, same draws and copies.",
)
@common_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Train the same documents with more, or fewer, positives of rare labels, and compare.

    Every arm is a run of its own: trained, scored, tuned on the same documents and compared with
    the base on test. Only the training part changes. Repeating the command carries on; nothing is
    paid twice.
    """
    options: Options = ctx.obj
    mode = _mode(ctx, given)
    session = chosen_session(options)
    if mode == "clear":
        _clear(options, session)
    elif mode == "to":
        _repeat(options, session, given["to"], given["seed"])
    elif mode == "history":
        show_history(options, session)
    elif mode == "adopt":
        adopt(options, session, given["adopt"])
    else:
        sweep(options, session, _wish(session, mode, given))


def _mode(ctx: click.Context, given: dict[str, Any]) -> str:
    """Which of the things that the command does is meant.

    Raises:
        InvalidInput: none, two at once, or an option that belongs to another.
    """
    is_new = bool(given["labels"]) or given["ml_ros"] is not None
    is_resumed = given["resume"] or given["experiment_id"] is not None
    meant = {
        "new": "--labels or --ml-ros" if is_new else "",
        "resume": "--resume or --experiment" if is_resumed else "",
        **{name: f"--{name}" if given[name] else "" for name in ("adopt", "history", "to")},
        "clear": "--clear" if given["clear"] else "",
    }
    modes = [mode for mode, words in meant.items() if words]
    if len(modes) > 1:
        raise InvalidInput(
            "Choose one",
            f"{' and '.join(meant[mode] for mode in modes)} do different things",
            "give one of them; what an experiment was begun with stays its own",
        )
    set_here = {
        name for name in given if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    mode = modes[0] if modes else "resume" if "retry" in set_here else ""
    if not mode:
        stray = f"{_flags(set_here & set(_SWEEP_OPTIONS))} alone" if set_here else "no label"
        raise InvalidInput(
            "Nothing to oversample",
            f"{stray} does not say what to raise" if set_here else f"{stray} was named",
            "such as: --labels threat, --to threat=200, or --resume",
        )
    _refuse_strays(mode, set_here)
    return mode


def _refuse_strays(mode: str, set_here: set[str]) -> None:
    """Refuse options that the mode would pass over in silence."""
    allowed = {
        "new": {*_SWEEP_OPTIONS, "seed"},
        "resume": {"detach", "despite_findings", "retry"},
        "to": {"seed"},
    }.get(mode, set())
    strays = (set_here & {*_SWEEP_OPTIONS, "seed"}) - allowed
    if strays:
        raise InvalidInput(
            "Option without effect",
            f"{_flags(strays)} does not go with "
            f"{'an experiment that is carried on' if mode == 'resume' else f'--{mode}'}",
            "leave it out; the arms of a new experiment are given with --labels or --ml-ros",
        )


def _flags(names: set[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in sorted(names)) or "this"


def _wish(session: "Session", mode: str, given: dict[str, Any]) -> Wish:
    request = None
    if mode == "new":
        known = session.state().dataset.labels
        fields = ArmOptions.__dataclass_fields__
        request = arms_request(ArmOptions(**{name: given[name] for name in fields}), known)
    return Wish(
        request,
        given["experiment_id"],
        given["groups"],
        given["objective"],
        given["patience"],
        given["retry"],
        given["detach"],
        given["despite_findings"],
    )


def _clear(options: Options, session: "Session") -> None:
    from core.workflow.oversample import clear_oversampling

    if not options.dry_run:
        clear_oversampling(session)
    options.emit({"targets": {}}, "the next run is trained on the part as it was split")


def _repeat(options: Options, session: "Session", targets: tuple[str, ...], seed: int) -> None:
    """Write one training file with repeated positives, for the next run."""
    from core.workflow.oversample import oversample_training, parse_target, preview_oversampling

    wanted = dict(parse_target(target) for target in targets)
    if options.dry_run:
        seen = preview_oversampling(session, wanted, seed)
        added, before, after = seen.added, seen.before, seen.after
    else:
        made = oversample_training(session, wanted, seed)
        added, before, after = made.added, made.before, made.after
    lines = [positives_text(added, before, after)]
    if not options.dry_run:
        lines.append(f"next: {again(options, session, 'train')}")
    options.emit({"added": added, "before": before, "after": after}, "\n".join(lines))
