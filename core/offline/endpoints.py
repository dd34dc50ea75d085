"""Operations on endpoints, and `classify_document` on one of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from core.comprehend.engine import Answer
from core.offline.answers import (
    Refusal,
    arn,
    chosen_filter,
    folder_of_classifier,
    invalid,
    made_before,
    newest_first,
    not_found,
    page,
    path_of_endpoint,
    print_of,
    tags_by_key,
    times,
    token_of,
)
from core.offline.classifiers import classifier
from core.offline.records import (
    MODEL,
    USABLE,
    EndpointRecord,
    Twin,
    clock,
    load_endpoint,
    load_endpoints,
    save_endpoint,
)

_MOST_ENDPOINTS = 20
_MOST_UNITS = 200
_MOST_UNITS_EACH = 50


def create(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer CreateEndpoint."""
    name, units = request["EndpointName"], request["DesiredInferenceUnits"]
    tags = tags_by_key(request.get("Tags"))
    if ("ModelArn" in request) == ("FlywheelArn" in request):
        raise invalid("Give either ModelArn or FlywheelArn.")
    if "FlywheelArn" in request:
        raise not_found(f"flywheel {request['FlywheelArn']}")
    path = twin.endpoints / f"{name}.json"
    with twin.lock():
        now = clock()
        records = load_endpoints(twin.endpoints, now)
        before = made_before(request, records)
        if before is not None:
            return {"EndpointArn": before.arn, "ModelArn": before.desired_model_arn}
        if load_endpoint(path, now) is not None:
            raise Refusal("ResourceInUseException", f"Endpoint {name} already exists.")
        _check_usable(twin, request["ModelArn"])
        _check_limits(units, [record.desired_units for record in records], is_new=True)
        record = EndpointRecord(
            arn=arn(twin, f"document-classifier-endpoint/{name}"),
            name=name,
            token=token_of(request),
            fingerprint=print_of(request),
            model_arn=request["ModelArn"],
            desired_model_arn=request["ModelArn"],
            units=0,
            desired_units=units,
            created_at=now,
            changed_at=now,
            ready_at=now + twin.behaviour.endpoint_s,
            role_arn=request.get("DataAccessRoleArn"),
            tags=tags,
        )
        save_endpoint(path, record)
    return {"EndpointArn": record.arn, "ModelArn": record.model_arn}


def _check_usable(twin: Twin, model_arn: str) -> None:
    _, model = classifier(twin, model_arn, is_locked=True)
    if model.status not in USABLE:
        raise Refusal(
            "ResourceUnavailableException",
            f"The classifier is {model.status}; it must be TRAINED before it can serve.",
        )


def _check_limits(units: int, others: list[int], *, is_new: bool) -> None:
    broken = ""
    if is_new and len(others) >= _MOST_ENDPOINTS:
        broken = f"There are {len(others)} endpoints, at most {_MOST_ENDPOINTS} are allowed."
    elif units > _MOST_UNITS_EACH:
        broken = (
            f"{units} inference units for one endpoint, at most {_MOST_UNITS_EACH} are allowed."
        )
    elif units + sum(others) > _MOST_UNITS:
        broken = f"{units + sum(others)} inference units in all, at most {_MOST_UNITS} are allowed."
    if broken:
        raise Refusal("ResourceLimitExceededException", broken)


