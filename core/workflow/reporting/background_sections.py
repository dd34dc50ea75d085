"""Sections on what stands behind the figures: data, split, jobs, cost, use, provenance."""

from pathlib import Path

from core.comprehend.pricing import Estimate
from core.text import plural, printable
from core.workflow.actions.thresholds_file import usage_lines
from core.workflow.reporting.blocks import (
    NONE,
    Block,
    Code,
    Items,
    Paragraph,
    Section,
    count,
    dollars,
    moment,
    name,
    table,
)
from core.workflow.reporting.contents import FullReport, HealthLine


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
        "Revisions of the dataset, up to the one that was split",
        ["revision", "documents", "labels", "made by", "at (UTC)"],
        [
            [found.id, count(found.documents), count(found.labels), found.how,
             moment(found.made_at)]
            for found in data.revisions
        ],
        left=["made by", "at (UTC)"],
    )  # fmt: skip
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
        f"{part} {count(split.sizes[part])} ({split.ratios[part]:.0%} wanted)" for part in parts
    )
    lead = (
        f"Split {split.id} of revision {split.revision}, seed {split.seed}: {sizes}. The largest "
        f"relative deviation of a label's share in a part is {split.worst_deviation:.1%}."
    )
    rows = [
        [name(label), *(count(counts.get(part, 0)) for part in parts)]
        for label, counts in split.support.items()
    ]
    blocks: list[Block] = [
        Paragraph(lead),
        table("Documents with each label, by part", ["label", *parts], rows),
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
            f"{job.kind} {job.part}".strip(), job.state, moment(job.submitted_at),
            moment(job.started_at), moment(job.ended_at), printable(job.message, 200) or NONE,
        ]
        for job in report.jobs
    ]  # fmt: skip
    headers = ["job", "kind", "state", "submitted", "started", "ended", "message"]
    caption = f"Jobs of the run ({report.engine}); times in UTC"
    return Section("Jobs", (table(caption, headers, rows, left=headers),) if rows else ())


def cost_section(report: FullReport) -> Section:
    """What was estimated, what was billed and what keeping costs."""
    cost = report.cost
    rows = [
        [name(line.what), line.kind, _dollars(line.estimate), dollars(line.billed_usd),
         _span(line.low_usd, line.high_usd), line.note or NONE]
        for line in cost.lines
    ]  # fmt: skip
    rows.append(["in all", "", "", "", _span(cost.low_usd, cost.high_usd), ""])
    whose = "" if cost.is_paid else "OFFLINE: nothing was charged; Amazon would charge this. "
    caption = f"{whose}US dollars up to {report.as_of}, at the prices of {cost.prices_of}"
    headers = ["what", "kind", "estimated", "billed", "counted", "note"]
    keeping = f"Keeping the run's classifiers: {_dollars(cost.keeping)} US dollars a month."
    blocks = (table(caption, headers, rows, left=["kind", "note"]), Paragraph(keeping))
    return Section("Cost", blocks)


def _dollars(estimate: Estimate | None) -> str:
    return NONE if estimate is None else _span(estimate.low_usd, estimate.high_usd)


def _span(low: float, high: float) -> str:
    return dollars(high) if dollars(low) == dollars(high) else f"{dollars(low)} to {dollars(high)}"


def use_section(report: FullReport) -> Section:
    """How to save the thresholds file and use it."""
    tuning = report.tuning
    if tuning is None:
        return Section("How to use the thresholds", ())
    command = (
        f"comprehend-tuner --session {printable(report.session)} thresholds "
        f"--run {printable(report.run)} --save thresholds.json"
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
    return Section("Provenance", (table(caption, ["what", "mark"], rows, left=["mark"]),))
