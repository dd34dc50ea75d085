"""Clean-up deletes what the ledger names, in order, and believes only a fresh look."""

from collections.abc import Callable
from random import Random
from typing import Any, Literal

import pytest
from botocore.exceptions import ClientError

from core.comprehend.deletion import Patience, delete_item
from core.comprehend.engine import Clients, EngineInfo
from core.comprehend.ledger import (
    CleanupItem,
    LedgerEntry,
    ResourceKind,
    cleanup_plan,
    kept_by_service,
    monthly_usd,
    unresolved,
)
from core.comprehend.lookup import name_of, users_of, verify_gone, version_of
from core.comprehend.pricing import PriceList
from core.errors import Interrupted, InvalidInput
from core.progress import Progress, Watch
from tests.core.comprehend.test_jobs_status import Bucket
from tests.core.comprehend.test_jobs_waiting import ImpatientToken

CLASSIFIER = "arn:aws:comprehend:us-east-1:123456789012:document-classifier/go/version/v1"
ENDPOINT = "arn:aws:comprehend:us-east-1:123456789012:document-classifier-endpoint/go"
OBJECT = "s3://bucket/run/train.csv"
ROLE = "arn:aws:iam::123456789012:role/Comprehend"
SHORT = Patience(first_interval_s=1, longest_interval_s=4, longest_wait_s=30)


class Service:
    """A Comprehend client whose only resource changes state from look to look."""

    def __init__(self, *states: str | Exception, delete: tuple[Exception | None, ...] = ()) -> None:
        self.calls: list[str] = []
        self._states = list(states)
        self._delete = list(delete)

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**request: Any) -> dict[str, Any]:
            self.calls.append(operation)
            if operation.startswith("describe"):
                state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
                if isinstance(state, Exception):
                    raise state
                kind = "Endpoint" if "endpoint" in operation else "DocumentClassifier"
                return {f"{kind}Properties": {"Status": state}}
            if operation.startswith("delete") and self._delete:
                error = self._delete.pop(0)
                if error is not None:
                    raise error
            return {}

        return call

    def asked(self, *operations: str) -> list[str]:
        return [call for call in self.calls if call in operations]


def error(code: str, operation: str = "Describe") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, operation)


GONE = error("ResourceNotFoundException")


def clients_of(service: Service, bucket: Bucket | None = None) -> Clients:
    info = EngineInfo("aws", True, "123456789012", "us-east-1", "bucket", "role", "AWS")
    return Clients(service, bucket or Bucket(), info, lambda job: None)


def item(kind: ResourceKind = "classifier", name: str = CLASSIFIER) -> CleanupItem:
    return CleanupItem(kind=kind, name=name, run="base")


def entry(
    kind: ResourceKind, name: str, state: Literal["intended", "created", "deleted"] = "created"
) -> LedgerEntry:
    return LedgerEntry(
        kind=kind, name=name, created_at="2026-01-01T00:00:00Z", run="base", state=state
    )


def remove(service: Service, which: CleanupItem | None = None) -> tuple[str, str]:
    result = delete_item(
        clients_of(service),
        which or item(),
        Watch(token=ImpatientToken()),
        patience=SHORT,
        random=Random(1),
    )
    return result.outcome, result.message


def looks(service: Service) -> list[str]:
    """The calls without the lists."""
    return [call for call in service.calls if not call.startswith("list")]


def test_f4_the_plan_deletes_endpoints_then_classifiers_then_objects_then_the_role() -> None:
    plan = cleanup_plan(
        [
            entry("object", OBJECT),
            entry("classifier", CLASSIFIER),
            entry("object", OBJECT + ".out", "intended"),
            entry("role", ROLE),
            entry("endpoint", ENDPOINT),
            entry("classifier", CLASSIFIER + "0", "created"),
            entry("classifier", CLASSIFIER + "0", "deleted"),
        ]
    )
    assert [step.name for step in plan] == [ENDPOINT, CLASSIFIER, OBJECT, OBJECT + ".out", ROLE]


def test_an_intended_name_without_an_arn_is_never_deleted_but_shown() -> None:
    entries = [entry("classifier", "go-base", "intended"), entry("object", OBJECT, "intended")]
    assert [step.name for step in cleanup_plan(entries)] == [OBJECT]
    assert [left.name for left in unresolved(entries)] == ["go-base"]


