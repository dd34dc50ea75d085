"""Hand-written documents with one defect each, for the messy set."""

BLANK_TEXTS = ("", "   ", "\n", " \t \n ", "\u00a0\u2003")

LINE_BREAK_TEXTS = (
    "Hello,\r\n\r\nthe invoice for March shows two payments.\r\nThanks\r\nRuth",
    "The app closes when I open settings.\rVersion 4.2\rPat",
    "First half of the parcel came.\u2028Second half did not.",
    "Please see the error below:\x0bE4031\x0bIt comes every morning.",
    "Page one of the statement\x0cPage two of the statement\x0cThe sums differ.",
    "Old export of my mails\x85line two\x85the refund is missing",
)

CONTROL_TEXTS = (
    "The doorbell rings \x07 by itself \x07 all night.",
    "The total is wrong\x08\x08\x08\x08\x08right, no, wrong after all.",
    "Pasted from my terminal: \x1b[2J\x1b[31mERROR 51\x1b[0m and then it restarts.",
    "Copied log \x1b]52;c;cm0gLXJmIC8=\x07 of the hub, the timer is an hour late.",
    "The window title became \x1b]0;your parcel is lost\x07 after I opened the tracking page.",
    "Separator test \x1e field \x1f unit, the export does not open.",
)

DIRECTION_TEXTS = (
    "The attachment was called invoice\u202efdp.exe, is that from you?",
    "My order \u2066#48213\u2069 never left \u200fthe depot\u200e.",
    "Zero\u200bwidth\u200bspaces in the voucher code, it is refused at checkout.",
    "\ufeffPasted with a byte order mark in front: the sign-in loops.",
)

BROKEN_ENCODING_TEXTS = (
    "The cafÃ© downstairs took the parcel, but it isnâ€™t there any more.",
    "I paid 49,90 â‚¬ twice, please return one.",
    "The speaker says \ufffd\ufffd\ufffd instead of my name.",
    "GrÃ¼ÃŸe aus Brennau, the box was open.",
)

HOSTILE_TEXTS = (
    "[/foo] The page shows [bold red]ERROR[/] and nothing else.",
    "Why does it say [link=https://www.example.com]click[/link] in the mail? [",
    "<script>alert('refund')</script> appears in my order confirmation.",
    '=HYPERLINK("https://www.example.com","track my parcel") is all I see in the export',
    "{name}, your order %s is {0}: your template is not filled in!",
    "'; DROP TABLE orders; -- was in the comment of my invoice, funny?",
    'billing|delivery,"this looks like a labelled row"',
    "漢字の名前 and my emoji 👩‍👩‍👧‍👦 are cut in half on the parcel label 🏳️‍🌈",
)

WORD_LIKE_TEXTS = ("NA", "null", "None", "nan", "-1", "1,0")
