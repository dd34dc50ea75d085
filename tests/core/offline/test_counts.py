"""Kept counts change how long a job takes and nothing else."""

import os
import pickle
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from core.files import locked
from core.offline import counts as store_module
from core.offline.counts import Analyzer, Counted, CountStore, count_anew
from core.offline.model import GRAMS, WORDS, save_model, score, train

_LABELS = ("a", "b", "c")
_HEADER = b'"version": 1'


def texts_of(count: int, seed: int = 0) -> list[str]:
    """Different texts, of words of which some occur once."""
    chooser = random.Random(seed)
    return [
        f"{chooser.choice(['Alpha', 'beta', 'gämma'])} word{chooser.randint(0, 40)} it's "
        f"rare{seed}x{number} word{chooser.randint(0, 40)} word{chooser.randint(0, 5)} !!"
        for number in range(count)
    ]


class Place:
    """Stores of one folder, and how many items were counted for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "counts"
        self.lock = folder / "counts.lock"
        self.counted: list[int] = []
        self.is_wanted = True

    def store(self) -> CountStore:
        return CountStore(self.folder, self.lock, lambda: self.is_wanted)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = Place(tmp_path)

    def count(items: Sequence[str], analyzer: Analyzer) -> Counted:
        found.counted.append(len(items))
        return count_anew(items, analyzer)

    monkeypatch.setattr(store_module, "count_anew", count)
    return found


def assert_same(found: Counted, wanted: Counted) -> None:
    assert found.names == wanted.names
    assert found.matrix.shape == wanted.matrix.shape
    for name in ("data", "indices", "indptr"):
        mine, other = getattr(found.matrix, name), getattr(wanted.matrix, name)
        assert mine.dtype == other.dtype
        assert np.array_equal(mine, other)


def model_bytes(
    texts: Sequence[str], path: Path, mode: Literal["multi-label", "multi-class"], **options: Any
) -> bytes:
    membership = np.array([[f"word{c}" in text for c in (1, 2)] + [True] for text in texts])
    if mode == "multi-class":
        membership = np.eye(3, dtype=np.bool_)[membership.argmax(axis=1)]
    elif not membership[:, :2].any(axis=0).all():
        raise AssertionError("no positives")
    save_model(train(texts, membership, _LABELS, mode, **options), path)
    return path.read_bytes()


def arm(name: str, texts: list[str]) -> list[str]:
    chooser = random.Random(7)
    if name == "repeats":
        return texts + chooser.choices(texts, k=300)
    if name == "left out":
        return [text for number, text in enumerate(texts) if number % 3]
    if name == "shuffled":
        return chooser.sample(texts, len(texts))
    if name == "more":
        return texts + texts_of(400, seed=9)
    return texts


@pytest.mark.parametrize("mode", ["multi-label", "multi-class"])
@pytest.mark.parametrize("name", ["the same", "repeats", "left out", "shuffled", "more"])
def test_a_model_from_kept_counts_is_the_same_file(
    place: Place, tmp_path: Path, name: str, mode: Literal["multi-label", "multi-class"]
) -> None:
    base = texts_of(600)
    model_bytes(base, tmp_path / "first", mode, count=place.store().count)
    assert len(place.names()) == 2
    place.counted.clear()
    texts = arm(name, base)
    kept = model_bytes(texts, tmp_path / "kept", mode, count=place.store().count)
    assert sum(place.counted) == (0 if name != "more" else 800)
    assert kept == model_bytes(texts, tmp_path / "anew", mode)


def test_scores_from_kept_counts_are_the_same(place: Place) -> None:
    texts, others = texts_of(300), texts_of(400, seed=3)
    membership = np.array([["word1" in text, "word2" in text] for text in texts])
    model = train(texts, membership, ("a", "b"), "multi-label")
    wanted = score(model, others)
    for _ in range(2):
        assert np.array_equal(score(model, others, count=place.store().count), wanted)
    assert place.counted == [400]


def test_nothing_to_count_is_no_fault(place: Place) -> None:
    for items in ([], ["", " "], [" " * number for number in range(300)]):
        for _ in range(2):
            found = place.store().count(items, WORDS)
            assert (found.names, found.matrix.shape) == ([], (len(items), 0))


def test_items_in_several_files_are_put_together(place: Place) -> None:
    first, second = texts_of(300), texts_of(300, seed=1)
    for texts in (first, second):
        place.store().count(texts, WORDS)
    place.counted.clear()
    mixed = random.Random(0).sample(first + second, 550) + texts_of(12, seed=2)
    assert_same(place.store().count(mixed, WORDS), count_anew(mixed, WORDS))
    assert place.counted == [12]


def test_few_items_are_not_worth_a_file(place: Place) -> None:
    place.store().count(texts_of(15), WORDS)
    assert not place.folder.exists()


def test_texts_that_no_encoding_knows_are_counted(place: Place) -> None:
    texts = [f"{text} \ud800{number}" for number, text in enumerate(texts_of(250))]
    for _ in range(2):
        assert_same(place.store().count(texts, WORDS), count_anew(texts, WORDS))
    assert place.counted == [250]


def _flipped(data: bytes, position: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"\n",
        lambda data: data[:100],
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: pickle.dumps({"format": "other"}),
        lambda data: data.replace(_HEADER, b'"version": 2'),
        lambda data: data.replace(_HEADER, b'"version": {}'),
        lambda data: data.replace(b'"items": 300', b'"items": -30'),
        lambda data: data.replace(b'"items": 300', b'"items": 9e9'),
        lambda data: b"[1]\n" + data,
        lambda data: data.replace(b'"counts": "', b'"counts": [1], "other": "'),
        *(lambda data, at=at: _flipped(data, int(at * len(data))) for at in np.arange(0, 1, 0.04)),
    ],
)
def test_a_damaged_file_is_not_used_and_is_replaced(place: Place, damage: Any) -> None:
    texts = texts_of(300)
    wanted = place.store().count(texts, WORDS)
    path = next(place.folder.iterdir())
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    assert_same(place.store().count(texts, WORDS), wanted)
    assert place.counted == [300, 300]
    assert path.read_bytes() == sound


def test_counts_by_other_rules_are_not_used(place: Place) -> None:
    texts = texts_of(300)
    place.store().count(texts, WORDS)
    other = Analyzer(WORDS.name, "other rules", str.split)
    assert_same(place.store().count(texts, other), count_anew(texts, other))
    assert_same(place.store().count(texts, WORDS), count_anew(texts, WORDS))
    assert place.counted == [300, 300, 300]
    count = place.store().count
    assert_same(count(texts, WORDS), count_anew(texts, WORDS))
    assert_same(count(texts, other), count_anew(texts, other))


def test_one_job_counts_and_another_that_comes_meanwhile_finds_the_counts(place: Place) -> None:
    texts = texts_of(2_000)
    start = threading.Barrier(3)
    found: list[Counted] = []

    def work(part: list[str]) -> None:
        start.wait()
        found.append(place.store().count(part, WORDS))

    threads = [threading.Thread(target=work, args=(texts,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.counted == [2_000]
    for counted in found:
        assert_same(counted, count_anew(texts, WORDS))


_HOLDER = """
import sys, threading
from pathlib import Path
from core.files import locked
with locked(Path(sys.argv[1]), "the counts"):
    print("held", flush=True)
    threading.Event().wait(600)
