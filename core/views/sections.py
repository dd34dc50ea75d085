"""The report of a run as sections, the same for every form of page."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from core.comprehend.pricing import Estimate
from core.text import command_word, plural, printable
from core.tuning.intervals import Interval
from core.views.blocks import (
    Block,
    Cautions,
    Code,
    Items,
    Paragraph,
    Plot,
    Section,
    Table,
    name,
    table,
)
from core.views.comparison import pair_table
from core.views.experiment import arm_table
from core.views.metrics import (
    calibration_notes,
    calibration_table,
    cells_table,
    matrix_table,
    returned_table,
    service_table,
    untested_words,
)
from core.views.numbers import (
    NONE,
    amount,
    amounts,
    count,
    figure,
    interval,
    level,
    moment,
    percentage,
    signed_interval,
    span,
    threshold,
)
from core.views.report_data import FullReport, HealthLine
from core.views.thresholds import (
    averages_table,
    counts_table,
    evidence_table,
    exact_table,
    interval_title,
    parts_words,
    status_notes,
    thresholds_table,
)
from core.workflow.experiments.compare import load_comparison
from core.workflow.experiments.plan import ExperimentReport
from core.workflow.metrics import MetricsFile
from core.workflow.reconcile import ClassifierReconciliation
from core.workflow.reports import RunReport, usage_lines
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState

# Sections on what checks the figures: returned scores, other runs, the service, calibration.


_WIDEST_MATRIX = 12
"""Labels of a confusion matrix that fits on a page."""


def returned_section(report: FullReport) -> Section:
    """How much of each label's positives the service returned a score for."""
    returned = returned_table(report.returned_share)
    caption = (
        f"Share of each label's positives whose score was returned ({report.engine}), by part. "
        f"Below {figure(1)} the rest is unknown, and recall and F1 are ranges."
    )
    blocks = (replace(returned, caption=caption),) if returned.rows else ()
    return Section("Scores that were returned", blocks)


def comparison_section(report: FullReport) -> Section:
    """Other runs against this one, in pairs."""
    found = report.comparison
    if found is None:
        return Section("Comparison with other runs", ())
    blocks: list[Block] = [pair_table(pair, found.engine) for pair in found.pairs]
    if found.cautions:
        blocks.append(Cautions(found.cautions))
    return Section("Comparison with other runs", tuple(blocks))


def service_section(report: FullReport) -> Section:
    """What the service counted itself, and whether the scores give the same."""
    blocks: list[Block] = []
    for one in report.reconciliation:
        blocks += _reconciliation(one)
    for metrics in report.service:
        blocks += _service(metrics)
    return Section("The service's own metrics, and reconciliation", tuple(blocks))


def _reconciliation(one: ClassifierReconciliation) -> list[Block]:
    found = one.found
    outcome = Paragraph(
        f"Classifier {one.classifier}, reconciled on {found.part}: {found.outcome}. {found.summary}"
    )
    points = [f"{name(label)}: {_points(point)}" for label, point in found.operating_points.items()]
    blocks: list[Block] = [outcome]
    if points and found.common is None:
        blocks += [Paragraph("Thresholds that give the service's counts:"), Items(tuple(points))]
    elif found.common is not None:
        blocks.append(
            Paragraph(f"Thresholds that give the counts of all labels: {_points(found.common)}.")
        )
    blocks.append(Items(tuple(finding.message for finding in found.findings)))
    return blocks


def _points(between: Interval | None) -> str:
    if between is None:
        return "none"
    return f"above {threshold(between.low)} up to {threshold(between.high)}"


def _service(metrics: MetricsFile) -> list[Block]:
    blocks: list[Block] = [service_table(metrics)] if metrics.service_metrics else []
    blocks += [cells_table(metrics)] if metrics.cells else []
    if metrics.matrix and len(metrics.labels) <= _WIDEST_MATRIX:
        blocks.append(matrix_table(metrics))
    untested = untested_words(metrics)
    blocks += [Paragraph(f"{untested[:1].upper()}{untested[1:]}.")] if untested else []
    return blocks


