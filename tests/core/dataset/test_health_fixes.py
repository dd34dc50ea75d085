"""Fixes make a new dataset, say what changed, and leave nothing of the finding."""

import numpy as np
import pytest

from core.dataset.documents import Dataset
from core.dataset.health.checks import run_checks
from core.dataset.health.findings import HealthContext
from core.dataset.health.fixes import apply_fix, fix_ids
from core.errors import InvalidInput
from tests.core.dataset.health_data import (
    dataset_of,
    found_in,
    relabelled,
    sentence,
    sound_rows,
    with_rows,
)

_TEXT = sentence(1_000)


def _label_sets(dataset: Dataset) -> dict[str, list[str]]:
    return dict(zip(dataset.ids, dataset.label_sets(), strict=True))


def _broken() -> dict[str, Dataset]:
    """Per fix: a dataset that it applies to."""
    return {
        "blank-documents": with_rows((" \u200b", ["red"]), ("", ["blue"])),
        "blank-labels": relabelled({0: ["red", ""], 1: [" "]}),
        "header-row": dataset_of([("text", ["label"]), *sound_rows()]),
        "label-variants": relabelled({0: ["Red"], 1: ["RED "]}),
        "label-spaces": relabelled({0: ["red "], 1: [" new"]}),
        "label-characters": relabelled({0: ["re\u200bd"], 1: ["a\nb"]}),
        "label-delimiter": relabelled({0: ["on|off"]}),
        "rare-labels": relabelled({0: ["rare"], 1: ["red", "rare"]}),
        "contradictions": dataset_of([(_TEXT, ["red", "blue"]), *sound_rows()], none_label="blue"),
        "exact-duplicates": with_rows((_TEXT, ["red"]), (_TEXT.upper(), ["red"])),
        "conflicting-duplicates": with_rows((_TEXT, ["red"]), (_TEXT, ["blue"])),
        "control-characters": with_rows((f"a\x1b[31mb\x00\x01c {_TEXT}", ["red"])),
        "invisible-characters": with_rows((f"in\u200bvisible\u202e {_TEXT}", ["red"])),
    }


def test_every_fix_has_a_broken_dataset_here() -> None:
    assert set(fix_ids()) == set(_broken())
    assert all(fix_ids().values())


@pytest.mark.parametrize("fix_id", fix_ids())
def test_fix_removes_its_finding_and_leaves_the_original_alone(fix_id: str) -> None:
    dataset = _broken()[fix_id]
    before = (list(dataset.texts), dataset.labels, dataset.membership.copy())
    fixed, said = apply_fix(fix_id, dataset)
    assert found_in(dataset, fix_id).severity != "passed"
    assert found_in(fixed, fix_id).severity == "passed"
    assert said.endswith(".")
    assert any(character.isdigit() for character in said)
    assert fixed.membership.shape == (len(fixed), len(fixed.labels))
    assert (dataset.texts, dataset.labels) == before[:2]
    assert np.array_equal(dataset.membership, before[2])
    with pytest.raises(InvalidInput, match="Nothing to fix"):
        apply_fix(fix_id, fixed)


def test_unknown_fix_names_those_that_exist() -> None:
    with pytest.raises(InvalidInput) as raised:
        apply_fix("polish\x1b[2J", dataset_of(sound_rows()))
    assert "\x1b" not in raised.value.message
    assert "blank-documents" in raised.value.hint


def test_a_fix_that_would_leave_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Nothing would be left"):
        apply_fix("blank-documents", dataset_of([("", ["red"]), (" ", ["red"])]))


def test_dropping_blank_documents_keeps_groups_and_ids_aligned() -> None:
    rows = [("", ["red"]), (sentence(1), ["red"]), (sentence(2), ["blue"])]
    fixed, said = apply_fix("blank-documents", dataset_of(rows, groups=["g0", "g1", "g2"]))
    assert (fixed.ids, fixed.groups) == (["d1", "d2"], ["g1", "g2"])
    assert said == "Dropped 1 blank document; 2 documents left."


def test_blank_labels_leave_the_none_label_on_bare_documents() -> None:
    fixed, said = apply_fix("blank-labels", _broken()["blank-labels"], none_label="none")
    assert (fixed.labels, fixed.none_label) == (("red", "blue", "green", "none"), "none")
    assert _label_sets(fixed)["d0"] == ["red"]
    assert _label_sets(fixed)["d1"] == ["none"]
    assert said == "Dropped 2 blank labels; 1 document left without a label got none."


def test_blank_class_drops_its_documents() -> None:
    dataset = dataset_of([(_TEXT, [""]), *sound_rows()], mode="multi-class")
    fixed, said = apply_fix("blank-labels", dataset)
    assert (len(fixed), fixed.none_label) == (180, None)
    assert said == "Dropped 1 blank label and 1 document without another label."


def test_header_row_takes_its_own_labels_along() -> None:
    fixed, said = apply_fix("header-row", _broken()["header-row"])
    assert fixed.labels == ("red", "green", "blue")
    assert fixed.ids[0] == "d1"
    assert said == "Dropped 1 header row and the label label."


def test_d14_variants_are_merged_into_the_commonest_only_on_request() -> None:
    dataset = _broken()["label-variants"]
    fixed, said = apply_fix("label-variants", dataset)
    assert set(fixed.labels) == {"red", "green", "blue"}
    assert _label_sets(fixed)["d0"] == _label_sets(fixed)["d1"] == ["red"]
    assert said == "Merged 2 spellings into the commonest one of 1 label."
    assert set(dataset.labels) == {"Red", "RED ", "red", "green", "blue"}


