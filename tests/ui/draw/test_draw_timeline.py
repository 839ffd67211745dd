"""Drawing of the timeline."""

from collections.abc import Iterator

import msgspec
import pytest
from rich.segment import Segment
from textual.strip import Strip

from tutor.history.timeline import Divergence, Timeline
from tutor.insight.events.detect import Events
from tutor.schema.frame import Frame, TensorView
from tutor.ui.draw.text.palette import Palette, palette_for
from tutor.ui.draw.time.timeline import cell_to_step, draw_timeline, remarks

PALETTE = palette_for("256")
LOOP = ["forward", "loss", "backward", "update", "zero"]
NAN = TensorView("number", (), "float", "cpu", False, "text", b"nan")


def frames(iterations: int) -> Iterator[Frame]:
    yield Frame(1, 1, 0, None, "data", None, False, {})
    for step in range(iterations * len(LOOP)):
        iteration, line = divmod(step, len(LOOP))
        yield Frame(step + 2, line + 4, 3, iteration, LOOP[line], None, False, {})


def timeline(iterations: int) -> Timeline:
    made = Timeline()
    for frame in frames(iterations):
        made.append(frame)
    return made


def cells(strip: Strip) -> list[Segment]:
    """Return a segment for each cell."""
    return [Segment(character, style) for text, style, _ in strip for character in text]


def texts(made: Timeline, step: int, width: int, error: bool = False) -> list[str]:
    return [strip.text for strip in draw_timeline(made, step, width, PALETTE, error=error)]


def test_each_step_is_the_letter_of_its_phase_if_there_is_room() -> None:
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


def test_a_cell_is_darker_the_more_iterations_begin_in_it() -> None:
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


def test_words_for_a_run_without_steps() -> None:
    assert texts(Timeline(), 0, 30)[1].rstrip() == "nothing has run yet"
    assert texts(timeline(1), 0, 30)[1].rstrip() == "step 0 of 6 · before the first"


def test_words_that_do_not_fit_are_left_out_whole() -> None:
    assert texts(timeline(2), 4, 30)[1].rstrip() == "step 4 of 11 · iteration 0"
    assert texts(timeline(2), 4, 10)[1] == "step 4 of…"


def test_only_a_few_steps_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Timeline()
    for step in range(1, 5001):
        made.append(Frame(step, 1, 1, step, "other", None, False, {}))
    looks: list[int] = []
    place = made.steps.place
    monkeypatch.setattr(made.steps, "place", lambda step: looks.append(step) or place(step))
    draw_timeline(made, 9, 40, PALETTE)
    assert 0 < len(looks) < 40 * 5


def test_a_cell_maps_back_to_its_step() -> None:
    made = timeline(100)
    for step in (1, 77, 300, len(made)):
        cell = texts(made, step, 40)[0].index("◆")
        again = texts(made, cell_to_step(made, cell, 40), 40)[0].index("◆")
        assert again == cell
    assert cell_to_step(timeline(1), 2, 40) == 3
    assert cell_to_step(timeline(1), 39, 40) == 6


def with_events(iterations: int) -> tuple[Timeline, Events]:
    """Return the events of a run with a NaN in step 3 and output in step 5."""
    made = Timeline()
    for step, frame in enumerate(frames(iterations), 1):
        changed = {"w": NAN} if step == 3 else {}
        loss = float(step % 2) if frame.phase == "loss" else None
        made.append(
            msgspec.structs.replace(frame, loss=loss, is_new_loss=bool(loss), changed=changed)
        )
    made.output_log.append(5, [(1, b"hello\n")])
    events = Events(made)
    while events.advance():
        pass
    return made, events


@pytest.mark.parametrize("palette", [PALETTE, palette_for("standard"), palette_for(None, True)])
def test_an_event_stands_out_and_leaves_the_letter(palette: Palette) -> None:
    made, events = with_events(2)
    plain = draw_timeline(made, 9, 60, palette)[0]
    marked = draw_timeline(made, 9, 60, palette, events=events)[0]
    assert marked.text == plain.text
    differ = [
        n for n, (a, b) in enumerate(zip(cells(plain), cells(marked), strict=True), 1) if a != b
    ]
    assert differ == [3, 5]


def test_the_words_name_the_event_of_the_step() -> None:
    made, events = with_events(2)
    words = [draw_timeline(made, n, 90, PALETTE, events=events)[1].text for n in (3, 5)]
    assert "line 5 · w became nan" in words[0]
    assert "line 7 · printed: hello" in words[1]


def test_a_long_run_shows_the_most_serious_event_of_a_cell() -> None:
    made, events = with_events(500)
    bar = draw_timeline(made, 2000, 40, PALETTE, events=events)[0].text
    assert bar[0] == "∞"
    assert bar.count("∞") == 1
    assert '"' not in bar  # it is in the same cell
    assert draw_timeline(made, 1, 40, PALETTE, events=events)[0].text[0] == "◆"


def test_frequent_events_do_not_hide_the_iterations() -> None:
    made = timeline(100)
    for step in range(1, len(made), 7):
        made.output_log.append(step, [(1, b".")])
    events = Events(made)
    while events.advance():
        pass
    assert (
        draw_timeline(made, 1, 40, PALETTE, events=events)[0]
        == draw_timeline(made, 1, 40, PALETTE)[0]
    )


@pytest.mark.parametrize("iterations", [2, 100])
def test_forks_and_inexact_replays_have_marks_and_words(iterations: int) -> None:
    made = timeline(iterations)
    made.divergence = Divergence(len(made) // 2, "a clock")
    bar, words = draw_timeline(made, len(made), 120, PALETTE, fork=len(made) // 4)
    assert 0 < bar.text.index("Y") < bar.text.index("~") < len(bar.text.rstrip()) - 1
    assert f"approximate from step {len(made) // 2}" in words.text
    assert f"forked after step {len(made) // 4}" in words.text
    assert remarks(timeline(2), 0) == []
