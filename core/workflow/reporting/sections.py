"""The report of a run as sections, the same for every form of page."""

from core.text import printable
from core.workflow.reporting.background_sections import (
    cost_section,
    data_section,
    jobs_section,
    provenance_section,
    split_section,
    use_section,
)
from core.workflow.reporting.blocks import (
    Cautions,
    Items,
    Paragraph,
    Section,
    figure,
    interval,
    ranged,
    signed_interval,
)
from core.workflow.reporting.check_sections import (
    calibration_section,
    comparison_section,
    returned_section,
    service_section,
)
from core.workflow.reporting.contents import FullReport
from core.workflow.reporting.experiment_section import experiment_section
from core.workflow.reporting.label_sections import averages_table, labels_section
from core.workflow.reporting.trust import parts_words, trust_section
from core.workflow.reports import RunReport


def page_title(report: FullReport) -> str:
    """What the page is called."""
    return f"Run {printable(report.run, 80)} of session {printable(report.session, 80)}"


def report_sections(report: FullReport) -> tuple[Section, ...]:
    """Every section that has something to say, results first."""
    found = [
        _head(report),
        trust_section(report),
        labels_section(report),
        returned_section(report),
        comparison_section(report),
        experiment_section(report.experiment),
        service_section(report),
        calibration_section(report),
        data_section(report),
        split_section(report),
        jobs_section(report),
        cost_section(report),
        use_section(report),
        provenance_section(report),
    ]
    return tuple(section for section in found if section.blocks)


def _head(report: FullReport) -> Section:
    where = "on the offline twin" if report.is_offline else "on Amazon Comprehend"
    lead = (
        f"{report.engine} · {report.mode} · scored {where} · as of {report.as_of} · "
        f"comprehend-tuner {report.provenance.tool}"
    )
    tuning = report.tuning
    if tuning is None:
        what = "This run has no thresholds, so nothing can be said of them yet."
        return Section("", (Paragraph(lead), Paragraph(what), Cautions(report.cautions),
                            *_missing(report)))  # fmt: skip
    return Section(
        "",
        (
            Paragraph(lead),
            Paragraph(_headline(tuning)),
            averages_table(tuning),
            Cautions(report.cautions),
            *_missing(report),
        ),
    )


def _headline(tuning: RunReport) -> str:
    before, after = tuning.default, tuning.tuned
    level = f"{tuning.evidence.level:.0%} interval" if tuning.evidence else "interval"
    words = (
        f"Macro-F1 {ranged(before.macro_f1, before.macro_f1_low, before.macro_f1_high)} at the "
        f"default threshold {figure(tuning.default_threshold, 2)}, "
        f"{ranged(after.macro_f1, after.macro_f1_low, after.macro_f1_high)} at the thresholds used"
    )
    if tuning.macro_f1_interval is not None:
        words += (
            f" ({level} {interval(tuning.macro_f1_interval)}; "
            f"gain {signed_interval(tuning.macro_gain)})"
        )
    return f"{words}: {parts_words(tuning)}."


def _missing(report: FullReport) -> tuple[Paragraph | Items, ...]:
    if not report.gaps:
        return ()
    lines = tuple(
        f"{gap.what}: {gap.why}" + (f" ({gap.remedy})" if gap.remedy else "") for gap in report.gaps
    )
    return (Paragraph("Missing from this report:"), Items(lines))
