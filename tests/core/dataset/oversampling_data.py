"""Small training parts with known counts."""

from core.dataset.documents import Dataset, Mode, membership_of

LABELS = ("toxic", "threat", "clean", "unused")


def part_of(
    label_sets: list[list[str]],
    prefix: str = "d",
    labels: tuple[str, ...] = LABELS,
    mode: Mode = "multi-label",
) -> Dataset:
    return Dataset(
        ids=[f"{prefix}{row}" for row in range(len(label_sets))],
        texts=[f"{prefix} says thing {row}" for row in range(len(label_sets))],
        labels=labels,
        membership=membership_of(label_sets, labels),
        mode=mode,
        none_label="clean" if "clean" in labels else None,
    )


def train_part() -> Dataset:
    """Three threats (two of them toxic), seven toxic, ten clean."""
    return part_of([["toxic", "threat"]] * 2 + [["threat"]] + [["toxic"]] * 5 + [["clean"]] * 10)


def held_out_part() -> Dataset:
    return part_of([["toxic"], ["threat"], ["clean"]], prefix="h")
