"""Who calls, and where."""

import re

from core.comprehend.preflight.lines import Facts, Verdict, failed, passed, warning
from core.comprehend.roles import find_role
from core.comprehend.service_errors import explained
from core.errors import TunerError
from core.text import printable

_ASSUMED = re.compile(r"arn:(aws[^:]*):sts::(\d{12}):assumed-role/([^/]+)/.+")


def check_identity(facts: Facts) -> Verdict:
    """The credentials work, and belong to the account of the data access role."""
    with explained():
        answer = facts.clients.service("sts").get_caller_identity()
    facts.account, arn = str(answer["Account"]), str(answer["Arn"])
    facts.caller = policy_source(facts, arn)
    who = f"{printable(arn, 200)}, account {printable(facts.account, 20)}"
    owner = facts.role_arn.split(":")[4] if facts.role_arn.count(":") >= 5 else ""
    if owner and owner != facts.account:
        return failed(
            f"{who}; the data access role is of account {printable(owner, 20)}",
            "use credentials of the role's account (--profile), or a role of this one (--role-arn):"
            " a role cannot be passed to a service in another account",
        )
    if arn.endswith(":root"):
        return warning(
            f"{who}: the account's root user",
            "use a user or role that has only the needed rights",
        )
    return passed(who)


def policy_source(facts: Facts, arn: str) -> str:
    """The ARN of the user or role whose policies apply to the caller.

    An assumed role shows itself as a session of Security Token Service, whose ARN lacks the role's
    path; IAM is asked for the full ARN, and the path is left out when it does not answer.
    """
    session = _ASSUMED.fullmatch(arn)
    if session is None:
        return arn
    partition, account, name = session.groups()
    try:
        role = find_role(facts.clients, name)
    except TunerError:
        role = None
    return str(role["Arn"]) if role else f"arn:{partition}:iam::{account}:role/{name}"


def check_region(facts: Facts) -> Verdict:
    """The Region offers custom classification."""
    import botocore.session

    region = facts.clients.info.region
    session = botocore.session.get_session()
    known = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("comprehend", partition)
    ]
    if region in known:
        return passed(f"{region} offers Amazon Comprehend")
    return failed(
        f"Amazon Comprehend is not offered in {printable(region, 40)}",
        f"choose another with --region: {', '.join(known)}",
    )
