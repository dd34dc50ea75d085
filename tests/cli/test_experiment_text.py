"""The texts of an experiment: what they say, and that they fit a terminal of 80 columns."""

import msgspec
import pytest

from core.dataset.arms import PlannedArm
from core.dataset.resampling import Recipe
from core.text import cell_width
from core.tuning.arm_effects import ArmFigures, ArmRow, ArmsComparison, Effect, Noise
from core.tuning.intervals import Interval
from core.views.blocks import table
from core.views.experiment import (
    arms_text,
    experiment_text,
    history_text,
    positives_text,
)
from core.views.numbers import size
from core.views.terminal import paragraph, table_text
from core.workflow.experiments.plan import ArmStatus, ExperimentReport, Version
from core.workflow.state import ArmState

HOSTILE = "th\x1b[31mreat\u202e 威胁威胁威胁威胁威胁"
BETTER = Effect(difference=0.0314, interval=Interval(low=0.0002, high=0.06), verdict="better")
SAME = Effect(
    difference=-0.0004, interval=Interval(low=-0.03, high=0.04), verdict="cannot tell apart"
)


def fits(text: str) -> bool:
    wide = [line for line in text.splitlines() if cell_width(line) > 80]
    assert not wide, wide
    assert "\x1b" not in text and "\u202e" not in text
    return True


def figures(name: str, effect: Effect | None = None, precision: float | None = 0.5) -> ArmFigures:
    return ArmFigures(
        name=name,
        support=35,
        average_precision=precision,
        f1_default=0.0,
        f1_tuned=0.24,
        precision=0.2,
        recall=1.0,
        threshold=None if name in ("macro", "micro") else 0.0412,
        f1_tuned_range=Interval(low=0.2, high=0.61) if precision is None else None,
        average_precision_effect=None if precision is None else effect,
        f1_default_effect=effect,
        f1_tuned_effect=effect,
        precision_effect=effect,
        recall_effect=effect,
    )


def row(arm: str, effect: Effect | None, labels: tuple[str, ...], known: bool = True) -> ArmRow:
    precision = 0.5 if known else None
    return ArmRow(
        arm=arm,
        kind="repeats",
        runs=(f"e1-{arm}",),
        positives={labels[0]: 1500},
        distinct={labels[0]: 20},
        labels=tuple(figures(label, effect, precision) for label in labels),
        macro=figures("macro", effect, precision),
        micro=figures("micro", effect, None),
        verdict=f"{labels[0]} better by +.03 and a verdict that is long enough for two lines here",
        outcome="better" if effect else "base",
    )


def report(
    labels: tuple[str, ...] = (HOSTILE, "insult"), known: bool = True, noise: bool = False
) -> ExperimentReport:
    spread = Noise(name=labels[0], figure="f1_tuned", deviation=0.0123, degrees=2)
    comparison = ArmsComparison(
        base=row("base", None, labels, known),
        arms=(row("n500-from10-2", BETTER, labels, known), row("n1000", SAME, labels, known)),
        chosen=labels[:1],
        part="test",
        documents=1811,
        distinct_documents=1800,
        level=0.95,
        claim_level=0.9958,
        claims=12,
        other_level=0.999,
        others=40,
        resamples=2000,
        seed=0,
        noise=(spread,) if noise else (),
        advice=(f"{labels[0]}: label more documents",),
        notes=("a note",),
    )
    return ExperimentReport(
        session="toxic",
        engine="OFFLINE",
        experiment="e1",
        labels=labels[:1],
        tuned_on="calibration",
        measured_on="test",
        objective="max_f1",
        before={},
        after={},
        comparison=comparison,
        missing={"n50": "failed: \x1b[2J no reason was given"},
        test_looks=3,
        cautions=("a caution " * 20,),
        made_at="2026-01-01T00:00:00+00:00",
    )


@pytest.mark.parametrize("known", [True, False])
def test_a_comparison_fits_and_shows_nothing_hostile(known: bool) -> None:
    text = experiment_text(report(known=known), all_labels=True)
    assert fits(text)
    for words in (
        "OFFLINE",
        "tuned on calibration",
        "measured on test",
        "2,000 paired",
        "advice:",
        "a note",
        "! a caution",
        "! n50 is not compared",
        "looked at 3 times",
    ):
        assert words in text.replace("\n  ", " "), words


