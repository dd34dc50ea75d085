"""``attach``: adopt what was started elsewhere."""

from typing import TYPE_CHECKING

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.text import command_word, printable
from core.views.blocks import table
from core.views.terminal import table_text

if TYPE_CHECKING:
    from core.workflow.attach import AttachPlan
    from core.workflow.session import Session


_EPILOG = """\b
Examples:
  comprehend-tuner attach --classifier arn:aws:comprehend:…:document-classifier/NAME
  comprehend-tuner attach --job 0123456789abcdef0123456789abcdef   classifier and part are found
  comprehend-tuner attach --classifier ARN --run console --score test=JOBID
  comprehend-tuner --dry-run attach --classifier ARN               look, and adopt nothing
"""


@click.command(epilog=_EPILOG)
@click.option("--classifier", "arn", metavar="ARN", default="", help="The classifier version.")
@click.option("--run", "run_name", help="Name of the run it becomes (default: attached).")
@click.option(
    "--score", "scored", metavar="PART=JOBID", multiple=True, help="A scoring job of a part."
)
@click.option(
    "--job",
    "job_ids",
    metavar="JOBID",
    multiple=True,
    help="A scoring job whose part is found by what it read.",
)
@click.option("--detach", is_flag=True, help="Do not wait for what still runs.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    arn: str,
    run_name: str | None,
    scored: tuple[str, ...],
    job_ids: tuple[str, ...],
    detach: bool,
) -> None:
    """Adopt a classifier and scoring jobs that were started elsewhere, such as in the console.

    Nothing is created or paid, and clean-up never deletes what was adopted. The job must have read
    this session's scoring file, line by line.
    """
    from core.workflow.attach import AttachRequest, attach, finish_attached, plan_attach
    from core.workflow.jobs import naming_resume

    options: Options = ctx.obj
    session = chosen_session(options)
    jobs = (*map(_part_and_job, scored), *(("", job_id) for job_id in job_ids))
    wish = AttachRequest(arn, run_name, jobs)
    plan = plan_attach(session, wish, options.watch())
    text = _text(plan)
    if options.dry_run:
        options.emit(plan, text)
        return
    run = attach(session, plan)
    resume = again(options, session, f"attach --classifier {command_word(plan.classifier.arn)}")
    if not detach:
        with naming_resume(resume):
            run = finish_attached(session, run.name, options.watch())
    data = {"run": run.name, "attached": plan, "notes": run.notes, "parts": sorted(run.scores)}
    options.emit(data, f"{text}\n{_next(options, session, run.name, detach)}")


def _part_and_job(given: str) -> tuple[str, str]:
    part, separator, job_id = given.partition("=")
    if not separator or not part or not job_id:
        raise click.BadParameter(
            f"{printable(given, 60)!r}: expected PART=JOBID", param_hint="--score"
        )
    return part, job_id


def _text(plan: "AttachPlan") -> str:
    training = {
        "same": "this split's training part",
        "oversampled": "this split's training part with repeated positives",
        "another": "another file",
        "unreadable": "a file that cannot be read here",
    }[plan.training_file]
    lines = [
        f"run {printable(plan.run)} ({'new' if plan.is_new else 'carried on'}) on {plan.engine}",
        f"classifier {printable(plan.classifier.arn, 300)}: {printable(plan.classifier.state, 40)},"
        f" trained on {training}",
    ]
    if plan.classifier.message:
        lines.append(f"! {printable(plan.classifier.message, 300)}")
    if plan.jobs:
        rows = [[job.part, job.job_id, job.status.state] for job in plan.jobs]
        jobs = table(["part", "job", "state"], rows, left=["job", "state"])
        lines.append(table_text(jobs, widest=60))
    lines.extend(f"! {printable(note, 400)}" for note in plan.notes)
    return "\n".join(lines)


def _next(options: Options, session: "Session", run_name: str, detach: bool) -> str:
    named = command_word(run_name)
    if detach:
        return f"attached; watch it with: {again(options, session, 'jobs --watch')}"
    return f"attached — next: {again(options, session, f'score --run {named}')}"
