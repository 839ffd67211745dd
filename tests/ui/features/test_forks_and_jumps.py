"""Forking, comparing, saving and searching on the lesson screen, driven by keys."""

from pathlib import Path

import pytest
from fake_engine import DESCENT, FakeEngine, FakeRun, descent
from on_screen import go, opened, pane, press, settled, until, without_content
from textual import events
from textual.pilot import Pilot

from tutor.history.recording.tree import open_
from tutor.insight.search import Condition
from tutor.session.archive import NOTHING
from tutor.ui.app import TutorApp
from tutor.ui.dialogs.branches import BranchesDialog
from tutor.ui.dialogs.edit import EditDialog
from tutor.ui.dialogs.events import EventsDialog
from tutor.ui.dialogs.save import SaveDialog
from tutor.ui.screens.lesson import LessonScreen
from tutor.wire.messages import Edit, Ended


async def change(pilot: Pilot[None], screen: LessonScreen, text: str) -> None:
    """Fork the run at the cursor."""
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, EditDialog))
    dialog = pilot.app.screen
    assert isinstance(dialog, EditDialog)
    dialog.field.value = text
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen is screen)
    await until(pilot, lambda: not screen.controller.session.recorder.is_replaying)
    await pilot.pause()


def toasts(app: TutorApp) -> list[str]:
    """Return the toasts that were shown."""
    return [notification.message for notification in app._notifications]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_change_forks_the_run_and_names_the_branch(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(tmp_path, size=size) as (pilot, screen, engine):
        await go(pilot, screen, "12")
        await change(pilot, screen, "lr = 0.5")
        assert engine.jobs[-1].launch.edits == (Edit(12, "lr", 0.5),)
        assert engine.jobs[-1].begin == 11
        assert screen.status.text.startswith("lr = 0.5: step 12 of 12")
        await press(pilot, screen, "right", "right")
        assert screen.controller.session.tip == 14
        # The parent run is unchanged.
        main = screen.controller.branches.all[0]
        assert (main.session.tip, main.name) == (12, "main")


@pytest.fixture
def turnable(tmp_path: Path) -> Path:
    """The descent with its learning rate, in step 3 on line 10, as a knob."""
    source = DESCENT.replace("lr = 0.1\n", 'lr = 0.1  # @param {type: "number"}\n')
    assert source != DESCENT
    (tmp_path / "10_descend.py").write_text(source)
    return tmp_path


async def test_at_the_end_of_a_run_a_knob_turns_at_its_own_line_and_the_branch_runs_on(
    turnable: Path,
) -> None:
    async with opened(turnable) as (pilot, screen, engine):
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.is_over)
        last = screen.controller.session.tip
        await until(pilot, lambda: screen.controller.session.cursor == last)
        await change(pilot, screen, "lr = 0.5")
        job = engine.jobs[-1]
        assert (job.launch.knobs, job.launch.edits, job.begin) == ({10: 0.5}, (), 1)
        assert (screen.controller.branch.step, screen.controller.branch.typed) == (2, "lr = 0.5")
        # It runs to its end without another key.
        await until(pilot, lambda: screen.controller.session.is_over)
        await until(pilot, lambda: screen.status.text.startswith(f"lr = 0.5: step {last} of"))
        assert screen.controller.branch.parent is screen.controller.branches.all[0]
        assert (screen.controller.branches.all[0].session.tip, len(screen.controller.branches)) == (
            last,
            2,
        )


async def test_at_the_end_of_a_branch_its_knob_turns_once_more(turnable: Path) -> None:
    async with opened(turnable) as (pilot, screen, engine):
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.is_over)
        await until(
            pilot, lambda: screen.controller.session.cursor == screen.controller.session.tip
        )
        await change(pilot, screen, "lr = 0.5")
        await until(pilot, lambda: screen.controller.session.is_over)
        await until(
            pilot, lambda: screen.controller.session.cursor == screen.controller.session.tip
        )
        await change(pilot, screen, "lr = 0.25")
        job = engine.jobs[-1]
        assert (job.launch.knobs, job.launch.edits, job.begin) == ({10: 0.25}, (), 1)
        assert (screen.controller.branch.step, screen.controller.branch.name) == (2, "lr = 0.25")
        assert [one.name for one in screen.controller.branches.all] == [
            "main",
            "lr = 0.5",
            "lr = 0.25",
        ]
        await until(pilot, lambda: screen.controller.session.is_over)