def calibration_section(report: FullReport) -> Section:
    """Whether scores can be read as shares of positives."""
    view = report.calibration
    if view is None:
        return Section("Calibration", ())
    labels = calibration_table(view)
    caption = (
        f"How scores read on {count(view.documents)} documents of {view.part} ({report.engine}). "
        f"{labels.caption}"
    )
    plot = Plot(
        "reliability",
        f"Share of positives by mean score on {view.part} ({report.engine}); each point a bin, its "
        f"line the {level(view.level)} interval; calibrated scores lie on the diagonal; the "
        "upright line is the threshold.",
    )
    notes = Items((*calibration_notes(view), *view.notes))
    blocks = (replace(labels, caption=caption), notes, plot)
    return Section("Calibration", blocks)


# Sections on what stands behind the figures: data, split, jobs, cost, use, provenance.


def data_section(report: FullReport) -> Section:
    """The source, the revisions and what the health check said."""
    data = report.data
    none = f"; none-label {name(data.none_label)}" if data.none_label else ""
    lead = (
        f"Source {printable(data.source, 120)}: {plural(data.rows_read, 'row')} read, "
        f"{plural(data.documents, 'document')} imported{none}."
    )
    notes = list(data.notes)
    if data.not_scored_rows:
        notes.append(f"{plural(data.not_scored_rows, 'row')} left out: not scored by the labellers")
    if data.contradictions:
        notes.append(
            f"{plural(data.contradictions, 'document')} with the none-label beside another label"
        )
    revisions = table(
        ["revision", "documents", "labels", "made by", "at (UTC)"],
        [
            [
                found.id,
                count(found.documents),
                count(found.labels),
                found.how,
                moment(found.made_at),
            ]
            for found in data.revisions
        ],
        left=["made by", "at (UTC)"],
        caption="Revisions of the dataset, up to the one that was split",
    )
    return Section("Data", (Paragraph(lead), Items(tuple(notes)), revisions, *_health(report)))


def _health(report: FullReport) -> tuple[Block, ...]:
    health = report.health
    if health is None:
        return (Paragraph("The dataset's health was not checked."),)
    of = "this dataset" if health.is_of_this_dataset else "another revision of the dataset"
    words = f"Health of {of}: {plural(health.passed, 'check')} passed"
    if not health.found:
        return (Paragraph(f"{words}, nothing was found."),)
    return (Paragraph(f"{words}, {plural(len(health.found), 'finding')}:"), _findings(health.found))


def _findings(found: tuple[HealthLine, ...]) -> Items:
    return Items(
        tuple(
            f"{line.severity}: {line.title}"
            + (f" ({plural(line.count, line.of.removesuffix('s'))})" if line.count else "")
            + (f". {line.meaning}" if line.meaning else "")
            for line in found
        )
    )


def split_section(report: FullReport) -> Section:
    """Parts, sizes and positives per label."""
    split = report.split
    parts = list(split.sizes)
    sizes = ", ".join(
        f"{part} {count(split.sizes[part])} ({level(split.ratios[part])} wanted)" for part in parts
    )
    lead = (
        f"Split {split.id} of revision {split.revision}, seed {split.seed}: {sizes}. The largest "
        f"relative deviation of a label's share in a part is {percentage(split.worst_deviation)}."
    )
    rows = [
        [name(label), *(count(counts.get(part, 0)) for part in parts)]
        for label, counts in split.support.items()
    ]
    blocks: list[Block] = [
        Paragraph(lead),
        table(["label", *parts], rows, caption="Documents with each label, by part"),
        _findings(split.findings),
    ]
    if report.oversampled:
        changed = ", ".join(
            f"{name(label)} {count(number)} instead of {count(split.support[label]['train'])}"
            for label, number in report.oversampled.items()
            if number != split.support[label]["train"]
        )
        words = "Positives that the run was trained on, copies included, where they differ"
        blocks.append(Paragraph(f"{words}: {changed or 'nowhere'}."))
    return Section("Split", tuple(blocks))


def jobs_section(report: FullReport) -> Section:
    """Every job with its state and times."""
    rows = [
        [
            name(job.id) + (" (replaced)" if job.is_replaced else ""),
            f"{job.kind} {job.part}".strip(),
            job.state,
            moment(job.submitted_at),
            moment(job.started_at),
            moment(job.ended_at),
            printable(job.message, 200) or NONE,
        ]
        for job in report.jobs
    ]
    headers = ["job", "kind", "state", "submitted", "started", "ended", "message"]
    caption = f"Jobs of the run ({report.engine}); times in UTC"
    return Section("Jobs", (table(headers, rows, left=headers, caption=caption),) if rows else ())


