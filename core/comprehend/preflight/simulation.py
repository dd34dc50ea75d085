"""Ask IAM whether a principal may do something, without doing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.comprehend.service_errors import explained

if TYPE_CHECKING:
    from core.comprehend.clients import Clients


@dataclass(frozen=True)
class Question:
    """Actions on one resource."""

    actions: Sequence[str]
    """IAM actions, such as ``s3:GetObject``."""
    resource: str
    """One ARN, or ``*``."""
    context: Mapping[str, str]
    """Values of condition keys, such as ``s3:prefix``."""


@dataclass(frozen=True)
class Denial:
    """An action that the policies do not allow."""

    action: str
    resource: str
    is_explicit: bool
    """Whether a statement forbids it; otherwise none allows it."""


def denials(
    clients: "Clients", principal_arn: str, questions: Sequence[Question]
) -> tuple[Denial, ...]:
    """What the principal's policies do not allow; each resource is asked about on its own.

    Resource policies, such as a bucket's, are not part of the simulation.

    Raises:
        TunerError: the caller may not simulate, or IAM cannot be reached.
    """
    found = []
    for question in questions:
        for result in _results(clients, principal_arn, question):
            if result["EvalDecision"] != "allowed":
                is_explicit = result["EvalDecision"] == "explicitDeny"
                found.append(Denial(result["EvalActionName"], question.resource, is_explicit))
    return tuple(found)


def _results(clients: "Clients", principal_arn: str, question: Question) -> list[dict[str, Any]]:
    with explained():
        pages = (
            clients.service("iam")
            .get_paginator("simulate_principal_policy")
            .paginate(
                PolicySourceArn=principal_arn,
                ActionNames=list(question.actions),
                ResourceArns=[question.resource],
                ContextEntries=[
                    {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                    for key, value in question.context.items()
                ],
            )
        )
        return [result for page in pages for result in page["EvaluationResults"]]
