"""Training and scoring jobs: start, describe, wait, and repeat while the service is busy."""

import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from core.comprehend.engine import entries
from core.comprehend.service_errors import code_of, explained, is_expired
from core.errors import Interrupted, InvalidInput, TryAgain, TunerError
from core.progress import UNWATCHED, Progress, Watch
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.engine import ComprehendClient, JobProgress, Store


def new_token() -> str:
    """A fresh `ClientRequestToken`; save it before the request is sent."""
    return str(uuid.uuid4())


def start_training(client: "ComprehendClient", request: Mapping[str, Any]) -> str:
    """Send a training request; return the classifier's ARN.

    When the name and version exist already and that classifier was made by the very same request,
    as when an earlier answer was lost, it is the one that is returned.

    Raises:
        TryAgain: a passing fault, or the classifier that has the name is not listed yet.
        TunerError: the service refuses it or cannot be reached.
    """
    try:
        with explained():
            return str(client.create_document_classifier(**request)["DocumentClassifierArn"])
    except InvalidInput as error:
        if code_of(error) != "ResourceInUseException":
            raise
        return _own_classifier(client, request, error)


def start_scoring(client: "ComprehendClient", request: Mapping[str, Any]) -> tuple[str, str]:
    """Send a scoring request; return the job's id and ARN.

    Raises:
        TunerError: the service refuses it or cannot be reached.
    """
    with explained():
        answer = client.start_document_classification_job(**request)
    return str(answer["JobId"]), str(answer["JobArn"])


def find_scoring(
    client: "ComprehendClient", request: Mapping[str, Any], known: Collection[str] = ()
) -> tuple[str, str] | None:
    """Id and ARN of the job that a request has started already; None when there is none.

    For a request whose token the service may have forgotten. A job counts as the request's when
    name, classifier, input, tags and the place of its output agree.

    Args:
        client: the service.
        request: the request as it was saved.
        known: ARNs of jobs that belong to other requests.

    Raises:
        TunerError: the service cannot be reached.
    """
    listed = entries(
        client.list_document_classification_jobs,
        "DocumentClassificationJobPropertiesList",
        Filter={"JobName": request["JobName"]},
    )
    for job in listed:
        if (
            job.get("DocumentClassifierArn") == request["DocumentClassifierArn"]
            and _contains(job.get("InputDataConfig"), request["InputDataConfig"])
            and _is_below(job.get("OutputDataConfig"), request["OutputDataConfig"])
            and job["JobArn"] not in known
            and _has_tags(client, str(job["JobArn"]), request)
        ):
            return str(job["JobId"]), str(job["JobArn"])
    return None


def stop_training(client: "ComprehendClient", arn: str) -> None:
    """Ask a training to stop; it may still end as TRAINED when it was about to.

    Raises:
        TunerError: the service refuses it or cannot be reached.
    """
    with explained():
        client.stop_training_document_classifier(DocumentClassifierArn=arn)


def _own_classifier(
    client: "ComprehendClient", request: Mapping[str, Any], clash: InvalidInput
) -> str:
    """ARN of the classifier that has the request's name, when this very request has made it."""
    name, version = request["DocumentClassifierName"], request.get("VersionName")
    ending = f":document-classifier/{name}" + (f"/version/{version}" if version else "")
    listed = entries(
        client.list_document_classifiers,
        "DocumentClassifierPropertiesList",
        Filter={"DocumentClassifierName": name},
    )
    classifier = next((c for c in listed if str(c["DocumentClassifierArn"]).endswith(ending)), None)
    if classifier is None:
        raise TryAgain(
            "The classifier is not listed yet",
            f"{printable(name, 80)} exists, but the service does not list it",
            "repeat the command in a minute; it adopts the classifier",
        ) from clash
    arn = str(classifier["DocumentClassifierArn"])
    if (
        _contains(classifier.get("InputDataConfig"), request["InputDataConfig"])
        and classifier.get("Mode", "MULTI_CLASS") == request["Mode"]
        and _has_tags(client, arn, request)
    ):
        return arn
    raise InvalidInput(
        "The classifier exists",
        f"{printable(arn, 200)} was made by another request",
        "train under another name: comprehend-tuner train --run NAME",
    ) from clash


def _has_tags(client: "ComprehendClient", arn: str, request: Mapping[str, Any]) -> bool:
    with explained():
        tags = client.list_tags_for_resource(ResourceArn=arn).get("Tags") or []
    value_of = {tag["Key"]: tag.get("Value") for tag in tags}
    return all(value_of.get(tag["Key"]) == tag.get("Value") for tag in request.get("Tags", ()))


