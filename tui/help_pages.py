"""What help says of each step and of the field's terms."""

from dataclasses import dataclass

from core.tuning.intervals import GRADES


@dataclass(frozen=True)
class Page:
    """The explanation of one screen."""

    title: str
    what: str
    terms: tuple[str, ...] = ()


TERMS: dict[str, str] = {
    "support": "number of documents that have the label",
    "threshold": "a document gets the label when its score is at least the threshold",
    "precision": "share of the flagged documents that have the label",
    "recall": "share of the documents with the label that are flagged",
    "F1": "2TP / (2TP + FP + FN): high only when precision and recall both are",
    "macro-F1": "mean of the label F1 scores: every label counts the same",
    "micro-F1": "F1 of the pooled counts: frequent labels count more",
    "stratified split": "every label gets its share in every part",
    "calibration part": "documents the classifier never saw, used to choose thresholds",
    "returned share": "share of a label's positives whose score the service returned",
    "none-label": "the label given to documents without any other",
    "optimistic": "measured on the rows that the threshold was chosen on",
    "stale": "made from something that has changed since",
    "arm": "one way to change the training part, trained as a run; the base changes nothing",
    "distinct": "documents without their copies; 74+426 are 74 documents and 426 copies",
    "average precision": "how well scores rank a label's documents, whatever the threshold",
    "MeanIR": "how many times rarer a label is than the commonest, on average; 1 is balanced",
    "SCUMBLE": "0 to 1: how much rare labels stand in documents with common ones",
    "cross-fitted": "each document is decided by a threshold chosen without it",
    "interval": "where a figure would lie on fresh documents, nine times in ten",
    **{f"grade {rule.grade}": f"{rule.meaning}: {rule.rule}" for rule in GRADES},
}

PAGES: dict[str, Page] = {
    "sessions": Page(
        "Sessions",
        "A session is one workflow on one dataset, kept in one folder below .comprehend-tuner. "
        "Open one and it stands where you left it. The sample needs nothing and costs nothing.",
        ("stale",),
    ),
    "data": Page(
        "Data",
        "Name a labelled file: CSV with 0/1 columns, CSV with a label column, Comprehend's own "
        "two columns, a Ground Truth manifest, JSON lines, or any of these gzipped. The screen "
        "shows how it would be read and why; the file itself is never changed.",
        ("none-label",),
    ),
    "health": Page(
        "Health",
        "Every check of the dataset: errors block training, warnings are worth reading. A fix "
        "makes a new revision of the dataset and never touches the source. Nothing is charged.",
        ("support",),
    ),
    "split": Page(
        "Split",
        "Deals the documents into train, calibration and test. Equal texts stay together. The "
        "table shows how far each label's share is from the wanted one. A label that is missing "
        "from test cannot be measured there.",
        ("stratified split", "calibration part", "support"),
    ),
    "train": Page(
        "Train",
        "Uploads the training file and creates the classifier. On AWS d checks account and rights, "
        "and training is paid by the hour; offline it is free. Leaving the app does not stop the "
        "training. The metrics afterwards are the service's own, on the test part.",
        ("precision", "recall", "F1", "macro-F1", "micro-F1"),
    ),
    "score": Page(
        "Score",
        "Scores the calibration and test documents, text alone, one a line, and joins the output "
        "by line. On AWS this is paid by characters. A label that was not returned has an unknown "
        "score, not zero.",
        ("returned share", "calibration part"),
    ),
    "jobs": Page(
        "Jobs",
        "Every training and scoring job with its state. They run on when you leave. Training can "
        "be stopped; the service offers no stop for scoring.",
        (),
    ),
    "thresholds": Page(
        "Thresholds",
        "Move the threshold of the highlighted label and watch its counts. b takes the best one; o "
        "tunes for something else, after a look at the effect. The figures are of the part that is "
        "shown; measured on the rows it was tuned on, a figure is optimistic. The line below them "
        "is of the test part: F1 with its interval, and a grade. Grades C and D keep the default; "
        "b takes the choice all the same. Shaded on the chart: where F1 may be, given scores that "
        "were not returned. s saves the file that your code loads.",
        (
            *("threshold", "precision", "recall", "F1", "macro-F1", "optimistic", "cross-fitted"),
            *("interval", *(f"grade {rule.grade}" for rule in GRADES), "returned share"),
        ),
    ),
    "review": Page(
        "Review",
        "The documents worth reading of a label: missed, wrongly flagged, probably mislabelled, "
        "equal texts with other labels. + - k mark; a applies the marks as a new revision, which "
        "undo does not take back.",
        ("threshold",),
    ),
    "oversample": Page(
        "Oversample",
        "An experiment trains the same documents with more and with fewer positives of the labels "
        "you choose: fewer are drawn, more are repeated. Every arm is a run of its own, with "
        "thresholds of its own, and is compared with the base on the same test documents. Copies "
        "raise the labels beside the chosen one as well, so read all counts. Repeats move scores "
        "more than ranking: where average precision stays, they do not help, and more labelled "
        "documents may. Intervals are of the difference from the base. Each arm is paid like a "
        "training. e repeats one label in a single file for the next run instead.",
        ("support", "arm", "distinct", "average precision", "MeanIR", "SCUMBLE", "macro-F1"),
    ),
    "endpoint": Page(
        "Endpoint",
        "Tries one document on a live classifier, against the saved thresholds (.5 while there are "
        "none). On AWS an endpoint is charged for every second that it exists, used or not. After "
        "30 minutes it is deleted: by a process that stays behind on this machine, and by this app "
        "while it is open. That works while this machine is up and signed in; the service itself "
        "has no such timer, so delete it with x when you are done.",
        ("threshold",),
    ),
    "cleanup": Page(
        "Clean up",
        "Lists what this session created and deletes it in order: endpoints, flywheels, "
        "classifiers, unfinished uploads, objects, and the role if it was made here. "
        "A classifier on AWS costs every month until it is deleted.",
        (),
    ),
}
