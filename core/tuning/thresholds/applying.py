"""Thresholds applied to what the service returned: a predictions file or one endpoint reply."""

import contextlib
import gzip
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

import msgspec

from core.errors import InvalidInput
from core.files import atomic_writer
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable
from core.tuning.thresholds.deciding import Decision
from core.tuning.thresholds.file import Thresholds

_LONGEST_LINE = 4 * 1024 * 1024
"""Bytes; a prediction holds names and scores only and stays far below."""
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
        prediction = msgspec.json.decode(reply, type=Prediction)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
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
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> ApplyReport:
    """Decide every line of a predictions file, one JSON line each, in the order of the file.

    A result holds File, Line, Labels and Undecided; a document that the service could not score
    holds its ErrorCode and ErrorMessage instead. Memory stays flat.

    Args:
        thresholds: of the classifier that made the predictions.
        source: ``predictions.jsonl``, the same gzipped, or the ``output.tar.gz`` that holds it.
        target: a file, replaced only when all went well, or an open binary stream.
        arn: the classifier; needed when the thresholds are for several.
        reporter: told now and then how many lines are done.
        cancel: looked at as often.

    Raises:
        InvalidInput: unreadable, damaged (with the line), or not of this classifier.
        OperationFailed: the target cannot be written.
        Interrupted: stopped through `cancel`.
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
        return _apply(thresholds, source, file, arn, _Watch(reporter, cancel))


@dataclass(frozen=True)
class _Watch:
    reporter: Reporter
    cancel: CancelToken | None

    def passed(self, n_lines: int) -> None:
        """Report and look for a request to stop, every so many lines."""
        if n_lines % _REPORT_EVERY == 0:
            if self.cancel is not None:
                self.cancel.check()
            self.reporter(Progress("applying thresholds", n_lines, None, "documents"))


def _apply(
    thresholds: Thresholds, source: Path, file: BinaryIO, arn: str | None, watch: _Watch
) -> ApplyReport:
    decoder = msgspec.json.Decoder(Prediction)
    encoder = msgspec.json.Encoder()
    counts = dict.fromkeys(thresholds.label_order, 0)
    documents = undecided = errored = 0
    for number, line in prediction_lines(source):
        try:
            prediction = decoder.decode(line)
            if prediction.ErrorCode is not None:
                errored += 1
                decision = None
            else:
                decision = thresholds.decide_pairs(prediction_pairs(thresholds, prediction), arn)
        except InvalidInput as error:
            where = f"{source} line {number}: {error.message}"
            raise InvalidInput(error.title, where, error.hint) from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidInput(
                "Not a prediction",
                f"{source} line {number}: {printable(str(error), 200)}",
                "give the predictions.jsonl of a scoring job",
            ) from error
        documents += 1
        if decision is not None:
            undecided += bool(decision.undecided)
            for name in decision.labels:
                counts[name] += 1
        file.write(encoder.encode(_result(prediction, decision)) + b"\n")
        watch.passed(documents)
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


def prediction_lines(source: Path) -> Iterator[tuple[int, bytes]]:
    """Number (from 1) and bytes of every line that is not blank; lines end at line feeds only."""
    number = 0
    try:
        with contextlib.ExitStack() as stack:
            file = _open(source, stack)
            while line := file.readline(_LONGEST_LINE + 1):
                number += 1
                if len(line) > _LONGEST_LINE:
                    raise ValueError(f"line {number} is longer than {_LONGEST_LINE:,} bytes")
                if line.strip():
                    yield number, line
    except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(
            "Cannot read the predictions",
            f"{source} after line {number}: {printable(what, 200)}",
            "give predictions.jsonl or the output.tar.gz of a scoring job",
        ) from error


def _open(source: Path, stack: contextlib.ExitStack) -> IO[bytes]:
    file = stack.enter_context(source.open("rb"))
    is_gzip = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    if not is_gzip:
        return file
    if tarfile.is_tarfile(source):
        archive = stack.enter_context(tarfile.open(fileobj=file, mode="r|gz"))
        return _member(archive)
    return cast(IO[bytes], stack.enter_context(gzip.open(file, "rb")))


def _member(archive: tarfile.TarFile) -> IO[bytes]:
    for member in archive:
        if member.isfile() and member.name.rsplit("/", 1)[-1] == "predictions.jsonl":
            content = archive.extractfile(member)
            if content is not None:
                return content
    raise ValueError("the archive holds no predictions.jsonl")
