"""The prose of this step: the text of its cell, the note above the statement, and the question."""

from collections.abc import Iterator

from rich.style import Style
from textual.strip import Strip

from tutor.course.questions import answers
from tutor.history.timeline import Moment
from tutor.schema.frame import Frame
from tutor.script.lesson import Cell
from tutor.ui.draw.script.notes import draw_note, verbatim
from tutor.ui.draw.text.strips import strip, wrap
from tutor.ui.panels.panel import Panel

_REACH = 40
"""A note stays for at most so many steps of the same cell, until the next note."""


class NotesPanel(Panel):
    """Shows the last note up to this step, so that it stays while statements without notes run."""

    _shown_cell: Cell | None = None

    def inputs(self, moment: Moment) -> object:
        frame = self._noted(moment)
        cell = self._cell(moment)
        noted = frame and (frame.line, frame.slots, frame.step == moment.step)
        return (
            cell,
            noted,
            self._question(),
            self._failure(moment),
            self._is_at_end(moment),
            self._unready(moment),
        )

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        cell = self._cell(moment)
        frame = self._noted(moment)
        note = self.lesson.note_at(frame.line) if frame else None
        text = ""
        if frame is not None:
            text = "".join(f"? {answer}\n\n" for answer in answers(self.lesson, frame))
        if note is not None and frame is not None:
            values = [
                verbatim(slot.raw if value is None else value)
                for slot, value in zip(note.slots, frame.slots, strict=False)
            ]
            text += note.text(values)
        if question := self._question():
            text = f"{text}\n\n? {question}".strip()
        prose = self._prose(cell)
        # The prose before the first step has a title of its own.
        title = cell.title if cell and not (prose and not moment.step) else ""
        if self._is_at_end(moment):
            prose = f"{self._last_prose()}\n\n{prose}".strip()
        if frame is not None and frame.step != moment.step and not question:
            # The note belongs to an earlier step: it is drawn without the bar.
            prose, text = f"{text}\n\n{prose}".strip(), ""
        drawn = draw_note(title, prose, text, width, self.palette)
        failure = self._wrapped(self._failure(moment), width, self.palette.error)
        unready = self._wrapped(self._unready(moment), width, self.palette.warning)
        return [*failure, *unready, *drawn]

    def keep_in_view(self, moment: Moment) -> None:
        cell = self._cell(moment)
        if cell is not self._shown_cell:
            self._shown_cell = cell
            self.top = 0

    def _line(self, moment: Moment) -> int:
        if moment.frame:
            return moment.frame.line
        # While the engine starts it is not known what comes next: then show the beginning.
        return self.view.ahead.line or self.lesson.first_line

    def _cell(self, moment: Moment) -> Cell | None:
        return self.lesson.cell_at(self._line(moment))

    def _noted(self, moment: Moment) -> Frame | None:
        """Return the last step up to this one that has a note, in the same cell."""
        cell = self._cell(moment)
        for step in range(moment.step, max(0, moment.step - _REACH), -1):
            frame = moment.timeline.frame(step)
            if frame is None or self.lesson.cell_at(frame.line) is not cell:
                return None
            if self.lesson.note_at(frame.line) or frame.slots:
                return frame
        return None

    def _question(self) -> str:
        """Return the question that the script asks before the next statement, or ""."""
        for ask in self.lesson.asks:
            if ask.line == self.view.ahead.line:
                return "  ".join([ask.question, *(f"| {choice}" for choice in ask.choices)])
        return ""

    def _failure(self, moment: Moment) -> str:
        """Return what the statement raised, or why the run ends here, or "".

        The status line may be too short for all of it.
        """
        if moment.frame and moment.frame.raised:
            return moment.frame.raised
        failure = self.view.ahead.failure if self.view.ahead.is_failing else None
        return (
            failure.message.replace(str(self.lesson.path), self.lesson.path.name) if failure else ""
        )

    def _unready(self, moment: Moment) -> str:
        """Return the message that names missing prerequisites, before the first step."""
        return "" if moment.step else self.view.unready

    @staticmethod
    def _wrapped(text: str, width: int, style: Style) -> Iterator[Strip]:
        for row in wrap([(text, style)], width) if text else ():
            yield strip(row, width, style)

    def _is_at_end(self, moment: Moment) -> bool:
        """Return whether the run ends here, so that the prose after the last code is shown."""
        return 0 < moment.step == len(moment.timeline) and not self.view.ahead.line

    def _last_prose(self) -> str:
        """Return the prose after the last code."""
        texts: list[str] = []
        for cell in self.lesson.cells:
            texts = [*texts, cell.text] if cell.kind == "markdown" else []
        return "\n\n".join(texts)

    def _prose(self, cell: Cell | None) -> str:
        """Return the prose between this cell and the code before it."""
        texts: list[str] = []
        for other in self.lesson.cells:
            if other is cell:
                break
            texts = [*texts, other.text] if other.kind == "markdown" else []
        return "\n\n".join(texts)
