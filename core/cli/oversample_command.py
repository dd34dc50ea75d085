"""``oversample``: repeat positives of rare labels, or find out by experiment whether it helps."""

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from core.cli.experiment_request import ArmOptions, arms_request
from core.cli.experiment_steps import Wish, adopt, show_history, sweep
from core.cli.options import Options, common_options
from core.cli.sessions import again, chosen_session
from core.cli.tables import table
from core.errors import InvalidInput
from core.text import plural

if TYPE_CHECKING:
    from core.workflow.session import Session

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
_ARM_OPTIONS = ("arms", "factors", "ratios", "repeat_from", "replicates", "patience",
                "objective", "groups")  # fmt: skip
_SWEEP_OPTIONS = (*_ARM_OPTIONS, "detach", "despite_findings", "retry")


@click.command(epilog=_EPILOG)
@click.option("--labels", multiple=True, metavar="A,B", help="Labels that every arm raises.")
@click.option("--arms", metavar="N,N", help="Positives: fewer are drawn, more are repeated.")
@click.option("--factors", metavar="X,X", help="Instead: times the present positives.")
@click.option("--ratios", metavar="R,R", help="Instead: share of the commonest label's positives.")
@click.option("--ml-ros", metavar="P,P", help="Instead: percent of documents, whole set (ML-ROS).")
@click.option(
    "--repeat-from", type=click.IntRange(min=1), metavar="N",
    help="With --arms: more arms that repeat N distinct positives to each larger number.",
)  # fmt: skip
@click.option(
    "--replicates", default=1, show_default=True, type=click.IntRange(1, 10),
    help="Trainings of every arm, to see how much chance does.",
)  # fmt: skip
@click.option(
    "--patience", type=click.IntRange(min=1), metavar="N",
    help="Stop after N arms in a row without gain in average precision on the tuning part.",
)  # fmt: skip
@click.option(
    "--objective", default="max_f1", show_default=True, help="What every arm's thresholds are for."
)
@click.option(
    "--groups", type=click.Choice(["single", "rare", "complete"]),
    help="Label groups of every arm (default: those of the base run).",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Carry on the newest experiment.")
@click.option("--experiment", "experiment_id", metavar="ID", help="Carry on that one.")
@click.option("--retry", is_flag=True, help="Train and score failed arms again.")
@click.option("--detach", is_flag=True, help="Start what can run now and return.")
@click.option("--despite-findings", is_flag=True, help="Train although the health check blocks.")
@click.option("--adopt", metavar="ARM", help="Make an arm, or a run, the session's own.")
@click.option("--history", is_flag=True, help="Show every run that was trained.")
@click.option("--to", multiple=True, metavar="LABEL=N", help="One file: positives wanted.")
@click.option("--clear", is_flag=True, help="Forget that file.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same draws and copies.")
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
    from core.workflow.actions.oversample import clear_oversampling

    if not options.dry_run:
        clear_oversampling(session)
    options.emit({"targets": {}}, "the next run is trained on the part as it was split")


def _repeat(options: Options, session: "Session", targets: tuple[str, ...], seed: int) -> None:
    """Write one training file with repeated positives, for the next run."""
    from core.workflow.actions.oversample import (
        oversample_training,
        parse_target,
        preview_oversampling,
    )

    wanted = dict(parse_target(target) for target in targets)
    if options.dry_run:
        seen = preview_oversampling(session, wanted, seed)
        added, before, after = seen.added, seen.before, seen.after
    else:
        made = oversample_training(session, wanted, seed)
        added, before, after = made.added, made.before, made.after
    rows = [
        [label, f"{before[label]:,}", f"{after[label]:,}", f"{after[label] - before[label]:+,}"]
        for label in before
    ]
    lines = [
        table(["label", "before", "after", "change"], rows),
        f"{plural(added, 'copy', 'copies')} in the training part; calibration and test unchanged",
    ]
    if not options.dry_run:
        lines.append(f"next: {again(options, session, 'train')}")
    options.emit({"added": added, "before": before, "after": after}, "\n".join(lines))