def test_copies_stand_apart_from_distinct_positives() -> None:
    text = experiment_text(report())
    assert "1,500=20+1,480" in text
    assert positives_text(500, 20) == "500=20+480" and positives_text(20, 20) == "20"


def test_a8_an_interval_that_does_not_hold_0_is_not_shown_to_begin_at_0() -> None:
    text = experiment_text(report())
    assert "<.001 to +.060" in text and "better" in text
    assert "-.030 to +.040" in text and "cannot tell" in text


def test_unknown_scores_give_ranges_and_no_ranking() -> None:
    text = experiment_text(report(known=False))
    assert ".20–.61" in text
    assert "ΔAP" not in text and "ΔF1" in text


def test_only_raised_labels_have_tables_unless_all_are_asked_for() -> None:
    assert "insult (35 positives in test)" not in experiment_text(report())
    assert "insult (35 positives in test)" in experiment_text(report(), all_labels=True)


def test_a_label_called_macro_is_not_taken_for_the_average() -> None:
    text = experiment_text(report(labels=("macro", "insult")))
    assert text.count("macro (35 positives in test)") == 1
    assert text.count("macro average (35 positives in test)") == 1


def test_noise_between_replicates_is_shown_when_there_is_some() -> None:
    assert "standard deviation" not in experiment_text(report())
    text = experiment_text(report(noise=True))
    assert "2 degrees of freedom" in " ".join(text.split()) and ".012" in text and fits(text)


def status(arm: str, stage: str, detail: str) -> ArmStatus:
    plan = PlannedArm(id=arm, group=arm, kind="repeats", amount=10.0, replicate=1, recipe=Recipe())
    state = ArmState(
        plan=plan,
        run=f"e1-{arm}",
        before={},
        after={},
        distinct={},
        added=0,
        removed=0,
        documents=1,
        size_bytes=1,
    )
    return ArmStatus(state, stage, detail)  # type: ignore[arg-type]


def test_why_an_arm_failed_is_told_in_full() -> None:
    reason = "the service said: " + "very long words " * 12 + "\x1b[2Jend of it"
    text = arms_text([status("base", "done", "test 1,200"), status("n10", "failed", reason)])
    assert fits(text)
    assert "end of it" in " ".join(text.split()) and "n10 failed: the service said" in text


def test_history_shows_the_labels_that_differ() -> None:
    versions = [
        Version(
            run=f"run{number}",
            kind="repeats",
            experiment="e1",
            split="s1",
            is_current=number == 2,
            positives={"bug": 90, HOSTILE: 10 * number},
            state="scored",
            macro_f1=None,
            macro_f1_default=None,
            verdict="cannot tell apart " * 8,
            made_at="2026-01-01T00:00:00+00:00",
        )
        for number in range(1, 15)
    ]
    text = history_text(versions)
    assert fits(text)
    assert "› run2" in text and "  run1 " in text
    assert "140" in text and not any(line.startswith("bug") for line in text.splitlines())
    assert history_text([]) == "no run yet"


def test_a_wide_table_is_laid_out_in_pieces_that_begin_with_the_names() -> None:
    headers = ["label", *(f"n{number}" for number in range(40))]
    wide = table(headers, [["威胁", *("1,000" for _ in range(40))]])
    pieces = table_text(wide, width=40).split("\n\n")
    assert len(pieces) > 3
    assert all(piece.startswith("label") and "\n威胁" in piece for piece in pieces)
    assert all(cell_width(line) <= 40 for piece in pieces for line in piece.splitlines())
    assert sum(piece.count("1,000") for piece in pieces) == 40


def test_the_first_column_gives_way_where_that_is_enough() -> None:
    wide = table(["label", "F1"], [["威胁" * 20, ".24"]])
    lines = table_text(wide, widest=60, width=40).splitlines()
    assert all(cell_width(line) <= 40 for line in lines) and lines[-1].endswith("…  .24")


def test_a_paragraph_loses_no_word() -> None:
    text = "one two three " * 20 + "x" * 100
    lines = paragraph(text, "! ", "  ", 40)
    assert " ".join(line[2:] for line in lines).split() == text.split()
    assert all(cell_width(line) <= 40 for line in lines[:-1])


def test_sizes_read_well() -> None:
    assert (size(900), size(691_700), size(5_000_000)) == (
        "900 B",
        "691.7 kB",
        "5.0 MB",
    )


def test_the_report_is_json() -> None:
    found = report()
    assert msgspec.json.decode(msgspec.json.encode(found), type=ExperimentReport) == found
