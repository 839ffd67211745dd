"""Over the real engine: the inside of statements, why a number is what it is, and the audit."""

import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from on_screen import go, pane, press, settled, until
from textual.pilot import Pilot

from tutor.engine.client import Engine
from tutor.session.replays import operations
from tutor.ui.app import TutorApp
from tutor.ui.dialogs.audit import AuditDialog
from tutor.ui.dialogs.why import WhyDialog
from tutor.ui.screens.lesson import LessonScreen

DESCENT = """\
import torch

x = torch.tensor(2.0)
w = torch.tensor(3.0, requires_grad=True)
for epoch in range(3):
    product = w * x
    loss = (product - 1) ** 2
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad = None
"""
"""Steps: 1 import, 2 x, 3 w; then 4 product, 5 loss, 6 backward, 7 update, 8 zero, and again."""

BROKEN = """\
import torch

x = torch.tensor([0.0, 1.0], requires_grad=True)
s = torch.sigmoid(x)
s.mul_(2)
s.sum().backward()
"""


@asynccontextmanager
async def opened(
    engine: Engine, tmp_path: Path, source: str = DESCENT, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], LessonScreen]]:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(source))
    app = TutorApp(engine, str(path))
    app.engine.start = lambda: None  # type: ignore[method-assign]  # it runs already
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "waiting" in screen.status.text, 20)
        yield pilot, screen


async def at(pilot: Pilot[None], screen: LessonScreen, step: int) -> None:
    await go(pilot, screen, str(step))
    await until(
        pilot,
        lambda: screen.controller.session is not None and screen.controller.session.cursor == step,
        10,
    )


async def inside(pilot: Pilot[None], screen: LessonScreen) -> None:
    await press(pilot, screen, "i")
    await until(pilot, lambda: bool(screen.view.lens.rows), 10)
    await settled(pilot, screen)


def names(screen: LessonScreen) -> list[str]:
    return [one.name for one in screen.view.lens.rows]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_keys_step_through_a_backward_pass_node_by_node(
    engine: Engine, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(engine, tmp_path, size=size) as (pilot, screen):
        await at(pilot, screen, 6)
        await inside(pilot, screen)
        assert names(screen) == ["pow", "sub", "mul", "w"]
        assert "inside: operation 1 of 4" in screen.status.text
        assert "∇ 1" in pane(screen, "operations")
        assert "20" not in pane(screen, "operations")  # what has not come yet is absent
        await press(pilot, screen, "right", "right", "right")
        assert "inside: operation 4 of 4" in screen.status.text
        assert "none + 20 = 20" in pane(screen, "operations")
        assert "∇ 20" in pane(screen, "graph")
        if size != (80, 24):
            assert "◆  4" in pane(screen, "source")  # the line that made the leaf
        await press(pilot, screen, "o")
        assert "inside" not in screen.status.text
        assert "step 6 of 6" in screen.status.text


async def test_gradients_appear_in_the_graph_as_the_pass_reaches_them(
    engine: Engine, tmp_path: Path
) -> None:
    async with opened(engine, tmp_path) as (pilot, screen):
        await at(pilot, screen, 6)
        await inside(pilot, screen)
        counts = []
        for _ in range(4):
            counts.append(pane(screen, "graph").count("∇"))
            await press(pilot, screen, "right")
        assert counts == [1, 2, 3, 4]


async def test_stepping_past_the_last_operation_enters_the_next_statement(
    engine: Engine, tmp_path: Path
) -> None:
    async with opened(engine, tmp_path) as (pilot, screen):
        await at(pilot, screen, 5)
        await inside(pilot, screen)
        assert names(screen) == ["sub", "pow"]
        await press(pilot, screen, "right", "right")
        await until(pilot, lambda: names(screen) == ["pow", "sub", "mul", "w"], 10)
        assert screen.controller.session is not None and screen.controller.session.cursor == 6
        await press(pilot, screen, "left")
        await until(pilot, lambda: names(screen) == ["sub", "pow"], 10)
        assert "operation 2 of 2" in screen.status.text


async def test_an_old_step_shows_its_own_numbers(engine: Engine, tmp_path: Path) -> None:
    async with opened(engine, tmp_path) as (pilot, screen):
        await at(pilot, screen, 18)
        await press(pilot, screen, "[", "[", "[")
        await at(pilot, screen, 6)
        await inside(pilot, screen)
        await press(pilot, screen, "end")
        assert "none + 20 = 20" in pane(screen, "operations")
        assert screen.controller.session is not None and screen.controller.session.tip == 18


async def test_a_node_that_raised_is_shown_with_the_line_that_made_it(
    engine: Engine, tmp_path: Path
) -> None:
    async with opened(engine, tmp_path, BROKEN) as (pilot, screen):
        await press(pilot, screen, "r")
        await until(
            pilot,
            lambda: (
                screen.controller.session is not None
                and screen.controller.session.ended is not None
            ),
        )
        await press(pilot, screen, "end")
        await inside(pilot, screen)
        await press(pilot, screen, "end")
        current = screen.view.lens.current
        assert current is not None and (current.name, current.line) == ("sigmoid", 4)
        assert "modified by an inplace operation" in pane(screen, "operations")
        assert "✗" in pane(screen, "operations")
        assert "◆ 4" in pane(screen, "source")
        await press(pilot, screen, "o")
        assert "inplace" in screen.status.text


async def test_inside_before_the_first_step_is_told_in_a_line(
    engine: Engine, tmp_path: Path
) -> None:
    async with opened(engine, tmp_path) as (pilot, screen):
        await press(pilot, screen, "i")
        assert "inside" not in screen.status.text
        assert any("no statement has run yet" in n.message for n in pilot.app._notifications)


async def test_the_audit_shows_the_digits_that_agree(engine: Engine, tmp_path: Path) -> None:
    async with opened(engine, tmp_path) as (pilot, screen):
        await at(pilot, screen, 7)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, AuditDialog))
        audit = pilot.app.screen
        assert isinstance(audit, AuditDialog)
        await until(pilot, lambda: bool(audit.checked), 10)
        assert audit.checked[0].agrees
        assert audit.checked[0].audit.rows[0].autograd == 20.0
        await pilot.pause()
        assert "w agrees, 10 digits" in audit.lines.render_line(1).text
        await pilot.press("escape")
        assert pilot.app.screen is screen
        assert screen.controller.session is not None and screen.controller.session.cursor == 7


