"""The whole main line on the sample tickets, offline."""

from pathlib import Path

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.progress import UNWATCHED, Watch
from core.workflow.data import SAMPLE, NewSession, create_session, sample_folder
from core.workflow.health import check_health
from core.workflow.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.session import Session, new_folder
from core.workflow.split import split_dataset
from core.workflow.thresholds import Tuned, TuningSettings, tune_thresholds
from core.workflow.train import finish_training, plan_training, start_training_run

RATIOS = (0.7, 0.1, 0.2)
SEED = 7


def run_demo(folder: Path, watch: Watch = UNWATCHED) -> Tuned:
    """Import, check, split, train, score and tune; carries on where an earlier call stopped.

    The twin returns every score here, so that every label's curve is whole.

    Raises:
        TunerError: a step failed.
        Interrupted: cancelled; what was finished is kept.
    """
    session = _sample(folder, watch)
    state = session.state()
    if state.health is None or state.health.dataset != state.dataset.fingerprint:
        check_health(session, watch)
    split_dataset(session, RATIOS, SEED, watch)
    training = plan_training(session)
    run = start_training_run(session, training, False, watch)
    finish_training(session, run.name, watch)
    scoring = plan_scoring(session, run.name)
    start_scoring_jobs(session, scoring, watch)
    finish_scoring(session, run.name, scoring.parts, watch)
    return tune_thresholds(session, TuningSettings(run=run.name), watch)


def sample_session(directory: Path, watch: Watch = UNWATCHED) -> Session:
    """The sample tickets as session ``sample`` below `directory`, made when it is not there.

    Raises:
        TunerError: it cannot be made.
    """
    return _sample(new_folder("sample", directory), watch)


def _sample(folder: Path, watch: Watch) -> Session:
    session = Session(folder)
    if not session.state_path.exists():
        settings = SourceSettings(none_label="none")
        twin = TwinOptions(returned="all")
        new = NewSession(folder, sample_folder() / SAMPLE, settings, twin=twin)
        create_session(new, watch)
    return session
