"""The commands as a table: name, module, and the line that ``--help`` shows.

The module is imported only when its command runs, so ``--help`` and ``--version`` stay fast.
"""

COMMANDS: dict[str, str] = {
    "demo": "Run the whole workflow on the sample tickets, offline and free.",
    "new": "Start a session: read a labelled file.",
    "health": "Check the dataset; apply a fix as a new revision.",
    "split": "Deal the documents into train, calibration and test.",
    "train": "Create the classifier and wait until it is trained.",
    "metrics": "Show the service's metrics and confusion matrices.",
    "score": "Score the held-out documents and join the results.",
    "thresholds": "Tune each label's threshold, read the report, save the file.",
    "calibration": "Show how far scores can be read as shares of positives.",
    "compare": "Compare runs, or thresholds files, on the same documents.",
    "report": "Write one self-contained report of a run: Markdown, JSON, HTML.",
    "review": "Read the documents around a label's threshold.",
    "oversample": "Repeat positives of rare labels, and find out by experiment whether it helps.",
    "endpoint": "Try documents on a live endpoint; it bills until it is deleted.",
    "cleanup": "Delete what the session created, and prove it.",
    "drift": "Check whether new predictions look like those that were tuned on.",
    "apply": "Apply a thresholds file to predictions or to one reply.",
    "jobs": "Show every job of the session; stop a training.",
    "doctor": "Check account, bucket, role and rights before anything is paid.",
    "setup-role": "Create the data access role that the service assumes.",
    "attach": "Adopt a classifier and scoring jobs that were started elsewhere.",
    "status": "Show where the session stands.",
    "cost": "Show what the session cost and what comes next.",
    "info": "Show versions, settings and paths.",
}
