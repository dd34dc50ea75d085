"""``calibration``: whether scores mean what they say."""

import shutil

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.text import printable
from core.views.metrics import bins_text, calibrations_text

_EPILOG = """\b
Examples:
  comprehend-tuner calibration                      every label in one line
  comprehend-tuner calibration --label threat       its reliability, bin by bin
  comprehend-tuner --json calibration --part test
"""


@click.command(epilog=_EPILOG)
@click.option("--label", help="Show the bins of one label.")
@click.option("--part", default="", help="Part to read (default: the one tuned on).")
@click.option("--run", "run_name", help="The run (default: the newest).")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters.")
@common_options
@click.pass_context
def command(
    ctx: click.Context, label: str | None, part: str, run_name: str | None, ascii_only: bool
) -> None:
    """Show how scores read against the share of positives, and how fine they are.

    Calibrated scores have their best F1 at a threshold of half that F1 (F*/2).
    """
    from core.tuning.calibration import calibration_view
    from core.workflow.parts import load_part

    options: Options = ctx.obj
    session = chosen_session(options)
    state = session.state()
    run = state.run_named(run_name)
    if label is not None:
        state.run_named(run.name).require_label(label)
    data = load_part(session, state, run, part or state.split_of(run).tuning_part)
    values = dict(run.thresholds.values) if run.thresholds is not None else {}
    default = data.default
    thresholds = {name: values.get(name, default) for name in data.labels}
    view = calibration_view(data, thresholds)
    head = f"run {printable(run.name)} · {state.engine.name.upper()} · {data.name}"
    if label is None:
        lines = [head, calibrations_text(view)]
        lines.append(f"bin by bin: {again(options, session, 'calibration --label LABEL')}")
    else:
        picked = next(found for found in view.labels if found.label == label)
        width = min(shutil.get_terminal_size((80, 24)).columns, 100)
        lines = [head, bins_text(picked, view.level, width, ascii_only)]
    options.emit({"run": run.name, "calibration": view}, "\n".join(lines))
