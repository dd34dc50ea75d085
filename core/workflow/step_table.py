"""The steps as data; importing it costs nothing, so that a first frame can show them."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["blocked", "ready", "running", "done", "stale"]


@dataclass(frozen=True)
class Step:
    """One step of the workflow: a screen and a command."""

    id: str
    key: str
    title: str
    command: str
    purpose: str


STEPS = (
    Step("data", "1", "Data", "new", "read a labelled file and name its columns"),
    Step("health", "2", "Health", "health", "find what would spoil training or numbers"),
    Step("split", "3", "Split", "split", "deal documents into train, calibration and test"),
    Step("train", "4", "Train", "train", "upload the files and create the classifier"),
    Step("score", "5", "Score", "score", "score the held-out documents and join the results"),
    Step("thresholds", "6", "Thresholds", "thresholds", "choose each label's threshold and save"),
    Step("review", "7", "Review", "review", "read the documents around the threshold"),
    Step("oversample", "8", "Oversample", "oversample", "train with more rare examples, compare"),
    Step("cleanup", "9", "Clean up", "cleanup", "delete what was created and prove it"),
)
