"""The thresholds file as it is written: JSON for people, for this product and for any language.

A reader needs only ``labels[name].threshold`` and ``score >= threshold``; the rest says where the
thresholds come from and how good they are. Numbers are written in full precision.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from core.errors import InvalidInput
from core.files import fingerprint, write_atomic
from core.text import printable
from core.tuning.decimals import lowest_reaching
from core.tuning.drift import DriftReference
from core.tuning.thresholds.deciding import (
    Decision,
    decide_class,
    decide_labels,
    scores_by_name,
)

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
            groups = [group for group, owner in zip(self._groups, self.classifiers, strict=True)
                      if owner.arn == arn]  # fmt: skip
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
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            "Cannot read the thresholds", f"{path}: {error.strerror}", "check the path"
        ) from error
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.format == FORMAT and head.version > VERSION:
            raise InvalidInput(
                "Newer thresholds file",
                f"{path}: version {head.version}; this release reads version {VERSION}",
                "update comprehend-tuner",
            )
        thresholds = msgspec.json.decode(data, type=Thresholds)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    _check_labels(thresholds, path)
    return thresholds


def _damaged(path: Path, what: str) -> InvalidInput:
    return InvalidInput(
        "Not a thresholds file", f"{path}: {printable(what, 200)}", "save the thresholds again"
    )


def _check_labels(thresholds: Thresholds, path: Path) -> None:
    order = thresholds.label_order
    trained = {name for classifier in thresholds.classifiers for name in classifier.labels}
    if len(set(order)) != len(order) or set(order) != set(thresholds.labels):
        raise _damaged(path, "label_order and labels do not name the same labels")
    decided = [name for own in thresholds.classifiers for name in own.decides or ()]
    if any(own.decides is not None for own in thresholds.classifiers):
        is_fit = sorted(decided) == sorted(order) and trained >= set(order)
    else:
        is_fit = trained == set(order)
    if not is_fit:
        raise _damaged(path, "classifiers and labels do not name the same labels")
