"""A session folder is outside input: what its state says is checked before anything uses it.

A folder may come by ``scp`` or git from somebody else, so ``session.json`` is trusted no more than
a data file. Names and ids keep the patterns under which they were written, paths stay inside the
folder, uploads are files that the session's own steps write and go below its own prefix of its own
bucket, every reference leads to something, times are times and numbers are finite.
"""

import datetime
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.comprehend.engine import check_patterns
from core.comprehend.jobs import JobStatus
from core.comprehend.ledger import LedgerEntry
from core.comprehend.pricing import PriceList, check_prices
from core.dataset.arms import PlannedArm
from core.errors import InvalidInput
from core.text import printable
from core.workflow.state import (
    ArmState,
    ClassifierState,
    ComparisonState,
    EndpointState,
    ExperimentState,
    JobState,
    OversamplingState,
    PartFile,
    Revision,
    RunState,
    ScoresState,
    SessionState,
    SplitState,
    ThresholdsState,
)

_LONGEST_TEXT = 100_000
_MOST_COUNTED = 10**12
_PARTS = ("train", "calibration", "test")

_Check = Callable[[Any], bool]


def _matching(pattern: str) -> _Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and bool(compiled.fullmatch(value))


def _is_path(value: Any) -> bool:
    """Whether a path is relative, in one spelling, and never climbs."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 1_000
        and "\0" not in value
        and "\\" not in value
        and not value.startswith("/")
        and all(piece not in ("", ".", "..") for piece in value.split("/"))
    )


def _is_time(value: Any) -> bool:
    try:
        moment = datetime.datetime.fromisoformat(value)
        return moment.tzinfo is not None and 1970 <= moment.year < 9000
    except (TypeError, ValueError):
        return False


def _or_empty(check: _Check) -> _Check:
    return lambda value: value == "" or check(value)


def _or_none(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _is_not_negative(value: Any) -> bool:
    return bool(value >= 0)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value <= _MOST_COUNTED


_RUN = _matching(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
_CLASSIFIER = _matching(r"c[0-9]{1,4}")
_SPLIT = _matching(r"s[0-9]{1,6}")
_JOB = _matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/c[0-9]{1,4}/[a-z0-9][a-z0-9-]{0,40}")
_ARN = _matching(r"arn:aws[a-z-]*:comprehend:[a-z0-9-]{1,40}:[0-9]{12}:[A-Za-z0-9/_.:-]{1,400}")
_TOKEN = _matching(r"[A-Za-z0-9-]{1,64}")
_RESOURCE = _matching(r"[A-Za-z0-9](?:-*[A-Za-z0-9]){0,62}")
_SENT = re.compile(r"data/s[0-9]+/.+\.(csv|txt)")
"""Files that a job may send: those that a split or an arm prepared."""
_ADDRESS = re.compile(
    r"s3://(?P<bucket>[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9])/(?P<key>comprehend-tuner/[^\0-\x1f]{1,900})"
)
_FINGERPRINT = _matching(r"sha256:[0-9a-f]{64}")

_WHAT: dict[type, Mapping[str, _Check]] = {
    SessionState: {
        "name": _matching(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,38}[A-Za-z0-9])?"),
        "uid": _matching(r"[0-9a-f]{8}"),
        "created_at": _is_time,
    },
    Revision: {"id": _matching(r"r[0-9]{1,6}"), "path": _is_path, "made_at": _is_time},
    PartFile: {
        "path": _is_path,
        "line_map": _or_empty(_is_path),
        "line_map_fingerprint": _or_empty(_FINGERPRINT),
    },
    OversamplingState: {"seed": _is_not_negative, "made_at": _is_time},
    SplitState: {
        "id": _SPLIT,
        "seed": _is_not_negative,
        "truth_fingerprint": _or_empty(_FINGERPRINT),
        "made_at": _is_time,
    },
    RunState: {"name": _RUN, "split": _SPLIT, "made_at": _is_time},
    ClassifierState: {"id": _CLASSIFIER, "name": _or_empty(_RESOURCE)},
    JobState: {
        "id": _JOB,
        "token": _or_empty(_TOKEN),
        "arn": _or_empty(_ARN),
        "job_id": _or_empty(_matching(r"[A-Za-z0-9_-]{1,64}")),
        "artifact": _or_empty(_is_path),
        "fingerprints": lambda prints: all(
            _is_path(path) and _FINGERPRINT(print_) for path, print_ in prints.items()
        ),
        "intended_at": _is_time,
        "started_at": _or_empty(_is_time),
    },
    JobStatus: {
        "arn": _or_empty(_ARN),
        "submitted_at": _or_none(_is_time),
        "started_at": _or_none(_is_time),
        "ended_at": _or_none(_is_time),
        "documents_trained": _or_none(_is_count),
        "documents_tested": _or_none(_is_count),
    },
    ScoresState: {"path": _is_path, "fingerprint": _FINGERPRINT, "made_at": _is_time},
    ThresholdsState: {
        "path": _is_path,
        "report": _is_path,
        "fingerprint": _or_empty(_FINGERPRINT),
        "report_fingerprint": _or_empty(_FINGERPRINT),
        "made_at": _is_time,
    },
    ComparisonState: {
        "path": _is_path,
        "fingerprint": _or_empty(_FINGERPRINT),
        "made_at": _is_time,
    },
    ExperimentState: {"id": _matching(r"e[0-9]{1,6}"), "split": _SPLIT, "made_at": _is_time},
    ArmState: {"run": _or_empty(_RUN)},
    PlannedArm: {"id": _matching(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")},
    EndpointState: {
        "name": _RESOURCE,
        "run": _RUN,
        "classifier": _CLASSIFIER,
        "token": _TOKEN,
        "arn": _or_empty(_ARN),
        "intended_at": _is_time,
        "delete_at": _is_time,
        "created_at": _or_empty(_is_time),
        "deleted_at": _or_empty(_is_time),
    },
    LedgerEntry: {"created_at": _is_time},
}
"""What a field of each struct must be, beyond its type."""


def check_state(state: SessionState, path: Path) -> None:
    """Refuse a state that no session of ours could have written.

    Args:
        state: as decoded; its types are right already.
        path: of the file, for the error.

    Raises:
        InvalidInput: with the place in the file and what stands there.
    """
    try:
        try:
            _check_fields(state)
        except _Wrong as wrong:
            wrong.place = f"${wrong.place}"
            raise
        check_patterns(state.engine)
        _check_references(state)
        _check_uploads(state)
        _check_prices(state.prices)
    except _Wrong as wrong:
        raise InvalidInput(
            "Session not to be trusted",
            f"{printable(str(path), 300)}: {wrong.place} is {printable(repr(wrong.value), 120)}",
            "restore the file from a copy; nothing was changed and nothing was sent",
        ) from None


def check_inside(folder: Path, path: Path) -> None:
    """Refuse a file of a session that lies outside its folder once links are followed.

    Raises:
        InvalidInput: it does.
    """
    real, home = os.path.realpath(path), os.path.realpath(folder)
    if os.path.commonpath([real, home]) != home:
        raise InvalidInput(
            "File outside the session",
            f"{printable(str(path), 300)} leads to {printable(real, 300)}",
            "replace the link by the file itself",
        )


class _Wrong(Exception):
    def __init__(self, place: str, value: object) -> None:
        super().__init__(place)
        self.place, self.value = place, value


def _check_fields(value: Any) -> None:
    """Check every value of a state; the place of a wrong one is put together on the way back."""
    kind = type(value)
    if kind is str:
        if len(value) > _LONGEST_TEXT:
            raise _Wrong("", value)
    elif kind is float:
        if not math.isfinite(value):
            raise _Wrong("", value)
    elif kind is dict:
        for key, item in value.items():
            if not isinstance(key, str) or len(key) > _LONGEST_TEXT:
                raise _Wrong("", key)
            try:
                _check_fields(item)
            except _Wrong as wrong:
                wrong.place = f"[{printable(key, 40)!r}]{wrong.place}"
                raise
    elif kind is list or kind is tuple:
        for index, item in enumerate(value):
            try:
                _check_fields(item)
            except _Wrong as wrong:
                wrong.place = f"[{index}]{wrong.place}"
                raise
    elif isinstance(value, msgspec.Struct):
        _check_struct(value, _WHAT.get(kind, {}))


def _check_struct(value: msgspec.Struct, checks: Mapping[str, _Check]) -> None:
    for name in value.__struct_fields__:
        field = getattr(value, name)
        try:
            if name in checks and not checks[name](field):
                raise _Wrong("", field)
            _check_fields(field)
        except _Wrong as wrong:
            wrong.place = f".{name}{wrong.place}"
            raise


def _check_references(state: SessionState) -> None:
    """Every id that something names exists, and no two things share one."""
    if not state.revisions:
        raise _Wrong("$.revisions", [])
    revisions = _unique("$.revisions", [revision.id for revision in state.revisions])
    splits = _unique("$.splits", [split.id for split in state.splits])
    runs = _unique("$.runs", [run.name for run in state.runs])
    experiments = _unique("$.experiments", [experiment.id for experiment in state.experiments])
    for i, split in enumerate(state.splits):
        _require(f"$.splits[{i}].revision", split.revision, revisions)
        _check_split(split, f"$.splits[{i}]", state.revision_of(split))
    for i, run in enumerate(state.runs):
        _require(f"$.runs[{i}].split", run.split, splits)
        if run.experiment:
            _require(f"$.runs[{i}].experiment", run.experiment, experiments)
        _check_run(run, f"$.runs[{i}]")
    for i, experiment in enumerate(state.experiments):
        _require(f"$.experiments[{i}].split", experiment.split, splits)
        if not experiment.arms:
            raise _Wrong(f"$.experiments[{i}].arms", [])
        for j, arm in enumerate(experiment.arms):
            if arm.made is not None:
                _check_oversampling(arm.made, f"$.experiments[{i}].arms[{j}].made")
    if state.oversampling is not None:
        _check_oversampling(state.oversampling, "$.oversampling")
    if state.adopted:
        _require("$.adopted", state.adopted, runs)


def _check_split(split: SplitState, place: str, revision: Revision) -> None:
    names = split.part_names
    if len({*names}) != len(names) or not {*names} <= {*_PARTS} or "train" not in names:
        raise _Wrong(f"{place}.part_names", names)
    if not len(names) == len(split.ratios) == len(split.sizes):
        raise _Wrong(f"{place}.sizes", split.sizes)
    if {*split.support} != {*revision.labels}:
        raise _Wrong(f"{place}.support", sorted({*split.support} ^ {*revision.labels}))
    for label, counts in split.support.items():
        if {*counts} != {*names} or not all(map(_is_count, counts.values())):
            raise _Wrong(f"{place}.support[{printable(label, 40)!r}]", counts)
    for name, files in (("training", split.training), ("scoring", split.scoring)):
        for part in files:
            _require(f"{place}.{name}", part, {*names})


def _check_oversampling(over: OversamplingState, place: str) -> None:
    for label in over.targets:
        _require(f"{place}.after", label, {*over.after})
    if {*over.before} != {*over.after}:
        raise _Wrong(f"{place}.after", sorted({*over.before} ^ {*over.after}))


def _check_run(run: RunState, place: str) -> None:
    if not run.classifiers:
        raise _Wrong(f"{place}.classifiers", [])
    _unique(f"{place}.classifiers", [classifier.id for classifier in run.classifiers])
    for i, classifier in enumerate(run.classifiers):
        for part in classifier.scoring:
            _require(f"{place}.classifiers[{i}].scoring", part, {*_PARTS})
    for part in run.scores:
        _require(f"{place}.scores", part, {*_PARTS})


def own_prefix(state: SessionState) -> str:
    """Where a session's objects lie in its bucket; no other session writes there."""
    return f"comprehend-tuner/{state.name}-{state.uid}/"


