"""The lesson screen, driven by keys over the fake engine."""

from pathlib import Path

import pytest
from fake_engine import DESCENT, FakeEngine, descent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from on_screen import (
    drawing,
    go,
    help_shown,
    opened,
    pane,
    press,
    settled,
    stepping,
    until,
    without_content,
)
from textual.pilot import Pilot

from tutor.session.session import Activity
from tutor.ui.dialogs.palette import PaletteDialog
from tutor.ui.panels.panel import Panel
from tutor.ui.panes import KEYS
from tutor.ui.screens.lesson import LessonScreen
from tutor.wire.messages import Ended, Printed

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_visible_pane_shows_the_step(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size=size) as (pilot, screen, _):
        await go(pilot, screen, "6")
        visible = [panel.id for panel in screen.query(Panel) if panel.is_on_screen]
        everything = {"source", "notes", "tensors", "gradients", "loss", "output", "timeline"}
        expected = {(80, 24): {"source", "notes"}, (120, 40): everything}
        assert set(visible) == expected.get(size, everything | {"graph"})
        source = pane(screen, "source").splitlines()
        assert any("loss.backward()" in row and "w.grad = [4 -4]" in row for row in source)
        assert "The chain rule" in pane(screen, "notes")
        assert "step 6 of 6" in screen.status.text
        assert "backward" in screen.status.text
        assert "waiting before line 18" in screen.status.text
        if size != (80, 24):
            assert "[3 -1]" in pane(screen, "tensors")
            assert "[4 -4]" in pane(screen, "gradients")
            assert "8" in pane(screen, "loss")


