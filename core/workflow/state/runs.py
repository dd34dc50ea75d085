"""Runs with their scores and thresholds, as they are saved."""

import msgspec

from core.workflow.state.jobs import ClassifierState, JobState


class ScoresState(msgspec.Struct, frozen=True, kw_only=True):
    """The merged score matrix of one part."""

    path: str
    fingerprint: str
    documents: int
    missing: int
    duplicated: int
    conflicting: int
    extra: int
    errored: int
    returned_share: dict[str, float | None]
    """Share of a label's positives whose score was returned; None without positives."""
    jobs: tuple[str, ...] = ()
    """Ids of the scoring jobs whose output was joined; empty where this was not noted."""
    made_at: str


class ThresholdsState(msgspec.Struct, frozen=True, kw_only=True):
    """The thresholds of a run."""

    inputs: str
    """Fingerprint of the scores that they were tuned and measured on."""
    objective: str
    tuned_on: str
    measured_on: str
    values: dict[str, float]
    edited: tuple[str, ...] = ()
    """Labels whose threshold was set by hand."""
    per_label: dict[str, str] = {}
    """Objectives of single labels, where they are not `objective`."""
    adopted: tuple[str, ...] = ()
    """Labels whose tuned threshold the user adopted although the evidence keeps the default."""
    path: str
    """The thresholds file."""
    report: str
    """The report in JSON."""
    made_at: str


class RunState(msgspec.Struct, kw_only=True):
    """One or more trained classifiers, their merged scores and their thresholds."""

    name: str
    split: str
    """Id of the split it was trained on."""
    inputs: str
    """Fingerprint of everything that training depends on."""
    oversampled: dict[str, int] = {}
    classifiers: list[ClassifierState]
    scores: dict[str, ScoresState] = {}
    thresholds: ThresholdsState | None = None
    replaced_jobs: list[JobState] = []
    """Jobs that failed or ran with other settings, and were started anew."""
    experiment: str = ""
    """Id of the experiment whose arm the run was trained as; empty for a run of its own."""
    notes: tuple[str, ...] = ()
    """What a reader of the run's figures must know, such as that its training file is unknown."""
    made_at: str

    def jobs(self) -> list[JobState]:
        """The jobs that count, training first in each classifier."""
        return [
            job
            for classifier in self.classifiers
            for job in (classifier.training, *classifier.scoring.values())
        ]
