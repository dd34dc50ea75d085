"""``info``: versions, settings and paths."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from core.cli.options import Options, common_options, here

_EPILOG = """\b
Examples:
  comprehend-tuner info
  comprehend-tuner info --config      which preference comes from where
  comprehend-tuner --json info
"""
_PACKAGES = ("comprehend-tuner", "textual", "boto3", "pandas", "scikit-learn", "plotext", "numpy")


@click.command(epilog=_EPILOG)
@click.option("--config", "show_config", is_flag=True, help="Show each preference and its source.")
@common_options
@click.pass_context
def command(ctx: click.Context, show_config: bool) -> None:
    """Show versions and where sessions, samples and logs are."""
    from platformdirs import user_config_path, user_log_path

    from core.workflow.data import sample_folder
    from core.workflow.session import SESSIONS_FOLDER, list_sessions

    options: Options = ctx.obj
    if show_config:
        from core.workflow.preferences import preference_sources

        found = preference_sources()
        rows = [f"{name:11} {value!r:16} {source}" for name, (value, source) in found.items()]
        options.emit(found, "\n".join(rows))
        return
    paths: dict[str, Path] = {
        "sessions": here() / SESSIONS_FOLDER,
        "samples": sample_folder(),
        "configuration": user_config_path("comprehend-tuner") / "config.toml",
        "logs": user_log_path("comprehend-tuner"),
    }
    versions = {"python": platform.python_version(), **{p: _version(p) for p in _PACKAGES}}
    sessions = [str(session.folder) for session in list_sessions(here())]
    lines = [
        *(f"{name:17} {number}" for name, number in versions.items()),
        *(f"{name:17} {path}" for name, path in paths.items()),
        *(f"{'session':17} {folder}" for folder in sessions),
    ]
    options.emit(
        {
            "versions": versions,
            "paths": {name: str(path) for name, path in paths.items()},
            "sessions": sessions,
        },
        "\n".join(lines),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
