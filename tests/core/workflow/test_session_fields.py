"""A value in a saved state that no later step can hold is refused when the session is opened."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from core.comprehend.pricing import PriceList
from core.errors import InvalidInput
from core.workflow.score import charged_units
from core.workflow.session import Session
from core.workflow.split import load_pieces

WRITTEN = Path(__file__).parents[2] / "fixtures" / "v0_1_0"
Change = Callable[[dict[str, Any]], None]


def _first_job(state: dict[str, Any]) -> dict[str, Any]:
    job: dict[str, Any] = state["runs"][0]["classifiers"][0]["training"]
    return job


def _into(place: Callable[[dict[str, Any]], dict[str, Any]], key: str, value: Any) -> Change:
    return lambda state: place(state).update({key: value})


CHANGES: dict[str, tuple[Change, str]] = {
    "a job submitted at no time": (
        _into(lambda s: _first_job(s)["status"], "submitted_at", "yesterday"),
        "status.submitted_at is 'yesterday'",
    ),
    "a job ended at a time without a zone": (
        _into(lambda s: _first_job(s)["status"], "ended_at", "2026-11-30T10:00:00"),
        "status.ended_at",
    ),
    "a negative number of documents": (
        _into(lambda s: _first_job(s)["status"], "documents_tested", -1),
        "status.documents_tested is -1",
    ),
    "a job ended in no year of ours": (
        _into(lambda s: _first_job(s)["status"], "ended_at", "0001-01-01T00:00:00+14:00"),
        "status.ended_at",
    ),
    "a seed below zero": (_into(lambda s: s["splits"][0], "seed", -1), "seed is -1"),
    "a label without its positives": (
        lambda s: s["splits"][0]["support"].pop("bug"),
        r"\$.splits\[0\].support is \['bug'\]",
    ),
    "positives of two parts only": (
        lambda s: s["splits"][0]["support"]["bug"].pop("test"),
        r"support\['bug'\]",
    ),
    "positives beyond all reason": (
        lambda s: s["splits"][0]["support"]["bug"].update(test=2**62),
        r"support\['bug'\]",
    ),
    "a price of no characters": (
        _into(lambda s: s["prices"], "unit_characters", 0),
        "unit_characters is below 1",
    ),
    "a price day that is none": (_into(lambda s: s["prices"], "as_of", "soon"), "prices"),
    "an arm whose file was made for a label it does not count": (
        lambda s: s["experiments"][0]["arms"][1]["made"]["after"].popitem(),
        r"arms\[1\].made.after",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_field_is_named(name: str, tmp_path: Path) -> None:
    change, words = CHANGES[name]
    session = Session(shutil.copytree(WRITTEN / "tickets", tmp_path / "tickets"))
    session.state()
    state = json.loads(session.state_path.read_bytes())
    change(state)
    session.state_path.write_text(json.dumps(state))
    with pytest.raises(InvalidInput, match=words) as caught:
        session.state()
    assert "session.json" in caught.value.message and caught.value.hint


@pytest.mark.parametrize("name", ["deep", "not UTF-8", "an integer of 400 digits"])
def test_a_damaged_state_is_one_clear_line(name: str, tmp_path: Path) -> None:
    session = Session(shutil.copytree(WRITTEN / "half", tmp_path / "half"))
    data = session.state_path.read_bytes()
    changed = {
        "deep": data.replace(
            b'"request": {', b'"request": {"x": ' + b"[" * 900 + b"]" * 900 + b", ", 1
        ),
        "not UTF-8": data.replace(b"half", b"h\xfflf", 1),
        "an integer of 400 digits": data.replace(b'"seed": ', b'"seed": ' + b"9" * 400, 1),
    }
    session.state_path.write_bytes(changed[name])
    with pytest.raises(InvalidInput) as caught:
        session.state()
    assert caught.value.title == "Damaged session" and "\n" not in caught.value.message


def test_a_split_of_fewer_documents_than_the_dataset_is_damaged(tmp_path: Path) -> None:
    session = Session(shutil.copytree(WRITTEN / "half", tmp_path / "half"))
    state = session.state()
    split = state.splits[-1]
    path = session.path(f"data/{split.id}/truth.npz")
    with np.load(path) as stored:
        arrays = {name: array[:-1] for name, array in stored.items()}
    np.savez(path, **arrays)
    with pytest.raises(InvalidInput, match="parts of 220 documents for 221"):
        load_pieces(session, state, split)


def test_a_scoring_file_that_is_not_utf8_can_still_be_counted(tmp_path: Path) -> None:
    session = Session(shutil.copytree(WRITTEN / "half", tmp_path / "half"))
    file = msgspec.structs.replace(
        session.state().splits[-1].scoring["test"], path="data/s1/other.txt"
    )
    session.path(file.path).write_bytes(b"caf\xe9\n" * 3)
    assert charged_units(session, file, PriceList(minimum_units=1)) == 3
    with pytest.raises(InvalidInput, match="Cannot read the scoring file"):
        charged_units(
            session, msgspec.structs.replace(file, path="gone"), PriceList(minimum_units=1)
        )
