"""A trained model as one file: a header line with a checksum, then NumPy arrays; no pickle."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import OperationFailed
from core.files import write_atomic
from core.offline.engine.features import Lexicon
from core.offline.engine.model import TrainedModel

_FORMAT = "comprehend-tuner/offline-model"
_VERSION = 2


def save_model(model: TrainedModel, path: Path) -> None:
    """Write the model so that a reader sees the old file or all of the new one.

    Raises:
        OperationFailed: the file cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(
        buffer,
        words=_packed(model.lexicon.words),
        grams=_packed(model.lexicon.grams),
        word_idf=model.lexicon.word_idf,
        gram_idf=model.lexicon.gram_idf,
        word_weights=model.word_weights,
        gram_weights=model.gram_weights,
        intercepts=model.intercepts,
        constants=model.constants,
    )
    arrays = buffer.getvalue()
    header = {
        "format": _FORMAT,
        "version": _VERSION,
        "mode": model.mode,
        "labels": model.labels,
        "n_documents": model.n_documents,
        "unseen_idf": model.lexicon.unseen_idf,
    }
    described = json.dumps(header).encode()
    checksum = hashlib.sha256(described + b"\n" + arrays).hexdigest()
    write_atomic(path, b"\n".join([checksum.encode(), described, arrays]))


def load_model(path: Path) -> TrainedModel:
    """Read what `save_model` wrote.

    Raises:
        OperationFailed: the file is absent, damaged or of another version.
    """
    try:
        checksum, described, arrays = path.read_bytes().split(b"\n", 2)
        if hashlib.sha256(described + b"\n" + arrays).hexdigest().encode() != checksum:
            raise _cannot_read(path, "the file is damaged")
        header: dict[str, Any] = json.loads(described)
        if (header["format"], header["version"]) != (_FORMAT, _VERSION):
            raise _cannot_read(path, "another version of this program wrote it")
        with np.load(io.BytesIO(arrays), allow_pickle=False) as stored:
            return _model_of(header, dict(stored))
    except OSError as error:
        raise _cannot_read(path, error.strerror or str(error)) from error
    except (ValueError, KeyError) as error:
        raise _cannot_read(path, "the file is damaged") from error


def _model_of(header: dict[str, Any], stored: dict[str, npt.NDArray[Any]]) -> TrainedModel:
    return TrainedModel(
        labels=tuple(header["labels"]),
        mode=header["mode"],
        n_documents=header["n_documents"],
        lexicon=Lexicon(
            words=_unpacked(stored["words"]),
            word_idf=stored["word_idf"],
            unseen_idf=header["unseen_idf"],
            grams=_unpacked(stored["grams"]),
            gram_idf=stored["gram_idf"],
        ),
        word_weights=stored["word_weights"],
        gram_weights=stored["gram_weights"],
        intercepts=stored["intercepts"],
        constants=stored["constants"],
    )


def _cannot_read(path: Path, why: str) -> OperationFailed:
    return OperationFailed("Cannot read the trained model", f"{path}: {why}", "train it again")


def _packed(names: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Names without a line feed as bytes; a word has no white space, a sequence only its border."""
    data = "\n".join(names).encode("utf-8", "surrogatepass")
    return np.frombuffer(data, np.uint8)


def _unpacked(data: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(data.tobytes().decode("utf-8", "surrogatepass").split("\n")) if len(data) else ()