def cost_section(report: FullReport) -> Section:
    """What was estimated, what was billed and what keeping costs."""
    cost = report.cost
    rows = [
        [
            name(line.what),
            line.kind,
            _dollars(line.estimate),
            amount(line.billed_usd),
            amounts(line.low_usd, line.high_usd),
            line.note or NONE,
        ]
        for line in cost.lines
    ]
    rows.append(["in all", "", "", "", amounts(cost.low_usd, cost.high_usd), ""])
    whose = "" if cost.is_paid else "OFFLINE: nothing was charged; Amazon would charge this. "
    caption = f"{whose}US dollars up to {report.as_of}, at the prices of {cost.prices_of}"
    headers = ["what", "kind", "estimated", "billed", "counted", "note"]
    keeping = f"Keeping the run's classifiers: {_dollars(cost.keeping)} US dollars a month."
    blocks = (table(headers, rows, left=["kind", "note"], caption=caption), Paragraph(keeping))
    return Section("Cost", blocks)


def _dollars(estimate: Estimate | None) -> str:
    return NONE if estimate is None else amounts(estimate.low_usd, estimate.high_usd)


def use_section(report: FullReport) -> Section:
    """How to save the thresholds file and use it."""
    tuning = report.tuning
    if tuning is None:
        return Section("How to use the thresholds", ())
    command = (
        f"comprehend-tuner --session {command_word(report.session)} thresholds "
        f"--run {command_word(report.run)} --save thresholds.json"
    )
    blocks = (
        Paragraph(
            "Save the file; it holds the numbers in full precision and names its classifier:"
        ),
        Code(command),
        Paragraph("Then, on a reply of the endpoint:"),
        Code(usage_lines(Path("thresholds.json"), tuning.mode)),
        Paragraph("Or on the predictions of a scoring job:"),
        Code("comprehend-tuner apply thresholds.json predictions.jsonl"),
        Paragraph(
            "A label is given when its score is equal to or above its threshold. The thresholds "
            "belong to the classifier named below and to no other version of it."
        ),
    )
    return Section("How to use the thresholds", blocks)


def provenance_section(report: FullReport) -> Section:
    """Fingerprints, seeds and versions."""
    made = report.provenance
    rows = [
        ["source file", made.source],
        ["dataset", made.dataset],
        ["split", f"{made.split}, seed {made.split_seed}"],
        ["training inputs", made.training],
        *([f"scores of {part}", mark] for part, mark in made.scores.items()),
        ["thresholds file", made.thresholds_file or NONE],
        *([f"classifier {found.id}", found.arn or NONE] for found in report.classifiers),
        ["engine", report.engine],
        ["tool", f"comprehend-tuner {made.tool}"],
    ]
    if report.tuning and report.tuning.evidence:
        found = report.tuning.evidence
        rows.append(
            ["evidence", f"{count(found.resamples)} resamples, seed {found.seed}, {found.method}"]
        )
    if made.twin is not None:
        twin = made.twin
        decimals = "full precision" if twin.decimals is None else plural(twin.decimals, "decimal")
        rows.append(["offline twin", f"returns {twin.returned} labels a document, {decimals}"])
    caption = "What the figures were made from"
    return Section("Provenance", (table(["what", "mark"], rows, left=["mark"], caption=caption),))


# The section on the experiment that a run is an arm, or the base, of.


def experiment_of(session: Session, state: SessionState, run: RunState) -> ExperimentReport | None:
    """The newest kept comparison of arms that a run takes part in; None without one."""
    for experiment in reversed(state.experiments):
        if any(arm.run == run.name for arm in experiment.arms):
            found = load_comparison(session, state.experiment_named(experiment.id))
            if found is not None:
                return found
    return None


def experiment_section(report: ExperimentReport | None) -> Section:
    """Every arm against the base: figures of the raised labels and of macro, verdicts, advice."""
    if report is None:
        return Section("Experiment", ())
    found = report.comparison
    raised = ", ".join(name(label) for label in report.labels) or "every rare label (ML-ROS)"
    lead = (
        f"Experiment {report.experiment} raises {raised} in the training part. Every arm has"
        f" thresholds of its own, chosen on {report.tuned_on} for {report.objective}, and is"
        f" measured on {report.measured_on} ({plural(found.documents, 'document')}). Verdicts rest"
        f" on {plural(found.claims, 'look')}, which share {level(found.level)}: each of these"
        f" intervals is one of {level(found.claim_level)}."
    )
    blocks: list[Block] = [Paragraph(lead)]
    blocks += [_arms(report, label, True) for label in report.labels]
    blocks.append(_arms(report, "macro", False))
    verdicts = tuple(f"{row.arm}: {row.verdict}" for row in found.arms)
    missing = tuple(f"{arm} is not compared: {why}" for arm, why in report.missing.items())
    blocks += [Items((*verdicts, *missing)), Items(found.advice), Items(found.notes)]
    return Section("Experiment", tuple(blocks))


