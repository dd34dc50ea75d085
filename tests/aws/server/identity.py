"""Who asks and what they may: the caller, the simulated rights, refusals."""

from xml.sax.saxutils import escape

from tests.aws.server.answers import REQUEST_ID, Reply, error_reply
from tests.aws.server.asked import Asked

ACCOUNT = "123456789012"
"""Account of everything the server holds; it is moto's."""
USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/tester"
"""Who asks, unless a test says otherwise."""
_OBJECT_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "UploadPart": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "DeleteObjects": "DeleteObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
}


def actions(asked: Asked) -> list[str]:
    """Return the IAM actions that a request needs."""
    if asked.service == "s3":
        return [f"s3:{_OBJECT_ACTIONS.get(asked.operation, asked.operation)}"]
    needed = [f"{asked.service}:{asked.operation}"]
    if asked.service == "comprehend" and "DataAccessRoleArn" in asked.request:
        needed.append("iam:PassRole")
    return needed


def refusal(asked: Asked, action: str, caller: str) -> Reply:
    """Return the error of a caller who may not do `action`."""
    message = (
        f"User: {caller} is not authorized to perform: {action} "
        f"because no identity-based policy allows the {action} action"
    )
    if asked.protocol == "json":
        return error_reply(asked, 400, "AccessDeniedException", message)
    return error_reply(asked, 403, "AccessDenied", message)


def caller_identity(caller: str) -> Reply:
    """Answer GetCallerIdentity."""
    return _xml(
        "GetCallerIdentity",
        "https://sts.amazonaws.com/doc/2011-06-15/",
        f"<Arn>{escape(caller)}</Arn><UserId>AIDATESTER</UserId><Account>{ACCOUNT}</Account>",
    )


def simulated(asked: Asked, denied: set[str], is_known: bool) -> Reply:
    """Answer SimulatePrincipalPolicy: what is not denied is allowed.

    Args:
        asked: the request.
        denied: IAM actions that the principal may not do.
        is_known: whether the principal exists.
    """
    source = asked.request.get("PolicySourceArn", "")
    if ":iam:" not in source:
        return error_reply(asked, 400, "InvalidInput", f"Invalid Entity Arn: {source}")
    if not is_known:
        return error_reply(asked, 404, "NoSuchEntity", f"{source} cannot be found.")
    asked_actions = _members(asked, "ActionNames")
    resources = _members(asked, "ResourceArns") or ["*"]
    results = "".join(
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{'implicitDeny' if action in denied else 'allowed'}</EvalDecision>"
        "<MatchedStatements/><MissingContextValues/></member>"
        for action in asked_actions
        for resource in resources
    )
    return _xml(
        "SimulatePrincipalPolicy",
        "https://iam.amazonaws.com/doc/2010-05-08/",
        f"<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>",
    )


def _members(asked: Asked, name: str) -> list[str]:
    start = f"{name}.member."
    numbered = {
        int(key.removeprefix(start)): value
        for key, value in asked.request.items()
        if key.startswith(start)
    }
    return [numbered[number] for number in sorted(numbered)]


def _xml(operation: str, namespace: str, result: str) -> Reply:
    text = (
        f'<{operation}Response xmlns="{namespace}"><{operation}Result>{result}'
        f"</{operation}Result><ResponseMetadata><RequestId>{REQUEST_ID}</RequestId>"
        f"</ResponseMetadata></{operation}Response>"
    )
    return Reply(200, text.encode(), [("Content-Type", "text/xml")])
