"""The dataset, its revisions, findings, splits and resampled training parts, as they are saved."""

import msgspec

from core.dataset.documents import Mode
from core.dataset.health import Finding
from core.dataset.oversampling import Recipe


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the dataset: the import, or a fix applied to the revision before."""

    id: str
    """``r1``, ``r2`` …"""
    path: str
    fingerprint: str
    documents: int
    labels: tuple[str, ...]
    mode: Mode
    none_label: str | None
    how: str
    """What made it, in words."""
    fix: str = ""
    """Id of the applied fix; empty for the import."""
    made_at: str


class HealthState(msgspec.Struct, frozen=True, kw_only=True):
    """Findings on one dataset revision."""

    dataset: str
    """Fingerprint of the revision that was checked."""
    findings: tuple[Finding, ...]
    made_at: str


class PartFile(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared file of one part."""

    path: str
    fingerprint: str
    documents: int
    units: int = 0
    """Charged units of 100 characters; only for files that are scored."""
    line_map: str = ""
    """Path of the line map; only for files that are scored."""


class SplitState(msgspec.Struct, frozen=True, kw_only=True):
    """A split of one dataset revision and the files prepared from it."""

    id: str
    """``s1``, ``s2`` …; also its folder below ``data/``."""
    dataset: str
    """Fingerprint of the revision that was split."""
    revision: str
    ratios: tuple[float, ...]
    part_names: tuple[str, ...]
    seed: int
    sizes: tuple[int, ...]
    delimiter: str
    worst_deviation: float
    """Largest relative deviation of a label's share in a part from the wanted share."""
    fingerprint: str
    """Fingerprint of the assignment of documents to parts."""
    support: dict[str, dict[str, int]]
    """Positives by label and part."""
    training: dict[str, PartFile]
    """``train`` and ``test`` in the classifier's two-column format."""
    scoring: dict[str, PartFile]
    """Text-only files by part, one document a line."""
    findings: tuple[Finding, ...] = ()
    """Checks that need the parts: labels missing from one, texts in two."""
    made_at: str


class OversamplingState(msgspec.Struct, frozen=True, kw_only=True):
    """A training part with positives of rare labels repeated, or with some left out."""

    split: str
    """Fingerprint of the split whose training part was changed."""
    targets: dict[str, int]
    distinct: dict[str, int] = {}
    growth: float = 0.0
    is_shuffled: bool = False
    seed: int
    added: int
    removed: int = 0
    before: dict[str, int]
    """Positives of every label in the training part as it was split."""
    after: dict[str, int]
    """Positives of every label in the changed one."""
    training: PartFile
    made_at: str

    @property
    def recipe(self) -> Recipe:
        """How the training part was changed."""
        return Recipe(
            targets=self.targets,
            distinct=self.distinct,
            growth=self.growth,
            is_shuffled=self.is_shuffled,
            seed=self.seed,
        )