def describe(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer DescribeEndpoint."""
    now = clock()
    _, record = endpoint(twin, request["EndpointArn"], now)
    return {"EndpointProperties": properties(record, now)}


def properties(record: EndpointRecord, now: float) -> Answer:
    """Return `EndpointProperties`."""
    answer: Answer = {
        "EndpointArn": record.arn,
        "Status": state_of_endpoint(record, now),
        "ModelArn": record.model_arn,
        "DesiredModelArn": record.desired_model_arn,
        "DesiredInferenceUnits": record.desired_units,
        "CurrentInferenceUnits": record.units,
        **times(CreationTime=record.created_at, LastModifiedTime=record.changed_at),
    }
    if record.role_arn is not None:
        answer["DataAccessRoleArn"] = record.role_arn
    return answer


def state_of_endpoint(record: EndpointRecord, now: float) -> str:
    """Return the state of an endpoint at `now`."""
    if record.gone_at is not None:
        return "DELETING"
    if now >= record.ready_at:
        return "IN_SERVICE"
    return "CREATING" if record.changed_at == record.created_at else "UPDATING"


def list_endpoints(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer ListEndpoints."""
    now = clock()
    name, value = chosen_filter(request, "InvalidRequestException")
    records = sorted(load_endpoints(twin.endpoints, now), key=lambda record: record.arn)
    if name == "ModelArn":
        records = [record for record in records if record.model_arn == value]
    elif name == "Status":
        records = [record for record in records if state_of_endpoint(record, now) == value]
    ordered = newest_first(records, lambda record: record.created_at, name, value)
    chosen, more = page(request, ordered, lambda record: record.arn)
    return {"EndpointPropertiesList": [properties(record, now) for record in chosen], **more}


def update(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer UpdateEndpoint."""
    if "FlywheelArn" in request:
        raise not_found(f"flywheel {request['FlywheelArn']}")
    with twin.lock():
        now = clock()
        path, record = endpoint(twin, request["EndpointArn"], now)
        if (state := state_of_endpoint(record, now)) != "IN_SERVICE":
            raise Refusal(
                "ResourceInUseException",
                f"The endpoint is {state}; it can be changed when IN_SERVICE.",
            )
        model_arn = request.get("DesiredModelArn", record.model_arn)
        units = request.get("DesiredInferenceUnits", record.units)
        _check_usable(twin, model_arn)
        others = load_endpoints(twin.endpoints, now)
        taken = [other.desired_units for other in others if other.arn != record.arn]
        _check_limits(units, taken, is_new=False)
        changed = replace(
            record,
            desired_model_arn=model_arn,
            desired_units=units,
            role_arn=request.get("DesiredDataAccessRoleArn", record.role_arn),
            changed_at=now,
            ready_at=now + twin.behaviour.endpoint_s,
        )
        save_endpoint(path, changed)
    return {"DesiredModelArn": model_arn}


def delete(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer DeleteEndpoint."""
    with twin.lock():
        now = clock()
        path, record = endpoint(twin, request["EndpointArn"], now)
        if record.gone_at is None:
            save_endpoint(path, replace(record, gone_at=now + twin.behaviour.delete_s))
    return {}


def endpoint(twin: Twin, name: str, now: float) -> tuple[Path, EndpointRecord]:
    """Return file and record of an endpoint at `now`.

    Raises:
        Refusal: ``ResourceNotFoundException``.
    """
    path = path_of_endpoint(twin, name)
    record = None if path is None else load_endpoint(path, now)
    if path is None or record is None:
        raise not_found(f"endpoint {name}")
    return path, record


_LARGEST_TEXT_BYTES = 10 * 1024


def classify(twin: Twin, request: Mapping[str, Any], load_model: Callable[[Any], Any]) -> Answer:
    """Answer ClassifyDocument; scores keep their full precision here.

    Args:
        twin: the twin.
        request: the checked request.
        load_model: returns the trained model of a path, from a cache when it can.
    """
    from core.offline.model import score
    from core.offline.scorings import returned_labels

    text = _text(request)
    path = path_of_endpoint(twin, request["EndpointArn"])
    now = clock()
    record = None if path is None else load_endpoint(path, now)
    if record is None or record.units < 1 or record.gone_at is not None:
        state = "does not exist" if record is None else f"is {state_of_endpoint(record, now)}"
        raise Refusal(
            "ResourceUnavailableException",
            f"The endpoint {state}; it must be IN_SERVICE to classify.",
        )
    folder = folder_of_classifier(twin, record.model_arn)
    if folder is None:
        raise Refusal("InternalServerException", "The endpoint has no model.")
    model = load_model(folder / MODEL)
    scores = score(model, [text])[0].tolist()
    returned = returned_labels(scores, twin.behaviour.returned)
    key = "Labels" if model.mode == "multi-label" else "Classes"
    return {key: [{"Name": model.labels[label], "Score": scores[label]} for label in returned]}


def _text(request: Mapping[str, Any]) -> str:
    if ("Text" in request) == ("Bytes" in request):
        raise invalid("Give either Text or Bytes.")
    if "DocumentReaderConfig" in request:
        raise invalid("The offline twin reads plain text documents only.")
    text = request["Text"] if "Text" in request else _decoded(request["Bytes"])
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > _LARGEST_TEXT_BYTES:
        raise Refusal(
            "TextSizeLimitExceededException",
            f"Input text size exceeds limit. Max length of request text allowed is "
            f"{_LARGEST_TEXT_BYTES} bytes while in this request the text size is {size} bytes",
        )
    return str(text)


def _decoded(data: Any) -> str:
    content = data if isinstance(data, bytes | bytearray) else data.read()
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise invalid(
            "The document is not plain text in UTF-8.",
            Reason="INVALID_DOCUMENT",
            Detail={"Reason": "UNSUPPORTED_DOC_TYPE"},
        ) from error
