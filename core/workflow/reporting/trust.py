"""How far the figures of a report can be trusted, in plain words."""

from collections import Counter

from core.text import plural, printable
from core.workflow.reporting.blocks import Block, Paragraph, Section, figure, ranged, table
from core.workflow.reporting.contents import FullReport
from core.workflow.reports import RunReport


def parts_words(tuning: RunReport) -> str:
    """What the thresholds were tuned on and what the figures were measured on."""
    words = f"tuned on {tuning.tuned_on}, measured on {tuning.measured_on}"
    return f"{words} (optimistic: the rows it was tuned on)" if tuning.is_optimistic else words


def trust_section(report: FullReport) -> Section:
    """The paragraph that an engineer without statistics follows, and the table of grades."""
    tuning = report.tuning
    if tuning is None:
        return Section("How far to trust this", ())
    sentences = [
        _parts(report, tuning), _optimism(tuning), _intervals(tuning), _grades(tuning),
        _unknown(tuning), _looks(report),
        "All of it holds for documents like those measured here; when the stream changes, look "
        "again with: comprehend-tuner drift.",
    ]  # fmt: skip
    rows = [[rule.grade, rule.meaning, rule.rule, rule.decision] for rule in report.grades]
    blocks: tuple[Block, ...] = (
        *(Paragraph(sentence) for sentence in sentences if sentence),
        table("Grades of evidence", ["grade", "meaning", "when", "threshold used"], rows,
              left=["meaning", "when", "threshold used"]),
    )  # fmt: skip
    return Section("How far to trust this", blocks)


def _parts(report: FullReport, tuning: RunReport) -> str:
    sizes = tuning.documents
    tuned = (
        f"Thresholds were tuned on {tuning.tuned_on} ({plural(sizes[tuning.tuned_on], 'document')})"
    )
    if tuning.is_cross_fitted:
        return (
            f"{tuned} and measured on {tuning.measured_on}: each document was judged by thresholds "
            "that were chosen without it, so the figures are those of the procedure and not "
            "optimistic. The thresholds in the file were chosen on all of them."
        )
    if tuning.is_optimistic:
        return (
            f"{tuned} and measured on the same documents. The figures are optimistic: expect less "
            "on new documents."
        )
    measured = sizes.get("test", 0)
    words = f"{tuned} and measured on {tuning.measured_on} ({plural(measured, 'document')})."
    if tuning.tuned_on == "train":
        return f"{words} The classifier was trained on the first: the thresholds are misleading."
    if any(classifier.is_adopted for classifier in report.classifiers):
        return (
            f"{words} The classifier was trained elsewhere: whether it saw these documents then "
            "is not known here."
        )
    return f"{words} The classifier was trained on neither."


def _optimism(tuning: RunReport) -> str:
    if tuning.is_optimistic:
        return ""
    own, used = tuning.tuned_optimistic, tuning.tuned
    return (
        f"On the rows they were tuned on ({tuning.tuned_on}) the thresholds would read macro-F1 "
        f"{ranged(own.macro_f1, own.macro_f1_low, own.macro_f1_high)}, which is optimistic; on "
        f"{tuning.measured_on} it is "
        f"{ranged(used.macro_f1, used.macro_f1_low, used.macro_f1_high)}. Expect the latter."
    )


def _intervals(tuning: RunReport) -> str:
    found = tuning.evidence
    if found is None:
        return "No intervals were computed: every figure may be a matter of chance."
    return (
        f"An interval of {found.level:.0%} should hold the figure on fresh documents of the same "
        f"kind {found.level * 100:.0f} times in 100 (method and seed: see Provenance). The "
        "noise floor is what the best F1 stays below in 95 of 100 cases when scores know nothing "
        "of the label: an F1 near it says nothing."
    )


def _grades(tuning: RunReport) -> str:
    counted = Counter(label.evidence.grade for label in tuning.labels if label.evidence)
    if not counted:
        return ""
    shares = ", ".join(f"{plural(counted[grade], 'label')} {grade}" for grade in sorted(counted))
    words = f"Grades: {shares}."
    kept = [label for label in tuning.labels if label.status not in _USED]
    if kept:
        words += (
            f" The default {figure(tuning.default_threshold, 2)} stays for "
            f"{', '.join(printable(label.label, 40) for label in kept)}."
        )
    adopted = [printable(label.label, 40) for label in tuning.labels if label.status == "adopted"]
    if adopted:
        words += f" Adopted although the evidence keeps the default: {', '.join(adopted)}."
    return words


_USED = ("tuned", "adopted", "set by hand")


def _unknown(tuning: RunReport) -> str:
    ranges = [label for label in tuning.labels if label.tuned.f1_low < label.tuned.f1_high]
    if not ranges:
        return ""
    return (
        f"For {plural(len(ranges), 'label')} the service did not return every score that matters. "
        "Such a score is unknown, not 0: the figures are ranges, and the truth lies inside."
    )


def _looks(report: FullReport) -> str:
    return (
        f"Figures of the test part were looked at {plural(report.test_looks, 'time')}, to tune or "
        "to compare; the more looks, the likelier the best of them is luck."
    )
