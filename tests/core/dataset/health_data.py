"""Small datasets for the tests of duplicates and health."""

from collections.abc import Sequence

import numpy as np

from core.dataset.documents import Dataset, Mode, membership_of
from core.dataset.health.checks import run_checks
from core.dataset.health.findings import Finding, HealthContext

_WORDS = (
    "printer network invoice laptop password router ticket update server account screen driver "
    "backup folder licence email meeting browser cable monitor keyboard contract refund payment"
).split()
LABELS = ("red", "green", "blue")


def sentence(seed: int, n_words: int = 9) -> str:
    """A text of its own for each seed, unlike those of other seeds."""
    rng = np.random.default_rng(seed)
    return " ".join([f"case{seed}", *rng.choice(_WORDS, n_words), f"end{seed}"])


def dataset_of(
    rows: Sequence[tuple[str, Sequence[str]]],
    *,
    labels: Sequence[str] | None = None,
    mode: Mode = "multi-label",
    none_label: str | None = None,
    groups: list[str] | None = None,
) -> Dataset:
    """A dataset of (text, labels) rows; label columns in order of first use unless given."""
    names = tuple(labels or dict.fromkeys(name for _, row in rows for name in row))
    return Dataset(
        ids=[f"d{number}" for number in range(len(rows))],
        texts=[text for text, _ in rows],
        labels=names,
        membership=membership_of([row for _, row in rows], names),
        mode=mode,
        none_label=none_label,
        groups=groups,
    )


def sound_rows(per_label: int = 60) -> list[tuple[str, list[str]]]:
    """Rows in which no check finds anything: three equally frequent labels, texts of their own."""
    return [
        (sentence(number), [LABELS[number % len(LABELS)]])
        for number in range(per_label * len(LABELS))
    ]


def with_rows(*rows: tuple[str, Sequence[str]]) -> Dataset:
    """Sound data with rows added at the end."""
    return dataset_of([*sound_rows(), *((text, list(labels)) for text, labels in rows)])


def relabelled(changes: dict[int, list[str]]) -> Dataset:
    """Sound data in which some rows have other labels."""
    rows = sound_rows()
    for row, labels in changes.items():
        rows[row] = (rows[row][0], labels)
    return dataset_of(rows)


def found_in(dataset: Dataset, check_id: str, *, had_bom: bool = False) -> Finding:
    """The finding of one check."""
    findings = run_checks(HealthContext(dataset=dataset, had_bom=had_bom))
    (finding,) = [finding for finding in findings if finding.id == check_id]
    return finding
