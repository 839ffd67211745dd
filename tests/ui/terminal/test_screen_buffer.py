"""The sequences that are sent to the terminal, replayed in a terminal emulator."""

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tutor.ui.terminal.screen_buffer import ScreenBuffer

WIDTH, HEIGHT = 24, 6
CONSOLE = Console(color_system="256", force_terminal=True, legacy_windows=False)
STYLES = [Style(), Style(color="#ff5f5f"), Style(bgcolor="#303030", bold=True)]

text = st.text(alphabet="ab ─█日本é🙂", min_size=1, max_size=WIDTH)
strip = st.lists(st.tuples(text, st.sampled_from(STYLES)), min_size=1, max_size=4).map(
    lambda runs: Strip([Segment(*run) for run in runs]).crop(0, WIDTH)
)
update = st.lists(st.tuples(st.integers(0, HEIGHT - 1), strip), min_size=1, max_size=HEIGHT)


class Emulator:
    """A terminal emulator."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.screen)

    def cells(self) -> list[list[tuple[object, ...]]]:
        """Return what each cell shows. The second half of a wide character is empty."""
        return [
            [
                (cell.data, cell.fg, cell.bg, cell.bold)
                for cell in (self.screen.buffer[y][x] for x in range(WIDTH))
            ]
            for y in range(HEIGHT)
        ]


@given(st.lists(update, min_size=1, max_size=6))
def test_sending_only_changes_shows_the_same_as_sending_everything(
    updates: list[list[tuple[int, Strip]]],
) -> None:
    partial, full = Emulator(), Emulator()
    buffer, whole = ScreenBuffer(WIDTH, HEIGHT), ScreenBuffer(WIDTH, HEIGHT)
    for rows in updates:
        for y, drawn in rows:
            buffer.put(0, y, drawn)
            whole.put(0, y, drawn)
        partial.stream.feed(buffer.changes(CONSOLE))
        whole.forget()
        full.stream.feed(whole.changes(CONSOLE))
        assert partial.cells() == full.cells()


def line(*runs: tuple[str, Style]) -> Strip:
    return Strip([Segment(*run) for run in runs])


def test_equal_cells_are_not_sent_again() -> None:
    buffer = ScreenBuffer(WIDTH, HEIGHT)
    buffer.put(0, 1, line(("w = 0.5", STYLES[1])))
    assert "w = 0.5" in buffer.changes(CONSOLE)
    buffer.put(0, 1, line(("w = 0.5", STYLES[1])))
    assert buffer.changes(CONSOLE) == ""


def test_one_changed_digit_sends_a_few_bytes() -> None:
    buffer = ScreenBuffer(WIDTH, HEIGHT)
    buffer.put(0, 1, line(("loss = 0.5812", STYLES[1])))
    buffer.changes(CONSOLE)
    buffer.put(0, 1, line(("loss = 0.5813", STYLES[1])))
    assert len(buffer.changes(CONSOLE)) < 40


def test_screens_that_were_skipped_leave_no_trace() -> None:
    buffer, emulator = ScreenBuffer(WIDTH, HEIGHT), Emulator()
    emulator.stream.feed(buffer.changes(CONSOLE))
    for value in range(50):
        buffer.put(0, 2, line((f"step {value}", STYLES[2])))
    emulator.stream.feed(buffer.changes(CONSOLE))
    assert emulator.screen.display[2].strip() == "step 49"


def test_cells_outside_the_screen_are_dropped() -> None:
    buffer = ScreenBuffer(WIDTH, HEIGHT)
    buffer.put(WIDTH - 2, 0, line(("four", STYLES[0])))
    buffer.put(0, HEIGHT + 3, line(("below", STYLES[0])))
    assert "below" not in buffer.changes(CONSOLE)