def test_what_is_left_has_a_monthly_price() -> None:
    items = [item(), item("endpoint", ENDPOINT), item("object", OBJECT)]
    assert monthly_usd(items) == pytest.approx(0.5 + 1314.0)
    cheap = PriceList(model_per_month=2.0, endpoint_per_unit_second=0.0001)
    assert monthly_usd(items, cheap, {ENDPOINT: 3}) == pytest.approx(2.0 + 3 * 262.8)


def test_f4_a_deletion_is_done_when_describing_finds_nothing() -> None:
    service = Service("TRAINED", "DELETING", "DELETING", GONE)
    assert remove(service) == ("deleted", "")
    assert looks(service) == [
        "describe_document_classifier",
        "delete_document_classifier",
        *["describe_document_classifier"] * 3,
    ]


def test_what_is_gone_already_is_no_error_and_is_not_deleted() -> None:
    service = Service(GONE)
    assert remove(service) == ("already gone", "")
    assert looks(service) == ["describe_document_classifier"] * 2


def test_what_is_too_new_to_be_seen_is_looked_for_twice() -> None:
    service = Service(GONE, "TRAINED", GONE)
    assert remove(service) == ("deleted", "")
    assert service.asked("delete_document_classifier") == ["delete_document_classifier"]


def test_what_describing_denies_and_the_list_shows_is_deleted() -> None:
    class Listed(Service):
        def list_document_classifiers(self, **request: Any) -> dict[str, Any]:
            there = not self.asked("delete_document_classifier")
            entries = [{"DocumentClassifierArn": CLASSIFIER, "Status": "TRAINED"}]
            return {"DocumentClassifierPropertiesList": entries if there else []}

    service = Listed(GONE)
    assert remove(service) == ("deleted", "")
    assert len(service.asked("delete_document_classifier")) == 1


def test_what_vanishes_between_look_and_delete_is_gone() -> None:
    assert remove(Service("TRAINED", GONE, delete=(GONE,)))[0] == "already gone"


def test_f4_a_resource_in_use_is_tried_again() -> None:
    busy = error("ResourceInUseException", "DeleteDocumentClassifier")
    service = Service("TRAINED", "TRAINED", "TRAINED", "TRAINED", GONE, delete=(busy, busy, None))
    assert remove(service) == ("deleted", "")
    assert len(service.asked("delete_document_classifier")) == 3


@pytest.mark.parametrize("state", ["SUBMITTED", "TRAINING"])
def test_f4_a_training_is_stopped_once_before_it_is_deleted(state: str) -> None:
    service = Service(state, state, "STOP_REQUESTED", "STOPPED", "DELETING", GONE)
    assert remove(service) == ("deleted", "")
    assert service.asked("stop_training_document_classifier", "delete_document_classifier") == [
        "stop_training_document_classifier",
        "delete_document_classifier",
    ]


def test_an_endpoint_is_deleted_and_waited_for() -> None:
    service = Service("IN_SERVICE", "DELETING", GONE)
    assert remove(service, item("endpoint", ENDPOINT)) == ("deleted", "")
    assert service.asked("delete_endpoint") == ["delete_endpoint"]


def test_f4_patience_ends_as_still_there_with_the_reason() -> None:
    outcome, message = remove(Service("DELETING"))
    assert outcome == "still there" and "DELETING" in message
    busy = error("ResourceInUseException", "DeleteDocumentClassifier")
    outcome, message = remove(Service("TRAINED", delete=(busy,) * 99))
    assert outcome == "still there" and "ResourceInUseException" in message


def test_passing_faults_do_not_end_a_deletion() -> None:
    throttled = error("TooManyRequestsException")
    service = Service(throttled, "TRAINED", throttled, "DELETING", GONE, delete=(throttled, None))
    assert remove(service)[0] == "deleted"


def test_missing_rights_end_a_deletion_with_what_to_do() -> None:
    denied = Service("TRAINED", delete=(error("AccessDeniedException", "Delete"),))
    result = delete_item(clients_of(denied), item(), Watch(token=ImpatientToken()), patience=SHORT)
    assert result.outcome == "still there" and result.is_refused
    assert "denies access" in result.message and result.hint