def _arms(report: ExperimentReport, name: str, is_label: bool) -> Table:
    return arm_table(report, name, is_label).pick(
        *("arm", *(["trained on"] if is_label else []), "AP", "AP difference", "AP interval"),
        *("F1 at default", "F1", "F1 difference", "F1 interval", "precision", "recall"),
    )


# How far the figures of a report can be trusted, in plain words.


def trust_section(report: FullReport) -> Section:
    """The paragraph that an engineer without statistics follows, and the table of grades."""
    tuning = report.tuning
    if tuning is None:
        return Section("How far to trust this", ())
    sentences = [
        _parts(report, tuning),
        _optimism(tuning),
        _intervals(tuning),
        _grades(tuning),
        _unknown(tuning),
        _looks(report),
        "All of it holds for documents like those measured here; when the stream changes, look "
        "again with: comprehend-tuner drift.",
    ]
    rows = [[rule.grade, rule.meaning, rule.rule, rule.decision] for rule in report.grades]
    blocks: tuple[Block, ...] = (
        *(Paragraph(sentence) for sentence in sentences if sentence),
        table(
            ["grade", "meaning", "when", "threshold used"],
            rows,
            left=["meaning", "when", "threshold used"],
            caption="Grades of evidence",
        ),
    )
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
        f"{span(own.macro_f1_low, own.macro_f1_high)}, which is optimistic; on "
        f"{tuning.measured_on} it is "
        f"{span(used.macro_f1_low, used.macro_f1_high)}. Expect the latter."
    )


def _intervals(tuning: RunReport) -> str:
    found = tuning.evidence
    if found is None:
        return "No intervals were computed: every figure may be a matter of chance."
    return (
        f"An interval of {level(found.level)} should hold the figure on fresh documents of the "
        f"same kind {level(found.level)[:-1]} times in 100 (method and seed: see Provenance). The "
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
            f" The default {threshold(tuning.default_threshold)} stays for "
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


# Sections on the labels' thresholds and their evidence.


def labels_section(report: FullReport) -> Section:
    """Thresholds, evidence and counts of every label, with plots."""
    tuning = report.tuning
    blocks: list[Block] = []
    if tuning is not None:
        blocks += [
            thresholds_table(tuning).pick(
                *("label", "threshold", "status", "grade", "F1 default", "F1"),
                *(interval_title(tuning), "precision", "recall", "AP"),
            ),
            Items(tuple(status_notes(tuning))),
            Plot(
                "f1",
                f"F1 per label, {_badged(report)}{parts_words(tuning)}. Bar: F1 at the "
                "threshold used; line: interval; diamond: F1 at the default threshold; "
                "where F1 is a range, its low end.",
            ),
            evidence_table(tuning),
            counts_table(tuning),
            exact_table(tuning),
        ]
    if report.curves:
        part = report.curves[0].part
        caption = (
            f"F1, precision and recall by threshold on {part}, {_badged(report)}the part that "
            "thresholds are chosen on: optimistic. Upright line: threshold used; band around it: "
            "where tuning lands on resamples; dashed upright: default; shaded lines: what scores "
            "that were not returned allow. Thinned for drawing only."
        )
        blocks.append(Plot("curves", caption))
    return Section("Thresholds and evidence", tuple(blocks))


def _badged(report: FullReport) -> str:
    return "OFFLINE scores, " if report.is_offline else ""


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
        return Section(
            "", (Paragraph(lead), Paragraph(what), Cautions(report.cautions), *_missing(report))
        )
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
    share = f"{level(tuning.evidence.level)} interval" if tuning.evidence else "interval"
    words = (
        f"Macro-F1 {span(before.macro_f1_low, before.macro_f1_high)} at the "
        f"default threshold {threshold(tuning.default_threshold)}, "
        f"{span(after.macro_f1_low, after.macro_f1_high)} at the thresholds used"
    )
    if tuning.macro_f1_interval is not None:
        words += (
            f" ({share} {interval(tuning.macro_f1_interval)}; "
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
