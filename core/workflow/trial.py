"""One document tried on a live endpoint, against the thresholds in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.comprehend.endpoints import TextScores, check_text, classify_text
from core.dataset.formats.comprehend_files import one_line
from core.errors import TryAgain
from core.text import printable
from core.workflow.endpoints import endpoint_failure, refresh_endpoint
from core.workflow.jobs import session_clients
from core.workflow.session import Session

DEFAULT_THRESHOLD = 0.5
"""Threshold of a label while the run has none."""
Verdict = Literal["flagged", "not flagged", "undecided"]


@dataclass(frozen=True)
class TrialRow:
    """One label of the tried document."""

    label: str
    score: float | None
    """None when the endpoint did not return it."""
    threshold: float
    decision: Verdict
    """"undecided" when the score was not returned and may reach the threshold."""
    note: str
    """What is known of a score that was not returned, in words."""


@dataclass(frozen=True)
class Trial:
    """What an endpoint and the thresholds say of one document."""

    endpoint: str
    run: str
    classifier: str
    mode: str
    has_thresholds: bool
    """Whether the run's thresholds decided; otherwise .5 for every label."""
    rows: tuple[TrialRow, ...]
    """Highest score first, then what was not returned."""
    labels: tuple[str, ...]
    """What the document is given."""
    undecided: tuple[str, ...]


def try_document(session: Session, name: str, text: str) -> Trial:
    """Score one document on a live endpoint and decide its labels.

    The text is made one line first, as scoring files are, so that its scores compare.

    Args:
        name: of the endpoint.

    Raises:
        InvalidInput: the text is blank, no Unicode or above 10 KB in UTF-8; nothing was sent.
        TryAgain: the endpoint does not answer yet.
        OperationFailed: it failed.
        TunerError: the service refuses or cannot be reached.
    """
    line = one_line(text)
    check_text(line)
    clients = session_clients(session)
    endpoint = session.state().endpoint_named(name)
    if endpoint.state not in ("IN_SERVICE", "UPDATING"):
        status = refresh_endpoint(session, clients, name)
        if status is not None and status.state == "FAILED":
            raise endpoint_failure(name, status.message)
        if status is None or not status.is_serving:
            state = status.state if status else "not to be seen"
            raise TryAgain(
                "The endpoint does not answer yet",
                f"{printable(name)} is {printable(state, 40)}",
                "wait until it is IN_SERVICE: comprehend-tuner endpoint status",
            )
    answer = classify_text(clients.comprehend, endpoint.arn, line)
    run = session.state().run_named(endpoint.run)
    classifier = run.classifier_named(endpoint.classifier)
    values = run.thresholds.values if run.thresholds else {}
    limits = {label: values.get(label, DEFAULT_THRESHOLD) for label in classifier.labels}
    session.record("tried", endpoint=name, bytes=len(line.encode()))
    return _decided(endpoint.name, run.name, classifier.id, answer, limits, bool(values))


def _decided(
    endpoint: str,
    run: str,
    classifier: str,
    answer: TextScores,
    thresholds: Mapping[str, float],
    has_thresholds: bool,
) -> Trial:
    from core.tuning.decimals import lowest_reaching
    from core.tuning.thresholds import decide_class, decide_labels, scores_by_name

    limits = {label: lowest_reaching(value) for label, value in thresholds.items()}
    scores = scores_by_name(answer.pairs, limits)
    if answer.mode == "multi-class":
        decision = decide_class(scores, limits)
    else:
        decision = decide_labels(scores, [(tuple(limits), tuple(limits))], limits)
    verdicts: dict[str, Verdict] = dict.fromkeys(limits, "not flagged")
    verdicts |= dict.fromkeys(decision.labels, "flagged")
    verdicts |= dict.fromkeys(decision.undecided, "undecided")
    missing = f"not returned: at most {min(scores.values(), default=1.0):.4f}"
    rows = [
        TrialRow(
            label, scores.get(label), value, verdicts[label], "" if label in scores else missing
        )
        for label, value in thresholds.items()
    ]
    rows.sort(key=lambda row: -1.0 if row.score is None else row.score, reverse=True)
    return Trial(
        endpoint,
        run,
        classifier,
        answer.mode,
        has_thresholds,
        tuple(rows),
        decision.labels,
        decision.undecided,
    )