def _contains(described: Any, requested: Mapping[str, Any]) -> bool:
    """Whether every member that was asked for is described with the same value."""
    return all((described or {}).get(name) == value for name, value in requested.items())


def _is_below(described: Any, requested: Mapping[str, Any]) -> bool:
    return str((described or {}).get("S3Uri", "")).startswith(requested["S3Uri"])


TRAINING_STATES: dict[str, tuple[bool, bool]] = {
    "SUBMITTED": (False, False),
    "TRAINING": (False, False),
    "STOP_REQUESTED": (False, False),
    "STOPPED": (True, False),
    "TRAINED": (True, True),
    "TRAINED_WITH_WARNING": (True, True),
    "IN_ERROR": (True, False),
    "DELETING": (False, False),
}
"""State of a classifier -> (is final, is usable)."""

SCORING_STATES: dict[str, tuple[bool, bool]] = {
    "SUBMITTED": (False, False),
    "IN_PROGRESS": (False, False),
    "COMPLETED": (True, True),
    "FAILED": (True, False),
    "STOP_REQUESTED": (False, False),
    "STOPPED": (True, False),
}
"""State of a scoring job -> (is final, is usable)."""


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One description of a training or scoring job."""

    kind: Literal["training", "scoring"]
    """What the job does."""
    state: str
    """The service's own word, also when it is a new one."""
    is_final: bool
    """Whether the state will not change by itself; False for a state that is not known."""
    is_usable: bool
    """Whether the classifier can score, or the scores can be fetched."""
    arn: str = ""
    """ARN of the classifier or of the job."""
    message: str = ""
    """The service's message: the reason of a failure, or the warning."""
    submitted_at: str | None = None
    """ISO time, UTC."""
    started_at: str | None = None
    """ISO time, UTC; for a training the start of the billed interval."""
    ended_at: str | None = None
    """ISO time, UTC; for a training the end of the billed interval when it is known."""
    input_uri: str | None = None
    """Address of the training or scoring file."""
    output_uri: str | None = None
    """Address of `output.tar.gz`, which exists once the job is usable."""
    classifier_arn: str | None = None
    """For a scoring job: the classifier that scores."""
    metrics: dict[str, float] = {}
    """The service's `EvaluationMetrics`; empty until trained."""
    documents_trained: int | None = None
    """Documents used for training."""
    documents_tested: int | None = None
    """Documents behind the metrics; the service may cap them at 10,000."""
    labels: int | None = None
    """Number of labels in the training data."""
    mode: str = ""
    """For a training: ``MULTI_LABEL`` or ``MULTI_CLASS``."""
    input_format: str = ""
    """For a scoring job: ``ONE_DOC_PER_LINE`` or ``ONE_DOC_PER_FILE``."""

    @property
    def has_warning(self) -> bool:
        """Whether the job ended usable but not clean."""
        return self.state == "TRAINED_WITH_WARNING"


def describe_training(client: "ComprehendClient", arn: str) -> JobStatus:
    """Ask for the state of a classifier.

    Raises:
        TunerError: it does not exist, or the service cannot be reached.
    """
    with explained():
        answer = client.describe_document_classifier(DocumentClassifierArn=arn)
    properties = answer["DocumentClassifierProperties"]
    state = str(properties["Status"])
    is_final, is_usable = TRAINING_STATES.get(state, (False, False))
    details = properties.get("ClassifierMetadata") or {}
    return JobStatus(
        kind="training",
        state=state,
        is_final=is_final,
        is_usable=is_usable,
        arn=str(properties.get("DocumentClassifierArn", arn)),
        message=str(properties.get("Message") or ""),
        submitted_at=_iso(properties.get("SubmitTime")),
        started_at=_iso(properties.get("TrainingStartTime")),
        ended_at=_iso(properties.get("TrainingEndTime") or properties.get("EndTime")),
        input_uri=(properties.get("InputDataConfig") or {}).get("S3Uri"),
        output_uri=(properties.get("OutputDataConfig") or {}).get("S3Uri"),
        metrics={k: float(v) for k, v in (details.get("EvaluationMetrics") or {}).items()},
        documents_trained=details.get("NumberOfTrainedDocuments"),
        documents_tested=details.get("NumberOfTestDocuments"),
        labels=details.get("NumberOfLabels"),
        mode=str(properties.get("Mode") or "MULTI_CLASS"),
    )


