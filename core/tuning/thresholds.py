"""The thresholds file: write it, read it, apply it."""

import codecs
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
import numpy as np

from core.archive import prediction_blocks
from core.decoding import JsonDecoder, Undecodable, decode_json, read_bytes
from core.errors import Interrupted, InvalidInput, TunerError
from core.files import atomic_writer, fingerprint, write_atomic
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.tuning.decimals import lowest_reaching
from core.tuning.drift import DriftReference

# Which labels one document has, from the scores that the service returned for it.


@dataclass(frozen=True)
class Decision:
    """The labels of one document."""

    labels: tuple[str, ...]
    """Labels whose score reaches their threshold, in label order."""
    undecided: tuple[str, ...]
    """Labels that were not returned and whose unknown score may reach their threshold."""


def scores_by_name(
    pairs: Iterable[tuple[str, float]], known: Mapping[str, object]
) -> dict[str, float]:
    """The returned scores by label name.

    Args:
        pairs: name and score of each returned label.
        known: the labels that may occur.

    Raises:
        InvalidInput: a label is unknown or occurs twice.
    """
    scores: dict[str, float] = {}
    for name, score in pairs:
        if name not in known:
            raise InvalidInput(
                "Unknown label",
                f"{printable(name, 60)} has no threshold in this file",
                "use the thresholds file of the classifier that gave these scores",
            )
        if name in scores:
            raise InvalidInput(
                "Repeated label",
                f"{printable(name, 60)} has two scores for one document",
                "with several classifiers, give the ARN of the one that answered",
            )
        scores[name] = score
    return scores


def decide_labels(
    scores: Mapping[str, float],
    groups: Sequence[tuple[Sequence[str], Sequence[str]]],
    limits: Mapping[str, float],
) -> Decision:
    """Multi-label: every label whose score reaches its threshold.

    A label that was not returned has a score at most as high as the lowest one that its classifier
    returned: below the threshold it is decided against, otherwise it is undecided.

    Args:
        scores: the returned ones, by name.
        groups: per classifier, the labels it knows and those of them that it decides.
        limits: per label, the lowest score that reaches its threshold.
    """
    labels: list[str] = []
    undecided: list[str] = []
    for known, decided in groups:
        ceiling = min((scores[name] for name in known if name in scores), default=1.0)
        for name in decided:
            if name in scores:
                if scores[name] >= limits[name]:
                    labels.append(name)
            elif ceiling >= limits[name]:
                undecided.append(name)
    order = {name: place for place, name in enumerate(limits)}
    return Decision(
        tuple(sorted(labels, key=order.__getitem__)),
        tuple(sorted(undecided, key=order.__getitem__)),
    )


def decide_class(scores: Mapping[str, float], limits: Mapping[str, float]) -> Decision:
    """Multi-class: the class of highest score when it reaches its threshold, else none.

    The first in label order of equal classes wins. Without any score all classes are undecided.

    Args:
        scores: the returned ones, by name.
        limits: per class in label order, the lowest score that reaches its threshold.
    """
    if not scores:
        return Decision((), tuple(limits))
    returned = [name for name in limits if name in scores]
    top = max(returned, key=lambda name: np.float32(scores[name]))
    return Decision((top,) if scores[top] >= limits[top] else (), ())


# The thresholds file as it is written: JSON for people, for this product and for any language.
#
# A reader needs only ``labels[name].threshold`` and ``score >= threshold``; the rest says where the
# thresholds come from and how good they are. Numbers are written in full precision.


FORMAT = "comprehend-tuner/thresholds"
VERSION = 1

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Classifier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A classifier whose scores the thresholds are for."""

    arn: str
    version: str
    labels: tuple[str, ...]
    """The labels it was trained with; without `decides`, a label of several classifiers is decided
    by the first. The none-label of a label group has no threshold."""
    decides: tuple[str, ...] | None = None
    """The labels that its scores decide; absent when it is the only classifier."""


class LabelThreshold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A label's threshold and how good it is; figures are those of `measured_on`."""

    threshold: Share
    objective: str
    """What it was chosen for; "default" when it was not tuned, "manual" when a person set it."""
    tuned_on: str
    """The part it was chosen on."""
    measured_on: str
    """The part that its figures were measured on."""
    support: dict[str, int]
    """Positive documents in each part."""
    returned_share: float | None
    """Share of the label's positives whose score was returned; null without positives."""
    precision: float
    recall: float
    f1: float
    f1_at_default: float
    f1_range: tuple[float, float] | None = None
    """Lowest and highest `f1` that scores which were not returned allow; absent when exact."""
    f1_interval_90: tuple[float, float] | None = None
    """A 90 % interval of `f1`; absent without positives to measure on."""
    grade: str | None = None
    """A, B, C or D: how far to trust the tuned threshold."""
    why: str | None = None
    """What the grade rests on."""
    tuned_threshold: Share | None = None
    """What the objective chose; absent when it is the threshold."""
    drift_reference: DriftReference | None = None
    """What the scores looked like, for comparing new predictions."""
    status: str = "tuned"
    """Why it was not tuned; absent when it was."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An average at the default thresholds and at these."""

    default: float
    tuned: float


