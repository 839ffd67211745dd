"""The dialog of events, the timeline pane and the dialog to go somewhere, each in a small app."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_engine import number, tensor
from on_screen import until
from textual.app import App, ComposeResult
from textual.events import Paste
from textual.pilot import Pilot
from textual.screen import ModalScreen

import tutor.ui
from tutor.history.timeline import Divergence, Timeline
from tutor.insight.events.detect import Events
from tutor.insight.events.kinds import Kind
from tutor.insight.search import Condition
from tutor.schema.frame import Frame
from tutor.script.lesson import read
from tutor.session.navigation import Destination
from tutor.session.view import View
from tutor.ui.dialogs.events import EventsDialog
from tutor.ui.dialogs.go import GoDialog
from tutor.ui.draw.text.palette import Palette, palette_for
from tutor.ui.panels.timeline import TimelinePanel
from tutor.ui.theme import NAME, theme
from tutor.ui.widgets.lines import Lines

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


class Shown(App[None]):
    """One dialog, and its results."""

    CSS_PATH = Path(tutor.ui.__file__).parent / "screens" / "lesson.tcss"

    def __init__(self, make: Callable[[Palette], ModalScreen], color: str | None = "256") -> None:
        super().__init__()
        self.palette = palette_for(color)
        self.make = make
        self.results: list[object] = []
        self.register_theme(theme(self.palette))
        self.theme = NAME

    def on_mount(self) -> None:
        self.push_screen(self.make(self.palette), self.results.append)

    def text(self) -> str:
        lines = self.screen.query_one(Lines)
        return "\n".join(lines.render_line(y).text.rstrip() for y in range(lines.size.height))


def run(iterations: int) -> Events:
    """Return the events of a run that prints in each iteration.

    In step 13 a value becomes NaN, in step 14 a gradient explodes.
    """
    timeline = Timeline()
    for iteration in range(iterations):
        scale = 1000.0 if iteration >= 4 else 1.0
        loss = 1 / (iteration + 1) if iteration != 6 else 4.0
        nan = {"ratio": number(math.nan)} if iteration == 4 else {}
        for line, phase, changed in (
            (4, "loss", {"loss": tensor([loss], ()), **nan}),
            (5, "backward", {"w.grad": tensor([scale, iteration])}),
            (6, "zero", {"w.grad": None}),
        ):
            step = len(timeline) + 1
            is_new = phase == "loss"
            timeline.append(Frame(step, line, 3, iteration, phase, loss, is_new, changed))
        text = f"epoch {iteration}: {loss:.3f}\n"
        timeline.output_log.append(len(timeline), [(1, text.encode())])
    events = Events(timeline)
    while events.advance():
        pass
    return events


def listing(events: Events, step: int = 13, hidden: set[Kind] | None = None, origin: str = ""):
    hidden = set() if hidden is None else hidden
    return lambda palette: EventsDialog(events, step, hidden, lambda step: origin, palette)


async def press(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await pilot.pause()
    assert isinstance(pilot.app, Shown)
    return pilot.app.text()


def picked(text: str) -> str:
    [row] = [row for row in text.splitlines() if row.startswith(">")]
    return " ".join(row[1:].split())


@SIZES
@pytest.mark.parametrize("color", ["256", "standard", None])
async def test_the_list_opens_where_the_learner_is(size: tuple[int, int], color: str) -> None:
    app = Shown(listing(run(20), origin="div → nan, line 4"), color)
    async with app.run_test(size=size) as pilot:
        text = await press(pilot)
        assert picked(text) == "∞ 13 line 4 ratio became nan: div → nan, line 4"
        assert "▲ 14  line 5    w.grad exploded: norm 3.162 → 1000" in text
        assert "/ 19  line 4    loss rose 0.1667 → 4" in text
        assert 'p[x] " printed 20' in text
        assert "n[x] ∞ not finite 1" in text


async def test_enter_goes_to_the_picked_event_and_escape_stays() -> None:
    for keys, answer in ((("enter",), 13), (("j", "down", "k", "enter"), 14), (("escape",), None)):
        app = Shown(listing(run(20)))
        async with app.run_test() as pilot:
            await pilot.press(*keys)
            await pilot.pause()
            assert app.results == [answer]


async def test_the_keys_go_by_pages_and_to_both_ends() -> None:
    app = Shown(listing(run(300)))
    async with app.run_test(size=(80, 24)) as pilot:
        assert picked(await press(pilot, "home")) == '" 3 line 6 printed: epoch 0: 1.000'
        assert picked(await press(pilot, "end")) == '" 900 line 6 printed: epoch 299: 0.003'
        before = await press(pilot, "pageup")
        after = await press(pilot, "pageup")
        assert picked(before) != picked(after)
        assert len(after.splitlines()) > 12


async def test_a_kind_is_hidden_and_shown_again_by_its_letter() -> None:
    hidden: set[Kind] = set()
    app = Shown(listing(run(20), 20, hidden))
    async with app.run_test() as pilot:
        text = await press(pilot, "p")
        assert "epoch" not in text
        assert 'p[ ] " printed 20' in text
        assert hidden == {Kind.PRINTED}
        assert picked(text) == "/ 19 line 4 loss rose 0.1667 → 4"
        assert "all events are hidden" in await press(pilot, "n", "x", "r")
        assert "epoch" in await press(pilot, "p")
        await pilot.press("p", "enter")
        assert app.results == [None]


async def test_events_found_while_the_list_is_open_are_added() -> None:
    events = run(2)
    app = Shown(listing(events, 6))
    async with app.run_test() as pilot:
        assert picked(await press(pilot, "end")) == '" 6 line 6 printed: epoch 1: 0.500'
        events.fail("ZeroDivisionError: division by zero")
        app.screen.show()
        text = await press(pilot)
        assert "✗ 6            ZeroDivisionError: division by zero" in text
        assert picked(text) == '" 6 line 6 printed: epoch 1: 0.500'


async def test_a_list_of_a_hundred_thousand_events_opens() -> None:
    timeline = Timeline()
    for step in range(1, 100_001):
        timeline.append(Frame(step, 1, 0, None, "other", None, False, {}))
        timeline.output_log.append(step, [(1, b"x\n")])
    events = Events(timeline)
    while events.advance():
        pass
    app = Shown(listing(events, 50_000))
    async with app.run_test(size=(120, 40)) as pilot:
        assert picked(await press(pilot)) == '" 50,000 line 1 printed: x'
        assert picked(await press(pilot, "end")) == '" 100,000 line 1 printed: x'


async def test_a_row_is_picked_with_the_mouse() -> None:
    app = Shown(listing(run(20)))
    async with app.run_test(size=(120, 40)) as pilot:
        rows = (await press(pilot)).splitlines()
        at = next(y for y, row in enumerate(rows) if "w.grad exploded" in row)
        await pilot.click(Lines, offset=(5, at))
        assert "exploded" in picked(await press(pilot))
        await pilot.click(Lines, offset=(5, at))
        assert app.results == [14]


async def test_a_run_without_events_shows_one_line() -> None:
    app = Shown(listing(Events(Timeline()), 0))
    async with app.run_test() as pilot:
        assert "no events so far" in await press(pilot, "down", "pageup")


# The pane


class Pane(App[None]):
    CSS_PATH = Shown.CSS_PATH
    CSS = "TimelinePanel { height: 3; }"

    def __init__(self, panel: TimelinePanel) -> None:
        super().__init__()
        self.panel = panel
        self.register_theme(theme(panel.palette))
        self.theme = NAME

    def compose(self) -> ComposeResult:
        yield self.panel


async def test_the_timeline_marks_events_as_they_are_found_and_a_divergence(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("x = 1\n")
    panel = TimelinePanel(9, read(path), palette_for("256"))
    found = run(300)
    timeline = found.timeline
    events = Events(timeline)
    app = Pane(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        panel.view = View(timeline.at(450), events=events, fork=6)
        await until(pilot, lambda: "◆" in panel.render_line(0).text)
        before = panel.render_line(0).text
        assert before.startswith("Y")
        assert "◆" in before
        while events.advance():
            pass
        timeline.divergence = Divergence(700, "a clock")
        panel.draw_soon()
        await until(pilot, lambda: "~" in panel.render_line(0).text)
        after = panel.render_line(0).text
        assert after.startswith("Y∞")
        assert "~" in after
        assert panel.border_subtitle == "approximate from step 700 · forked after step 6"


# The dialog to go somewhere


def text_of(app: Shown, name: str) -> str:
    return str(app.screen.query_one(name).render())


@SIZES
async def test_a_step_an_iteration_or_a_condition_can_be_typed(size: tuple[int, int]) -> None:
    for keys, answer in (
        ("120", Destination(120, False)),
        ("i20", Destination(20, True)),
        ("", None),
    ):
        app = Shown(lambda palette: GoDialog())
        async with app.run_test(size=size) as pilot:
            assert "loss < 0.1 the first step" in text_of(app, "#why").replace("\n", " ")
            await pilot.press(*keys, "enter")
            await pilot.pause()
            assert app.results == [answer]
    app = Shown(lambda palette: GoDialog())
    async with app.run_test(size=size) as pilot:
        await pilot.press(*"los", "backspace", *"ss ", "less_than_sign", *" 0.1", "enter")
        await pilot.pause()
        [condition] = app.results
        assert isinstance(condition, Condition)
        assert condition.text == "loss < 0.1"


@SIZES
async def test_anything_else_is_refused_in_one_line_and_the_dialog_stays(
    size: tuple[int, int],
) -> None:
    app = Shown(lambda palette: GoDialog())
    async with app.run_test(size=size) as pilot:
        await pilot.press(*"xy", "enter")
        assert "no step is called 'xy'" in text_of(app, "#why")
        await pilot.press("backspace", "backspace", *"loss = [", "enter")
        assert "= gives a value; == compares" in text_of(app, "#why")
        assert app.results == []
        await pilot.press("escape")
        assert app.results == [None]


@SIZES
async def test_the_end_of_a_long_text_is_visible(size: tuple[int, int]) -> None:
    app = Shown(lambda palette: GoDialog())
    async with app.run_test(size=size) as pilot:
        text = " and ".join(f"w[{n}] > {n}" for n in range(20))
        await pilot.press(*text[:5])
        app.screen.post_message(Paste(text[5:]))
        await pilot.pause()
        assert app.screen.typed == text[:200]
        shown = text_of(app, "#field")
        assert shown.startswith("…")
        assert shown.rstrip("▏").endswith(text[180:200])
        assert app.screen.query_one("#field").size.height == 1
