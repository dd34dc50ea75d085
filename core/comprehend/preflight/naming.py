"""Names, addresses and the delimiter: rules of the service that its client does not check."""

from core.comprehend.jobs import new_token, scoring_request, training_request
from core.comprehend.preflight.lines import Facts, Verdict, failed, passed
from core.errors import InvalidInput
from core.text import plural


def check_names(facts: Facts) -> Verdict:
    """Build the requests that a run would send, and send none of them."""
    settings, scope = facts.settings, facts.scope
    base = f"s3://{facts.bucket or 'unnamed-bucket'}/{settings.prefix}run/c1"
    role = facts.role_arn or f"arn:{scope.partition}:iam::{'0' * 12}:role/ComprehendTuner"
    tags = dict(settings.tags)
    arn = f"arn:{scope.partition}:comprehend:{scope.region}:{scope.account or '0' * 12}"
    try:
        for name in settings.classifier_names:
            training_request(
                name=name, version="v1", train_uri=f"{base}/train-data/train.csv",
                test_uri=f"{base}/test-data/test.csv", output_uri=f"{base}/training-output/",
                role_arn=role, mode=settings.mode, delimiter=settings.delimiter,
                language=settings.language, token=new_token(), tags=tags,
            )  # fmt: skip
            scoring_request(
                job_name=name, classifier_arn=f"{arn}:document-classifier/{name}/version/v1",
                input_uri=f"{base}/scoring-data/test.txt", output_uri=f"{base}/scoring-output/",
                role_arn=role, token=new_token(), tags=tags,
            )  # fmt: skip
    except InvalidInput as error:
        return failed(error.message, error.hint)
    count = plural(len(settings.classifier_names), "classifier name")
    return passed(f"{count}, addresses, tags and delimiter follow the service's rules")
