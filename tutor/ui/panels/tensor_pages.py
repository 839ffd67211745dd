"""Page through the elements of one value, and ask for those that are not recorded."""

from dataclasses import dataclass

from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.schema import values
from tutor.schema.frame import TensorView
from tutor.session.replays.query import Answer
from tutor.ui.draw.tensors.elements import draw_elements, part_of
from tutor.ui.draw.tensors.value import described, draw_value
from tutor.ui.draw.tensors.window import Span, Window, look, select
from tutor.ui.draw.text.numbers import Array
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import fill, line, strip
from tutor.wire.messages import Fetch, Fetched


@dataclass(frozen=True)
class Wanted:
    """Values missing from the recording; a replay restores them."""

    step: int
    fetch: Fetch

    def covers(self, window: Window) -> bool:
        """Return whether they include every element of the window."""
        spans = zip((self.fetch.rows, self.fetch.cols), window.needed, strict=True)
        return all(first <= start and end <= last for (first, last), (start, end) in spans)


class TensorPages:
    """The elements of one value, a window at a time."""

    def __init__(self) -> None:
        self.index = ""
        """The subscript that the learner typed; "" for the whole value."""
        self.window: Window | None = None
        """The elements that were drawn last; None if no elements are shown."""
        self.wanted: Wanted | None = None
        """The elements in view that a replay must restore; None if there are none."""
        self.part: Answer[Fetched] | None = None
        """The elements that a replay restored last."""
        self.note = ""
        """The progress of the replay, or why it failed."""
        self._at: Span = (0, 0)
        """The row and the column that the window starts at."""
        self._source: object = None
        """The value that `wanted` and `part` belong to."""

    def reset(self, index: str = "") -> None:
        """Show another part of the value, or all of another value, from its start."""
        self.index, self._at = index, (0, 0)

    def move(self, rows: int, pages: int) -> None:
        """Move the window down by rows, and right by pages of columns."""
        if self.window is not None:
            self._at = self.window.moved(rows, pages)

    def close(self) -> None:
        """Forget the window: no elements are shown any more."""
        self.window = self.wanted = self.part = self._source = None

    def draw(
        self, moment: Moment, name: str, view: TensorView, width: int, height: int, palette: Palette
    ) -> list[Strip]:
        """Return `height` strips: the window, or the value's heatmap while a slow replay runs."""
        try:
            axes = select(view.shape, self.index)
        except ValueError as error:
            self.close()
            problem = line(f"{name}{self.index}: {error}", width, palette.warning)
            return fill([problem], width, height, palette.text)
        window = self.window = look(view, axes, self._at, width, height - 1)
        self._at = window.moved(0, 0)
        (top, _), (left, _) = window.needed
        elements = values.array(view)
        known: Array | None
        if elements is not None:
            self.wanted = None
            known, start, note = part_of(elements, self.index, window), (top, left), ""
        else:
            self._want(moment, name, view, window)
            known, start, note = self._restored()
        head = [*described(view, palette), (f"  {self.index}", palette.accent)]
        rows = [strip(head, width, palette.text)]
        if known is None and note:
            rows = [
                line(note, width, palette.warning),
                *draw_value(view, width, height - 1, palette),
            ]
        else:
            rows += draw_elements(window, known, start, width, palette)
        return fill(rows, width, height, palette.text)

    def _want(self, moment: Moment, name: str, view: TensorView, window: Window) -> None:
        # The same step of another run has other values, and so has the step after an edit.
        source = (moment.timeline, moment.step, view, name, self.index)
        if source != self._source:
            self._source = source
            self.wanted = self.part = None
        if self.wanted is None or not self.wanted.covers(window):
            self.wanted = Wanted(moment.step, Fetch(name, self.index, *window.around))

    def _restored(self) -> tuple[Array | None, Span, str]:
        """Return the restored elements, where they start, and a note if there are none."""
        part, wanted = self.part, self.wanted
        if part is None or wanted is None or part.step != wanted.step:
            return None, (0, 0), self.note
        fetch = part.found.fetch
        if (fetch.name, fetch.index) != (wanted.fetch.name, wanted.fetch.index):
            return None, (0, 0), self.note
        if part.found.part is None:
            return None, (0, 0), part.found.problem
        return values.array(part.found.part), (fetch.rows[0], fetch.cols[0]), ""
