"""Compare the arms of an experiment with its base, from the session's files alone."""

from dataclasses import dataclass
from functools import partial

import msgspec

from core.decoding import read_json
from core.errors import InvalidInput
from core.files import file_fingerprint, fingerprint, write_atomic
from core.progress import UNWATCHED, Watch
from core.text import plural, printable
from core.tuning.aim import Aim
from core.tuning.arm_effects import ArmRuns, ArmsComparison, RunFigures
from core.tuning.arms import compare_arms
from core.tuning.cross_fitting import cross_fit
from core.tuning.joint import choose_all
from core.workflow.compare import count_look
from core.workflow.experiments.arms import arm_statuses, has_present_scores
from core.workflow.experiments.plan import (
    ArmStatus,
    ExperimentReport,
)
from core.workflow.jobs import session_clients
from core.workflow.parts import load_part
from core.workflow.recorded import verified
from core.workflow.session import Session, now
from core.workflow.state import (
    ArmState,
    ComparisonState,
    ExperimentState,
    OversamplingState,
    RunState,
    SessionState,
)
from core.workflow.thresholds import Tuned, TuningSettings, tune_thresholds

# The decisions of one arm: at the default, and at thresholds chosen on its own tuning part.


def run_figures(
    session: Session,
    state: SessionState,
    run: RunState,
    objective: str,
    watch: Watch = UNWATCHED,
) -> RunFigures:
    """What a run decides on test, every threshold chosen on its own scores of the tuning part.

    Saved thresholds play no part: all arms are compared at thresholds chosen in the same way,
    whatever the evidence. With a two-way split the choice is cross-fitted on test.

    Raises:
        InvalidInput: a part was not scored, or a file is absent or damaged.
        Interrupted: cancelled.
    """
    test = load_part(session, state, run, "test")
    part = state.split_of(run).tuning_part
    tuning = test if part == "test" else load_part(session, state, run, part)
    choose = partial(choose_all, objective=objective, default=test.default, watch=watch)
    thresholds = {label: choice.threshold for label, choice in choose(tuning.curves()).items()}
    return RunFigures(
        name=run.name,
        test=test,
        default=test.decide(dict.fromkeys(test.labels, test.default)),
        tuned=(
            cross_fit(test, choose, watch=watch).decisions
            if part == "test"
            else test.decide(thresholds)
        ),
        thresholds=thresholds,
    )


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
    watch: Watch = UNWATCHED,
) -> ExperimentReport:
    """Compare every arm that is scored with the base, and keep the report.

    Args:
        experiment_id: the newest when None.

    Raises:
        InvalidInput: no such experiment, or the base and one arm are not scored yet.
        Interrupted: cancelled; nothing was kept.
    """
    state = session.state()
    experiment = state.experiment_named(experiment_id)
    done, missing = _sorted_out(session, state, experiment)
    groups = _arm_runs(session, state, experiment, done, watch)
    base = groups.pop("base")
    comparison = compare_arms(
        base,
        tuple(groups.values()),
        experiment.request.labels,
        level=settings.level,
        resamples=settings.resamples,
        seed=settings.seed,
        none_label=state.revision_of(state.split_of(experiment)).none_label,
        watch=watch,
    )
    inputs = comparison_inputs(session, state, experiment)
    earlier, looks = count_look(session, fingerprint(inputs, repr(settings)))
    report = _report(session, state, experiment, comparison, missing, looks, earlier)
    _keep(session, experiment.id, inputs, report)
    return report


def load_comparison(session: Session, experiment: ExperimentState) -> ExperimentReport | None:
    """The comparison that was kept; None when there is none of the present scores."""
    made = experiment.comparison
    state = session.state()
    if made is None or made.inputs != comparison_inputs(session, state, experiment):
        return None
    try:
        path = verified(session, state, made.path)
        return read_json(path, ExperimentReport, title="", hint="")
    except InvalidInput:  # it is made again
        return None


