"""The list of runs: show another, rename one, drop one."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input, Static

from tutor.session.archive import NOTHING
from tutor.session.branch import Branch
from tutor.session.branches import LONGEST, Branches
from tutor.session.session import Activity
from tutor.ui.dialogs.dialog import LiveDialog
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.time.branches import BranchRow, draw_branches
from tutor.ui.widgets.field import Field
from tutor.ui.widgets.lines import Lines

_STATES = {
    Activity.STARTING: "starting",
    Activity.REPLAYING: "replaying",
    Activity.WAITING: "waiting",
    Activity.RUNNING: "running",
    Activity.PLAYING: "playing",
    Activity.PAUSED: "paused",
}


class BranchesDialog(LiveDialog[Branch | None]):
    """A dialog that returns the run to show; None to stay."""

    BINDINGS: ClassVar = [
        Binding("enter", "switch", "show it"),
        Binding("j,down", "move(1)", "down"),
        Binding("k,up", "move(-1)", "up"),
        Binding("r", "rename", "rename"),
        Binding("x,delete", "drop", "drop"),
        Binding("escape,q,b", "leave", "close"),
    ]

    lines = query_one("#rows", Lines)
    message = query_one("#message", Static)
    field = query_one("#name", Field)

    def __init__(self, branches: Branches, can_run: bool, palette: Palette) -> None:
        super().__init__()
        self._hint = "e forks a run where you are, with something changed" if can_run else NOTHING
        self.branches = branches
        self.palette = palette
        self.picked = branches.current
        self._dropping: Branch | None = None
        """The run that `x` drops when it is pressed again."""

    def compose(self) -> ComposeResult:
        with Vertical(id="branches") as box:
            box.border_title = "runs"
            box.border_subtitle = "enter shows · r renames · x drops · escape"
            yield Lines(self.palette, "rows")
            yield Field(id="name", max_length=LONGEST)
            yield Static(self._hint, id="message")

    def on_mount(self) -> None:
        self.field.display = False
        self.field.disabled = True
        self.lines.styles.height = len(self.branches)

    def action_move(self, by: int) -> None:
        self._dropping = None
        runs = self.branches.all
        self.picked = runs[min(max(runs.index(self.picked) + by, 0), len(runs) - 1)]
        self.show()

    def action_switch(self) -> None:
        self.dismiss(self.picked)

    def action_leave(self) -> None:
        if self.field.display:
            self._end_renaming()
        else:
            self.dismiss(None)

    def action_rename(self) -> None:
        self.field.disabled = False
        self.field.display = True
        self.field.value = self.picked.name
        self.field.focus()

    @on(Input.Submitted)
    def rename(self) -> None:
        name = " ".join(self.field.value.split())
        if name and name != self.picked.name:
            self.picked.name = self.branches.unique(name)
        self._end_renaming()

    def _end_renaming(self) -> None:
        self.field.display = False
        self.field.disabled = True
        self.show()

    def action_drop(self) -> None:
        """Drop the picked run. The first press warns; the second confirms."""
        branch = self.picked
        can_drop = branch.parent is not None and not self.branches.forks(branch)
        if can_drop and self._dropping is not branch:
            self._dropping = branch
            count = branch.session.tip - branch.step
            self._show_message(f"x again drops {branch.name!r} with the {count:,} steps of its own")
            return
        problem = self.branches.drop(branch)
        self._show_message(problem or f"{branch.name!r} is dropped")
        self._dropping = None
        self.show()

    def _show_message(self, text: str) -> None:
        self.message.update(Content(text))

    def draw(self) -> None:
        """Redraw the rows: runs go on, and a fork that failed is gone."""
        runs = self.branches.all
        if self.picked not in runs:
            self.picked = self.branches.current
        at = runs.index(self.picked)
        rows = [self._row(branch) for branch in runs]
        self.lines.styles.height = len(rows)
        self.lines.show(draw_branches(rows, at, self.lines.size.width, self.palette), at)

    def _row(self, branch: Branch) -> BranchRow:
        session = branch.session
        _, losses = session.timeline.losses(session.tip)
        ended = session.ended
        return BranchRow(
            name=branch.name,
            depth=self.branches.depth(branch),
            fork=branch.step,
            steps=session.tip,
            loss=losses[-1] if losses else None,
            state=_STATES.get(session.activity, ended.outcome if ended else "over"),
            mark=branch.mark,
            is_current=branch is self.branches.current,
        )