"""


def test_a_killed_job_lets_the_others_count(place: Place) -> None:
    command = [sys.executable, "-c", _HOLDER, str(place.lock)]
    holder = subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    place.store().count(texts_of(300), WORDS)
    assert len(place.names()) == 1


def test_a_job_counts_by_itself_when_its_turn_does_not_come(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_WAIT_S", 0)
    with locked(place.lock, "the counts"):
        place.store().count(texts_of(300), WORDS)
    assert place.counted == [300]
    assert not place.folder.exists()


def test_nothing_is_kept_once_the_job_is_gone(place: Place) -> None:
    place.is_wanted = False
    place.store().count(texts_of(300), WORDS)
    assert not place.folder.exists()


def test_a_disk_that_takes_nothing_costs_time_alone(place: Place) -> None:
    place.folder.write_bytes(b"a file where the folder should be")
    assert_same(place.store().count(texts_of(300), WORDS), count_anew(texts_of(300), WORDS))
    place.lock.unlink(missing_ok=True)
    place.lock.mkdir()
    assert_same(place.store().count(texts_of(300), WORDS), count_anew(texts_of(300), WORDS))


def test_the_files_used_last_stay(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_MOST_FILES", 2)
    parts = [texts_of(250, seed=seed) for seed in range(3)]
    place.store().count(parts[0], WORDS)
    (first,) = place.folder.iterdir()
    place.store().count(parts[1], WORDS)
    (second,) = set(place.folder.iterdir()) - {first}
    for path, when in ((first, 1), (second, 2)):
        os.utime(path, (when, when))
    (place.folder / "half.tmp").write_bytes(b"of a job that was killed")
    place.store().count(parts[0], WORDS)
    place.store().count(parts[2], WORDS)
    assert first.exists() and not second.exists()
    assert len(place.names()) == 2


def test_counts_that_are_too_large_are_not_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_MOST_BYTES", 5_000)
    place.store().count(texts_of(300), WORDS)
    assert place.names() == []


def test_only_the_user_may_read_the_counts(place: Place) -> None:
    place.store().count(texts_of(300), WORDS)
    assert place.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in place.folder.iterdir()} == {0o600}


def test_sequences_of_known_words_are_not_counted_again(place: Place) -> None:
    words = count_anew(texts_of(600), WORDS).names
    place.store().count(words, GRAMS)
    part = words[::2]
    assert_same(place.store().count(part, GRAMS), count_anew(part, GRAMS))
    assert place.counted == [len(words)]
