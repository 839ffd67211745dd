"""The zoomed tensors pane: paging through numbers, and differences to the parent run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from on_screen import until
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tutor.history.timeline import Moment, Timeline
from tutor.schema.frame import Frame, Summary, TensorView
from tutor.script.lesson import read
from tutor.session.replays.query import Answer
from tutor.session.view import View
from tutor.ui.dialogs.slice import SliceDialog, parse
from tutor.ui.draw.text.palette import palette_for
from tutor.ui.panels.tensors import TensorsPanel
from tutor.wire.messages import Fetched

SMALL = np.arange(40 * 100.0).reshape(40, 100)
LARGE = np.arange(300 * 500.0).reshape(300, 500)


def view(elements: object) -> TensorView:
    array = np.asarray(elements)
    name, data = array.dtype.name, array.tobytes()
    return TensorView("tensor", array.shape, name, "cpu", False, array.dtype.str, data)


def summarised(elements: np.ndarray) -> TensorView:
    block = elements[::5, ::8].astype("<f4")
    kept = Summary(0, 1, 0.5, 1, 1, 0, (1,) * 32, *block.shape, block.tobytes())
    return TensorView("tensor", elements.shape, "float64", "cpu", False, "<f8", None, kept)


def recorded(*steps: dict[str, TensorView | None]) -> Timeline:
    timeline = Timeline()
    for number, changed in enumerate(steps, 1):
        timeline.append(Frame(number, 1, 0, None, "data", None, False, changed))
    return timeline


class PanelApp(App[None]):
    """The pane alone, and its messages."""

    CSS = "Screen { layout: vertical; } TensorsPanel { height: 1fr; }"

    def __init__(self, path: Path, moment: Moment) -> None:
        super().__init__()
        path.write_text("x = 1\n")
        self.panel = TensorsPanel(3, read(path), palette_for("256"))
        self._first = moment
        self.asked: list[TensorsPanel.PartWanted] = []
        self.released = 0

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        self.panel.focus()
        self.panel.view = View(self._first)

    def on_tensors_panel_part_wanted(self, event: TensorsPanel.PartWanted) -> None:
        self.asked.append(event)

    def on_tensors_panel_part_unwanted(self) -> None:
        self.released += 1

    def answer(self, elements: np.ndarray, step: int = 1) -> None:
        """Answer the last request, as a replay does."""
        last = self.asked[-1]
        part = elements[slice(*last.fetch.rows), slice(*last.fetch.cols)]
        self.show(part=Answer(step, Fetched(last.fetch, elements.shape, view(part))))

    def show(self, **changes: object) -> None:
        """Show another view, as the screen does."""
        self.panel.view = replace(self.panel.view, **changes)  # type: ignore[arg-type]

    @property
    def shown(self) -> list[str]:
        lines = [self.panel.render_line(y).text.rstrip() for y in range(self.panel.size.height)]
        return [line for line in lines if line]

    @property
    def subtitle(self) -> str:
        return str(self.panel.border_subtitle)


async def drawn(pilot: Pilot[None]) -> None:
    """Wait until the pane has drawn its view."""
    await until(pilot, lambda: not pilot.app.panel._is_scheduled)  # type: ignore[attr-defined]


@asynccontextmanager
async def opened(
    tmp_path: Path, timeline: Timeline, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Pilot[None], PanelApp]]:
    app = PanelApp(tmp_path / "script.py", timeline.at(len(timeline)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot, app


async def test_the_keys_page_through_numbers_by_rows_and_columns(tmp_path: Path) -> None:
    async with opened(tmp_path, recorded({"w": view(SMALL)})) as (pilot, app):
        await pilot.press("v")
        assert app.subtitle == "rows 0–17 of 40, columns 0–5 of 100"
        assert app.shown[4].split() == ["[0,:]", "0", "1", "2", "3", "4", "5"]
        await pilot.press("j", "greater_than_sign")
        assert app.subtitle == "rows 1–18 of 40, columns 6–11 of 100"
        assert app.shown[4].split() == ["[1,:]", *map(str, range(106, 112))]
        await pilot.press("pagedown", "pagedown", "pagedown")
        assert app.subtitle == "rows 22–39 of 40, columns 6–11 of 100"
        await pilot.press("less_than_sign", "less_than_sign", "pageup", "k")
        assert app.subtitle == "rows 3–20 of 40, columns 0–5 of 100"
        assert app.asked == []
        await pilot.press("v")
        assert app.subtitle == ""
        assert "+" in app.shown[3]


async def test_a_slice_can_be_typed_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    cube = np.arange(6 * 5 * 4).reshape(6, 5, 4)
    async with opened(tmp_path, recorded({"a": view(cube), "b": view(SMALL)})) as (pilot, app):
        await pilot.press("colon", *"[9]", "enter")
        assert isinstance(app.screen, SliceDialog)
        assert "9 is out of range: dimension 0 has 6" in str(app.screen.why.render())
        await pilot.press(*["backspace"] * 3, *"3:5, :, 0", "enter")
        await pilot.pause()
        assert app.subtitle == "rows 0–1 of 2, columns 0–4 of 5"
        assert app.shown[-2].split() == ["[3,:,0]", "60", "64", "68", "72", "76"]
        await pilot.press("colon", "enter")
        await pilot.pause()
        assert app.subtitle == "rows 0–16 of 30, columns 0–3 of 4"
        assert app.shown[-1].split() == ["[3,1,:]", "64", "65", "66", "67"]


async def test_missing_values_are_asked_for_once(tmp_path: Path) -> None:
    async with opened(tmp_path, recorded({"w": summarised(LARGE)})) as (pilot, app):
        await pilot.press("v")
        await pilot.pause()
        [wanted] = app.asked
        assert (wanted.step, wanted.fetch.name, wanted.fetch.index) == (1, "w", "")
        assert app.shown[4].split() == ["[0,:]", *"······"]
        app.show(part_note="replaying to step 1: 38%")
        await drawn(pilot)
        assert app.shown[2] == "replaying to step 1: 38%"
        assert app.shown[-1].startswith("min 0")
        app.answer(LARGE)
        await drawn(pilot)
        assert app.shown[4].split() == ["[0,:]", "0", "1", "2", "3", "4", "5"]
        # Rows near the window were fetched too.
        await pilot.press("pagedown", "j")
        assert app.shown[4].split()[:2] == ["[19,:]", "9500"]
        assert len(app.asked) == 1
        await pilot.press("greater_than_sign")
        await pilot.pause()
        assert len(app.asked) == 2
        assert app.shown[4].split() == ["[19,:]", *"······"]
        app.answer(LARGE)
        await drawn(pilot)
        assert app.shown[4].split()[:2] == ["[19,:]", "9506"]


async def test_another_step_never_shows_the_numbers_of_the_one_before(tmp_path: Path) -> None:
    timeline = recorded({"w": summarised(LARGE)}, {"w": summarised(LARGE + 1)}, {})
    async with opened(tmp_path, timeline) as (pilot, app):
        app.show(moment=timeline.at(1))
        await drawn(pilot)
        await pilot.press("v")
        await pilot.pause()
        app.answer(LARGE)
        await drawn(pilot)
        late = app.panel.view.part
        app.show(moment=timeline.at(2))
        await drawn(pilot)
        await until(pilot, lambda: [wanted.step for wanted in app.asked] == [1, 2])
        assert app.shown[4].split() == ["[0,:]", *"······"]
        app.show(part=late)
        await drawn(pilot)
        assert app.shown[4].split() == ["[0,:]", *"······"]
        app.answer(LARGE + 1, step=2)
        await drawn(pilot)
        assert app.shown[4].split()[:3] == ["[0,:]", "1", "2"]
        # The same question again is answered with the same numbers.
        app.show(moment=timeline.at(1))
        await drawn(pilot)
        await until(pilot, lambda: app.shown[4].split()[1:] == [*"······"])
        app.show(part=late)
        await drawn(pilot)
        assert app.shown[4].split()[:3] == ["[0,:]", "0", "1"]


async def test_a_problem_is_shown_and_a_part_out_of_view_is_released(tmp_path: Path) -> None:
    async with opened(tmp_path, recorded({"w": summarised(LARGE)})) as (pilot, app):
        await pilot.press("v")
        await pilot.pause()
        wanted = app.asked[-1]
        app.show(part=Answer(1, Fetched(wanted.fetch, problem="w is no tensor here")))
        await drawn(pilot)
        assert app.shown[2] == "w is no tensor here"
        assert app.released == 0
        await pilot.press("v")
        await pilot.pause()
        assert app.released == 1


async def test_d_shows_the_differences_to_the_parent_run(tmp_path: Path) -> None:
    here = recorded({"a": view([1.0, 2.0]), "b": view([1.0, 4.5]), "c": view(3.0)})
    there = recorded({"a": view([1.0, 2.0]), "b": view([1.0, 2.0]), "z": view(0.0)})
    async with opened(tmp_path, here) as (pilot, app):
        await pilot.press("d")
        assert "no parent" in " ".join(str(n.message) for n in app._notifications)
        assert str(app.panel.border_title) == "3 tensors"
        app.show(parent_name="main")
        await drawn(pilot)
        app.show(parent=there.at(1))
        await drawn(pilot)
        await pilot.press("d")
        assert str(app.panel.border_title) == "3 tensors − main"
        rows = [row.split() for row in app.shown]
        assert rows[0] == ["a", "2", "="]
        assert rows[1][:3] == ["b", "2", "2.5"]
        assert rows[1][-2:] == ["[0", "2.5]"]
        assert rows[2] == ["c", "scalar", "new"]
        assert rows[3] == ["z", "scalar", "only", "in", "main"]
        await pilot.press("j", "j", "v")
        assert app.shown[-2:] == ["      +0   +1", "[0]  0.0  2.5"]
        await pilot.press("d")
        assert str(app.panel.border_title) == "3 tensors"
        assert app.shown[-1] == "[0]  1.0  4.5"


@pytest.mark.parametrize(
    ("text", "taken"), [("", ""), (" ", ""), ("3:5, :, 0", "[3:5, :, 0]"), ("[...]", "[...]")]
)
def test_a_slice_needs_no_brackets(text: str, taken: str) -> None:
    assert parse(text, (6, 5, 4)) == taken


@pytest.mark.parametrize(
    "text", ["6", "[1][2]", "0,0,0,0", "a", "::-1", "1.5", "True", "None", "[]", "..., ...", "]["]
)
def test_anything_but_a_slice_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        parse(text, (6, 5, 4))
