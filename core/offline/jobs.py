"""Operations on document classification jobs; as in the service, nothing stops or deletes one."""

import uuid
from collections.abc import Mapping
from typing import Any

from core.comprehend.engine import Answer
from core.offline.answers import (
    Refusal,
    arn,
    chosen_filter,
    folder_of_job,
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
from core.offline.classifiers import classifier
from core.offline.processes import current, described, settled, submit
from core.offline.records import ACTIVE, USABLE, ScoringRecord, Twin, clock, load_all


def start_job(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer StartDocumentClassificationJob."""
    classifier_arn = _classifier_arn(request)
    tags_by_key(request.get("Tags"))
    with twin.lock():
        jobs = [settled(folder) for folder, _ in load_all(twin.jobs)]
        records = [record for record in jobs if isinstance(record, ScoringRecord)]
        before = made_before(request, records)
        if before is not None:
            return _started(before)
        folder, trained = classifier(twin, classifier_arn, is_locked=True)
        if trained.status not in USABLE:
            raise Refusal(
                "ResourceUnavailableException",
                f"The classifier is {trained.status}; it must be TRAINED before it can score.",
            )
        active = sum(record.status in ACTIVE for record in records)
        if active >= twin.behaviour.active_jobs:
            raise Refusal(
                "ResourceLimitExceededException",
                f"{active} jobs are under way and {twin.behaviour.active_jobs} may be at once.",
            )
        record = _record(twin, request, folder.name)
        submit(twin.jobs / record.job_id, record)
    return _started(record)


def _record(twin: Twin, request: Mapping[str, Any], classifier_folder: str) -> ScoringRecord:
    job_id = uuid.uuid4().hex
    output = request["OutputDataConfig"]["S3Uri"].rstrip("/")
    return ScoringRecord(
        arn=arn(twin, f"document-classification-job/{job_id}"),
        job_id=job_id,
        classifier_arn=request["DocumentClassifierArn"],
        classifier_folder=classifier_folder,
        token=token_of(request),
        fingerprint=print_of(request),
        request=dict(request),
        behaviour=twin.behaviour,
        output_uri=f"{output}/{twin.account}-CLN-{job_id}/output/output.tar.gz",
        submitted_at=clock(),
        tags=tags_by_key(request.get("Tags")),
    )


def _classifier_arn(request: Mapping[str, Any]) -> str:
    """Return the classifier of a request after checking what the model does not say."""
    if ("DocumentClassifierArn" in request) == ("FlywheelArn" in request):
        raise invalid("Give either DocumentClassifierArn or FlywheelArn.")
    if "FlywheelArn" in request:
        raise not_found(f"flywheel {request['FlywheelArn']}")
    if "DocumentReaderConfig" in request["InputDataConfig"]:
        raise invalid("The offline twin reads plain text documents only.")
    arn_of_classifier: str = request["DocumentClassifierArn"]
    return arn_of_classifier


def _started(record: ScoringRecord) -> Answer:
    return {
        "JobId": record.job_id,
        "JobArn": record.arn,
        "JobStatus": record.status,
        "DocumentClassifierArn": record.classifier_arn,
    }


def describe(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer DescribeDocumentClassificationJob."""
    folder = folder_of_job(twin, request["JobId"])
    record = None if folder is None else described(twin, folder)
    if not isinstance(record, ScoringRecord):
        raise Refusal("JobNotFoundException", f"Could not find job {request['JobId']}.")
    return {"DocumentClassificationJobProperties": properties(record)}


def properties(record: ScoringRecord) -> Answer:
    """Return `DocumentClassificationJobProperties`; members appear once they are known."""
    request = record.request
    answer: Answer = {
        "JobId": record.job_id,
        "JobArn": record.arn,
        "JobStatus": record.status,
        **times(SubmitTime=record.submitted_at, EndTime=record.ended_at),
        "DocumentClassifierArn": record.classifier_arn,
        "InputDataConfig": {"InputFormat": "ONE_DOC_PER_LINE"} | request["InputDataConfig"],
        "OutputDataConfig": request["OutputDataConfig"] | {"S3Uri": record.output_uri},
        "DataAccessRoleArn": request["DataAccessRoleArn"],
    }
    if record.message:
        answer["Message"] = record.message
    for name in ("JobName", "VolumeKmsKeyId", "VpcConfig"):
        if name in request:
            answer[name] = request[name]
    return answer


def list_jobs(twin: Twin, request: Mapping[str, Any]) -> Answer:
    """Answer ListDocumentClassificationJobs."""
    name, value = chosen_filter(request)
    current_records = (current(twin, folder) for folder, _ in load_all(twin.jobs))
    records = [record for record in current_records if isinstance(record, ScoringRecord)]
    records.sort(key=lambda record: record.job_id)
    if name == "JobName":
        records = [record for record in records if record.request.get("JobName") == value]
    elif name == "JobStatus":
        records = [record for record in records if record.status == value]
    ordered = newest_first(records, lambda record: record.submitted_at, name, value)
    chosen, more = page(request, ordered, lambda record: record.job_id)
    listed = [properties(record) for record in chosen]
    return {"DocumentClassificationJobPropertiesList": listed, **more}
