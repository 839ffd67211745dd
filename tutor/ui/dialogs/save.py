"""Ask for the file to save to; an unused name is offered."""

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input, Static

from tutor.history.recording.file import is_recording
from tutor.history.recording.reader import SUFFIX
from tutor.ui.dialogs.dialog import Dialog
from tutor.ui.widgets.field import Field

_HINT = "saves all recorded steps of all runs; tutor open FILE shows them without torch"


class SaveDialog(Dialog[Path | None]):
    """A dialog that returns the file to write; None to save nothing.

    Args:
        name: The lesson's name, which the offered file name is made from.
        typed: The file that was typed before, if it could not be written.
        problem: Why it could not be written.
    """

    BINDINGS: ClassVar = [Binding("escape", "dismiss", "save nothing")]

    field = query_one(Field)
    why = query_one("#why", Static)

    def __init__(self, name: str, typed: str = "", problem: str = "") -> None:
        super().__init__()
        self._offered = typed or str(_unused(name))
        self._problem = problem
        self._warned = ""
        """The file that enter replaces when it is pressed again."""

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
            # For example no such user, a name that is too long, or a character that is not allowed.
            path, problem = Path(), f"{text[:40]}: no file can have this name ({error})"
        if problem:
            self.why.update(Content(problem))
        else:
            self.dismiss(path)

    def _place(self, text: str) -> tuple[Path, str]:
        """Return the path, and why it must not be written or "".

        Raises:
            OSError: the path is not allowed; RuntimeError and ValueError too.
        """
        if not text.isprintable():
            raise ValueError("it has unprintable characters")
        path = Path(text).expanduser()
        if path.is_dir():
            return path, f"{path} is a folder: want a file name"
        if not path.suffix:
            path = path.with_suffix(SUFFIX)
        if path.exists() and not is_recording(path):
            return path, f"{path} exists and is no recording: choose another name"
        if path.exists() and self._warned != text:
            self._warned = text
            return path, f"{path} exists: enter again replaces it"
        return path, ""


def _unused(name: str) -> Path:
    """Return a file name that does not exist yet."""
    names = (name if number == 1 else f"{name}-{number}" for number in range(1, 10**6))
    return next(path for one in names if not (path := Path(one + SUFFIX)).exists())
