"""Compare the arms of an experiment with its base, from the session's files alone."""

from dataclasses import dataclass

import msgspec

from core.errors import InvalidInput
from core.files import fingerprint, write_atomic
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import plural, printable
from core.tuning.arms import ArmRuns, ArmsComparison, compare_arms
from core.workflow.actions.compare import count_look
from core.workflow.actions.launching import session_clients
from core.workflow.experiments.arms import arm_statuses
from core.workflow.experiments.finding import find_experiment, run_of_arm, split_of_experiment
from core.workflow.experiments.measuring import run_figures
from core.workflow.experiments.views import ArmStatus, ExperimentReport
from core.workflow.session import Session, now
from core.workflow.state import ComparisonState, ExperimentState, SessionState
from core.workflow.steps import scores_inputs, tuning_part


@dataclass(frozen=True)
class ArmsSettings:
    """How arms are compared."""

    level: float = 0.95
    """Chance that no arm is wrongly called different."""
    resamples: int = 2000
    seed: int = 0


_DEFAULTS = ArmsSettings()


def compare_experiment(
    session: Session,
    experiment_id: str | None = None,
    settings: ArmsSettings = _DEFAULTS,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> ExperimentReport:
    """Compare every arm that is scored with the base, and keep the report.

    Args:
        experiment_id: the newest when None.

    Raises:
        InvalidInput: no such experiment, or the base and one arm are not scored yet.
        Interrupted: cancelled; nothing was kept.
    """
    state = session.state()
    experiment = find_experiment(state, experiment_id)
    done, missing = _sorted_out(session, state, experiment)
    groups = _arm_runs(session, state, experiment, done, reporter, cancel)
    base = groups.pop("base")
    comparison = compare_arms(
        base, tuple(groups.values()), experiment.request.labels,
        level=settings.level, resamples=settings.resamples, seed=settings.seed,
        none_label=state.revision_of(split_of_experiment(state, experiment)).none_label,
        reporter=reporter, cancel=cancel,
    )  # fmt: skip
    inputs = comparison_inputs(session, state, experiment)
    earlier, looks = count_look(session, fingerprint(inputs, repr(settings)))
    report = _report(session, state, experiment, comparison, missing, looks, earlier)
    _keep(session, experiment.id, inputs, report)
    return report


def load_comparison(session: Session, experiment: ExperimentState) -> ExperimentReport | None:
    """The comparison that was kept; None when there is none of the present scores."""
    kept = experiment.comparison
    if kept is None or kept.inputs != comparison_inputs(session, session.state(), experiment):
        return None
    try:
        data = session.path(kept.path).read_bytes()
        return msgspec.json.decode(data, type=ExperimentReport)
    except (OSError, msgspec.MsgspecError):
        return None


def comparison_inputs(session: Session, state: SessionState, experiment: ExperimentState) -> str:
    """Fingerprint of what a comparison depends on: the scored arms, their scores, the objective."""
    pieces = ["comparison", experiment.objective]
    for status in arm_statuses(session, state, experiment):
        run = run_of_arm(state, status.arm)
        if status.stage == "done" and run is not None:
            pieces.append(f"{status.arm.plan.id}={scores_inputs(run)}")
    return fingerprint(*pieces)


def _sorted_out(
    session: Session, state: SessionState, experiment: ExperimentState
) -> tuple[list[ArmStatus], dict[str, str]]:
    """The arms that can be compared, and why the others cannot."""
    statuses = arm_statuses(session, state, experiment)
    done = [status for status in statuses if status.stage == "done"]
    missing = {
        status.arm.plan.id: f"{status.stage}: {status.detail}"
        for status in statuses
        if status.stage != "done"
    }
    groups = {status.arm.plan.group for status in done}
    if "base" not in groups or len(groups) < 2:
        what = "the base is" if "base" not in groups else "no other arm is"
        raise InvalidInput(
            "Nothing to compare yet",
            f"experiment {printable(experiment.id)}: {what} scored yet",
            "carry on with: comprehend-tuner oversample --resume",
        )
    return done, missing


def _arm_runs(
    session: Session,
    state: SessionState,
    experiment: ExperimentState,
    done: list[ArmStatus],
    reporter: Reporter,
    cancel: CancelToken | None,
) -> dict[str, ArmRuns]:
    """The measured replicates of every arm, by the arm's id without the replicate."""
    groups: dict[str, ArmRuns] = {}
    for count, status in enumerate(done):
        reporter(Progress("reading scores", count, len(done), "arms"))
        if cancel is not None:
            cancel.check()
        arm, run = status.arm, run_of_arm(state, status.arm)
        assert run is not None
        figures = run_figures(session, state, run, experiment.objective, cancel)
        before = groups.get(arm.plan.group)
        groups[arm.plan.group] = ArmRuns(
            arm=arm.plan.group,
            kind=arm.plan.kind,
            positives=arm.after,
            distinct=arm.distinct,
            replicates=(*(before.replicates if before else ()), figures),
        )
    return groups


def _report(
    session: Session,
    state: SessionState,
    experiment: ExperimentState,
    comparison: ArmsComparison,
    missing: dict[str, str],
    looks: int,
    earlier: int,
) -> ExperimentReport:
    split = split_of_experiment(state, experiment)
    tuned_on = tuning_part(split)
    cautions = [
        f"run {printable(run.name)}: {note}"
        for arm in experiment.arms
        if (run := run_of_arm(state, arm)) is not None
        for note in run.notes
    ]
    if earlier:
        cautions.append(
            f"{plural(earlier, 'other comparison')} looked at this test part before; the more are"
            " tried, the likelier one of them looks better by chance"
        )
    return ExperimentReport(
        session=session.name,
        engine=session_clients(session).info.label,
        experiment=experiment.id,
        labels=experiment.request.labels,
        tuned_on=tuned_on,
        measured_on="test, cross-fitted" if tuned_on == "test" else "test",
        objective=experiment.objective,
        before={label: parts["train"] for label, parts in split.support.items()},
        after={arm.plan.id: arm.after for arm in experiment.arms},
        comparison=comparison,
        missing=missing,
        test_looks=looks,
        cautions=tuple(dict.fromkeys(cautions)),
        made_at=now(),
    )


def _keep(session: Session, experiment_id: str, inputs: str, report: ExperimentReport) -> None:
    path = f"experiments/{experiment_id}/comparison.json"
    data = msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"
    write_atomic(session.path(path), data)
    rows = report.comparison.arms
    with session.editing() as state:
        find_experiment(state, experiment_id).comparison = ComparisonState(
            inputs=inputs,
            path=path,
            verdicts={row.arm: row.verdict for row in rows},
            made_at=report.made_at,
        )
