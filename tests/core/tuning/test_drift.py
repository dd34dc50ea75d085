"""New scores against those that thresholds were made from."""

import dataclasses

import msgspec
import numpy as np
import pytest

from core.errors import InvalidInput
from core.tuning.drift import (
    DriftReference,
    DriftReport,
    Tally,
    count_scores,
    drift_check,
    drift_reference,
    holm,
    two_shares,
)
from core.tuning.part import Part

LABELS = ("rare", "common")
AT = {"rare": 0.6, "common": 0.5}


def part_of(n: int, seed: int, share: float = 0.1, shift: float = 0.0) -> Part:
    draws = np.random.default_rng(seed)
    truth = draws.random((n, 2)) < [share, 0.4]
    scores = 1 / (1 + np.exp(-(draws.normal(size=(n, 2)) + 2.5 * truth - 1.5 + shift)))
    return Part("test", LABELS, np.round(scores, 4).astype(np.float32), truth)


def counted(part: Part, reference: dict[str, DriftReference]) -> dict[str, Tally]:
    return {
        label: count_scores(
            part.scores[:, column],
            None if part.ceilings is None else part.ceilings[:, column],
            reference[label].threshold,
            [point.score for point in reference[label].points],
        )
        for column, label in enumerate(LABELS)
    }


def checked(old: Part, new: Part) -> DriftReport:
    reference = drift_reference(old, AT)
    return drift_check(reference, counted(new, reference))


def test_e11_another_share_of_positives_is_noticed() -> None:
    found = checked(part_of(4_000, 1), part_of(4_000, 2, share=0.02))
    assert found.moved == ("rare",)
    rare = found.labels[0]
    assert rare.ratio is not None and rare.ratio < 0.5 and "flagged share" in rare.why
    assert found.labels[1].verdict == "no change we can tell"


def test_e12_what_scores_cannot_say_is_said() -> None:
    notes = " ".join(checked(part_of(500, 3), part_of(500, 4)).notes)
    assert "scores alone cannot say" in notes and "label a random sample" in notes


def test_the_same_source_is_wrongly_called_moved_in_at_most_5_percent() -> None:
    moved = sum(bool(checked(part_of(800, s), part_of(600, 5_000 + s)).moved) for s in range(200))
    assert moved <= 10


def test_shifted_scores_are_noticed() -> None:
    found = checked(part_of(2_000, 5), part_of(2_000, 6, shift=0.5))
    assert found.moved == LABELS
    assert found.labels[1].largest_gap > 0.1 and found.labels[1].gap_at is not None


def test_too_few_documents_cannot_tell() -> None:
    found = checked(part_of(2_000, 7), part_of(40, 8))
    assert found.labels[0].verdict == "cannot tell" and "10 needed" in found.labels[0].why


def test_d6_unknown_scores_are_a_range() -> None:
    old, new = part_of(2_000, 9), part_of(2_000, 10, shift=1.0)
    hidden = new.scores.copy()
    hidden[:, 1] = np.nan
    unknown = dataclasses.replace(new, scores=hidden)
    label = checked(old, unknown).labels[1]
    assert (label.flagged.low, label.flagged.high) == (0.0, 1.0)
    assert label.largest_gap == 0.0, "no gap is certain"
    assert label.verdict == "moved" and label.why == "beyond chance: returned share"
    both = dataclasses.replace(old, scores=np.where(np.arange(2) == 1, np.nan, old.scores))
    assert checked(both, unknown).labels[1].verdict == "cannot tell"
    low = dataclasses.replace(unknown, ceilings=np.full_like(hidden, 0.01))
    assert "flagged share" in checked(old, low).labels[1].why


def test_a9_copies_in_the_reference_carry_no_evidence() -> None:
    old = part_of(150, 11)
    rows = np.tile(np.arange(150), 20)
    copied = dataclasses.replace(old, scores=old.scores[rows], truth=old.truth[rows])
    marked = dataclasses.replace(copied, clusters=rows.astype(np.int32))
    new = part_of(3_000, 12, shift=0.2)
    assert checked(copied, new).moved and not checked(marked, new).moved


def test_tallies_of_blocks_add_up_and_references_survive_json() -> None:
    old, new = part_of(500, 13), part_of(900, 14)
    reference = drift_reference(old, AT)
    whole = counted(new, reference)["rare"]
    pieces = [
        counted(dataclasses.replace(new, scores=new.scores[rows]), reference)["rare"]
        for rows in (slice(0, 400), slice(400, None))
    ]
    assert pieces[0] + pieces[1] == whole
    data = msgspec.json.encode(reference)
    assert msgspec.json.decode(data, type=dict[str, DriftReference]) == reference
    assert drift_check(reference, counted(old, reference)).labels[0].largest_gap == 0.0


def test_nothing_to_compare_is_refused() -> None:
    reference = drift_reference(part_of(100, 15), AT)
    with pytest.raises(InvalidInput, match="Nothing to compare"):
        drift_check(reference, {})
    with pytest.raises(InvalidInput, match="Nothing to compare"):
        drift_check(reference, {"rare": Tally(0, 0, 0, 0, ())})


def test_exact_and_normal_tests_agree_with_scipy() -> None:
    from scipy.stats import chi2_contingency, fisher_exact

    for k, n, other_k, other_n in [(3, 40, 12, 60), (0, 30, 5, 500), (2, 9, 1, 9), (7, 8, 10, 90)]:
        rows = [[k, n - k], [other_k, other_n - other_k]]
        assert two_shares(k, n, other_k, other_n) == pytest.approx(fisher_exact(rows).pvalue)
    rows = [[60, 940], [400, 3_600]]
    exact = chi2_contingency(rows, correction=False).pvalue
    assert two_shares(60, 1_000, 400, 4_000) == pytest.approx(exact)
    assert two_shares(0, 10, 0, 10) == two_shares(10, 10, 10, 10) == 1.0


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9]) == [0.9]