def describe_scoring(client: "ComprehendClient", job_id: str) -> JobStatus:
    """Ask for the state of a scoring job.

    Raises:
        TunerError: it does not exist, or the service cannot be reached.
    """
    with explained():
        answer = client.describe_document_classification_job(JobId=job_id)
    properties = answer["DocumentClassificationJobProperties"]
    state = str(properties["JobStatus"])
    is_final, is_usable = SCORING_STATES.get(state, (False, False))
    return JobStatus(
        kind="scoring",
        state=state,
        is_final=is_final,
        is_usable=is_usable,
        arn=str(properties.get("JobArn", "")),
        message=str(properties.get("Message") or ""),
        submitted_at=_iso(properties.get("SubmitTime")),
        ended_at=_iso(properties.get("EndTime")),
        input_uri=(properties.get("InputDataConfig") or {}).get("S3Uri"),
        output_uri=(properties.get("OutputDataConfig") or {}).get("S3Uri"),
        classifier_arn=properties.get("DocumentClassifierArn"),
        input_format=str((properties.get("InputDataConfig") or {}).get("InputFormat") or ""),
    )


def _iso(value: Any) -> str | None:
    """ISO time in UTC of a datetime, of seconds since 1970 or of an ISO text."""
    if value is None:
        return None
    if isinstance(value, int | float):
        moment = datetime.fromtimestamp(value, UTC)
    else:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.astimezone(UTC).isoformat()


def check_job_belongs(
    status: JobStatus, *, input_uri: str, classifier_arn: str | None = None
) -> None:
    """Refuse a job that did other work than the one it is taken for.

    Args:
        status: the described job.
        input_uri: the file it must have read.
        classifier_arn: for a scoring job, the classifier it must have used.

    Raises:
        InvalidInput: it read another file or used another classifier.
    """
    pairs: tuple[tuple[str, str | None, str], ...] = (("input", status.input_uri, input_uri),)
    if classifier_arn is not None:
        pairs += (("classifier", status.classifier_arn, classifier_arn),)
    for what, other, expected in pairs:
        if other != expected:
            raise InvalidInput(
                "This is another job",
                f"its {what} is {printable(str(other), 200)}, expected {printable(expected, 200)}",
                "use the job that was started for this part and classifier",
            )


def require_single_object(store: "Store", uri: str) -> None:
    """Make sure that an address, which the service reads as a prefix, is exactly one object.

    Raises:
        InvalidInput: the object is absent, or the keys of others begin with the same text.
    """
    addresses = [entry.uri for entry in store.list(uri)]
    if uri not in addresses:
        raise InvalidInput(
            "The object does not exist", f"nothing at {printable(uri, 200)}", "upload it again"
        )
    others = [other for other in addresses if other != uri]
    if others:
        raise InvalidInput(
            "The address matches several objects",
            f"Comprehend would read {printable(others[0], 200)} as part of {printable(uri, 200)}",
            "move or delete the other object",
        )


MOST_FAULTS = 20
"""Faults in a row after which a wait gives up."""
EXPIRED = "credentials expired: sign in again (such as aws sso login); waiting goes on"
"""What a wait shows while the credentials are not accepted any more."""


def wait_until_final(
    describe: Callable[[], JobStatus],
    watch: Watch = UNWATCHED,
    task: str = "waiting",
    progress: "Callable[[], JobProgress | None] | None" = None,
    first_interval_s: float = 15.0,
    longest_interval_s: float = 60.0,
    random: Random | None = None,
) -> JobStatus:
    """Describe a job until its state is final; stopping the wait leaves the job running.

    The interval grows by half each time, with a fifth of jitter, so that many waiters spread out.
    Passing faults are borne: throttling or a lost network end the wait only when they persist, and
    expired credentials pause it for as long as it takes to sign in again.

    The reporter is told every second: elapsed seconds, state and next poll, or what is done when
    `progress` knows it.

    Args:
        describe: asks for the state; `TryAgain` counts as a passing fault.
        progress: the job's own count, when the engine has one.

    Raises:
        Interrupted: stopping was asked for.
        TunerError: describing failed, or failed more than `MOST_FAULTS` times in a row.
    """
    wait = _Wait(watch, task, progress)
    jitter = random or Random()
    interval_s = first_interval_s
    while True:
        status = wait.ask(describe)
        if status is not None and status.is_final:
            return status
        wait.sleep(interval_s * jitter.uniform(0.8, 1.2))
        interval_s = min(interval_s * 1.5, max(longest_interval_s, first_interval_s))


