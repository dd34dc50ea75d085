"""The whole main line on the sample tickets, offline."""

from pathlib import Path

from core.comprehend.clients import TwinOptions
from core.dataset.formats import SourceSettings
from core.progress import CancelToken, Reporter, silent
from core.workflow.actions.check import check_health
from core.workflow.actions.create import NewSession, create_session
from core.workflow.actions.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.actions.split import split_dataset
from core.workflow.actions.train import finish_training, plan_training, start_training_run
from core.workflow.actions.tune import Tuned, TuningSettings, tune_thresholds
from core.workflow.samples import SAMPLE, sample_folder
from core.workflow.session import Session, new_folder

RATIOS = (0.7, 0.1, 0.2)
SEED = 7


def run_demo(folder: Path, reporter: Reporter = silent, cancel: CancelToken | None = None) -> Tuned:
    """Import, check, split, train, score and tune; carries on where an earlier call stopped.

    The twin returns every score here, so that every label's curve is whole.

    Raises:
        TunerError: a step failed.
        Interrupted: cancelled; what was finished is kept.
    """
    session = _sample(folder, reporter, cancel)
    state = session.state()
    if state.health is None or state.health.dataset != state.dataset.fingerprint:
        check_health(session, reporter, cancel)
    split_dataset(session, RATIOS, SEED, reporter, cancel)
    training = plan_training(session)
    run = start_training_run(session, training, False, reporter, cancel)
    finish_training(session, run.name, reporter, cancel)
    scoring = plan_scoring(session, run.name)
    start_scoring_jobs(session, scoring, reporter, cancel)
    finish_scoring(session, run.name, scoring.parts, reporter, cancel)
    return tune_thresholds(session, TuningSettings(run=run.name), cancel)


def sample_session(
    directory: Path, reporter: Reporter = silent, cancel: CancelToken | None = None
) -> Session:
    """The sample tickets as session ``sample`` below `directory`, made when it is not there.

    Raises:
        TunerError: it cannot be made.
    """
    return _sample(new_folder("sample", directory), reporter, cancel)


def _sample(folder: Path, reporter: Reporter, cancel: CancelToken | None) -> Session:
    session = Session(folder)
    if not session.state_path.exists():
        settings = SourceSettings(none_label="none")
        twin = TwinOptions(returned="all")
        new = NewSession(folder, sample_folder() / SAMPLE, settings, twin=twin)
        create_session(new, reporter, cancel)
    return session