async def test_a_knob_that_stands_before_a_fork_turns_in_the_run_that_was_forked(
    turnable: Path,
) -> None:
    async with opened(turnable) as (pilot, screen, engine):
        await go(pilot, screen, "12")
        await change(pilot, screen, "w[0] = 9.0")
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.is_over)
        await until(
            pilot, lambda: screen.controller.session.cursor == screen.controller.session.tip
        )
        await change(pilot, screen, "lr = 0.25")
        job = engine.jobs[-1]
        assert (job.launch.knobs, job.launch.edits, job.begin) == ({10: 0.25}, (), 1)
        assert screen.controller.branch.parent is screen.controller.branches.all[0]
        assert screen.controller.branch.step == 2
        await until(pilot, lambda: screen.controller.session.is_over)


async def test_at_the_end_of_a_run_other_values_change_at_the_last_step(
    turnable: Path,
) -> None:
    async with opened(turnable) as (pilot, screen, engine):
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.is_over)
        last = screen.controller.session.tip
        await until(pilot, lambda: screen.controller.session.cursor == last)
        await change(pilot, screen, "w[0] = 9.0")
        assert engine.jobs[-1].launch.edits == (Edit(last, "w[0]", 9.0),)
        assert screen.controller.branch.step == last


async def test_before_the_end_a_knob_that_has_run_is_changed_where_the_learner_is(
    turnable: Path,
) -> None:
    async with opened(turnable) as (pilot, screen, engine):
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.is_over)
        await go(pilot, screen, "12")
        await change(pilot, screen, "lr = 0.5")
        assert (engine.jobs[-1].launch.edits, engine.jobs[-1].launch.knobs) == (
            (Edit(12, "lr", 0.5),),
            {},
        )
        assert screen.controller.branch.step == 12
        # The fork waits there.
        await pilot.pause(0.2)
        assert (screen.controller.session.tip, screen.controller.session.is_over) == (12, False)


async def test_the_curves_of_all_runs_are_overlaid_with_a_legend(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "60")
        await change(pilot, screen, "lr = 0.5")
        await press(pilot, screen, "r")
        await until(pilot, lambda: "● lr = 0.5  a main" in pane(screen, "loss"))


async def test_keys_typed_right_after_e_go_to_the_dialog(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "12")
        await pilot.press("e", *"lr=0.5", "enter")
        await until(pilot, lambda: len(screen.controller.branches) == 2)
        assert engine.jobs[-1].launch.edits == (Edit(12, "lr", 0.5),)


async def test_the_arrows_pick_an_offer_whose_value_must_be_changed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditDialog))
        dialog = pilot.app.screen
        assert isinstance(dialog, EditDialog)
        await pilot.press("down", "enter")
        assert dialog.field.value == "w = [2.6, -0.6]"
        assert "that is its value now" in str(dialog.why.render())
        # Typing replaces the value.
        await pilot.press("0")
        assert dialog.field.value == "w = 0"
        dialog.field.value = "lr = = 3"
        await pilot.press("enter")
        assert "is no statement" in str(dialog.why.render())
        assert len(screen.controller.branches) == 1
        await pilot.press("escape")
        assert len(screen.controller.branches) == 1


async def test_a_fork_that_fails_leaves_the_cursor_where_it_was(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "12")
        engine.exact = engine.script = descent()[:11]
        engine.end = Ended("refused", "edit at step 12: no 'nobody' to edit here")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditDialog))
        pilot.app.screen.field.value = "nobody.x = 1"
        await pilot.press("enter")
        # The dialog opens again with what was typed.
        await until(pilot, lambda: isinstance(pilot.app.screen, EditDialog))
        await until(pilot, lambda: "no 'nobody' to edit" in str(pilot.app.screen.why.render()))
        assert pilot.app.screen.field.value == "nobody.x = 1"
        assert len(screen.controller.branches) == 1
        assert (screen.controller.session.cursor, screen.controller.session.tip) == (12, 12)