@pytest.mark.parametrize("size", SIZES)
async def test_the_script_has_a_terminal_of_the_size_of_the_output_pane(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(tmp_path, size=size) as (_, screen, _):
        assert screen.controller is not None
        pane = screen.query_one("#output", Panel)
        # At 80 columns the pane is hidden: then it counts as it would be alone, within its frame.
        alone = (size[0] - 2, size[1] - 4)
        expected = tuple(pane.content_size) if pane.is_on_screen else alone
        assert screen.controller.session.launch.terminals == (expected,) * 3


async def test_rewind_shows_the_recorded_values_without_the_engine(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "6")
        before = {name: drawing(screen, name) for name in KEYS}
        await go(pilot, screen, "20")
        commands = list(engine.runs[0].commands)
        await press(pilot, screen, "home", "right", "]", "[", "right", "end", "left", "left")
        await press(pilot, screen, "h", "l", "space")
        await go(pilot, screen, "6")
        assert engine.runs[0].commands == commands
        assert len(engine.runs) == 1
        after = {name: drawing(screen, name) for name in KEYS}
        # Only the timeline shows that more is recorded now.
        assert {n for n in KEYS if before[n] != after[n]} <= {"timeline"}


async def test_at_the_last_step_the_keys_for_iterations_and_cells_run_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await press(pilot, screen, "right", "]")
        assert "iteration 0" in screen.status.text
        assert "step 4 of 4" in screen.status.text
        await press(pilot, screen, "]")
        assert "iteration 1" in screen.status.text
        assert "step 10 of 10" in screen.status.text
        await press(pilot, screen, "}")
        assert "line 23" in screen.status.text
        await press(pilot, screen, "{")
        assert "line 13" in screen.status.text
        await go(pilot, screen, "i7")
        assert "iteration 7" in screen.status.text


async def test_an_unknown_place_to_go_to_is_refused_in_one_line(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await pilot.press("g", "x", "y", "enter")
        assert "no step is called 'xy'" in str(pilot.app.screen.query_one("#why").render())
        await press(pilot, screen, "escape")
        assert pilot.app.screen is screen
        assert screen.controller.session.cursor == 0


async def test_running_to_the_end_shows_the_output_and_ends(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await press(pilot, screen, "r")
        await until(pilot, lambda: "finished" in screen.status.text)
        await settled(pilot, screen)
        assert "tensor(" in pane(screen, "output")
        assert "step 124 of 124" in screen.status.text
        await press(pilot, screen, "home")
        assert pane(screen, "output") == "nothing printed yet"


async def test_a_failing_script_gets_one_clear_line_and_keeps_its_steps(tmp_path: Path) -> None:
    message = "descend.py:18: RuntimeError: a leaf Variable that requires grad is being used"
    end = Ended("raised", message, 18, "Traceback …")
    async with opened(tmp_path, FakeEngine(descent()[:6], end)) as (pilot, screen, _):
        await press(pilot, screen, "r")
        await until(pilot, lambda: message in screen.status.text)
        await settled(pilot, screen)
        assert any("✗" in row and "18" in row for row in pane(screen, "source").splitlines())
        assert pane(screen, "timeline").endswith("✗")
        await press(pilot, screen, "home")
        assert "✗" not in pane(screen, "source")
        assert "step 1 of 6" in screen.status.text


async def test_play_goes_on_by_itself_and_left_pauses_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        session = screen.controller.session
        await pilot.press("+", "+", "+", "+", "+", "p")
        assert "playing at 60 steps/s" in screen.status.text
        await until(pilot, lambda: session.cursor >= 5)
        await press(pilot, screen, "left")
        assert session.activity is Activity.WAITING
        assert stepping(screen)._player is None
        await pilot.press("p", "p")
        assert not session.playing


async def test_the_status_names_a_slow_statement_which_can_be_paused(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeEngine(manual=True)) as (pilot, screen, engine):
        await pilot.press("right")
        await until(pilot, lambda: "running line 6 for" in screen.status.text)
        await pilot.press("p")
        assert "paused inside line 6" in screen.status.text
        await pilot.press("right")
        await until(pilot, lambda: "running line 6" in screen.status.text)
        engine.runs[0].work()
        await until(pilot, lambda: "waiting before line 9" in screen.status.text)


async def test_output_of_a_running_statement_is_shown_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeEngine(manual=True)) as (pilot, screen, engine):
        await pilot.press("right")
        engine.runs[0].report([Printed(1, ((1, b"downloading 12%"),))])
        await until(pilot, lambda: "downloading 12%" in pane(screen, "output"))


async def test_the_cursor_stays_while_the_run_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeEngine(manual=True)) as (pilot, screen, engine):
        await pilot.press("r")
        engine.runs[0].work(10)
        await until(pilot, lambda: "step 10 of 10" in screen.status.text)
        await pilot.press("left")
        engine.runs[0].work(10)
        await until(pilot, lambda: "step 9 of 20" in screen.status.text)


@pytest.mark.parametrize("size", SIZES)
async def test_every_pane_is_one_key_away_and_can_be_zoomed(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(tmp_path, size=size) as (pilot, screen, _):
        await go(pilot, screen, "40")
        for name, key in KEYS.items():
            await press(pilot, screen, key)
            await until(pilot, lambda name=name: screen.focused is screen.query_one(f"#{name}"))
            assert screen.query_one(f"#{name}", Panel).is_on_screen
            if screen.maximized is None:
                await press(pilot, screen, "enter")
            panel = screen.query_one(f"#{name}", Panel)
            await until(pilot, lambda panel=panel: panel.size.width == size[0] - 2)
            await settled(pilot, screen)
            assert pane(screen, name)
            await press(pilot, screen, "enter")
            assert screen.maximized is None
        await press(pilot, screen, "2", "shift+tab")
        await until(pilot, lambda: screen.focused is screen.query_one("#source"))
        await press(pilot, screen, "tab")
        await until(pilot, lambda: screen.focused is screen.query_one("#notes"))


async def test_a_pane_without_a_place_is_zoomed_until_escape(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, size=(120, 40)) as (pilot, screen, _):
        await go(pilot, screen, "6")
        await press(pilot, screen, "8")
        await until(pilot, lambda: screen.maximized is screen.query_one("#graph"))
        await press(pilot, screen, "escape")
        await until(pilot, lambda: screen.focused is screen.query_one("#source"))
        await press(pilot, screen, "shift+tab")
        await until(pilot, lambda: screen.focused is screen.query_one("#timeline"))


async def test_the_selected_value_is_shown_large_in_the_zoomed_pane(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "40")
        await press(pilot, screen, "3", "j", "j", "enter")
        await until(pilot, lambda: "── lr ──" in pane(screen, "tensors"))
        await press(pilot, screen, "k")
        assert "── w ──" in pane(screen, "tensors")


async def test_only_the_note_of_this_step_has_a_bar(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await press(pilot, screen, *["right"] * 2)
        assert "▌ w is a leaf" in pane(screen, "notes")
        # The next statement has no note: the last one stays, without the bar.
        await press(pilot, screen, "right")
        assert "w is a leaf" in pane(screen, "notes")
        assert "▌" not in pane(screen, "notes")
        await press(pilot, screen, "left")
        assert "▌ w is a leaf" in pane(screen, "notes")


async def test_a_question_is_answered_after_its_statement_and_not_before(tmp_path: Path) -> None:
    note = "    # The chain rule, walked backwards, leaves the slope of every weight."
    assert note in DESCENT
    ask = "    # @ask Is it uphill for w? -> w.grad[0] > 0 | True | False"
    (tmp_path / "10_descend.py").write_text(DESCENT.replace(note, ask))
    script = [
        (structs.replace(frame, slots=("True",)) if frame.line == 16 else frame, out)
        for frame, out in descent()
    ]
    async with opened(tmp_path, FakeEngine(script=script)) as (pilot, screen, _):
        await press(pilot, screen, *["right"] * 5)
        assert "? Is it uphill for w?  | True  | False" in pane(screen, "notes")
        assert "-> … | True | False" in pane(screen, "source")
        await press(pilot, screen, "right")
        assert "? Is it uphill for w?  = True" in pane(screen, "notes")
        assert "-> w.grad[0] > 0" in pane(screen, "source")
        # Going back hides the answer again.
        await press(pilot, screen, "left")
        assert "w.grad[0] > 0" not in pane(screen, "source")


async def test_help_lists_every_key(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await pilot.press("?")
        await until(pilot, lambda: pilot.app.screen is not screen)
        rows = help_shown(pilot)
        assert "→ space l" in rows[0] and "One step forward" in rows[0]
        for key, meaning in (("]", "next iteration"), ("g", "Go to"), ("+ =", "faster")):
            assert any(row.strip().startswith(key) and meaning in row for row in rows)
        # In a terminal of this size all of it is visible.
        await until(pilot, lambda: pilot.app.screen.query_one("#help").max_scroll_y == 0)
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def palette(pilot: Pilot[None]) -> PaletteDialog:
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(pilot.app.screen, PaletteDialog))
    await pilot.pause()
    dialog = pilot.app.screen
    assert isinstance(dialog, PaletteDialog)
    return dialog


async def test_the_palette_offers_what_the_keys_do(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        dialog = await palette(pilot)
        offered = {binding.description for _, binding in dialog.found}
        assert {"step", "back", "run", "zoom", "help"} <= offered
        # What is typed is found in the descriptions, whatever the case.
        await pilot.press(*"ONE", "space", *"step", "down", "down")
        await until(pilot, lambda: len(dialog.found) == 2)
        assert "► back: One step back  ← h" in dialog.lines.render_line(1).text
        await pilot.press("up", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        await until(pilot, lambda: screen.controller.session.cursor == 1)


async def test_a_click_in_the_palette_does_what_it_says(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        dialog = await palette(pilot)
        await pilot.press(*"one", "space", *"step")
        await pilot.click(dialog.lines, offset=(5, 0))
        await until(pilot, lambda: screen.controller.session.cursor == 1)
        dialog = await palette(pilot)
        await pilot.press(*"xyz", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        dialog = await palette(pilot)
        await pilot.click(dialog, offset=(0, 0))
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_a_saved_file_offers_to_be_opened_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        screen.lesson.path.write_text(DESCENT.replace("0.1", "0.2"))
        screen._file._checked_at = -10.0
        await press(pilot, screen, "right")
        assert "changed on disk; ctrl+r reopens it" in screen.status.text
        await pilot.press("ctrl+r")
        await until(pilot, lambda: pilot.app.screen is not screen)
        again = pilot.app.screen
        assert isinstance(again, LessonScreen)
        assert "lr = 0.2" in again.lesson.source


async def test_a_deleted_file_keeps_working(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        screen.lesson.path.unlink()
        screen._file._checked_at = -10.0
        await press(pilot, screen, "right", "right")
        assert "step 2 of 2" in screen.status.text
        await press(pilot, screen, "ctrl+r")
        assert pilot.app.screen is screen


async def test_leaving_closes_the_run(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, _, engine):
        await pilot.press("q")
    assert engine.runs[0].closed


@pytest.mark.parametrize("size", SIZES)
async def test_every_segment_has_a_style(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(tmp_path, size=size) as (pilot, screen, _):
        for place in ("1", "6", "40", "i9"):
            await go(pilot, screen, place)
            for widget in (*screen.query(Panel), screen.status, screen.keys):
                for y in range(widget.size.height):
                    assert all(segment.style is not None for segment in widget.render_line(y))


async def test_after_many_resizes_the_panes_are_drawn_for_the_last_size(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "41")
        shown = [*KEYS][:7]
        right = {name: drawing(screen, name) for name in shown}
        for width, height in [
            (30, 10),
            (1, 1),
            (80, 24),
            (200, 60),
            (41, 12),
            (170, 20),
            (100, 34),
        ]:
            await pilot.resize_terminal(width, height)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: {n: drawing(screen, n) for n in shown} == right)
        assert "► 16" in pane(screen, "source")


async def test_a_terminal_that_is_too_small_shows_one_line(tmp_path: Path) -> None:
    async with opened(tmp_path, size=(120, 40)) as (pilot, screen, _):
        await pilot.resize_terminal(30, 10)
        small = screen.query_one("TooSmall")
        await until(pilot, lambda: small.is_on_screen)
        assert small.render() == "tutor needs at least 40x12; this terminal is 30x10"
        assert not screen.panes.is_on_screen


async def test_missing_values_are_restored_where_the_cursor_rests(tmp_path: Path) -> None:
    engine = FakeEngine(without_content(descent(), 7))
    engine.exact = descent()
    async with opened(tmp_path, engine) as (pilot, screen, _):
        await go(pilot, screen, "7")
        await until(pilot, lambda: "[2.6 -0.6]" in pane(screen, "tensors"))
        assert engine.jobs[1].begin == 6
        assert engine.runs[1].closed
        assert "replaying" not in screen.status.text


async def test_whoever_moves_on_starts_no_replay(tmp_path: Path) -> None:
    engine = FakeEngine(without_content(descent(), 7))
    async with opened(tmp_path, engine) as (pilot, screen, _):
        await go(pilot, screen, "7")
        await press(pilot, screen, "left", "left")
        assert screen.controller.branch is not None
        assert not screen.controller.branch.refill.is_running
        assert not screen.controller.branch.refill._debounce._timer


async def test_nothing_runs_when_nothing_happens(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "30")
        await until(pilot, lambda: screen._clock is None)
        assert stepping(screen)._player is None


STEPS = [frame for frame, _ in descent()]


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from(["right", "left", "home", "end", "]", "[", "}", "{"])
        | st.integers(1, len(STEPS)),
        min_size=3,
        max_size=10,
    )
)
async def test_a_step_looks_the_same_however_it_is_reached(
    tmp_path_factory: pytest.TempPathFactory, walk: list[str | int]
) -> None:
    async with opened(tmp_path_factory.mktemp("walk")) as (pilot, screen, _):
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.ended is not None)
        seen: dict[int, dict[str, str]] = {}
        for move in walk:
            if isinstance(move, int):
                await go(pilot, screen, str(move))
            else:
                await press(pilot, screen, move)
            step = screen.controller.session.cursor
            shown = {
                name: pane(screen, name) for name in ("tensors", "gradients", "loss", "output")
            }
            assert seen.setdefault(step, shown) == shown
            for name in ("w", "lr", "epoch"):
                view = screen.view.moment.view(name)
                assert (view is not None) == (f" {name} " in shown["tensors"])
