"""A saved model scores like the one in memory, and a damaged file says so."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import OperationFailed
from core.offline import model as saving
from core.offline.model import TrainedModel, load_model, save_model, score, train

_TEXTS = [f"{word} number {n}" for n in range(30) for word in ("naïve", "日本", "\ud800x", "plain")]


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    membership = np.zeros((len(_TEXTS), 3), np.bool_)
    membership[::4, 0] = True
    membership[1::2, 1] = True
    return train(_TEXTS, membership, ("naïve", "a|b", "never"), "multi-label")


def test_a_loaded_model_gives_the_same_scores(model: TrainedModel, tmp_path: Path) -> None:
    path = tmp_path / "jobs" / "model"
    save_model(model, path)
    loaded = load_model(path)
    assert loaded.labels == model.labels
    assert loaded.mode == model.mode
    assert loaded.lexicon.words == model.lexicon.words
    assert loaded.lexicon.grams == model.lexicon.grams
    fresh = [*_TEXTS, "unseen naïvety", ""]
    assert np.array_equal(score(loaded, fresh), score(model, fresh))


def test_a_model_without_words_is_kept(tmp_path: Path) -> None:
    membership = np.array([[True], [False]])
    path = tmp_path / "model"
    save_model(train(["", " "], membership, ("a",), "multi-label"), path)
    assert score(load_model(path), ["text"]).tolist() == [[0.5]]


@pytest.mark.parametrize("place", [0, 70, 300, -5])
def test_one_changed_byte_is_noticed(model: TrainedModel, tmp_path: Path, place: int) -> None:
    path = tmp_path / "model"
    save_model(model, path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(OperationFailed, match="damaged"):
        load_model(path)


@pytest.mark.parametrize("kept", [0, 10, 200, -1])
def test_a_truncated_file_is_noticed(model: TrainedModel, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "model"
    save_model(model, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(OperationFailed, match="damaged"):
        load_model(path)


def test_another_version_is_refused(
    model: TrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    with monkeypatch.context() as patch:
        patch.setattr(saving, "_VERSION", saving._VERSION + 1)
        save_model(model, path)
    with pytest.raises(OperationFailed, match="another version"):
        load_model(path)


def test_an_absent_model_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(OperationFailed) as caught:
        load_model(tmp_path / "absent")
    assert caught.value.hint