async def test_runs_are_listed_renamed_switched_and_dropped(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "30")
        await change(pilot, screen, "lr = 0.5")
        await press(pilot, screen, "right")
        await change(pilot, screen, "lr = 0.9")
        await press(pilot, screen, "right")
        names = [branch.name for branch in screen.controller.branches.all]
        assert names == ["main", "lr = 0.5", "lr = 0.9"]
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, BranchesDialog))
        dialog = pilot.app.screen
        assert isinstance(dialog, BranchesDialog)
        await pilot.press("k", "x")
        assert "has forks: drop lr = 0.9 first" in str(dialog.message.render())
        await pilot.press("r")
        dialog.field.value = "bold"
        await pilot.press("enter")
        assert screen.controller.branches.all[1].name == "bold"
        await pilot.press("k", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        # The cursor stays at the same step.
        assert screen.controller.branch is screen.controller.branches.all[0]
        assert screen.controller.session.cursor == 30
        await pilot.press("b", "j", "j", "x", "x", "escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert [branch.name for branch in screen.controller.branches.all] == ["main", "bold"]
        assert isinstance(engine.runs[-1], FakeRun)


async def test_n_goes_from_change_to_change_of_the_picked_value(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "40")
        await press(pilot, screen, "3", "j")
        assert screen.panes.picked == "w"
        await press(pilot, screen, "N")
        assert screen.controller.session.cursor == 37
        await press(pilot, screen, "N")
        assert screen.controller.session.cursor == 31
        await press(pilot, screen, "n", "n")
        # After the last recorded step the run goes on until the value changes.
        assert screen.controller.session.cursor == 43 == screen.controller.session.tip


async def test_go_takes_a_condition_and_runs_on_to_where_it_holds(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await press(pilot, screen, "right", "right", "right")
        await pilot.press("g", *("space" if c == " " else c for c in "loss "), "less_than_sign")
        await pilot.press("1", "enter")
        await until(pilot, lambda: screen.controller.session.cursor > 3)
        loss = screen.controller.timeline.frame(screen.controller.session.cursor).loss
        before = screen.controller.timeline.losses(screen.controller.session.cursor)[1][-2]
        assert loss < 1 <= before


async def test_the_next_event_is_one_key_away_and_all_are_listed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await press(pilot, screen, "r")
        await until(
            pilot, lambda: screen.controller.branch.events.reached == screen.controller.session.tip
        )
        await press(pilot, screen, "home", "exclamation_mark")
        assert screen.controller.session.cursor == 8  # the first line that the script prints
        assert "printed: 0 8.0000" in screen.status.text
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsDialog))
        await pilot.press("end", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert screen.controller.session.cursor == screen.controller.session.tip


async def test_a_saved_recording_is_opened_and_stepped_without_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "30")
        await change(pilot, screen, "lr = 0.5")
        await press(pilot, screen, "right", "right")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveDialog))
        await pilot.press("enter")
        await until(pilot, lambda: bool(toasts(pilot.app)))
        assert "in descend.tutor" in toasts(pilot.app)[0]
        shown = pane(screen, "tensors")
    recording = open_("descend.tutor")
    assert [run.name for run in recording.runs] == ["main", "lr = 0.5"]
    engine = FakeEngine()
    app = TutorApp(engine, "descend.tutor")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen) and app.screen.controller)
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await until(pilot, lambda: "the recording ends here" in screen.status.text)
        assert not engine.is_started
        assert screen.controller.branch.name == "lr = 0.5"
        await until(pilot, lambda: pane(screen, "tensors") == shown)
        await press(pilot, screen, "home", "right")
        assert screen.controller.session.cursor == 2
        for key in ("e", "i", "a", "w"):
            await press(pilot, screen, key)
            assert app.screen is screen
        assert NOTHING in screen.status.text


async def test_saving_over_a_file_needs_a_second_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.tutor").write_text("precious")
    async with opened(tmp_path) as (pilot, screen, _):
        await press(pilot, screen, "right")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveDialog))
        dialog = pilot.app.screen
        assert isinstance(dialog, SaveDialog)
        dialog.field.value = "mine"
        await pilot.press("enter")
        assert "exists and is no recording" in str(dialog.why.render())
        for name in (".", "/", "~nobody_of_that_name/x", "x" * 300, "a\0b", ""):
            dialog.field.value = name
            await pilot.press("enter")
            assert pilot.app.screen is dialog, name
        dialog.field.value = "yours"
        await pilot.press("enter")
        await until(pilot, lambda: Path("yours.tutor").exists())
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveDialog))
        dialog = pilot.app.screen
        dialog.field.value = "yours"
        await pilot.press("enter")
        assert "enter again replaces it" in str(dialog.why.render())
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen)
    assert Path("mine.tutor").read_text() == "precious"