class _Wait:
    """What a wait shows between two descriptions."""

    def __init__(
        self, watch: Watch, task: str, progress: "Callable[[], JobProgress | None] | None"
    ) -> None:
        self._state = ""
        self._faults = 0
        self._watch = watch
        self._task = task
        self._progress = progress
        self._began = time.time()

    def ask(self, describe: Callable[[], JobStatus]) -> JobStatus | None:
        """Describe the job; None for a passing fault, of which some in a row are borne."""
        self.check()
        try:
            status = describe()
        except TunerError as error:
            self._state = self._bear(error)
            return None
        self._faults = 0
        self._state = printable(status.state, 40)
        if status.submitted_at is not None:
            self._began = datetime.fromisoformat(status.submitted_at).timestamp()
        if status.is_final:
            self._watch.reporter(self._elapsed(self._state))
        return status

    def _bear(self, error: TunerError) -> str:
        """What to show for a fault that is borne; any other is raised."""
        if is_expired(error):
            return EXPIRED
        self._faults += 1
        if not isinstance(error, TryAgain) or self._faults > MOST_FAULTS:
            raise error
        return printable(error.title, 60)

    def check(self) -> None:
        """Stop the wait when asked to."""
        if self._watch.is_cancelled:
            raise Interrupted(
                "Interrupted",
                "stopped waiting; the job goes on",
                "run the same command again to go on waiting",
            )

    def sleep(self, seconds: float) -> None:
        """Wait in ticks, reporting at each."""
        for left in self._watch.ticks(seconds):
            self._report(f", next poll in {max(1, round(left))} s")
        self.check()

    def _report(self, suffix: str) -> None:
        progress = self._progress() if self._progress else None
        if progress is None:
            self._watch.reporter(self._elapsed(f"{self._state}{suffix}"))
            return
        note = f"{self._state} · {printable(progress.stage, 40)}"
        self._watch.report(self._task, progress.done, progress.total, "", note)

    def _elapsed(self, note: str) -> Progress:
        elapsed_s = max(0, int(time.time() - self._began))
        return Progress(self._task, elapsed_s, None, "seconds", note)


# Sending a request again while the service is busy: always the same one, never a second.
#
# The client library repeats a request a few times within seconds; what is here goes on for a
# minute, and for an hour while the account has no free slot.


_Result = TypeVar("_Result")

MOST_REPEATS = 4
"""How often a request is repeated after throttling, a fault of the service or a lost connection."""
LONGEST_SLOT_WAIT_S = 3600.0
"""Seconds of waiting for one of the account's slots before giving up."""
_NO_SLOT = "ResourceLimitExceededException"
_REPEATS = {"ConcurrentModificationException": 1, _NO_SLOT: 0}


def send_patiently(
    call: Callable[[], _Result],
    watch: Watch = UNWATCHED,
    *,
    task: str,
    first_pause_s: float = 4.0,
    longest_pause_s: float = 60.0,
    random: Random | None = None,
) -> _Result:
    """Make a call; while it fails for a passing reason, make it again after a growing pause.

    The call must be repeatable: it reads, replaces, or carries a saved token.

    Args:
        task: what is being done, for the reports.
        first_pause_s: the first pause; each further one is twice as long, with a fifth of jitter.
        longest_pause_s: what pauses grow to; while all slots are taken, every pause is this long.

    Raises:
        Interrupted: stopping was asked for during a pause.
        TunerError: the fault persists, the credentials have expired, or the call is refused.
    """
    jitter = random or Random()
    repeats, waited_s, pause_s = 0, 0.0, first_pause_s
    while True:
        watch.check()
        try:
            return call()
        except TryAgain as error:
            code = code_of(error)
            if code == _NO_SLOT and waited_s < LONGEST_SLOT_WAIT_S:
                waited_s += (next_s := max(longest_pause_s, first_pause_s))
            elif not is_expired(error) and repeats < _REPEATS.get(code, MOST_REPEATS):
                next_s, pause_s = pause_s, min(pause_s * 2, longest_pause_s)
                repeats += 1
            else:
                raise
            _pause(next_s * jitter.uniform(0.8, 1.2), error, watch, task)


def _pause(seconds: float, error: TryAgain, watch: Watch, task: str) -> None:
    reason = f"{error.title[:1].lower()}{error.title[1:]}"
    for left_s in watch.ticks(seconds):
        note = f"{printable(reason, 80)}; trying again in {max(1, round(left_s))} s"
        watch.report(task, 0, None, "", note)
    watch.check()


# Descriptions at a pace that the service allows, whoever in this process asks for them.
#
# The service answers ten descriptions a second in a region, a limit that cannot be raised and that
# other programs of the account share.


SPACING_S = 0.125
"""Least seconds between the beginnings of two descriptions on Amazon's side."""

_turn = threading.Lock()
_last_s = [float("-inf")]


def take_turn(spacing_s: float = SPACING_S) -> None:
    """Return once `spacing_s` seconds have passed since the turn before, in any thread."""
    with _turn:
        left_s = _last_s[0] + spacing_s - time.monotonic()
        if left_s > 0:
            time.sleep(left_s)
        _last_s[0] = time.monotonic()
