"""Answers that were cut short on the way, which botocore would take for empty ones."""

from typing import Any


def retry_cut_answers(client: Any, service: str) -> None:
    """Let a client repeat a request whose answer is shorter than its announced length.

    botocore reads a cut JSON answer as one without members. Here it becomes a fault of the service,
    so that the same request, with the same token, is sent again.

    Args:
        client: boto3's client of a service whose answers are read whole, not as a stream.
        service: its name, such as ``comprehend``.
    """
    client.meta.events.register(f"before-parse.{service}", _mark_cut)
    client.meta.events.register_first(f"needs-retry.{service}", _tell_retry)


def _mark_cut(response_dict: dict[str, Any], **_: Any) -> None:
    announced = str(response_dict["headers"].get("content-length", ""))
    if announced.isdigit() and len(response_dict["body"]) < int(announced):
        response_dict["status_code"] = 500


def _tell_retry(response: tuple[Any, dict[str, Any]] | None, **_: Any) -> None:
    """Let the retry rules see the status that the parsed answer has."""
    http, parsed = response or (None, None)
    status = (parsed or {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
    if http is not None and status and http.status_code != status:
        http.status_code = status
