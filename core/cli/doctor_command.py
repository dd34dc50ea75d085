"""``doctor``: check account, bucket, role and rights before anything is paid."""

import json
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, again, chosen_session, common_options, here
from core.errors import InvalidInput
from core.text import plural, printable

if TYPE_CHECKING:
    from core.comprehend.engine import EngineSettings
    from core.comprehend.rights import PreflightLine
    from core.workflow.doctor import DoctorReport
    from core.workflow.session import Session


_EPILOG = """\b
Examples:
  comprehend-tuner doctor
  comprehend-tuner doctor --policies        every policy to paste; nothing is asked
  comprehend-tuner --engine aws --bucket my-bucket --role-arn ARN doctor
  comprehend-tuner --read-only doctor       without writing the probe object
"""
_SIGNS = {"passed": "✓", "failed": "✗", "warning": "!", "cannot tell": "?"}


@click.command(epilog=_EPILOG)
@click.option("--policies", is_flag=True, help="Print every policy document, asking nothing.")
@common_options
@click.pass_context
def command(ctx: click.Context, policies: bool) -> None:
    """Check account, bucket, role and rights: ✓ passed, ✗ failed, ! warns, ? cannot tell.

    Nothing paid is started. One small object is written below the session's prefix and removed.
    Without a session the global options are checked: --engine, --bucket, --role-arn …
    """
    options: Options = ctx.obj
    session = _session(options)
    if policies:
        _show_policies(options, session)
        return
    if options.dry_run:
        _show_checks(options, session)
        return
    report = _checked(options, session)
    options.emit(report, report_text(report))
    failed = [line.title for line in report.lines if line.outcome == "failed"]
    if failed:
        raise InvalidInput(
            f"{plural(len(failed), 'check')} failed",
            ", ".join(failed),
            f"do what the lines say, then repeat: {_repeat(options, session)}",
        )


def report_text(report: "DoctorReport") -> str:
    """A line per check; below those that did not pass what to do, and the policy to paste."""
    lines = [printable(report.engine)]
    shown: dict[str, str] = {}
    for line in report.lines:
        lines.extend(_line_text(line, shown))
    counts = [
        f"{sum(line.outcome == outcome for line in report.lines)} {outcome}"
        for outcome in _SIGNS
        if any(line.outcome == outcome for line in report.lines)
    ]
    lines.append(", ".join(counts))
    lines.extend(f"left over: {printable(uri)}" for uri in report.leftovers)
    return "\n".join(lines)


def _line_text(line: "PreflightLine", shown: dict[str, str]) -> list[str]:
    lines = [f"{_SIGNS[line.outcome]} {printable(line.title)}: {printable(line.found)}"]
    if line.outcome == "passed":
        return lines
    if line.remedy:
        lines.append(f"    → {printable(line.remedy)}")
    if line.policy in shown:
        lines.append(f"    the policy is the one under: {shown[line.policy]}")
    elif line.policy:
        shown[line.policy] = line.title
        lines.extend(f"    {text}" for text in line.policy.splitlines())
    return lines


def _checked(options: Options, session: "Session | None") -> "DoctorReport":
    from core.workflow.doctor import check_engine, run_doctor

    may_write = not options.read_only
    if session is None:
        return check_engine(_settings(options), options.watch(), may_write)
    return run_doctor(session, options.watch(), may_write)


def _session(options: Options) -> "Session | None":
    """The session to check; None to check the global options by themselves."""
    from core.workflow.session import list_sessions

    if options.session is None:
        engines = [session.state().engine.name for session in list_sessions(here())]
        if not engines or (options.engine is not None and options.engine not in engines):
            return None
    return chosen_session(options)


def _settings(options: Options) -> "EngineSettings":
    from core.comprehend.engine import EngineSettings, configured_region

    is_aws = options.engine == "aws"
    region = options.region or (configured_region(options.profile) if is_aws else None)
    return EngineSettings(
        name="aws" if is_aws else "offline",
        region=region or EngineSettings().region,
        profile=options.profile,
        bucket=options.bucket,
        role_arn=options.role_arn,
        endpoint_url=options.endpoint_url,
        poll_s=options.poll_s,
    )


def _repeat(options: Options, session: "Session | None") -> str:
    return again(options, session, "doctor") if session else "the same command"


def _show_policies(options: Options, session: "Session | None") -> None:
    from core.workflow.doctor import policy_documents

    state = session.state() if session else None
    settings = state.engine if state else _settings(options)
    documents = policy_documents(settings, state)
    titles = {
        "caller": "for whoever runs comprehend-tuner",
        "role": "for the data access role",
        "trust": "trust policy of the data access role",
        "setup-role": "for whoever runs setup-role, and cleanup of that role",
    }
    blocks = [
        f"# {titles[name]}\n{json.dumps(document, indent=2)}"
        for name, document in documents.items()
    ]
    options.emit(documents, "\n\n".join(blocks))
    text = json.dumps(documents)
    unknown = [word for word in ("ACCOUNT_ID", "BUCKET") if f":{word}" in text]
    if unknown:
        options.narrate(f"put in what is not known here: {', '.join(unknown)}")


def _show_checks(options: Options, session: "Session | None") -> None:
    from core.comprehend.preflight import PREFLIGHT_CHECKS

    engine = session.state().engine.name if session else _settings(options).name
    titles = (
        [check.title for check in PREFLIGHT_CHECKS]
        if engine == "aws"
        else ["Session folder", "Free disk space", "Offline twin answers", "Packages"]
    )
    options.emit(titles, "\n".join(f"would check: {title}" for title in titles))
