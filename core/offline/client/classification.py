"""`classify_document`: one text, scored by the model behind an endpoint."""

from collections.abc import Callable, Mapping
from typing import Any

from core.offline.client.arns import folder_of_classifier, path_of_endpoint
from core.offline.client.endpoints import status
from core.offline.client.errors import invalid, service_error
from core.offline.records import MODEL, Twin, clock, load_endpoint

_LARGEST_TEXT_BYTES = 10 * 1024
Answer = dict[str, Any]


def classify(twin: Twin, request: Mapping[str, Any], load_model: Callable[[Any], Any]) -> Answer:
    """Answer ClassifyDocument; scores keep their full precision here.

    Args:
        twin: the twin.
        request: the checked request.
        load_model: returns the trained model of a path, from a cache when it can.
    """
    from core.offline.engine import score
    from core.offline.predictions import returned_labels

    operation = "ClassifyDocument"
    text = _text(operation, request)
    path = path_of_endpoint(twin, request["EndpointArn"])
    now = clock()
    record = None if path is None else load_endpoint(path, now)
    if record is None or record.units < 1 or record.gone_at is not None:
        state = "does not exist" if record is None else f"is {status(record, now)}"
        raise service_error(
            operation,
            "ResourceUnavailableException",
            f"The endpoint {state}; it must be IN_SERVICE to classify.",
        )
    folder = folder_of_classifier(twin, record.model_arn)
    if folder is None:
        raise service_error(operation, "InternalServerException", "The endpoint has no model.")
    model = load_model(folder / MODEL)
    scores = score(model, [text])[0].tolist()
    found = returned_labels(scores, twin.behaviour.returned)
    key = "Labels" if model.mode == "multi-label" else "Classes"
    return {key: [{"Name": model.labels[label], "Score": scores[label]} for label in found]}


def _text(operation: str, request: Mapping[str, Any]) -> str:
    if ("Text" in request) == ("Bytes" in request):
        raise invalid(operation, "Give either Text or Bytes.")
    if "DocumentReaderConfig" in request:
        raise invalid(operation, "The offline twin reads plain text documents only.")
    text = request["Text"] if "Text" in request else _decoded(operation, request["Bytes"])
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > _LARGEST_TEXT_BYTES:
        raise service_error(
            operation,
            "TextSizeLimitExceededException",
            f"Input text size exceeds limit. Max length of request text allowed is "
            f"{_LARGEST_TEXT_BYTES} bytes while in this request the text size is {size} bytes",
        )
    return str(text)


def _decoded(operation: str, data: Any) -> str:
    content = data if isinstance(data, bytes | bytearray) else data.read()
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise invalid(
            operation,
            "The document is not plain text in UTF-8.",
            Reason="INVALID_DOCUMENT",
            Detail={"Reason": "UNSUPPORTED_DOC_TYPE"},
        ) from error
