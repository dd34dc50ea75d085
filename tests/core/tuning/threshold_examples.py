"""Thresholds and scores that several test files use."""

from typing import Any

from core.tuning.thresholds import (
    Change,
    Classifier,
    LabelThreshold,
    Provenance,
    Summary,
    Thresholds,
)

ARN = "arn:aws:comprehend:eu-west-1:111122223333:document-classifier/toxic/version/v1"
SECOND_ARN = ARN.replace("v1", "rare")


def label_threshold(threshold: float, **more: Any) -> LabelThreshold:
    return LabelThreshold(
        threshold=threshold,
        objective="max_f1",
        tuned_on="calibration",
        measured_on="test",
        support={"train": 43, "calibration": 6, "test": 12},
        returned_share=1.0,
        precision=0.21,
        recall=0.29,
        f1=0.24,
        f1_at_default=0.0,
        **more,
    )


def thresholds_of(
    limits: dict[str, float], mode: Any = "multi-label", classifiers: Any = None
) -> Thresholds:
    return Thresholds(
        mode=mode,
        engine="offline",
        classifiers=classifiers or (Classifier(arn=ARN, version="v1", labels=tuple(limits)),),
        label_order=tuple(limits),
        labels={name: label_threshold(limit) for name, limit in limits.items()},
        summary=Summary(
            measured_on="test",
            macro_f1=Change(default=0.42, tuned=0.58),
            micro_f1=Change(default=0.71, tuned=0.74),
        ),
        provenance=Provenance(
            dataset="sha256:1",
            split="sha256:2",
            scores="sha256:3",
            seed=7,
            tool="0.1.0",
            created_at="2026-11-23T22:00:00Z",
        ),
    )


FOUR = thresholds_of({"clean": 0.48, "toxic": 0.31, "insult": 0.29, "threat": 0.0412})


def scored(**scores: float) -> list[dict[str, Any]]:
    return [{"Name": name, "Score": score} for name, score in scores.items()]
