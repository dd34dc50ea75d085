"""The command that starts a session from a source, and the words that describe how it is read."""

import shlex
from pathlib import Path

from core.comprehend.clients import EngineSettings
from core.dataset.formats import LIST_CELLS, SourceSettings
from core.text import printable
from core.workflow.session import SESSIONS_FOLDER
from core.workflow.state import SessionState


def new_command(
    name: str, source: str, settings: SourceSettings, engine: EngineSettings | None = None
) -> str:
    """``comprehend-tuner new`` with every setting that is not left to detection.

    Args:
        name: session name, or its folder.
        source: path of the source.
        settings: what is given; None is left out.
        engine: the engine; None for the offline twin as it is.
    """
    options = {
        "--format": settings.format,
        "--mode": settings.mode,
        "--text-column": settings.text_column,
        "--id-column": settings.id_column,
        "--label-columns": _columns(settings.label_columns),
        "--label-column": settings.label_column,
        "--label-delimiter": settings.label_delimiter,
        "--field-delimiter": settings.field_delimiter,
        "--group-column": settings.group_column,
        "--none-label": settings.none_label if settings.none_label != "clean" else None,
        "--unlabelled": settings.unlabelled if settings.unlabelled != "none-label" else None,
    }
    words = [name, source]
    for option, value in options.items():
        words += [] if value is None else [option, str(value)]
    return shlex.join(["comprehend-tuner", *_engine_words(engine), "new", *words])


def command_of_session(folder: Path, directory: Path, state: SessionState) -> str:
    """The command that would make this session again."""
    is_here = folder.parent == (directory / SESSIONS_FOLDER).resolve()
    name = folder.name if is_here else str(folder)
    return new_command(name, state.imported.source_path, state.source, state.engine)


def _engine_words(engine: EngineSettings | None) -> list[str]:
    """The global options that give this engine."""
    usual = EngineSettings()
    engine = engine or usual
    is_offline = engine.name == "offline"
    given = {
        "--engine": None if is_offline else engine.name,
        "--region": None if is_offline and engine.region == usual.region else engine.region,
        "--profile": engine.profile,
        "--bucket": engine.bucket,
        "--role-arn": engine.role_arn,
        "--endpoint-url": engine.endpoint_url,
        "--poll": None if engine.poll_s is None else f"{engine.poll_s:g}",
    }
    return [word for option, value in given.items() if value for word in (option, value)]


def reading_words(settings: SourceSettings) -> list[str]:
    """How a source is read, one fact each; safe to show."""
    words = [str(settings.format or "format detected")]
    if settings.text_column:
        words.append(f'text in "{printable(settings.text_column, 40)}"')
    if settings.label_columns:
        words.append(f"labels in {len(settings.label_columns)} columns")
    if settings.label_column:
        words.append(f'labels in "{printable(settings.label_column, 40)}"')
    if settings.label_delimiter == LIST_CELLS:
        words.append("cells hold lists")
    elif settings.label_delimiter:
        words.append(f"labels parted by {printable(settings.label_delimiter)!r}")
    if settings.id_column:
        words.append(f'ids in "{printable(settings.id_column, 40)}"')
    if settings.group_column:
        words.append(f'groups in "{printable(settings.group_column, 40)}"')
    words.append(f'without labels: "{printable(settings.none_label, 40)}"')
    return words


def _columns(columns: tuple[str, ...] | None) -> str | None:
    if not columns or any("," in column for column in columns):
        return None
    return ",".join(columns)
