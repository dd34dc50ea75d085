"""Checking requests against botocore's own model of Comprehend.

boto3 checks required members, types, minimum lengths and unknown keys, and raises
`ParamValidationError`; that is done by botocore's validator itself. The service checks maximum
lengths, patterns and enums as well, and answers ``ValidationException``; that is done here.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.offline.client.errors import service_error

_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\p{ASCII}": r"[\x00-\x7f]",
}


@functools.cache
def service_model() -> Any:
    """Return botocore's service model of Comprehend, read once per process."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("comprehend", "service-2"), "comprehend")


@functools.cache
def paginator_config() -> dict[str, Any]:
    """Return botocore's description of the operations that come in pages."""
    from botocore.loaders import Loader

    pagination: dict[str, Any] = Loader().load_service_model("comprehend", "paginators-1")
    return dict(pagination["pagination"])


def check_request(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse a request that boto3 or the service would refuse by its shape.

    Raises:
        botocore.exceptions.ParamValidationError: where boto3 itself raises it.
        botocore.exceptions.ClientError: ``ValidationException`` where the service answers it.
    """
    from botocore.exceptions import ParamValidationError
    from botocore.validate import ParamValidator

    shape = service_model().operation_model(operation).input_shape
    report = ParamValidator().validate(dict(request), shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    found = list(_violations(request, shape, ""))
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
        raise service_error(operation, "ValidationException", f"{count}: {'; '.join(found)}")


def _violations(value: Any, shape: Any, name: str) -> Iterator[str]:
    """Yield what the service would say about `value`, which boto3 has let through."""
    if shape.type_name == "structure":
        for key, item in value.items():
            member = key[:1].lower() + key[1:]
            yield from _violations(item, shape.members[key], f"{name}.{member}" if name else member)
    elif shape.type_name == "list":
        yield from _length(value, shape, name)
        for position, item in enumerate(value, start=1):
            yield from _violations(item, shape.member, f"{name}.{position}.member")
    elif shape.type_name in ("string", "blob"):
        yield from _length(value, shape, name)
        if isinstance(value, str):
            yield from _wording(value, shape, name)
    elif shape.type_name in ("integer", "long"):
        largest = shape.metadata.get("max")
        if largest is not None and value > largest:
            limit = f"Member must have value less than or equal to {largest}"
            yield _violation(value, name, limit)


def _length(value: Any, shape: Any, name: str) -> Iterator[str]:
    longest = shape.metadata.get("max")
    if longest is not None and len(value) > longest:
        limit = f"Member must have length less than or equal to {longest}"
        yield _violation(value, name, limit)


def _wording(value: str, shape: Any, name: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield _violation(value, name, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _violation(value, name, f"Member must satisfy regular expression pattern: {pattern}")


def _violation(value: Any, name: str, rule: str) -> str:
    shown = str(value)
    shown = shown if len(shown) <= 200 else shown[:200] + "..."
    return f"Value '{shown}' at '{name}' failed to satisfy constraint: {rule}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a Java pattern of the model; a value must match it from end to end."""
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern.removesuffix("$"))
