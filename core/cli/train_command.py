"""``train``: create the classifier of a run."""

from typing import TYPE_CHECKING

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.text import command_word
from core.views.metrics import metrics_text
from core.views.prices import training_plan_text

if TYPE_CHECKING:
    from core.workflow.train import GroupKind


_EPILOG = """\b
Examples:
  comprehend-tuner --dry-run train       what would be uploaded, created and paid
  comprehend-tuner train                 start (or carry on) and wait
  comprehend-tuner train --detach        start and return; come back with train or jobs
  comprehend-tuner train --groups rare   extra classifiers that return every score of labels in need
"""


@click.command(epilog=_EPILOG)
@click.option("--run", "run_name", help="Name of the run (default: base, then run2 …).")
@click.option("--detach", is_flag=True, help="Return once the jobs are started.")
@click.option("--despite-findings", is_flag=True, help="Train although the health check blocks.")
@click.option(
    "--groups",
    type=click.Choice(["single", "rare", "complete"]),
    help="One classifier, or extra ones of at most 3 labels for the labels in need or for all.",
)
@click.option("--labels", multiple=True, metavar="A,B", help="Labels that the groups must cover.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    run_name: str | None,
    detach: bool,
    despite_findings: bool,
    groups: "GroupKind | None",
    labels: tuple[str, ...],
) -> None:
    """Upload the training files, create the classifier and wait until it is trained.

    Repeating the command carries on where it stopped; nothing is created or paid twice. With
    --groups a new run takes over the main classifier and adds classifiers of at most 3 labels,
    which return every score.
    """
    from core.workflow.jobs import naming_resume
    from core.workflow.train import finish_training, parse_labels, plan_training, start_training_run

    options: Options = ctx.obj
    session = chosen_session(options)
    wanted = parse_labels(labels, session.state().dataset.labels)
    plan = plan_training(session, run_name, groups, wanted)
    text = training_plan_text(plan)
    if options.dry_run:
        options.emit(plan, text)
        return
    options.refuse_when_read_only("training")
    options.narrate(text)
    is_charged = plan.is_paid and bool(plan.rows)
    options.confirm(f"Start training run {plan.run} on {plan.engine}?", is_charged)
    run = start_training_run(session, plan, despite_findings, options.watch())
    resume = again(options, session, f"train --run {command_word(run.name)}")
    if detach:
        options.emit({"run": run.name, "jobs": run.jobs()}, f"started; come back with: {resume}")
        return
    with naming_resume(resume):
        metrics = finish_training(session, run.name, options.watch())
    head = f"run {run.name} is trained — next: {again(options, session, 'score')}"
    options.emit({"run": run.name, "metrics": metrics}, f"{metrics_text(metrics)}\n{head}")
