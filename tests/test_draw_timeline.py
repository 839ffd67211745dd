"""The timeline's two rows."""

from tutor.frame import Frame
from tutor.timeline import Timeline
from tutor.ui.draw.palette import palette_for
from tutor.ui.draw.timeline import cell_to_step, draw_timeline

PALETTE = palette_for("256")
LOOP = ["forward", "loss", "backward", "update", "zero"]


def timeline(iterations: int) -> Timeline:
    made = Timeline()
    made.append(Frame(1, 1, 0, None, "data", None, False, {}))
    for step in range(iterations * len(LOOP)):
        iteration, line = divmod(step, len(LOOP))
        frame = Frame(step + 2, line + 4, 3, iteration, LOOP[line], None, False, {})
        made.append(frame)
    return made


def texts(made: Timeline, step: int, width: int, error: bool = False) -> list[str]:
    return [strip.text for strip in draw_timeline(made, step, width, PALETTE, error=error)]


def test_each_step_is_the_letter_of_its_phase_while_there_is_room() -> None:
    assert texts(timeline(2), 4, 60) == [
        "dflBuzflbuz".ljust(60),
        "step 4 of 11 · iteration 0 · backward · line 6".ljust(60),
    ]


def test_iterations_begin_underlined() -> None:
    cells = list(draw_timeline(timeline(2), 4, 60, PALETTE)[0])
    underlined = [i for i, cell in enumerate(cells) if cell.style and cell.style.underline]
    assert underlined == [1, 6]


def test_a_long_run_shows_where_iterations_begin() -> None:
    bar = texts(timeline(10), 1, 26)[0]
    assert bar[0] == "◆"
    assert bar.count("┬") == 10
    assert set(bar) == set("◆┬─")


def test_the_more_iterations_in_a_cell_the_darker() -> None:
    assert texts(timeline(100), 0, 40)[0][5] == "░"
    assert texts(timeline(2000), 0, 40)[0][5] == "▓"
    assert texts(timeline(8000), 0, 40)[0][5] == "█"


def test_the_cursor_moves_over_the_whole_width() -> None:
    made = timeline(100)
    assert [texts(made, step, 40)[0].index("◆") for step in (1, 251, len(made))] == [0, 20, 39]


def test_an_error_ends_the_bar() -> None:
    short, long = timeline(1), timeline(100)
    assert texts(short, 6, 30, error=True)[0].rstrip() == "dflbuZ✗"
    assert texts(long, 1, 30, error=True)[0].endswith("✗")
    assert "then it failed" in texts(short, 6, 60, error=True)[1]


def test_nothing_has_run() -> None:
    assert texts(Timeline(), 0, 30)[1].rstrip() == "nothing has run yet"
    assert texts(timeline(1), 0, 30)[1].rstrip() == "step 0 of 6 · before the first"


def test_words_that_do_not_fit_are_left_out_whole() -> None:
    assert texts(timeline(2), 4, 30)[1].rstrip() == "step 4 of 11 · iteration 0"
    assert texts(timeline(2), 4, 10)[1] == "step 4 of…"


def test_only_a_few_frames_are_looked_at() -> None:
    class Counted(Timeline):
        looks = 0

        def frame(self, step: int) -> Frame | None:
            self.looks += 1
            return super().frame(step)

    made = Counted()
    for step in range(1, 5001):
        made.append(Frame(step, 1, 1, step, "other", None, False, {}))
    made.looks = 0
    draw_timeline(made, 9, 40, PALETTE)
    assert made.looks < 40 * 5


def test_a_cell_leads_back_to_its_step() -> None:
    made = timeline(100)
    for step in (1, 77, 300, len(made)):
        cell = texts(made, step, 40)[0].index("◆")
        again = texts(made, cell_to_step(made, cell, 40), 40)[0].index("◆")
        assert again == cell
    assert cell_to_step(timeline(1), 2, 40) == 3
    assert cell_to_step(timeline(1), 39, 40) == 6
