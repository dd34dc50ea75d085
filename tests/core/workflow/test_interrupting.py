"""Ctrl-C while documents are read, dealt and written: looked for often, and nothing is left."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.dataset.documents import Dataset, save_dataset
from core.dataset.formats.sources import SourceSettings
from core.errors import Interrupted
from core.progress import CancelToken, Watch
from core.workflow.data import NewSession, create_session
from core.workflow.session import Session
from core.workflow.split import split_dataset


class CountingToken(CancelToken):
    """Cancels itself at its n-th look, and knows the longest time between two."""

    def __init__(self, last_look: int = 0) -> None:
        super().__init__()
        self.looks = 0
        self.longest_s = 0.0
        self._last_look = last_look
        self._looked_at = time.monotonic()

    def check(self) -> None:
        self.looks += 1
        moment = time.monotonic()
        self.longest_s = max(self.longest_s, moment - self._looked_at)
        self._looked_at = moment
        if self.looks == self._last_look:
            self.cancel()
        super().check()


def interrupted_at(looks: int, work: Callable[[Watch], object]) -> None:
    with pytest.raises(Interrupted):
        work(Watch(token=CountingToken(looks)))


@pytest.fixture(scope="module")
def large_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 documents, each text twice, in 3 labels."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    lines = [
        f"{' '.join(f'word{row // 2 * place % 977}' for place in range(1, 40))},"
        f"{int(row % 3 == 0)},{int(row % 5 == 0)},{int(row % 7 == 0)}\n"
        for row in range(20_000)
    ]
    path.write_text("text,a,b,c\n" + "".join(lines), encoding="utf-8")
    return path


def test_an_import_can_be_interrupted_throughout_and_leaves_nothing(
    large_source: Path, tmp_path: Path
) -> None:
    token = CountingToken()
    new = NewSession(tmp_path / "whole", large_source, SourceSettings())
    create_session(new, Watch(token=token))
    assert token.looks > 60
    assert token.longest_s < 1.0
    cut = NewSession(tmp_path / "cut", large_source, SourceSettings())
    for tenth in range(1, 11):
        interrupted_at(max(token.looks * tenth // 10, 1), lambda watch: create_session(cut, watch))
        assert not cut.folder.exists()
    assert (
        create_session(cut).revision.fingerprint == Session(new.folder).state().dataset.fingerprint
    )


def test_a_split_can_be_interrupted_throughout_and_changes_nothing(
    large_source: Path, tmp_path: Path
) -> None:
    new = NewSession(tmp_path / "session", large_source, SourceSettings())
    session = create_session(new).session
    other = Session(Path(shutil.copytree(session.folder, tmp_path / "other")))
    token = CountingToken()
    ratios = (0.6, 0.2, 0.2)
    split = split_dataset(other, ratios, 1, Watch(token=token)).split
    assert token.looks > 150
    assert token.longest_s < 1.0
    before = session.state_path.read_bytes()
    for tenth in range(1, 11):
        interrupted_at(
            max(token.looks * tenth // 10, 1),
            lambda watch: split_dataset(session, ratios, 1, watch),
        )
        assert session.state_path.read_bytes() == before
    assert split_dataset(session, ratios, 1).split.fingerprint == split.fingerprint


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, dataset: Dataset) -> None:
    path = tmp_path / "data" / "documents.jsonl"
    save_dataset(dataset, path)
    before = path.read_bytes()
    interrupted_at(1, lambda watch: save_dataset(dataset, path, watch))
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.fixture
def dataset(large_source: Path, tmp_path: Path) -> Dataset:
    """The documents of the large source."""
    from core.dataset.formats.reading import read_source

    return read_source(large_source, SourceSettings())[0]
