"""``status``: where the session stands."""

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.text import printable
from core.views.jobs import steps_text

_EPILOG = """\b
Examples:
  comprehend-tuner status
  comprehend-tuner --session toxic --json status
"""


@click.command(epilog=_EPILOG)
@common_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show every step: blocked, ready, running, done or stale, and what to do next."""
    from core.workflow.overview import session_overview

    options: Options = ctx.obj
    session = chosen_session(options)
    overview = session_overview(session)
    state, statuses, following = overview.state, overview.statuses, overview.following
    hint = (
        f"next: {again(options, session, following.command)}"
        if following
        else "every step of the main line is done"
    )
    text = "\n".join(
        [
            f"session {printable(state.name)} · {overview.badge}",
            printable(str(session.folder)),
            steps_text(overview),
            hint,
        ]
    )
    options.emit(
        {
            "session": str(session.folder),
            "engine": state.engine.name,
            "steps": [
                {"step": s.step.id, "status": s.status, "detail": s.detail} for s in statuses
            ],
            "next": following.command if following else None,
        },
        text,
    )
