"""``setup-role``: create the data access role that the service assumes."""

import json
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.text import printable

if TYPE_CHECKING:
    from core.workflow.doctor import RolePlan


_EPILOG = """\b
Examples:
  comprehend-tuner --dry-run setup-role       show role and policies, change nothing
  comprehend-tuner setup-role --yes
  comprehend-tuner setup-role --name ComprehendTuner-toxic
"""


@click.command("setup-role", epilog=_EPILOG)
@click.option("--name", help="Name of the role (default: ComprehendTuner-SESSION).")
@common_options
@click.pass_context
def command(ctx: click.Context, name: str | None) -> None:
    """Create the role with which Comprehend reads and writes the session's files, and use it.

    It changes the account, so it needs y or --yes. The role may reach the session's part of the
    bucket only, and clean-up removes it. Repeating an interrupted call completes it.
    """
    from core.workflow.doctor import plan_role, set_up_role

    options: Options = ctx.obj
    session = chosen_session(options)
    plan = plan_role(session, name)
    if options.dry_run:
        options.emit(plan, plan_text(plan))
        return
    options.refuse_when_read_only("creating a role")
    options.narrate(plan_text(plan))
    verb = "complete" if plan.exists else "create"
    options.confirm(f"{verb} role {printable(plan.name, 64)} in account {plan.account}?", True)
    arn = set_up_role(session, plan)
    lines = [
        f"role {arn} is ready; the session uses it, and cleanup removes it",
        *([] if plan.exists else ["IAM needs up to a minute to know a new role everywhere"]),
        f"check it with: {again(options, session, 'doctor')}",
    ]
    options.emit({"role_arn": arn, "was_there": plan.exists}, "\n".join(lines))


def plan_text(plan: "RolePlan") -> str:
    """The role, who may assume it and what it may do."""
    lines = [
        f"role {printable(plan.arn)} ({'exists' if plan.exists else 'new'}), free of charge",
        f"for s3://{printable(plan.bucket)}/{printable(plan.prefix)}*",
    ]
    if plan.replaces:
        lines.append(f"instead of {printable(plan.replaces)}, which stays as it is")
    if "Comprehend" not in plan.name:
        lines.append(
            "! AWS's example policies let callers pass only roles named *Comprehend*; allow"
            " iam:PassRole on this one by name"
        )
    lines += ["trust policy:", json.dumps(plan.trust, indent=2)]
    lines += ["permissions:", json.dumps(plan.permissions, indent=2)]
    return "\n".join(lines)
