"""States told otherwise than they are, and outputs that differ from what was asked."""

import io
import json
import random
import tarfile
import threading
from collections.abc import Callable
from typing import Any, Literal, get_args

from botocore.exceptions import ClientError

from core.offline.answers import service_error

Answer = dict[str, Any]
Kind = Literal[
    "jump",
    "not-found-at-first",
    "still-there",
    "labels-missing",
    "labels-renamed",
    "shuffled",
]
"""A surprise."""
KINDS: tuple[Kind, ...] = get_args(Kind)
"""All of them."""

_DESCRIBED = {
    "DescribeDocumentClassifier": ("DocumentClassifierArn", "DocumentClassifierProperties"),
    "DescribeDocumentClassificationJob": ("JobId", "DocumentClassificationJobProperties"),
    "DescribeEndpoint": ("EndpointArn", "EndpointProperties"),
}
_DELETED = {
    "DeleteDocumentClassifier": ("DocumentClassifierArn", "DescribeDocumentClassifier"),
    "DeleteEndpoint": ("EndpointArn", "DescribeEndpoint"),
}
_JUMPS = {
    "DescribeDocumentClassifier": ("TRAINING", "SUBMITTED", "MIGRATING"),
    "DescribeDocumentClassificationJob": ("IN_PROGRESS", "SUBMITTED", "MIGRATING"),
    "DescribeEndpoint": ("UPDATING", "CREATING", "MIGRATING"),
}
_LATER = ("EndTime", "TrainingStartTime", "TrainingEndTime", "ClassifierMetadata", "Message")


class Surprises:
    """The surprises of one server; none until `add`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[Kind, int] = {}
        self._seen: dict[str, int] = {}
        self._last: dict[str, tuple[int, Answer]] = {}

    def add(self, kind: Kind, times: int = 1) -> None:
        """Let a surprise happen from now on.

        Args:
            kind: ``jump``: describing a resource tells TRAINING, SUBMITTED, MIGRATING, then the
                truth; ``not-found-at-first``: the first `times` looks at a new resource find
                nothing; ``still-there``: the first `times` looks after a deletion find the old
                state; ``labels-missing``, ``labels-renamed``: predictions lack a label, or call one
                otherwise; ``shuffled``: prediction lines come in another order.
            times: how often, where the kind counts.
        """
        assert kind in KINDS, kind
        self._asked[kind] = times

    def answered(
        self, operation: str, request: Answer, call: Callable[[str, Answer], Answer]
    ) -> Answer:
        """Answer an operation as the surprises want it.

        Raises:
            ClientError: as the twin does, or because of a surprise.
        """
        if operation in _DELETED and "still-there" in self._asked:
            return self._deleted(operation, request, call)
        if operation not in _DESCRIBED:
            return call(operation, request)
        with self._lock:
            return self._described(operation, request, call)

    def _deleted(
        self, operation: str, request: Answer, call: Callable[[str, Answer], Answer]
    ) -> Answer:
        name, describe = _DELETED[operation]
        try:
            last = call(describe, {name: request[name]})
        except ClientError:
            return call(operation, request)
        answer = call(operation, request)
        self._last.setdefault(request[name], (self._asked["still-there"], last))
        return answer

    def _described(
        self, operation: str, request: Answer, call: Callable[[str, Answer], Answer]
    ) -> Answer:
        name, member = _DESCRIBED[operation]
        key = request[name]
        left, last = self._last.get(key, (0, {}))
        if left > 0:
            self._last[key] = (left - 1, last)
            return last
        answer = call(operation, request)
        looks = self._seen[key] = self._seen.get(key, 0) + 1
        hidden = self._asked.get("not-found-at-first", 0)
        if looks <= hidden:
            code = "JobNotFoundException" if name == "JobId" else "ResourceNotFoundException"
            raise service_error(
                operation, code, "RESOURCE_NOT_FOUND: Could not find specified resource."
            )
        jumps = _JUMPS[operation] if "jump" in self._asked else ()
        if looks - hidden <= len(jumps):
            shown = {key: value for key, value in answer[member].items() if key not in _LATER}
            shown["JobStatus" if name == "JobId" else "Status"] = jumps[looks - hidden - 1]
            return {member: shown}
        return answer

    def rewritten(self, archive: bytes) -> bytes:
        """Return the predictions archive as the surprises want it."""
        if not {"labels-missing", "labels-renamed", "shuffled"} & set(self._asked):
            return archive
        with tarfile.open(fileobj=io.BytesIO(archive)) as source:
            file = source.extractfile("predictions.jsonl")
            assert file is not None
            lines = [json.loads(line) for line in file.read().decode().splitlines()]
        names = sorted({label["Name"] for line in lines for label in _labels(line)})
        for line in lines:
            self._rewrite(line, names[0] if names else "")
        if "shuffled" in self._asked:
            random.Random(7).shuffle(lines)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        return _packed(text)

    def _rewrite(self, line: Answer, victim: str) -> None:
        member = "Labels" if "Labels" in line else "Classes"
        if member not in line:
            return
        if "labels-missing" in self._asked:
            line[member] = [label for label in line[member] if label["Name"] != victim]
        if "labels-renamed" in self._asked:
            for label in line[member]:
                if label["Name"] == victim:
                    label["Name"] = f"{victim} (old)"


def _labels(line: Answer) -> list[Answer]:
    found: list[Answer] = line.get("Labels") or line.get("Classes") or []
    return found


def _packed(text: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        member = tarfile.TarInfo("predictions.jsonl")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return target.getvalue()
