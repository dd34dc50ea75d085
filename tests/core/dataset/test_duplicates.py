"""Normalised texts, keys, clusters and near duplicates."""

import hashlib
import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset.duplicates import duplicate_clusters, near_duplicates, normalised, text_keys
from core.errors import Interrupted
from core.progress import CancelToken, Progress, Watch
from tests.core.dataset.health_data import sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello,  World!", "hello world"),
        ("  a\tb\r\nc\x00d_e ", "a b c d e"),
        ("STRASSE straße", "strasse strasse"),
        ("cafe\u0301 ＣＡＦＥ́", "café café"),
        ("zero\u200bwidth\u202e", "zerowidth"),
        ("e\u200b\u0301 ͅ", "é ι"),
        ("„quoted“ – text…", "quoted text"),
        ("good 😀 day", "good 😀 day"),
        ("कि की", "कि की"),
        (":)", ":)"),
        (" ? ! ", "? !"),
        (" \u200b\n", ""),
        ("", ""),
    ],
)
def test_normalised_form(text: str, expected: str) -> None:
    assert normalised(text) == expected


@given(st.lists(st.text(max_size=40), max_size=30))
def test_key_is_the_hash_of_the_normalised_text(texts: list[str]) -> None:
    expected = [
        int.from_bytes(
            hashlib.blake2b(
                normalised(text).encode("utf-8", "surrogatepass"), digest_size=8
            ).digest(),
            "little",
        )
        for text in texts
    ]
    assert text_keys(texts).tolist() == expected


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


def test_keys_do_not_depend_on_neighbours_or_blocks() -> None:
    texts = [sentence(number) for number in range(50)]
    texts += ["x" * 700_000, "", "lone surrogate \ud800", "!?", *texts]
    keys = text_keys(texts)
    assert keys.tolist() == [int(text_keys([text])[0]) for text in texts]
    assert len(set(keys.tolist())) == 54


def test_key_of_a_text_never_changes() -> None:
    assert text_keys(["Hello,  World!"]).tolist() == [0x50B1A332AA338687]


def test_e2_same_text_in_other_case_and_spacing_is_one_cluster() -> None:
    clusters = duplicate_clusters(["A b c", "other", "a  B, c!", "other one"])
    assert clusters.tolist() == [0, 1, 0, 2]
    assert clusters.dtype == np.int32


def test_groups_and_texts_chain_into_one_cluster() -> None:
    texts = ["a", "b", "b", "c", "d", "e"]
    groups = ["g1", "g1", "g2", "g2", "", ""]
    assert duplicate_clusters(texts, groups).tolist() == [0, 0, 0, 0, 1, 2]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["", "1", "2", "3", "4"]))))
def test_clusters_are_the_connected_components(rows: list[tuple[str, str]]) -> None:
    texts, groups = [text for text, _ in rows], [group for _, group in rows]
    clusters = duplicate_clusters(texts, groups).tolist()
    assert _partition(clusters) == _partition(_components(rows))
    firsts = list(dict.fromkeys(clusters))
    assert firsts == sorted(firsts)


def _components(rows: Sequence[tuple[str, str]]) -> list[int]:
    """Labels of connected components by repeated flooding, the slow and plain way."""
    found = list(range(len(rows)))
    for _ in rows:
        for i, (text, group) in enumerate(rows):
            for j, (other_text, other_group) in enumerate(rows):
                if text == other_text or (group and group == other_group):
                    found[i] = found[j] = min(found[i], found[j])
    return found


def _partition(numbers: Sequence[int]) -> set[frozenset[int]]:
    return {
        frozenset(row for row, value in enumerate(numbers) if value == number) for number in numbers
    }


def test_no_texts_give_no_clusters_and_no_pairs() -> None:
    assert duplicate_clusters([]).tolist() == []
    assert near_duplicates([]) == []
    assert near_duplicates(["one text alone here"]) == []


def _edited(text: str, rng: np.random.Generator) -> str:
    words = text.split()
    words[int(rng.integers(len(words)))] = "replaced"
    return " ".join(words).upper()


def test_e2_planted_near_duplicates_are_found_and_nothing_else() -> None:
    rng = np.random.default_rng(5)
    texts = [sentence(number, 40) for number in range(1_000)]
    planted = {(row, 1_000 + number) for number, row in enumerate(range(0, 600, 2))}
    texts += [_edited(texts[row], rng) for row, _ in sorted(planted)]
    found = set(near_duplicates(texts))
    assert len(found & planted) >= 0.95 * len(planted)
    assert found <= planted


def test_every_reported_pair_reaches_the_similarity() -> None:
    rng = np.random.default_rng(6)
    texts = [sentence(number, 12) for number in range(60)]
    for number in range(240):
        texts.append(_edited(_edited(texts[number % 60], rng), rng))

    def pairs_of(text: str) -> set[tuple[str, str]]:
        words = normalised(text).split()
        return set(itertools.pairwise(words))

    found = near_duplicates(texts, similarity=0.6)
    assert len(found) > 20
    for low, high in found:
        left, right = pairs_of(texts[low]), pairs_of(texts[high])
        assert low < high
        assert len(left & right) / len(left | right) >= 0.6


def test_equal_and_tiny_texts_are_not_near_duplicates() -> None:
    text = sentence(1, 30)
    assert near_duplicates([text, text.upper(), "yes please", "yes please!", "ok"]) == []


def test_a_template_used_often_is_connected_without_all_pairs() -> None:
    texts = [f"{sentence(1, 60)} number{number}" for number in range(300)]
    found = near_duplicates(texts)
    assert len(found) < 300 * 299 / 20
    reached = {0}
    for _ in range(300):
        reached |= {row for pair in found if reached & set(pair) for row in pair}
    assert len(reached) == 300


def test_near_duplicates_report_progress_and_can_be_stopped() -> None:
    events: list[Progress] = []
    texts = [sentence(number) for number in range(20)]
    near_duplicates(texts, Watch(events.append))
    assert (events[-1].done, events[-1].total) == (20, 20)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Interrupted):
        near_duplicates(texts, watch=Watch(token=cancel))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=20), st.integers(0, 5))
def test_near_duplicates_do_not_depend_on_given_keys(texts: list[str], repeats: int) -> None:
    rows = texts * (repeats + 1)
    assert near_duplicates(rows) == near_duplicates(rows, keys=text_keys(rows))