def test_merging_keeps_a_document_that_had_both_spellings_once() -> None:
    fixed, _ = apply_fix("label-variants", relabelled({0: ["red", "Red"]}))
    assert _label_sets(fixed)["d0"] == ["red"]
    assert int(fixed.support.sum()) == 180


def test_merging_variants_of_the_none_label_keeps_it_known() -> None:
    rows = [*sound_rows(), (_TEXT, ["Blue"])]
    fixed, _ = apply_fix("label-variants", dataset_of(rows, none_label="Blue"))
    assert fixed.none_label == "blue"


def test_trimming_merges_with_the_label_without_spaces() -> None:
    fixed, said = apply_fix("label-spaces", _broken()["label-spaces"])
    assert set(fixed.labels) == {"red", "green", "blue", "new"}
    assert said == "Trimmed 2 labels, which merged 1 label into another one; 4 labels left."


def test_d9_delimiter_in_a_label_becomes_an_underscore() -> None:
    fixed, _ = apply_fix("label-delimiter", _broken()["label-delimiter"])
    assert "on_off" in fixed.labels
    dataset = relabelled({0: ["on_off"]})
    fixed, _ = apply_fix("label-delimiter", dataset, delimiter="_")
    assert "on-off" in fixed.labels


def test_rare_labels_give_the_none_label_when_it_is_common_enough() -> None:
    rows = sound_rows()
    for row in (0, 1):
        rows[row] = (rows[row][0], ["rare"])
    fixed, said = apply_fix("rare-labels", dataset_of(rows, none_label="blue"))
    assert _label_sets(fixed)["d0"] == ["blue"]
    assert len(fixed) == 180
    assert said.endswith("2 documents left without a label got blue. Rare: rare.")


def test_rare_labels_make_no_new_rare_label() -> None:
    dataset = _broken()["rare-labels"]
    fixed, _ = apply_fix("rare-labels", dataset)
    assert set(fixed.labels) == {"red", "green", "blue"}
    assert (len(fixed), fixed.none_label) == (179, None)
    assert _label_sets(fixed)["d1"] == ["red"]
    rare_none = dataset_of([*sound_rows(), (_TEXT, ["none"])], none_label="none")
    fixed, _ = apply_fix("rare-labels", rare_none)
    assert (len(fixed), fixed.labels) == (180, ("red", "green", "blue"))


def test_many_rare_labels_are_named_in_part_and_cleaned() -> None:
    rows = [*sound_rows(), *((sentence(n), [f"r\x1b[2J{n}"]) for n in range(300, 312))]
    _, said = apply_fix("rare-labels", dataset_of(rows))
    assert "\x1b" not in said
    assert said.endswith("and 2 more.")


def test_contradictions_lose_the_none_label_only() -> None:
    fixed, said = apply_fix("contradictions", _broken()["contradictions"])
    assert _label_sets(fixed)["d0"] == ["red"]
    assert said == "Took blue off 1 document with another label."


def test_exact_duplicates_keep_the_first_and_other_label_sets() -> None:
    dataset = with_rows((_TEXT, ["red"]), (_TEXT, ["blue"]), (f"{_TEXT}!", ["red"]))
    fixed, said = apply_fix("exact-duplicates", dataset)
    assert fixed.ids[-2:] == ["d180", "d181"]
    assert said == "Dropped 1 exact duplicate; 182 documents left."


def test_conflicting_duplicates_go_altogether() -> None:
    dataset = with_rows((_TEXT, ["red"]), (_TEXT, ["blue"]), (_TEXT, ["red"]))
    fixed, said = apply_fix("conflicting-duplicates", dataset)
    assert _TEXT not in fixed.texts
    assert len(fixed) == 180
    assert said.startswith("Dropped 3 documents with texts that have different labels")


def test_cleaned_texts_keep_everything_else() -> None:
    rows = [("a\x1b[31mb\x00\x01c\td\r\ne\x85", ["red"]), ("in\u200bvisible\u202e\n", ["red"])]
    fixed, said = apply_fix("control-characters", dataset_of(rows))
    assert fixed.texts == ["ab c\td\r\ne ", "in\u200bvisible\u202e\n"]
    assert said == "Removed control characters from 1 document."
    fixed, _ = apply_fix("invisible-characters", dataset_of(rows))
    assert fixed.texts == [rows[0][0], "invisible\n"]


def test_cleaning_label_characters_leaves_spaces_of_other_labels_alone() -> None:
    dataset = relabelled({0: ["re\u200bd"], 1: ["a\nb"], 2: ["green "]})
    fixed, said = apply_fix("label-characters", dataset)
    assert set(fixed.labels) == {"red", "green", "blue", "a b", "green "}
    assert said.startswith("Cleaned 2 labels, which merged 1 label into another one")


def test_fixes_in_their_order_leave_no_finding_that_has_a_fix() -> None:
    rows = [*sound_rows(), *((f"{sentence(400 + n)}\x07", ["Red "]) for n in range(3))]
    rows += [("", ["red"]), (_TEXT, ["red"]), (_TEXT, ["Blue"]), (_TEXT, ["blue"])]
    rows += [("text", ["label"]), (sentence(500), ["", "red"]), (sentence(501), ["x|\u200by"])]
    rows += [(rows[0][0], ["RED"])]
    dataset = dataset_of(rows)
    applied = []
    for fix_id in fix_ids():
        if found_in(dataset, fix_id).severity != "passed":
            dataset, _ = apply_fix(fix_id, dataset)
            applied.append(fix_id)
    assert [f.fix for f in run_checks(HealthContext(dataset=dataset)) if f.fix] == []
    assert {"label-variants", "conflicting-duplicates", "rare-labels"} <= set(applied)
    assert set(dataset.labels) == {"red", "green", "blue"}
    assert len(dataset) == 180 + 4