def comparison_inputs(session: Session, state: SessionState, experiment: ExperimentState) -> str:
    """Fingerprint of what a comparison depends on: the scored arms, their scores, the objective."""
    pieces = ["comparison", experiment.objective]
    for status in arm_statuses(session, state, experiment):
        run = state.find_run(status.arm.run)
        if status.stage == "done" and run is not None:
            pieces.append(f"{status.arm.plan.id}={run.scores_fingerprint}")
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
    watch: Watch,
) -> dict[str, ArmRuns]:
    """The measured replicates of every arm, by the arm's id without the replicate."""
    groups: dict[str, ArmRuns] = {}
    for count, status in enumerate(done):
        watch.report("reading scores", count, len(done), "arms")
        watch.check()
        arm, run = status.arm, state.find_run(status.arm.run)
        assert run is not None
        figures = run_figures(session, state, run, experiment.objective, watch)
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
    split = state.split_of(experiment)
    tuned_on = split.tuning_part
    cautions = [
        f"run {printable(run.name)}: {note}"
        for arm in experiment.arms
        if (run := state.find_run(arm.run)) is not None
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
        before=split.positives("train"),
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
    made = file_fingerprint(session.path(path))
    rows = report.comparison.arms
    with session.editing() as state:
        state.experiment_named(experiment_id).comparison = ComparisonState(
            inputs=inputs,
            path=path,
            fingerprint=made,
            verdicts={row.arm: row.verdict for row in rows},
            made_at=report.made_at,
        )


# Adopt an arm: its classifier and its own thresholds become the session's.


def adopt_arm(
    session: Session,
    run_or_arm: str,
    watch: Watch = UNWATCHED,
) -> Tuned:
    """Tune the thresholds of an arm's run on its own scores and make it the session's run.

    The thresholds of another run are never taken over: they belong to its classifier. The training
    file of the arm comes into force, so that the run is not called trained on other data; so does
    the part as it was split for a run that was trained on it.

    Args:
        run_or_arm: name of a run, or id of an arm of the newest experiment that has it.

    Raises:
        InvalidInput: there is no such arm or run, or it is not scored yet.
        OperationFailed: its scores contradict the counts that the service reported.
        TryAgain: another terminal runs a step of this session.
        Interrupted: cancelled; the session is as it was.
    """
    state = session.state()
    arm = _arm(state, run_or_arm)
    run = adoptable_run(session, run_or_arm)
    objective = arm[0].objective if arm is not None else _objective(run)
    tuned = tune_thresholds(session, TuningSettings(run=run.name, aim=Aim(objective)), watch)
    with session.editing() as state:
        state.adopted = run.name
        made = _training_file(state, run)
        if state.split is not None and run.inputs == state.split.training_inputs(made):
            state.oversampling = made
    session.record("adopted", run=run.name)
    return tuned


def adoptable_run(session: Session, run_or_arm: str) -> RunState:
    """The run that `adopt_arm` would adopt.

    Raises:
        InvalidInput: there is no such arm or run, or it is not scored yet.
    """
    state = session.state()
    arm = _arm(state, run_or_arm)
    run = state.run_named(arm[1].run if arm is not None else run_or_arm)
    if not has_present_scores(session, state, run):
        raise InvalidInput(
            "Not scored yet",
            f"run {printable(run.name)} has no scores of every held-out part",
            "carry on with: comprehend-tuner oversample --resume",
        )
    return run


def _arm(state: SessionState, name: str) -> tuple[ExperimentState, ArmState] | None:
    """The arm of this id or of this run, in the newest experiment that has it."""
    for experiment in reversed(state.experiments):
        for arm in experiment.arms:
            if name == arm.plan.id and state.find_run(arm.run) is not None:
                return experiment, arm
    for experiment in reversed(state.experiments):
        for arm in experiment.arms:
            if name == arm.run:
                return experiment, arm
    return None


def _training_file(state: SessionState, run: RunState) -> OversamplingState | None:
    """The changed training file of an arm's run; experiments that share the run have it once."""
    arms = [arm for experiment in state.experiments for arm in experiment.arms]
    return next((arm.made for arm in arms if arm.run == run.name and arm.made is not None), None)


def _objective(run: RunState) -> str:
    return run.thresholds.objective if run.thresholds is not None else "max_f1"
