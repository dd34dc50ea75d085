"""The keys of each screen, in the one registry."""

from tui.key import Key, scoped

_RUN = Key(("r",), "run_step", "run", "run this step", in_footer=True)
_FILTER = Key(("slash",), "filter", "filter", "filter the list; esc clears")

_KEYS: dict[str, tuple[Key, ...]] = {
    "sessions": (
        Key(("enter",), "select", "open", "open the highlighted session", in_footer=True),
        Key(("a",), "new_session", "new", "start a session from a labelled file", in_footer=True),
        Key(("t",), "sample", "sample", "try the sample, offline and free", in_footer=True),
        _FILTER,
    ),
    "data": (
        Key(("r",), "run_step", "import", "import the file as a new session", in_footer=True),
        Key(("e",), "edit", "edit", "edit the path or a setting", in_footer=True),
        Key(("x",), "stop", "stop", "stop reading; nothing is left behind"),
        _FILTER,
    ),
    "health": (
        Key(("r",), "run_step", "check", "check the dataset again", in_footer=True),
        Key(("f",), "fix", "fix", "apply the fix as a new revision", in_footer=True),
        Key(("d",), "distribution", "labels", "show the label distribution", in_footer=True),
        Key(("x",), "stop", "stop", "stop the check at its next safe point"),
        _FILTER,
    ),
    "split": (
        Key(("r",), "run_step", "split", "keep this split", in_footer=True),
        Key(("e",), "edit", "edit", "edit ratios and seed", in_footer=True),
        _FILTER,
    ),
    "train": (
        Key(("r",), "run_step", "train", "create the classifier", in_footer=True),
        Key(("x",), "stop", "stop", "stop waiting or training", in_footer=True),
        Key(("d",), "check_account", "check", "check account and rights on AWS", in_footer=True),
        Key(("g",), "groups", "groups", "plan label groups: in need, all, none"),
    ),
    "score": (
        Key(("r",), "run_step", "score", "score the held-out parts", in_footer=True),
        Key(("o",), "returned", "returned", "offline: return 3 labels or all", in_footer=True),
        Key(("x",), "stop", "stop", "stop waiting; the jobs go on", in_footer=True),
        Key(("d",), "check_account", "check", "check account and rights on AWS"),
        Key(("g",), "groups", "groups", "plan label groups for labels in need"),
    ),
    "jobs": (
        Key(("r",), "run_step", "refresh", "ask the engine now", in_footer=True),
        Key(("x",), "stop", "stop", "stop the highlighted training", in_footer=True),
        _FILTER,
    ),
    "thresholds": (
        Key(("left",), "move(-1)", "move", "lower the threshold by .01", in_footer=True),
        Key(("right",), "move(1)", "move", "raise the threshold by .01"),
        Key(
            ("left_square_bracket", "shift+left"),
            "move(-10)", "leap", "lower the threshold by .10",
        ),
        Key(("right_square_bracket", "shift+right"), "move(10)", "leap", "raise it by .10"),
        Key(("b",), "best", "best", "take the best threshold for this label", in_footer=True),
        Key(
            ("B", "shift+b"),
            "best_all", "best all", "tune all labels; the default where the evidence keeps it",
        ),
        Key(("o",), "objective", "objective", "choose what to tune for, after a look at it"),
        Key(("x",), "axis", "log", "linear or logarithmic threshold axis"),
        Key(("p",), "part", "part", "show another part, over the one that was tuned on"),
        Key(("v",), "other_run", "run", "overlay another run"),
        Key(("a",), "compare", "compare", "compare with another run, label by label"),
        Key(("i",), "calibration", "scores", "see how the scores of this label read"),
        Key(("g",), "groups", "groups", "plan label groups for labels that need every score"),
        Key(("r",), "measure", "measure", "measure intervals and grades now; esc stops it"),
        Key(("u",), "undo", "undo", "undo the last change", in_footer=True),
        Key(("s",), "save", "save", "save the thresholds to a file", in_footer=True),
        _FILTER,
    ),
    "review": (
        Key(("left",), "label(-1)", "label", "previous label", in_footer=True),
        Key(("right",), "label(1)", "label", "next label"),
        Key(("m",), "kind", "list", "missed, wrong, suspects, duplicates …", in_footer=True),
        Key(("plus",), "mark('relabel')", "relabel", "its label is wrong", in_footer=True),
        Key(("k",), "mark('keep')", "keep", "its label is right", in_footer=True),
        Key(("minus",), "mark('drop')", "drop", "leave the document out of the dataset"),
        Key(("u",), "undo", "undo", "take the last mark back"),
        Key(("g",), "next_unread", "unread", "go to the next document without a mark"),
        Key(("a",), "apply", "apply", "apply the marks as a new revision of the dataset"),
        Key(("s",), "export", "export", "write the list with its marks as CSV"),
        Key(("p",), "part", "part", "review another scored part"),
        Key(("space",), "read_on", "read on", "scroll the text"),
        _FILTER,
    ),
    "oversample": (
        Key(("space",), "choose", "choose", "raise the label in the experiment", in_footer=True),
        Key(("a",), "arms", "arms", "edit the arms: positives, x2, ratio, ml-ros", in_footer=True),
        Key(("r",), "run_step", "run", "start, carry on, or keep the file", in_footer=True),
        Key(("p",), "face", "plan", "change between plan and experiment", in_footer=True),
        Key(("left",), "move(-1)", "arm", "previous arm of the plan, or label of the figures"),
        Key(("right",), "move(1)", "arm", "next arm of the plan, or label of the figures"),
        Key(
            ("left_square_bracket",), "experiment(-1)", "earlier", "look at the experiment before",
        ),
        Key(("right_square_bracket",), "experiment(1)", "later", "look at the next experiment"),
        Key(("enter",), "open", "figures", "all figures of the arm, or of the plan"),
        Key(("o",), "options", "options", "replicates, stop rule, seed, label groups …"),
        Key(("A", "shift+a"), "adopt", "adopt", "make the arm the session's run, after a question"),
        Key(("v",), "versions", "versions", "history of every trained run"),
        Key(("m",), "measure", "measure", "compare the arms that have scores now"),
        Key(("R", "shift+r"), "retry", "retry", "train the failed arms again"),
        Key(("x",), "stop", "stop", "stop waiting; the jobs go on"),
        Key(("d",), "check_account", "check", "check account and rights on AWS"),
        Key(("e",), "edit", "edit", "repeat one label in a single training file"),
        Key(("D",), "clear", "forget", "forget the single training file and the chosen labels"),
    ),
    "cleanup": (
        Key(("r",), "run_step", "list", "list what is left", in_footer=True),
        Key(("D",), "delete", "delete", "delete everything, after its name", in_footer=True),
        Key(("x",), "stop", "stop", "stop deleting; repeating finishes it", in_footer=True),
    ),
    "endpoint": (
        Key(("r",), "run_step", "start", "start an endpoint, or wait for it", in_footer=True),
        Key(("e", "enter"), "edit", "document", "type a document; enter tries it", in_footer=True),
        Key(("k",), "keep", "keep", "delete it 30 minutes from now", in_footer=True),
        Key(("x",), "delete", "delete", "delete the endpoint, or stop waiting", in_footer=True),
    ),
}  # fmt: skip

SCREENS: dict[str, tuple[Key, ...]] = {scope: scoped(scope, keys) for scope, keys in _KEYS.items()}
"""The keys of each screen by its id."""