async def test_why_fills_in_the_numbers_and_follows_an_input_to_its_step(
    engine: Engine, tmp_path: Path
) -> None:
    async with opened(engine, tmp_path) as (pilot, screen):
        await at(pilot, screen, 11)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhyDialog))
        why = pilot.app.screen
        assert isinstance(why, WhyDialog)
        await until(pilot, lambda: why.explained is not None, 10)
        text = "\n".join(strip.text for strip in why.lines._strips)
        assert "∂loss/∂w" in text and "2·(product − 1)·x" in text
        assert why.explained is not None
        rows = [row for row in why.explained.rows if row.leads_to]
        x = next(index for index, row in enumerate(rows) if row.label == "x")
        await pilot.press(*["j"] * x, "enter")
        await until(
            pilot,
            lambda: screen.controller.session is not None and screen.controller.session.cursor == 2,
            10,
        )
        await pilot.press("escape")
        await until(
            pilot,
            lambda: (
                screen.controller.session is not None and screen.controller.session.cursor == 11
            ),
            10,
        )


async def test_why_follows_a_leaf_to_the_update_that_changed_it(
    engine: Engine, tmp_path: Path
) -> None:
    async with opened(engine, tmp_path) as (pilot, screen):
        await at(pilot, screen, 9)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhyDialog))
        why = pilot.app.screen
        assert isinstance(why, WhyDialog)
        await until(pilot, lambda: why.explained is not None, 10)
        assert why.explained is not None
        rows = [row for row in why.explained.rows if row.leads_to]
        w = next(index for index, row in enumerate(rows) if row.label == "w")
        await pilot.press(*["j"] * w, "enter")
        await until(
            pilot,
            lambda: screen.controller.session is not None and screen.controller.session.cursor == 7,
            10,
        )
        await until(pilot, lambda: why.explained is not None, 10)
        text = "\n".join(strip.text for strip in why.lines._strips)
        assert "line 10" in text
        await pilot.press("o")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert screen.controller.session is not None and screen.controller.session.cursor == 7


TWO_PASSES = """\
import torch

a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)


def both():
    (a * a * 5).backward()
    (b * 7 + a).backward()


both()
"""


async def test_why_inside_a_statement_is_about_the_pass_that_the_learner_is_in(
    engine: Engine, tmp_path: Path
) -> None:
    async with opened(engine, tmp_path, TWO_PASSES) as (pilot, screen):
        await at(pilot, screen, 5)
        await inside(pilot, screen)
        row = names(screen).index("a")
        await press(pilot, screen, *["right"] * row)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, WhyDialog))
        why = pilot.app.screen
        assert isinstance(why, WhyDialog)
        await until(pilot, lambda: why.explained is not None, 10)
        assert why.explained is not None
        assert "20" in why.explained.rows[0].numbers


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_operations_pane_shows_the_step_from_outside_too(
    engine: Engine, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(engine, tmp_path, size=size) as (pilot, screen):
        await at(pilot, screen, 6)
        await press(pilot, screen, "9")
        await until(pilot, lambda: "backwards, in autograd" in pane(screen, "operations"), 10)
        assert "none + 20 = 20" in pane(screen, "operations")


async def test_paging_stops_at_the_end_of_the_graph(engine: Engine, tmp_path: Path) -> None:
    async with opened(engine, tmp_path) as (pilot, screen):
        await at(pilot, screen, 6)
        await inside(pilot, screen)
        await press(pilot, screen, "8", *["pagedown"] * 9)
        assert "pow" in pane(screen, "graph")


async def test_operations_that_were_dropped_are_replayed_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST", 20)
    async with opened(engine, tmp_path) as (pilot, screen):
        await at(pilot, screen, 16)
        await inside(pilot, screen)
        await press(pilot, screen, "o")
        await at(pilot, screen, 6)
        await inside(pilot, screen)
        assert names(screen) == ["pow", "sub", "mul", "w"]


async def test_a_late_step_of_a_long_run_can_be_audited(engine: Engine, tmp_path: Path) -> None:
    long = DESCENT.replace("range(3)", "range(600)").replace("(product - 1) ** 2", "product ** 2")
    async with opened(engine, tmp_path, long) as (pilot, screen):
        await at(pilot, screen, 2506)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, AuditDialog))
        audit = pilot.app.screen
        assert isinstance(audit, AuditDialog)
        await until(pilot, lambda: bool(audit.checked), 20)
        assert not audit.checked[0].audit.problem