def _check_uploads(state: SessionState) -> None:
    """A job sends files that a split wrote, to the session's own prefix, and reads from there."""
    for i, run in enumerate(state.runs):
        for job in (*run.jobs(), *run.replaced_jobs):
            place = f"$.runs[{i}] job {job.id}"
            if job.is_adopted:
                if not job.arn:
                    raise _Wrong(f"{place} arn", job.arn)
                continue
            if not job.token:
                raise _Wrong(f"{place} token", job.token)
            for file, uri in job.uploads.items():
                if not _is_path(file) or not _SENT.fullmatch(file):
                    raise _Wrong(f"{place} uploads", file)
                _check_address(state, job, f"{place} uploads", uri)
            for address in _addresses(job.request):
                _check_address(state, job, f"{place} request", address)


def _check_address(state: SessionState, job: JobState, place: str, uri: str) -> None:
    """What is still to be sent goes below the session's own prefix; what was sent is history."""
    match = _ADDRESS.fullmatch(uri)
    is_plain = match is not None and all(p not in (".", "..") for p in uri[5:].split("/"))
    if match is None or not is_plain:
        raise _Wrong(place, uri)
    if not job.arn and not match["key"].startswith(own_prefix(state)):
        raise _Wrong(place, uri)


def _addresses(request: Any) -> Iterator[str]:
    """Every address in a saved request."""
    if isinstance(request, Mapping):
        for value in request.values():
            yield from _addresses(value)
    elif isinstance(request, list):
        for value in request:
            yield from _addresses(value)
    elif isinstance(request, str) and request.startswith("s3:"):
        yield request


def _check_prices(prices: PriceList) -> None:
    try:
        check_prices(prices)
    except ValueError as error:
        raise _Wrong("$.prices", str(error)) from error


def _unique(place: str, ids: list[str]) -> set[str]:
    names = set(ids)
    if len(names) != len(ids):
        raise _Wrong(place, next(name for name in ids if ids.count(name) > 1))
    return names


def _require(place: str, name: str, known: set[str]) -> None:
    if name not in known:
        raise _Wrong(place, name)
