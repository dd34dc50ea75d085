"""Help: what the open step does, its terms, and its keys from the one registry."""

from textual.content import Content

from core.text import printable
from tui.help_pages import PAGES, TERMS
from tui.keys import help_rows
from tui.render import plain
from tui.screens.modal import TextModal


class HelpScreen(TextModal):
    """Explains one step."""

    def __init__(self, step_id: str, ascii_only: bool = False) -> None:
        page = PAGES[step_id]
        keys = [f"  {keys:10} {purpose}" for keys, purpose in help_rows(step_id, ascii_only)]
        terms = [f"  {term}: {TERMS[term]}" for term in page.terms]
        blocks = [page.what, "", *(["Terms", *terms, ""] if terms else []), "Keys", *keys]
        super().__init__(f"Help · {page.title}", "\n".join(blocks))
        self._ascii_only = ascii_only

    def body_content(self) -> Content:
        """The page; headings stand out."""
        pieces = []
        for line in self.text.split("\n"):
            shown = plain(printable(line), self._ascii_only)
            style = "bold" if line in ("Terms", "Keys") else ""
            pieces.append(Content.styled(shown, style) if style else Content(shown))
        return Content("\n").join(pieces)
