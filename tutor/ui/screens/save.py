"""Where shall the recording go? A file name, offered ready to take."""

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tutor.history.recording.file import is_recording
from tutor.history.recording.reader import SUFFIX
from tutor.ui.widgets.field import Field

_HINT = "all runs, as far as they are recorded; tutor open FILE walks through them without torch"


class SaveScreen(ModalScreen[Path | None]):
    """Answers with the file to write; None to save nothing.

    Args:
        name: What is saved: the file is called after it.
        typed: The file that was typed before, where it could not be written.
        problem: Why it could not.
    """

    BINDINGS: ClassVar = [Binding("escape", "dismiss", "save nothing")]

    field = query_one(Field)
    why = query_one("#why", Static)

    def __init__(self, name: str, typed: str = "", problem: str = "") -> None:
        super().__init__()
        self._offered = typed or str(_unused(name))
        self._problem = problem
        self._warned = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="save") as box:
            box.border_title = "save the recording"
            box.border_subtitle = "enter saves · escape"
            yield Field(self._offered, id="field")
            yield Static(Content(self._problem or _HINT), id="why")

    def on_mount(self) -> None:
        self.field.focus()

    @on(Input.Submitted)
    def save(self) -> None:
        text = self.field.value.strip()
        if not text:
            self.why.update(Content("want a file name"))
            return
        try:
            path, problem = self._place(text)
        except (OSError, RuntimeError, ValueError) as error:
            # No such user, a name that is too long, a character that no file may have.
            path, problem = Path(), f"{text[:40]}: no file can be called so ({error})"
        if problem:
            self.why.update(Content(problem))
        else:
            self.dismiss(path)

    def _place(self, text: str) -> tuple[Path, str]:
        """The file that is meant, and what speaks against writing it."""
        if not text.isprintable():
            raise ValueError("it has characters that cannot be seen")
        path = Path(text).expanduser()
        if path.is_dir():
            return path, f"{path} is a folder: want a file name"
        if not path.suffix:
            path = path.with_suffix(SUFFIX)
        if path.exists() and not is_recording(path):
            return path, f"{path} is there already, and no recording: want another name"
        if path.exists() and self._warned != text:
            self._warned = text
            return path, f"{path} is there already: enter again replaces it"
        return path, ""


def _unused(name: str) -> Path:
    """A file of this name that is not there yet."""
    names = (name if number == 1 else f"{name}-{number}" for number in range(1, 10**6))
    return next(path for one in names if not (path := Path(one + SUFFIX)).exists())
