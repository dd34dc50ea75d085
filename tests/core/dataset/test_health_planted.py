"""Each health check finds a planted defect, and says nothing of sound data."""

import functools
import re

import msgspec
import numpy as np
import pytest

from core.dataset.documents import Dataset
from core.dataset.health.checks import CHECKS, run_checks
from core.dataset.health.findings import Finding, HealthContext
from core.dataset.health.fixes import fix_ids
from core.dataset.health.parts import PART_CHECKS
from core.text import printable
from tests.core.dataset.health_data import (
    dataset_of,
    found_in,
    relabelled,
    sentence,
    sound_rows,
    with_rows,
)


def test_sound_data_passes_every_check() -> None:
    dataset = dataset_of(sound_rows())
    parts = np.arange(180, dtype=np.int8) // 3 % 2
    findings = run_checks(HealthContext(dataset, parts, ("train", "test")))
    assert [f.id for f in findings if f.severity != "passed"] == []
    assert {f.id for f in findings} == {c.id for c in (*CHECKS, *PART_CHECKS)} | {"near-duplicates"}


def _long(n_sentences: int) -> str:
    return " ".join(sentence(number) for number in range(2_000, 2_000 + n_sentences))


def _rare(n_documents: int) -> Dataset:
    return relabelled({row: ["rare"] for row in range(n_documents)})


@functools.cache
def _planted() -> dict[str, tuple[Dataset, str, int]]:
    """Per check: a dataset, the severity and the count that it must give."""
    text = sentence(1_000)
    other = sentence(1_001, 30)
    long_label = "x" * 5_001
    return {
        "too-few-documents": (dataset_of(sound_rows(16)), "error", 48),
        "too-few-labels": (dataset_of([(t, ["red"]) for t, _ in sound_rows()]), "error", 1),
        "too-many-labels": (
            dataset_of([(t, [f"label{i % 101}"]) for i, (t, _) in enumerate(sound_rows(400))]),
            "error",
            1,
        ),
        "rare-labels": (_rare(9), "error", 1),
        "scarce-labels": (_rare(49), "warning", 4),
        "realtime-size": (with_rows((_long(200), ["red"])), "info", 1),
        "blank-labels": (relabelled({0: ["red", ""], 1: ["green", " "]}), "error", 2),
        "label-length": (relabelled({0: [long_label]}), "error", 1),
        "label-characters": (relabelled({0: ["re\nd"], 1: ["gre\u200ben"]}), "error", 2),
        "wrong-delimiter": (
            relabelled({0: ["red;green"], 1: ["blue;red"], 2: ["green;blue;red"]}),
            "error",
            3,
        ),
        "label-delimiter": (relabelled({0: ["on|off"]}), "warning", 1),
        "label-spaces": (relabelled({0: ["red "], 1: [" x"]}), "error", 2),
        "label-variants": (relabelled({0: ["Red"], 1: ["RED "], 2: ["n_a"]}), "warning", 3),
        "header-row": (dataset_of([("comment_text", ["Label"]), *sound_rows()]), "error", 1),
        "unlabelled-documents": (with_rows((text, []), (other, [])), "error", 2),
        "several-labels": (
            dataset_of([(text, ["red", "green"]), *sound_rows()], mode="multi-class"),
            "error",
            1,
        ),
        "contradictions": (
            dataset_of([(text, ["red", "green"]), *sound_rows()], none_label="green"),
            "warning",
            1,
        ),
        "blank-documents": (with_rows(("", ["red"]), (" \n\u200b\x00", ["red"])), "error", 2),
        "damaged-text": (
            with_rows((f"{text} caf\ufffd", ["red"]), (f"{other} cafÃ© donâ€™t", ["red"])),
            "warning",
            2,
        ),
        "control-characters": (with_rows((f"{text} \x1b[2Jred", ["red"])), "warning", 1),
        "invisible-characters": (with_rows((f"{text} \u202eabc", ["red"])), "info", 1),
        "embedded-newlines": (with_rows((f"{text}\n", ["red"]), (f"{other}\r", [])), "info", 2),
        "short-documents": (with_rows(("ok", ["red"]), ("no way", ["blue"])), "info", 2),
        "long-documents": (with_rows((_long(40), ["red"])), "info", 1),
        "exact-duplicates": (
            with_rows((text, ["red"]), (f" {text.upper()}!", ["red"]), (text, ["red"])),
            "warning",
            2,
        ),
        "conflicting-duplicates": (
            with_rows((text, ["red"]), (text.title(), ["blue"]), (text, ["red"])),
            "warning",
            3,
        ),
        "near-duplicates": (
            with_rows((other, ["red"]), (f"{other} more", ["red"])),
            "info",
            2,
        ),
        "skew": (_rare(5), "warning", 1),
        "dominant-label": (
            dataset_of([(t, ["all", *labels]) for t, labels in sound_rows()]),
            "warning",
            1,
        ),
        "imbalance": (_rare(5), "info", 1),
        "label-concurrence": (
            relabelled({row: ["red", "rare"] for row in range(0, 30, 3)}),
            "info",
            1,
        ),
        "implied-labels": (relabelled({row: ["red", "deep"] for row in range(20)}), "info", 1),
    }


@pytest.mark.parametrize("check_id", _planted())
def test_check_finds_what_was_planted(check_id: str) -> None:
    dataset, severity, count = _planted()[check_id]
    finding = found_in(dataset, check_id)
    assert (finding.severity, finding.count) == (severity, count)
    total = len(dataset) if finding.of == "documents" else len(dataset.labels)
    assert finding.share in (1.0, pytest.approx(count / total))
    assert finding.meaning and finding.remedy
    assert len(finding.examples) <= 5
    assert all(len(example.text) <= 200 for example in finding.examples)


def test_every_check_is_covered_by_a_planted_defect_or_a_test_of_its_own() -> None:
    elsewhere = {"too-many-documents", "dataset-size", "document-size", "byte-order-mark"}
    named = {check.id for check in CHECKS} | {"near-duplicates"}
    assert named == set(_planted()) | elsewhere


def test_fixes_are_named_in_the_remedy_and_known() -> None:
    fixes = {}
    for dataset, _, _ in _planted().values():
        for finding in run_checks(HealthContext(dataset=dataset)):
            if finding.severity != "passed":
                fixes[finding.id] = finding.fix
                named = re.findall(r"health --fix ([a-z-]+)", finding.remedy)
                assert named[-1:] == ([finding.fix] if finding.fix else [])
                assert set(named) <= set(fix_ids())
    assert {fix for fix in fixes.values() if fix} == set(fix_ids())
    assert all(fix in (None, check_id) for check_id, fix in fixes.items())


def test_findings_survive_json_and_their_sentences_are_safe_to_show() -> None:
    hostile = {row: ["red", "d\x1b[2Jeep|\u202e"] for row in range(20)}
    for dataset in (relabelled(hostile), *(dataset for dataset, _, _ in _planted().values())):
        for finding in run_checks(HealthContext(dataset=dataset)):
            assert msgspec.json.decode(msgspec.json.encode(finding), type=Finding) == finding
            said = f"{finding.title}{finding.meaning}{finding.remedy}"
            assert printable(said) == said
