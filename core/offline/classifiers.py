"""Operations on document classifiers."""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from core.comprehend.engine import Answer
from core.offline.answers import (
    Refusal,
    chosen_filter,
    classifier_arn,
    classifier_folder,
    folder_of_classifier,
    invalid,
    made_before,
    newest_first,
    not_found,
    page,
    print_of,
    tags_by_key,
    times,
    token_of,
)
from core.offline.processes import current, described, settled, submit
from core.offline.records import (
    ACTIVE,
    ScoringRecord,
    TrainingRecord,
    Twin,
    clock,
    load_all,
    load_endpoints,
    remove_job,
    save_record,
)

_LANGUAGES = ("de", "en", "es", "fr", "it", "pt")


def create(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer CreateDocumentClassifier."""
    _check_together(request)
    name, version = request["DocumentClassifierName"], request.get("VersionName")
    folder = classifier_folder(twin, name, version)
    with twin.lock():
        records = all_settled(twin)
        before = made_before(request, [record for _, record in records])
        if before is not None:
            return {"DocumentClassifierArn": before.arn}
        if settled(folder) is not None:
            raise Refusal(
                "ResourceInUseException",
                f"Document classifier {folder.name.replace('@', ' version ')} already exists. "
                "Use another name or version name.",
            )
        active = sum(record.status in ACTIVE for _, record in records)
        if active >= twin.behaviour.active_trainings:
            raise Refusal(
                "ResourceLimitExceededException",
                f"{active} trainings are under way and {twin.behaviour.active_trainings} "
                "may be at once.",
            )
        remove_job(folder)
        record = _record(twin, request, name, version)
        submit(folder, record)
    return {"DocumentClassifierArn": record.arn}


def _record(
    twin: Twin, request: Mapping[str, Any], name: str, version: str | None
) -> TrainingRecord:
    output = request.get("OutputDataConfig", {}).get("S3Uri")
    unique = f"{twin.account}-CLR-{uuid.uuid4().hex}"
    return TrainingRecord(
        arn=classifier_arn(twin, name, version),
        name=name,
        version=version,
        token=token_of(request),
        fingerprint=print_of(request),
        request=dict(request),
        behaviour=twin.behaviour,
        output_uri=output and f"{output.rstrip('/')}/{unique}/output/output.tar.gz",
        submitted_at=clock(),
        tags=tags_by_key(request.get("Tags")),
    )


def _check_together(request: Mapping[str, Any]) -> None:
    """Refuse what the service model allows and the service does not."""
    tags_by_key(request.get("Tags"))
    language = request["LanguageCode"]
    if language not in _LANGUAGES:
        raise Refusal(
            "UnsupportedLanguageException",
            f"Language {language} is not supported for custom classification; "
            f"use one of {', '.join(_LANGUAGES)}.",
        )
    source = request["InputDataConfig"]
    if source.get("DocumentType", "PLAIN_TEXT_DOCUMENT") != "PLAIN_TEXT_DOCUMENT":
        raise invalid("The offline twin trains on plain text documents only.")
    if source.get("DataFormat", "COMPREHEND_CSV") == "COMPREHEND_CSV":
        if "S3Uri" not in source:
            raise invalid("InputDataConfig.S3Uri is required for COMPREHEND_CSV.")
    elif not source.get("AugmentedManifests"):
        raise invalid("InputDataConfig.AugmentedManifests is required.")
    if "LabelDelimiter" in source and request.get("Mode") != "MULTI_LABEL":
        raise invalid("LabelDelimiter is valid in MULTI_LABEL mode only.")


def describe(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer DescribeDocumentClassifier."""
    _, record = _found(twin, request)
    return {"DocumentClassifierProperties": properties(record)}


def properties(record: TrainingRecord) -> Answer:
    """Return `DocumentClassifierProperties`; members appear once they are known."""
    request = record.request
    answer: Answer = {
        "DocumentClassifierArn": record.arn,
        "LanguageCode": request["LanguageCode"],
        "Status": record.status,
        **times(
            SubmitTime=record.submitted_at,
            EndTime=record.ended_at,
            TrainingStartTime=record.started_at,
            TrainingEndTime=record.trained_at,
        ),
        "InputDataConfig": {"DataFormat": "COMPREHEND_CSV"} | request["InputDataConfig"],
        "OutputDataConfig": dict(request.get("OutputDataConfig", {})),
        "DataAccessRoleArn": request["DataAccessRoleArn"],
        "Mode": request.get("Mode", "MULTI_CLASS"),
    }
    if record.output_uri is not None:
        answer["OutputDataConfig"]["S3Uri"] = record.output_uri
    if record.message:
        answer["Message"] = record.message
    if record.metadata is not None:
        answer["ClassifierMetadata"] = record.metadata
    for name in ("VolumeKmsKeyId", "VpcConfig", "ModelKmsKeyId", "VersionName"):
        if name in request:
            answer[name] = request[name]
    return answer


def list_classifiers(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer ListDocumentClassifiers."""
    name, value = chosen_filter(request)
    records = _all_current(twin)
    if name == "Status":
        records = [record for record in records if record.status == value]
    elif name == "DocumentClassifierName":
        records = [record for record in records if record.name == value]
    ordered = newest_first(records, lambda record: record.submitted_at, name, value)
    chosen, more = page(request, ordered, lambda record: record.arn)
    return {"DocumentClassifierPropertiesList": [properties(record) for record in chosen], **more}


def list_summaries(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer ListDocumentClassifierSummaries."""
    versions: dict[str, list[TrainingRecord]] = {}
    for record in newest_first(_all_current(twin), lambda record: record.submitted_at, "", None):
        versions.setdefault(record.name, []).append(record)
    chosen, more = page(request, list(versions), lambda name: name)
    return {
        "DocumentClassifierSummariesList": [_summary(versions[name]) for name in chosen],
        **more,
    }


def _summary(versions: list[TrainingRecord]) -> Answer:
    latest = versions[0]
    answer: Answer = {
        "DocumentClassifierName": latest.name,
        "NumberOfVersions": len(versions),
        **times(LatestVersionCreatedAt=latest.submitted_at),
        "LatestVersionStatus": latest.status,
    }
    if latest.version is not None:
        answer["LatestVersionName"] = latest.version
    return answer


def request_stop(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer StopTrainingDocumentClassifier; harmless when there is nothing to stop."""
    with twin.lock():
        folder, record = _found(twin, request, is_locked=True)
        if record.status in ("SUBMITTED", "TRAINING"):
            save_record(folder, replace(record, status="STOP_REQUESTED"))
    return {}


def delete(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer DeleteDocumentClassifier."""
    with twin.lock():
        folder, record = _found(twin, request, is_locked=True)
        if record.status == "DELETING":
            return {}
        if record.status in ACTIVE:
            raise Refusal(
                "ResourceUnavailableException",
                f"The classifier is {record.status}; it can be deleted when training has ended.",
            )
        user = _user(twin, record.arn)
        if user is not None:
            raise Refusal("ResourceInUseException", f"The classifier is in use by {user}.")
        save_record(folder, replace(record, status="DELETING", deleted_at=clock()))
    return {}


def _user(twin: Twin, arn: str) -> str | None:
    """Return the ARN of what uses a classifier: an endpoint, or a job under way."""
    for endpoint in load_endpoints(twin.endpoints, clock()):
        if arn in (endpoint.model_arn, endpoint.desired_model_arn):
            return endpoint.arn
    for folder, job in load_all(twin.jobs):
        if isinstance(job, ScoringRecord) and job.classifier_arn == arn and job.status in ACTIVE:
            job_now = settled(folder)
            if job_now is not None and job_now.status in ACTIVE:
                return job.arn
    return None


def all_settled(twin: Twin) -> list[tuple[Path, TrainingRecord]]:
    """Return folder and record of every classifier as of now; the caller holds the lock."""
    records = ((folder, settled(folder)) for folder, _ in load_all(twin.classifiers))
    return [(folder, record) for folder, record in records if isinstance(record, TrainingRecord)]


def _all_current(twin: Twin) -> list[TrainingRecord]:
    current_records = (current(twin, folder) for folder, _ in load_all(twin.classifiers))
    records = [record for record in current_records if isinstance(record, TrainingRecord)]
    return sorted(records, key=lambda record: record.arn)


def classifier(twin: Twin, arn: str, *, is_locked: bool = False) -> tuple[Path, TrainingRecord]:
    """Return folder and record of a classifier as of now.

    Raises:
        Refusal: ``ResourceNotFoundException``.
    """
    folder = folder_of_classifier(twin, arn)
    if folder is not None:
        record = settled(folder) if is_locked else described(twin, folder)
        if isinstance(record, TrainingRecord) and record.arn == arn:
            return folder, record
    raise not_found(f"document classifier {arn}")


def _found(
    twin: Twin, request: Mapping[str, Any], *, is_locked: bool = False
) -> tuple[Path, TrainingRecord]:
    return classifier(twin, request["DocumentClassifierArn"], is_locked=is_locked)
