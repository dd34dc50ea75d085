"""``score``: score held-out parts."""

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.text import command_word
from core.views.metrics import returned_table
from core.views.prices import scoring_plan_text
from core.views.terminal import table_text

_EPILOG = """\b
Examples:
  comprehend-tuner score
  comprehend-tuner score --parts calibration,test
  comprehend-tuner score --offline-returned all     let the twin return every score
"""


@click.command(epilog=_EPILOG)
@click.option("--run", "run_name", help="The run (default: the newest).")
@click.option("--parts", default="", help="Parts, separated by commas (default: held-out parts).")
@click.option(
    "--offline-returned",
    type=click.Choice(["3", "all"]),
    help="How many labels the offline twin returns a document; remembered.",
)
@click.option("--detach", is_flag=True, help="Return once the jobs are started.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    run_name: str | None,
    parts: str,
    offline_returned: str | None,
    detach: bool,
) -> None:
    """Score the held-out parts, join the results by line, and report what was returned.

    Files to be scored hold text alone, one document a line. A label that is not returned has an
    unknown score, not zero.
    """
    from core.workflow.jobs import naming_resume
    from core.workflow.score import (
        finish_scoring,
        joined_summary,
        plan_scoring,
        set_twin_returned,
        start_scoring_jobs,
    )
    from core.workflow.train import proposal_lines, propose_groups

    options: Options = ctx.obj
    session = chosen_session(options)
    if offline_returned is not None and not options.dry_run:
        set_twin_returned(session, "all" if offline_returned == "all" else 3)
    wanted = tuple(part.strip() for part in parts.split(",") if part.strip())
    plan = plan_scoring(session, run_name, wanted)
    text = scoring_plan_text(plan)
    if options.dry_run:
        options.emit(plan, text)
        return
    options.refuse_when_read_only("scoring")
    options.narrate(text)
    is_charged = plan.is_paid and bool(plan.rows)
    options.confirm(f"Start scoring run {plan.run} on {plan.engine}?", is_charged)
    run = start_scoring_jobs(session, plan, options.watch())
    resume = again(options, session, f"score --run {command_word(run.name)}")
    if detach:
        options.emit({"run": run.name, "jobs": run.jobs()}, f"started; come back with: {resume}")
        return
    with naming_resume(resume):
        scored = finish_scoring(session, run.name, plan.parts, options.watch())
    returned = {part: scores.returned_share for part, scores in scored.items()}
    proposal = propose_groups(session, run.name)
    lines = [
        *(f"{part}: {joined_summary(scores)}" for part, scores in scored.items()),
        "share of each label's positives whose score was returned:",
        table_text(returned_table(returned)),
        *proposal_lines(proposal, again(options, session, "train --groups rare")),
        f"next: {again(options, session, 'thresholds')}",
    ]
    options.emit({"run": run.name, "parts": scored, "proposal": proposal}, "\n".join(lines))
