"""``compare``: runs, or thresholds files, against the first one on the same documents."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import SEED_OPTION, Options, chosen_session, common_options, csv_options
from core.cli.oversample_command import is_experiment, show_comparison
from core.errors import InvalidInput
from core.views.comparison import compare_text

if TYPE_CHECKING:
    from core.workflow.compare import CompareReport
    from core.workflow.session import Session


_EPILOG = """\b
Examples:
  comprehend-tuner compare                                  every arm of the newest experiment
  comprehend-tuner compare --experiment e1 --all-labels     of that one, with every label
  comprehend-tuner compare base rare                        run rare against run base
  comprehend-tuner compare base n50 n100 n200               every run against the first
  comprehend-tuner compare base larger:base                 run base of session larger
  comprehend-tuner compare old.json new.json                two thresholds files on the newest run
  comprehend-tuner compare base rare --csv compared.csv     every figure in full precision
  comprehend-tuner --json compare base rare
"""


@click.command(epilog=_EPILOG)
@click.argument("things", metavar="[RUN RUN [RUN...] | FILE FILE]", nargs=-1)
@click.option("--experiment", "experiment_id", metavar="ID", help="The arms of that experiment.")
@click.option("--all-labels", is_flag=True, help="Of arms: labels that were not raised as well.")
@click.option("--run", "run_name", help="The run that files are compared on (default: the newest).")
@click.option(
    "--level",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0.5, 0.999),
    help="Chance that nothing is wrongly called different, over all pairs and labels.",
)
@click.option("--resamples", default=2000, show_default=True, type=click.IntRange(200, 100_000))
@click.option("--seed", type=SEED_OPTION, default=0, show_default=True, help="Of the resamples.")
@csv_options
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    things: tuple[str, ...],
    experiment_id: str | None,
    all_labels: bool,
    run_name: str | None,
    level: float,
    resamples: int,
    seed: int,
) -> None:
    """Compare runs, each at its own thresholds, on the test part, in pairs.

    Without a name: the arms of the newest oversampling experiment with their base.

    RUN is a run of the session, or SESSION:RUN, a run of another one. Runs of different splits or
    datasets are compared on the test documents that all have and that none has learnt from. An
    interval that holds 0 means: cannot tell apart. A run tuned on test is compared by its
    cross-fitted decisions.
    """
    from core.views.frames import comparison_frame

    options: Options = ctx.obj
    session = chosen_session(options)
    if is_experiment(things, experiment_id, all_labels, run_name):
        show_comparison(options, session, experiment_id, (level, resamples, seed), all_labels)
        return
    report = _report(options, session, things, run_name, (level, resamples, seed))
    written = options.write_table(lambda: comparison_frame(report))
    options.emit(report, "\n".join([compare_text(report), *written]))


def _report(
    options: Options,
    session: "Session",
    things: tuple[str, ...],
    run_name: str | None,
    given: tuple[float, int, int],
) -> "CompareReport":
    """Compare what was named: runs, or thresholds files."""
    from core.workflow.compare import (
        CompareSettings,
        compare_session_runs,
        compare_thresholds_files,
    )

    settings = CompareSettings(*given)
    runs = {run.name for run in session.state().runs}
    paths = [Path(thing) for thing in things if thing not in runs and Path(thing).is_file()]
    if paths and len(paths) < len(things):
        raise InvalidInput(
            "Runs or files?", "runs and thresholds files were mixed", "give one or the other"
        )
    if paths:
        return compare_thresholds_files(session, paths, run_name, settings, options.watch())
    if run_name is not None:
        raise InvalidInput("Runs or files?", "--run belongs to thresholds files", "leave it out")
    return compare_session_runs(session, things, settings, options.watch())
