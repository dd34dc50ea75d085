"""Prediction lines as the service writes them, its observed quirks included."""

import json
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

Returned = int | Literal["all"]
_ALWAYS_RETURNED = 0.5


def returned_labels(scores: Sequence[float], returned: Returned) -> list[int]:
    """Return the positions of the labels that the service lists, highest score first.

    These are the `returned` highest and every label at 0.5 or above; equal scores keep label order.
    """
    order = sorted(range(len(scores)), key=lambda label: -scores[label])
    if returned == "all":
        return order
    above = sum(score >= _ALWAYS_RETURNED for score in scores)
    return order[: max(returned, above)]


class LineWriter:
    """Turns score rows into lines of `predictions.jsonl`.

    Args:
        labels: label names, in column order.
        key: "Labels" in multi-label mode, "Classes" in multi-class mode.
        returned: highest-scoring labels that are listed, or "all".
        decimals: decimals of scores; None for full precision.
    """

    def __init__(
        self, labels: Sequence[str], key: str, returned: Returned, decimals: int | None
    ) -> None:
        self._names = [f'{{"Name": {json.dumps(label)}, "Score": ' for label in labels]
        self._key = key
        self._returned = returned
        self._decimals = decimals

    def lines(
        self, file: str, numbers: Sequence[int | None], scores: npt.NDArray[np.float32]
    ) -> Iterator[bytes]:
        """Yield one line per document, newline included.

        Args:
            file: base name of the input object.
            numbers: zero-based line number of each document; None when a file is a document.
            scores: float32 (n_documents, n_labels).
        """
        wide = scores.astype(np.float64)
        shown = wide if self._decimals is None else np.round(wide, self._decimals)
        order = np.argsort(-wide, axis=1, kind="stable")
        counts = self._counts(shown)
        start = f'{{"File": {json.dumps(file)}'
        names = self._names
        rows = zip(numbers, shown.tolist(), order.tolist(), counts.tolist(), strict=True)
        for number, row, columns, count in rows:
            listed = ", ".join([f"{names[label]}{row[label]}}}" for label in columns[:count]])
            place = "" if number is None else f', "Line": "{number}"'
            yield f'{start}{place}, "{self._key}": [{listed}]}}\n'.encode()

    def _counts(self, shown: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """int64 (n_documents,): how many labels are listed for each document."""
        if self._returned == "all":
            return np.full(len(shown), shown.shape[1], dtype=np.int64)
        above: npt.NDArray[np.int64] = (shown >= _ALWAYS_RETURNED).sum(axis=1, dtype=np.int64)
        return above.clip(min=self._returned)


def error_line(file: str, number: int | None, code: str, message: str) -> bytes:
    """Return the line of a document that could not be scored, newline included."""
    row: dict[str, str] = {"File": file}
    if number is not None:
        row["Line"] = str(number)
    return json.dumps(row | {"ErrorCode": code, "ErrorMessage": message}).encode() + b"\n"
