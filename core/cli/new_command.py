"""``new``: start a session."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from core.cli.options import Options, common_options, here
from core.text import command_word, plural, printable
from core.views.blocks import table
from core.views.terminal import table_text

if TYPE_CHECKING:
    from core.comprehend.engine import EngineSettings
    from core.dataset.formats.sources import SourceSettings


_EPILOG = """\b
Examples:
  comprehend-tuner new toxic comments.csv
  comprehend-tuner new tickets tickets.csv.gz --text-column body --none-label none
  comprehend-tuner new films films.csv --label-column genres --label-delimiter ';'
  comprehend-tuner --dry-run new toxic comments.csv      show how it would be read
"""


@click.command(epilog=_EPILOG)
@click.argument("name")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice(
        ["wide-csv", "label-list-csv", "comprehend-csv", "augmented-manifest", "json-lines"]
    ),
    help="Kind of source (default: detected).",
)
@click.option("--mode", type=click.Choice(["multi-label", "multi-class"]), help="Kind of labels.")
@click.option("--text-column", help="Column that holds the text.")
@click.option("--id-column", help="Column that names the document.")
@click.option("--label-columns", help="0/1 columns, separated by commas (wide CSV).")
@click.option("--label-column", help="Column that holds the label or the list of labels.")
@click.option("--label-delimiter", help="Character between labels of one document.")
@click.option("--field-delimiter", help="Character between columns.")
@click.option("--group-column", help="Documents with the same value stay in one part.")
@click.option("--none-label", default="clean", show_default=True, help="Label of the unlabelled.")
@click.option(
    "--unlabelled",
    type=click.Choice(["none-label", "error"]),
    default="none-label",
    show_default=True,
    help="What to do with documents without a label.",
)
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    source: Path,
    format_: str | None,
    mode: str | None,
    text_column: str | None,
    id_column: str | None,
    label_columns: str | None,
    label_column: str | None,
    label_delimiter: str | None,
    field_delimiter: str | None,
    group_column: str | None,
    none_label: str,
    unlabelled: str,
) -> None:
    """Read SOURCE, a labelled file, as the dataset of a new session NAME.

    SOURCE is a CSV with 0/1 label columns, a CSV with a text and a label column, Comprehend's own
    two-column CSV, a Ground Truth manifest or JSON lines; .gz is read as it is. NAME with a slash
    is taken as the session's folder. The source is never changed.
    """
    from core.dataset.formats.sources import SourceSettings
    from core.workflow.data import NewSession, create_session
    from core.workflow.session import new_folder

    options: Options = ctx.obj
    settings = msgspec.convert(
        {
            "format": format_,
            "mode": mode,
            "text_column": text_column,
            "id_column": id_column,
            "label_columns": tuple(label_columns.split(",")) if label_columns else None,
            "label_column": label_column,
            "label_delimiter": label_delimiter,
            "field_delimiter": field_delimiter,
            "group_column": group_column,
            "none_label": none_label,
            "unlabelled": unlabelled,
        },
        SourceSettings,
    )
    if options.dry_run:
        _show_detection(options, source, settings)
        return
    new = NewSession(new_folder(name, here()), source, settings, _engine(options))
    created = create_session(new, options.watch())
    revision = created.revision
    lines = [
        f"session {created.session.name}: {plural(revision.documents, 'document')}, "
        f"{plural(len(revision.labels), 'label')} ({revision.mode})",
        f"labels: {', '.join(printable(label, 40) or '(blank)' for label in revision.labels[:20])}",
        *(f"read as: {printable(reason)}" for reason in created.reasons),
        *(printable(note) for note in created.report.notes),
        f"next: comprehend-tuner --session {command_word(name)} health",
    ]
    options.emit(
        {
            "session": str(created.session.folder),
            "documents": revision.documents,
            "labels": revision.labels,
            "mode": revision.mode,
            "import": created.report,
            "reasons": created.reasons,
        },
        "\n".join(lines),
    )


def _engine(options: Options) -> "EngineSettings":
    """The settings given, checked; on AWS the Region is that of the AWS configuration by default.

    Raises:
        InvalidInput: a setting is unusable.
    """
    from core.comprehend.engine import EngineSettings, check_settings, configured_region

    is_aws = options.engine == "aws"
    region = options.region
    if is_aws and region is None:
        region = configured_region(options.profile) or EngineSettings().region
        options.narrate(f"Region {printable(region, 40)}; give --region for another")
    settings = EngineSettings(
        name="aws" if is_aws else "offline",
        region=region or EngineSettings().region,
        profile=options.profile,
        bucket=options.bucket,
        role_arn=options.role_arn,
        endpoint_url=options.endpoint_url,
        poll_s=options.poll_s,
    )
    check_settings(settings)
    return settings


def _show_detection(options: Options, source: Path, settings: "SourceSettings") -> None:
    from core.dataset.formats.detect import detect_source

    detection = detect_source(source, settings)
    lines = [f"read as: {printable(reason)}" for reason in detection.reasons]
    if detection.columns:
        lines.append(table_text(table(detection.columns, detection.preview[:5]), widest=24))
    options.emit(
        {
            "settings": detection.settings,
            "reasons": detection.reasons,
            "columns": detection.columns,
            "preview": detection.preview,
        },
        "\n".join(lines),
    )