def test_other_refusals_are_raised() -> None:
    with pytest.raises(InvalidInput, match="credentials"):
        remove(Service("TRAINED", delete=(error("UnrecognizedClientException", "Delete"),)))


@pytest.mark.parametrize("member", ["ModelArn", "DesiredModelArn", "ActiveModelArn"])
def test_a_classifier_in_use_by_others_is_left_alone(member: str) -> None:
    class Used(Service):
        def list_endpoints(self, **request: Any) -> dict[str, Any]:
            entry = {"EndpointArn": ENDPOINT, "Status": "IN_SERVICE", member: CLASSIFIER}
            return {"EndpointPropertiesList": [entry]}

    service = Used("TRAINED")
    result = delete_item(clients_of(service), item(), Watch(token=ImpatientToken()), patience=SHORT)
    assert result.outcome == "still there" and result.is_refused
    assert "in use by go" in result.message and "delete go" in result.hint
    assert not service.asked("delete_document_classifier")
    deleted = Used("TRAINED", GONE)
    result = delete_item(clients_of(deleted), item(), patience=SHORT, gone={ENDPOINT})
    assert result.outcome == "deleted", "a list that is behind does not count"


def test_every_page_of_a_list_is_read() -> None:
    class Paged(Service):
        def list_endpoints(self, **request: Any) -> dict[str, Any]:
            self.calls.append(f"page {request.get('NextToken', '')}")
            if request.get("NextToken") != "b":
                token = "b" if "NextToken" in request else "a"
                return {"EndpointPropertiesList": [], "NextToken": token}
            return {"EndpointPropertiesList": [{"EndpointArn": ENDPOINT, "ModelArn": CLASSIFIER}]}

    service = Paged("TRAINED")
    assert users_of(clients_of(service), CLASSIFIER) == (ENDPOINT,)
    assert service.asked("page ", "page a", "page b") == ["page ", "page a", "page b"]


def test_names_are_read_from_arns() -> None:
    assert (name_of(CLASSIFIER), version_of(CLASSIFIER)) == ("go", "v1")
    assert (name_of(ENDPOINT), version_of(ENDPOINT)) == ("go", "")
    assert name_of("arn:aws:iam::123456789012:role/service-role/Comprehend") == "Comprehend"


def test_cancelling_ends_the_waiting() -> None:
    events: list[Progress] = []
    with pytest.raises(Interrupted, match="still going"):
        delete_item(
            clients_of(Service("TRAINED", "DELETING")),
            item(),
            Watch(events.append, ImpatientToken(waits_allowed=1)),
            SHORT,
        )
    assert len(events) == 2 and "deleting classifier" in events[0].task


def test_objects_are_deleted_exactly_and_looked_up_again() -> None:
    bucket = Bucket(OBJECT, OBJECT + ".bak")
    clients = clients_of(Service(GONE), bucket)
    target = item("object", OBJECT)
    assert delete_item(clients, target, Watch()).outcome == "deleted"
    assert bucket.uris == [OBJECT + ".bak"]
    assert delete_item(clients, target, Watch()).outcome == "already gone"


def test_an_object_that_stays_is_reported() -> None:
    class Stubborn(Bucket):
        def delete(self, uri: str) -> None:
            pass

    clients = clients_of(Service(GONE), Stubborn(OBJECT))
    result = delete_item(clients, item("object", OBJECT), patience=SHORT)
    assert result.outcome == "still there" and "lists it" in result.message


def test_f4_what_is_left_is_found_by_looking_again() -> None:
    items = [item("object", OBJECT), item("object", OBJECT + "2")]
    assert verify_gone(clients_of(Service(GONE), Bucket(OBJECT)), items) == (items[0],)
    assert verify_gone(clients_of(Service("DELETING")), [item()]) == (item(),)
    assert verify_gone(clients_of(Service(GONE)), [item()]) == ()


def test_f5_what_cannot_be_deleted_is_said() -> None:
    assert "1 finished scoring job stays" in kept_by_service(1)
    assert "no call deletes them" in kept_by_service(3)
    assert kept_by_service(0) == ""