async def test_a_fork_starts_where_the_cursor_was_when_e_was_pressed(tmp_path: Path) -> None:
    async with opened(tmp_path, FakeEngine(manual=True)) as (pilot, screen, engine):
        await pilot.press("r")
        engine.runs[0].work(10)
        await until(pilot, lambda: screen.controller.session.cursor == 10)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditDialog))
        engine.runs[0].work(20)
        await until(pilot, lambda: screen.controller.session.tip == 30)
        pilot.app.screen.field.value = "lr = 0.5"
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.controller.branches) == 2)
        assert screen.controller.branch.step == len(screen.controller.timeline) == 10
        assert engine.jobs[-1].launch.edits == (Edit(10, "lr", 0.5),)


async def test_a_fork_that_fails_disappears_from_the_open_list_of_runs(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "12")
        engine.manual = True
        await pilot.press("e", *"x=[/b]", "enter")
        await until(pilot, lambda: pilot.app.screen is not screen)
        pilot.app.screen.field.value = "x.y = 1"
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.controller.branches) == 2)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(pilot.app.screen, BranchesDialog))
        fork = engine.runs[-1]
        fork.report([Ended("refused", "edit at step 12: [/b] is not there")])
        await until(pilot, lambda: len(screen.controller.branches) == 1)
        # Later events of the dropped fork are ignored.
        fork.report([Ended("refused", "again")])
        await pilot.pause()
        assert toasts(pilot.app)[-1] == "nothing forked: edit at step 12: [/b] is not there"
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert screen.controller.branch.name == "main"


async def test_a_replay_that_died_is_not_started_again_while_the_cursor_rests(
    tmp_path: Path,
) -> None:
    engine = FakeEngine(without_content(descent(), 7))
    async with opened(tmp_path, engine) as (pilot, screen, _):
        engine.exact, engine.end = [], Ended("died", "killed")
        await go(pilot, screen, "7")
        await until(pilot, lambda: "the replay ended: killed" in screen.status.text)
        count = len(engine.jobs)
        await pilot.pause(0.5)
        assert len(engine.jobs) == count
        # Going away and coming back tries again.
        engine.exact, engine.end = descent(), Ended("finished")
        await press(pilot, screen, "left", "right")
        await until(pilot, lambda: "[2.6 -0.6]" in pane(screen, "tensors"))


async def test_a_recording_of_a_run_that_died_can_be_stepped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = FakeEngine(descent()[:20], Ended("died", "descend.py:14: killed", 14))
    async with opened(tmp_path, engine) as (pilot, screen, _):
        await press(pilot, screen, "r")
        await until(pilot, lambda: screen.controller.session.ended is not None)
        await press(pilot, screen, "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveDialog))
        await pilot.press("enter")
        await until(pilot, lambda: Path("descend.tutor").exists())
    app = TutorApp(FakeEngine(), "descend.tutor")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonScreen) and app.screen.controller)
        screen = app.screen
        assert isinstance(screen, LessonScreen)
        await press(pilot, screen, "end", "right", "r")
        assert screen.controller.session.cursor == 20
        assert "killed" in screen.status.text
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.screen is not screen)
        again = app.screen
        assert isinstance(again, LessonScreen)
        await until(
            pilot, lambda: again.controller is not None and again.controller.session.tip == 20
        )


