"""Carry out what ``oversample`` is asked for: train arms, compare them, adopt one, show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.cli.options import Options, cancel
from core.cli.sessions import again
from core.errors import InvalidInput, OperationFailed
from core.text import plural, printable

if TYPE_CHECKING:
    from core.dataset.oversampling import ArmsRequest
    from core.workflow.actions.label_needs import GroupKind
    from core.workflow.experiments import ArmStatus
    from core.workflow.session import Session
    from core.workflow.state import ExperimentState


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
    from core.cli.experiment_text import arms_text, plan_text
    from core.workflow.actions.launching import naming_resume
    from core.workflow.experiments import plan_experiment, run_experiment, start_experiment

    plan = plan_experiment(
        session, wish.request, groups=wish.groups, objective=wish.objective,
        patience=wish.patience, experiment=wish.experiment, reporter=options.reporter(),
        cancel=cancel,
    )  # fmt: skip
    text = plan_text(plan)
    if options.dry_run:
        options.emit(plan, text)
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
            session, experiment.id, options.reporter(), cancel, is_waiting=not wish.is_detached
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
    from core.workflow.experiments import arm_statuses, retry_failed

    statuses = arm_statuses(session, session.state(), experiment)
    if any(status.stage == "failed" for status in statuses):
        retry_failed(session, experiment.id)


def _compare(
    options: Options, session: "Session", experiment_id: str, statuses: "tuple[ArmStatus, ...]"
) -> None:
    """Show the arms and their comparison, as far as there is something to compare."""
    from core.cli.arms_text import experiment_text
    from core.cli.experiment_text import arms_text
    from core.workflow.experiments import compare_experiment

    shown = arms_text(statuses)
    done = {one.arm.plan.group for one in statuses if one.stage == "done"}
    if "base" not in done or len(done) < 2:
        options.emit({"arms": statuses, "report": None}, shown)
        return
    report = compare_experiment(session, experiment_id, reporter=options.reporter(), cancel=cancel)
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
    from core.cli.arms_text import experiment_text
    from core.workflow.experiments import ArmsSettings, compare_experiment

    state = session.state()
    if experiment_id is None and not state.experiments:
        runs = ", ".join(printable(run.name, 40) for run in state.runs) or "none yet"
        begin = again(options, session, "oversample --labels LABEL")
        raise InvalidInput(
            "Nothing to compare",
            "no run was named, and there is no experiment",
            f"name two runs ({runs}), or begin one: {begin}",
        )
    report = compare_experiment(
        session, experiment_id, ArmsSettings(*settings), options.reporter(), cancel
    )
    options.emit(report, experiment_text(report, all_labels))


def adopt(options: Options, session: "Session", name: str) -> None:
    from core.cli.thresholds_text import report_text
    from core.workflow.experiments import adopt_arm, adoptable_run

    if options.dry_run:
        run = adoptable_run(session, name).name
        said = f"would tune {printable(run)} on its own scores and make it the session's run"
        options.emit({"adopt": run}, said)
        return
    tuned = adopt_arm(session, name, options.reporter(), cancel)
    lines = [
        report_text(tuned.report),
        f"run {printable(tuned.report.run)} is the session's run now",
        *_of_an_older_split(session),
        f"its thresholds, tuned on its own scores: {printable(tuned.thresholds_path)}",
        f"next: {again(options, session, 'thresholds --save thresholds.json')}",
    ]
    options.emit(tuned, "\n".join(lines))


def _of_an_older_split(session: "Session") -> list[str]:
    """What to say of a session's run that was not trained on its newest split."""
    from core.cli.narrow import paragraph

    state = session.state()
    run, split = state.run, state.split
    if run is None or split is None or run.split == split.id:
        return []
    said = (
        f"it was trained on split {run.split}, not on {split.id}, the newest: its steps are stale"
    )
    return paragraph(said, "! ")


def show_history(options: Options, session: "Session") -> None:
    from core.cli.experiment_text import history_text
    from core.workflow.experiments import versions

    found = versions(session)
    options.emit({"versions": found}, history_text(found))
