"""Read a role's trust policy."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from core.comprehend.roles import SERVICE_PRINCIPAL

_ASSUME = "sts:AssumeRole"


def trust_problem(
    trust: Mapping[str, Any], account: str, source_arns: tuple[str, ...]
) -> tuple[bool, str]:
    """Whether the service may not assume a role, and why.

    Args:
        trust: the trust policy.
        account: account whose jobs the service runs.
        source_arns: resources in whose name the service will assume the role.

    Returns:
        Whether a statement lets Comprehend in, and what is wrong or uncertain; an empty text when
        nothing is.
    """
    statements = [s for s in _listed(trust.get("Statement")) if _concerns_service(s)]
    if any(s.get("Effect") == "Deny" and not s.get("Condition") for s in statements):
        return False, f"a statement denies {_ASSUME} to {SERVICE_PRINCIPAL}"
    allowing = [s for s in statements if s.get("Effect") == "Allow"]
    if not allowing:
        return False, f"it does not trust {SERVICE_PRINCIPAL}"
    problems = [_condition_problem(s.get("Condition") or {}, account, source_arns)
                for s in allowing]  # fmt: skip
    return min(problems, key=lambda problem: (not problem[0], bool(problem[1])))


def _concerns_service(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    if isinstance(principal, Mapping):
        services = [str(name) for name in _listed(principal.get("Service"))]
    else:
        services = [str(principal)]
    actions = [str(action) for action in _listed(statement.get("Action"))]
    return any(name in (SERVICE_PRINCIPAL, "*") for name in services) and any(
        fnmatchcase(_ASSUME.lower(), action.lower()) for action in actions
    )


def _condition_problem(
    conditions: Mapping[str, Any], account: str, source_arns: tuple[str, ...]
) -> tuple[bool, str]:
    uncertain = ""
    for operator, keys in conditions.items():
        for key, value in keys.items():
            values = [str(item) for item in _listed(value)]
            name = key.lower()
            if name == "aws:sourceaccount" and operator.startswith(("StringEquals", "StringLike")):
                if not _matches(account, values):
                    return False, (
                        f"its condition on aws:SourceAccount names {', '.join(values)},"
                        f" not {account}"
                    )
            elif name == "aws:sourcearn" and operator.startswith(
                ("ArnEquals", "ArnLike", "StringEquals", "StringLike")
            ):
                left_out = [arn for arn in source_arns if not _matches(arn, values)]
                if left_out:
                    return False, f"its condition on aws:SourceArn does not cover {left_out[0]}"
            else:
                uncertain = f"its condition {operator} on {key} is not judged here"
    return True, uncertain


def _matches(value: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(value, pattern.replace("[", "[[]")) for pattern in patterns)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
