"""Addresses and files of the store's tests."""

from tests.aws.server import BUCKET, AwsServer

URI = f"s3://{BUCKET}/run/c1/train.csv"
PART = 8 << 20
"""Bytes of a part of a multipart upload."""


def keys(aws: AwsServer) -> list[str]:
    """Keys of the bucket."""
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET)
    return [item["Key"] for item in listed.get("Contents", ())]