async def test_a_long_name_of_a_fork_is_shortened(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        await change(pilot, screen, f"w = {[0.5] * 300}")
        assert screen.controller.branch.name == "w = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,…"


async def test_a_change_before_the_fork_point_forks_the_parent(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "40")
        await change(pilot, screen, "lr = 0.5")
        await go(pilot, screen, "20")
        await change(pilot, screen, "w = 0")
        # The later change is not part of this fork: both have the same parent.
        assert engine.jobs[-1].launch.edits == (Edit(20, "w", 0),)
        assert screen.controller.branch.parent is screen.controller.branches.all[0]


async def test_another_value_for_the_same_change_is_a_sibling(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "12")
        for value in ("0.5", "0.6"):
            await change(pilot, screen, f"lr = {value}")
        assert engine.jobs[-1].launch.edits == (Edit(12, "lr", 0.6),)
        assert screen.controller.branch.parent is screen.controller.branches.all[0]
        # A change of another value is a fork of this fork.
        await change(pilot, screen, "w = 0")
        assert engine.jobs[-1].launch.edits == (Edit(12, "lr", 0.6), Edit(12, "w", 0))
        assert screen.controller.branch.parent.name == "lr = 0.6"


async def test_leaving_unsaved_forks_needs_the_key_twice(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        await change(pilot, screen, "lr = 0.5")
        for key in ("q", "ctrl+r"):
            await press(pilot, screen, key)
            assert f"{key} again drops them" in screen.status.text
            assert pilot.app.screen is screen
            await press(pilot, screen, "left")
        await pilot.press("q", "q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_a_condition_with_an_unknown_name_does_not_move_the_cursor(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "8")
        for text in ("los < 1", "loss < -1"):
            keys = {" ": "space", "<": "less_than_sign", "-": "minus"}
            await pilot.press("g", *(keys.get(c, c) for c in text), "enter")
            await until(pilot, lambda: "step 8 of" in screen.status.text)
            await until(pilot, lambda: screen.controller.notice != "")
            assert screen.controller.session.cursor == 8
            if text.startswith("los "):
                assert "the script has no los" in screen.status.text
                assert screen.controller.session.tip == 8
                await press(pilot, screen, "left", "right")
        assert "it held at no step of the run" in screen.controller.notice


async def test_keys_that_arrive_together_are_handled_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditDialog))
        field = pilot.app.screen.field
        field.value = "abcdef"
        field.cursor_position = 6
        for key in ("backspace", "x", "left", "left", "y", "home", "z"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: field.value == "zabcdyex")


async def test_a_confirmation_to_leave_holds_only_where_it_was_given(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        await change(pilot, screen, "lr = 0.5")
        await press(pilot, screen, "q")
        assert "again drops them" in screen.status.text
        await press(pilot, screen, "left", "q")
        assert "again drops them" in screen.status.text
        assert pilot.app.screen is screen


@pytest.mark.parametrize("key", ["r", "p"])
async def test_the_same_key_twice_leaves_while_a_run_goes_on(tmp_path: Path, key: str) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "12")
        await change(pilot, screen, "lr = 0.5")
        fork = engine.runs[-1]
        fork.manual = True
        await pilot.press(key)

        def moves_on(start: int) -> bool:
            fork.work()
            return screen.controller.session.cursor > start

        for _ in range(2):
            start = screen.controller.session.cursor
            await until(pilot, lambda start=start: moves_on(start))
            await pilot.press("q")
            assert "q again drops them" in toasts(pilot.app)[-1]
        await until(pilot, lambda: not pilot.app.is_running)


async def test_a_change_of_a_run_that_was_dropped_meanwhile_forks_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, engine):
        await go(pilot, screen, "12")
        await change(pilot, screen, "lr = 0.5")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditDialog))
        screen.controller.branches.drop(screen.controller.branch)
        jobs = len(engine.jobs)
        pilot.app.screen.field.value = "w = 0"
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert "was dropped: nothing forked" in screen.status.text
        assert len(engine.jobs) == jobs


class EndlessSearch(Condition):
    """A condition whose search never comes to an end."""

    slices = 0

    def search(self, *steps: object) -> "EndlessSearch":  # type: ignore[override]
        return self

    def advance(self) -> bool:
        self.slices += 1
        return True


async def test_a_search_ends_when_another_run_is_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as (pilot, screen, _):
        await go(pilot, screen, "12")
        await change(pilot, screen, "lr = 0.5")
        search, controller = EndlessSearch("loss < -1"), screen.controller
        controller.finder.find(search, controller.session)
        await until(pilot, lambda: search.slices > 3)
        controller.switch(controller.branches.all[0])
        slices = search.slices
        await settled(pilot, screen)
        for _ in range(3):
            await pilot.pause()
        assert search.slices == slices