class Summary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The averages over labels."""

    measured_on: str
    macro_f1: Change
    """Mean of the label F1 scores."""
    micro_f1: Change
    """F1 of the pooled counts."""
    macro_f1_interval_90: tuple[float, float] | None = None
    """A 90 % interval of the tuned macro-F1."""
    macro_f1_range: tuple[float, float] | None = None
    """Lowest and highest tuned macro-F1 that scores which were not returned allow; absent when
    exact."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What the thresholds were made from."""

    dataset: str
    split: str
    scores: str
    seed: int
    tool: str
    """Version of this product."""
    created_at: str
    """ISO 8601, UTC."""


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One threshold per label, for the classifiers named."""

    format: Literal["comprehend-tuner/thresholds"] = "comprehend-tuner/thresholds"
    version: Literal[1] = 1
    mode: Literal["multi-label", "multi-class"]
    engine: str
    rule: Literal[">="] = ">="
    default_threshold: Share = 0.5
    classifiers: tuple[Classifier, ...]
    label_order: tuple[str, ...]
    labels: dict[str, LabelThreshold]
    summary: Summary
    provenance: Provenance

    def decide(self, labels: Iterable[Mapping[str, Any]], arn: str | None = None) -> list[str]:
        """The labels of one document.

        Args:
            labels: Comprehend's own list of ``{"Name": …, "Score": …}``, of a batch line or of an
                endpoint's reply (``Labels`` or ``Classes``).
            arn: the classifier that gave it, when there are several; without it the list must hold
                what all of them returned.

        Raises:
            InvalidInput: an unknown or repeated label, a damaged entry, or a classifier that these
                thresholds are not for.
        """
        return list(self.decide_detailed(labels, arn).labels)

    def decide_detailed(
        self, labels: Iterable[Mapping[str, Any]], arn: str | None = None
    ) -> Decision:
        """As `decide`, with the labels that cannot be decided because they were not returned."""
        try:
            pairs = [(str(entry["Name"]), float(entry["Score"])) for entry in labels]
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                "Not a list of labels",
                f"an entry without Name and Score ({type(error).__name__})",
                'give the list under "Labels" or "Classes" of the reply',
            ) from error
        return self.decide_pairs(pairs, arn)

    def decide_pairs(self, pairs: Iterable[tuple[str, float]], arn: str | None = None) -> Decision:
        """As `decide_detailed`, on pairs of name and score."""
        if arn is None:
            groups = self._groups
            known = dict.fromkeys(name for group, _ in groups for name in group)
        else:
            self.check_classifier(arn)
            groups = [
                group
                for group, owner in zip(self._groups, self.classifiers, strict=True)
                if owner.arn == arn
            ]
            known = dict.fromkeys(name for group, _ in groups for name in group)
        scores = scores_by_name(pairs, known)
        if self.mode == "multi-class":
            return decide_class(scores, self._limits)
        return decide_labels(scores, groups, self._limits)

    def check_classifier(self, arn: str) -> None:
        """Refuse a classifier that these thresholds were not tuned for.

        Raises:
            InvalidInput: another classifier, or another version of it.
        """
        known = [classifier.arn for classifier in self.classifiers]
        if arn not in known:
            raise InvalidInput(
                "Thresholds of another classifier",
                f"they belong to {', '.join(printable(name, 200) for name in known)}, "
                f"not to {printable(arn, 200)}",
                "thresholds do not carry over between classifiers or versions; tune them again",
            )

    @cached_property
    def _limits(self) -> dict[str, float]:
        return {name: lowest_reaching(self.labels[name].threshold) for name in self.label_order}

    @cached_property
    def _groups(self) -> list[tuple[Sequence[str], Sequence[str]]]:
        """Per classifier, the labels it knows and those that no earlier classifier decides."""
        taken: set[str] = set()
        groups: list[tuple[Sequence[str], Sequence[str]]] = []
        for classifier in self.classifiers:
            own = classifier.decides
            if own is None:
                own = tuple(name for name in classifier.labels if name not in taken)
            taken.update(own)
            groups.append((classifier.labels, own))
        return groups


class _Head(msgspec.Struct):
    format: str
    version: int


def save(thresholds: Thresholds, path: Path) -> str:
    """Write the file, indented for people; return its fingerprint.

    Raises:
        InvalidInput: the labels, their order and the classifiers do not agree.
        OperationFailed: the file cannot be written.
    """
    _check_labels(thresholds, path)
    data = msgspec.json.format(msgspec.json.encode(thresholds), indent=2) + b"\n"
    write_atomic(path, data, mode=0o644)
    return fingerprint(data)


def load(path: Path) -> Thresholds:
    """Read a thresholds file.

    Keys that are not known here are ignored: later releases of the same version may add some.

    Raises:
        InvalidInput: absent, damaged, of another kind, or of a newer version.
    """
    title, hint, shown = (
        "Cannot read the thresholds",
        "give a thresholds file",
        printable(str(path)),
    )
    data = read_bytes(path, title=title, hint=hint).removeprefix(codecs.BOM_UTF8)
    try:
        head = decode_json(data, _Head)
        if head.format == FORMAT and head.version > VERSION:
            raise InvalidInput(
                "Newer thresholds file",
                f"{shown}: version {head.version}; this release reads version {VERSION}",
                "update comprehend-tuner",
            )
        thresholds = decode_json(data, Thresholds)
    except Undecodable as error:
        raise _damaged(path, str(error)) from error
    _check_labels(thresholds, path)
    return thresholds


def _damaged(path: Path, what: str) -> InvalidInput:
    return InvalidInput(
        "Not a thresholds file",
        f"{printable(str(path))}: {printable(what, 200)}",
        "save the thresholds again",
    )


def _check_labels(thresholds: Thresholds, path: Path) -> None:
    order = thresholds.label_order
    trained = {name for classifier in thresholds.classifiers for name in classifier.labels}
    if len(set(order)) != len(order) or set(order) != set(thresholds.labels):
        raise _damaged(path, "label_order and labels do not name the same labels")
    for name, label in thresholds.labels.items():
        if label.drift_reference is not None and not label.drift_reference.is_sound:
            what = f"the drift_reference of {printable(name, 60)} counts more than its documents"
            raise _damaged(path, what)
    decided = [name for own in thresholds.classifiers for name in own.decides or ()]
    if any(own.decides is not None for own in thresholds.classifiers):
        is_fit = sorted(decided) == sorted(order) and trained >= set(order)
    else:
        is_fit = trained == set(order)
    if not is_fit:
        raise _damaged(path, "classifiers and labels do not name the same labels")


# Thresholds applied to what the service returned: a predictions file or one endpoint reply.


_REPORT_EVERY = 10_000
"""Lines between two reports of progress."""


class _Score(msgspec.Struct, frozen=True):
    Name: str
    Score: float


class Prediction(msgspec.Struct, frozen=True):
    File: str = ""
    Line: str | int | None = None
    Labels: list[_Score] | None = None
    Classes: list[_Score] | None = None
    ErrorCode: str | None = None
    ErrorMessage: str | None = None


class _Result(msgspec.Struct, frozen=True, omit_defaults=True):
    File: str
    Labels: tuple[str, ...] | msgspec.UnsetType
    Undecided: tuple[str, ...] | msgspec.UnsetType
    Line: str | int | None = None
    ErrorCode: str | None = None
    ErrorMessage: str | None = None


@dataclass(frozen=True)
class ApplyReport:
    """What was decided."""

    documents: int
    """Predictions read."""
    undecided_documents: int
    """Documents with a label that could not be decided."""
    errored_documents: int
    """Documents that the service could not score; they are written with their error."""
    label_counts: dict[str, int]
    """Per label, the documents that got it."""


def apply_to_reply(thresholds: Thresholds, reply: bytes, arn: str | None = None) -> Decision:
    """The labels of one document from an endpoint's reply, a JSON object.

    Args:
        thresholds: of the classifier behind the endpoint.
        reply: JSON with ``Labels`` (multi-label) or ``Classes`` (multi-class).
        arn: the classifier, as in `Thresholds.decide`.

    Raises:
        InvalidInput: not a reply, or not of this classifier.
    """
    try:
        prediction = decode_json(reply, Prediction)
    except Undecodable as error:
        raise InvalidInput(
            "Not an endpoint's reply", printable(str(error), 200), _EXPECTED_REPLY
        ) from error
    return thresholds.decide_pairs(prediction_pairs(thresholds, prediction), arn)


_EXPECTED_REPLY = 'expected JSON such as {"Labels": [{"Name": "threat", "Score": 0.0412}]}'


def apply_to_predictions(
    thresholds: Thresholds,
    source: Path,
    target: Path | BinaryIO,
    arn: str | None = None,
    watch: Watch = UNWATCHED,
) -> ApplyReport:
    """Decide every line of a predictions file, one JSON line each, in the order of the file.

    A result holds File, Line, Labels and Undecided; a document that the service could not score
    holds its ErrorCode and ErrorMessage instead. Memory stays flat.

    Args:
        thresholds: of the classifier that made the predictions.
        source: ``predictions.jsonl``, the same gzipped, or the ``output.tar.gz`` that holds it.
        target: a file, replaced only when all went well, or an open binary stream.
        arn: the classifier; needed when the thresholds are for several.
        watch: told now and then how many lines are done.

    Raises:
        InvalidInput: unreadable, damaged (with the line), or not of this classifier.
        OperationFailed: the target cannot be written.
        Interrupted: stopped through `watch`.
    """
    if arn is not None:
        thresholds.check_classifier(arn)
    elif len(thresholds.classifiers) > 1:
        raise InvalidInput(
            "Which classifier?",
            f"the thresholds are for {len(thresholds.classifiers)} classifiers",
            "give the ARN of the one that made the predictions",
        )
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(atomic_writer(target)) if isinstance(target, Path) else target
        return _apply(thresholds, source, file, arn, watch)


def _apply(
    thresholds: Thresholds, source: Path, file: BinaryIO, arn: str | None, watch: Watch
) -> ApplyReport:
    encoder = msgspec.json.Encoder()
    counts = dict.fromkeys(thresholds.label_order, 0)
    documents = undecided = errored = 0
    for number, prediction in read_predictions(source, watch):
        with at_line(source, number):
            if prediction.ErrorCode is not None:
                errored += 1
                decision = None
            else:
                decision = thresholds.decide_pairs(prediction_pairs(thresholds, prediction), arn)
        documents += 1
        if decision is not None:
            undecided += bool(decision.undecided)
            for name in decision.labels:
                counts[name] += 1
        file.write(encoder.encode(_result(prediction, decision)) + b"\n")
        if documents % _REPORT_EVERY == 0:
            watch.report("applying thresholds", documents, None, "documents")
    return ApplyReport(documents, undecided, errored, counts)


def _result(prediction: Prediction, decision: Decision | None) -> _Result:
    return _Result(
        File=prediction.File,
        Labels=msgspec.UNSET if decision is None else decision.labels,
        Undecided=msgspec.UNSET if decision is None else decision.undecided,
        Line=prediction.Line,
        ErrorCode=prediction.ErrorCode,
        ErrorMessage=prediction.ErrorMessage,
    )


def prediction_pairs(thresholds: Thresholds, prediction: Prediction) -> list[tuple[str, float]]:
    wanted, other = prediction.Labels, prediction.Classes
    if thresholds.mode == "multi-class":
        wanted, other = other, wanted
    if wanted is None:
        found = "of the other mode" if other is not None else "without Labels or Classes"
        raise InvalidInput(
            "Not scores of this classifier",
            f"a prediction {found}; the thresholds are {thresholds.mode}",
            "use the thresholds file of the classifier that made the predictions",
        )
    return [(entry.Name, entry.Score) for entry in wanted]


def read_predictions(source: Path, watch: Watch = UNWATCHED) -> Iterator[tuple[int, Prediction]]:
    """Number (from 1) and content of every line that is not blank; line feeds alone end lines.

    Args:
        source: ``predictions.jsonl``, the same gzipped, or the ``output.tar.gz`` that holds it,
            read as the join of scores reads it: several such files one after another, in whole.
        watch: asked now and then whether to stop.

    Raises:
        InvalidInput: unreadable, damaged (with the line), too large, or an unsafe archive.
        Interrupted: stopped through `watch`.
    """
    decoder = JsonDecoder(Prediction)
    number = 0
    try:
        for block in prediction_blocks(source, watch=watch):
            lines = (block if number else block.removeprefix(codecs.BOM_UTF8)).split(b"\n")
            if not lines[-1]:
                lines.pop()
            for line in lines:
                number += 1
                if line.strip():
                    with at_line(source, number):
                        prediction = decoder.decode(line)
                    yield number, prediction
    except Interrupted:
        raise
    except TunerError as error:
        if isinstance(error.__cause__, TunerError | Undecodable):  # `at_line` said where
            raise
        raise InvalidInput(
            "Cannot read the predictions",
            f"{error.message} (after line {number:,})" if number else error.message,
            "give predictions.jsonl or the output.tar.gz of a scoring job, whole",
        ) from error


@contextlib.contextmanager
def at_line(source: Path, number: int) -> Iterator[None]:
    """Say in the block's errors which line of a predictions file they are about."""
    where = f"{printable(str(source))} line {number}"
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(error.title, f"{where}: {error.message}", error.hint) from error
    except Undecodable as fault:
        raise InvalidInput(
            "Not a prediction", f"{where}: {fault}", "give the predictions.jsonl of a scoring job"
        ) from fault
