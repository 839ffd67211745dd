"""The keys of a lesson that lead through time: forking, keeping, and going somewhere."""

from functools import partial
from pathlib import Path

from textual.screen import ModalScreen

from tutor.history.recording.file import RecordingError
from tutor.history.recording.tree import Recording, save
from tutor.insight.events.first_nonfinite import culprit
from tutor.insight.events.kinds import Kind
from tutor.insight.events.wording import tell
from tutor.insight.search import Condition, Search
from tutor.session import edits
from tutor.session.archive import recorded
from tutor.session.branches import Branch
from tutor.ui.screens.asking import Asking
from tutor.ui.screens.branches import BranchesScreen
from tutor.ui.screens.edit import EditScreen
from tutor.ui.screens.events import EventsScreen
from tutor.ui.screens.go import GoScreen, Place
from tutor.ui.screens.save import SaveScreen
from tutor.ui.terminal.timers import later
from tutor.wire.messages import Launch


class Travelling(Asking):
    """Where the learner goes among the steps and the runs."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden_events: set[Kind] = set()
        """The kinds of events that the learner does not want to see."""
        self.saved: dict[str, int] = {}
        """The runs that are in a file, and with how many steps."""
        self._searching: Search | None = None

    # Branches

    def action_edit(self) -> None:
        """Fork the run here, with something changed."""
        if (branch := self.branch) is not None and self.can_replay():
            self._ask_for_change(branch, branch.session.cursor)

    def _ask_for_change(
        self, branch: Branch, step: int, typed: str = "", problem: str = ""
    ) -> None:
        # What lies before a fork is the parent's: it forks there, and later changes are not made.
        branch = branch.owner(step)
        lesson, timeline, launch = self.lesson, branch.timeline, branch.session.launch
        offers = edits.offers(lesson, timeline, step, launch, self.picked)

        def read(text: str) -> Launch:
            at = self._turning_point(branch, step, text)
            owner = branch.owner(at)
            return edits.change(text, at, lesson, owner.timeline, owner.session.launch)

        screen = EditScreen(step, offers, read, self.palette, typed, problem)
        # The run may go on meanwhile: the fork is where the learner was when they asked for it.
        self.app.push_screen(screen, partial(self._fork, branch, step))

    def _fork(self, parent: Branch, step: int, asked: tuple[str, Launch] | None) -> None:
        if asked is None or self.branches is None:
            return
        text, launch = asked
        at = self._turning_point(parent, step, text)
        goes_on, parent, step = at != step, parent.owner(at), at
        if (sibling := edits.instead(launch, parent.session.launch, parent.step, step)) is not None:
            # Another value for what this branch was forked for: a branch beside it.
            parent, launch = parent.parent or parent, sibling
        parent.microscope.leave()
        parent.session.playing = False
        name = edits.name_of(launch, parent.session.launch)
        branch = self.branches.fork(parent, step, name, launch)
        branch.text = text
        if goes_on:
            branch.session.run_to_end()
        self.show()

    def _turning_point(self, branch: Branch, step: int, text: str) -> int:
        """The step after which a change is made: at a run's end a knob turns where it stands."""
        if not (branch.session.is_over and step == branch.session.tip):
            return step
        return edits.turning_point(text, step, self.lesson, branch.timeline)

    def ask_again(self, branch: Branch) -> None:
        """A fork came to nothing: say why, and let the learner mend what they typed."""
        if branch.parent is not None and not isinstance(self.app.screen, ModalScreen):
            problem = f"nothing forked: {branch.failure}"
            self._ask_for_change(branch.parent, branch.step, branch.text, problem)
        else:
            self.notify(f"nothing forked: {branch.failure}", severity="error", timeout=10)

    def action_branches(self) -> None:
        """The runs: look at another one, rename or drop it."""
        if self.branches is not None:
            self.app.push_screen(
                BranchesScreen(self.branches, self.engine.can_run, self.palette), self._switch
            )

    def _switch(self, branch: Branch | None) -> None:
        if branch is not None and self.branches is not None:
            self.branches.switch(branch)
        self.show()

    # Keeping

    def action_save(self) -> None:
        """Save all runs to a file."""
        if self.branch is not None and self.branch.session.tip:
            self._ask_for_file()
        else:
            self.warn("nothing is recorded yet: → runs a statement")

    def _ask_for_file(self, typed: str = "", problem: str = "") -> None:
        self.app.push_screen(SaveScreen(self.lesson.slug, typed, problem), self._save)

    def _save(self, path: Path | None) -> None:
        if path is not None and self.branches is not None:
            recording = recorded(self.branches)
            # Packing many steps takes a second: the screen goes on meanwhile.
            self.run_worker(lambda: self._write(path, recording), thread=True, group="save")

    def _write(self, path: Path, recording: Recording) -> None:
        """In a thread."""
        try:
            save(path, recording)
        except RecordingError as problem:
            self.app.call_from_thread(self._ask_for_file, str(path), str(problem))
        else:
            self.saved = {run.name: len(run.timeline) for run in recording.runs}
            steps = sum(len(run.timeline) - run.step for run in recording.runs)
            told = f"{steps:,} steps in {path} ({_sized(path.stat().st_size)})"
            self.app.call_from_thread(self.notify, told, title="saved")

    # Going somewhere

    def action_event(self) -> None:
        """To the next event of the kinds that the list shows."""
        if (branch := self.branch) is None:
            return
        shown = [kind for kind in Kind if kind not in self.hidden_events]
        event = branch.events.next(branch.session.cursor, shown)
        if event is None:
            self.warn("no event after this step is recorded: E lists them all")
        else:
            branch.session.go_to_step(event.step)
            self.remark = branch.session.cursor, tell(branch.events, event)
        self.show()

    def action_events(self) -> None:
        """The list of events."""
        if (branch := self.branch) is None:
            return

        def culprit_of(step: int) -> str:
            shadow = branch.microscope.shadow
            shadow.attend(branch.timeline, step)
            inside = shadow.inside(step)
            return culprit(inside) if inside else ""

        cursor, hidden = branch.session.cursor, self.hidden_events
        screen = EventsScreen(branch.events, cursor, hidden, culprit_of, self.palette)
        self.app.push_screen(screen, lambda step: self.go_to(Place(step, False) if step else None))

    def action_go(self) -> None:
        self.app.push_screen(GoScreen(), self.go_to)

    def go_to(self, place: Place | Condition | None) -> None:
        """Show a step, an iteration, or where a condition first holds, running on to it where it is
        not recorded yet."""
        if place is None or self.branch is None:
            return
        if isinstance(place, Condition):
            self._searching = place.search(self.timeline, 1, len(self.timeline))
            self._look_for(place, self._searching, self.branch)
            return
        self.stop_searching()
        session = self.branch.session
        if place.is_iteration:
            session.go_to_iteration(place.number)
        else:
            session.go_to_step(place.number)
        frame = session.moment.frame
        reached: int | None = session.cursor
        if place.is_iteration:
            reached = frame.iteration if frame else None
        if session.ended is not None and reached != place.number:
            self.warn(
                f"no {'iteration' if place.is_iteration else 'step'} {place.number} was recorded"
            )
        self.show()

    def stop_searching(self) -> None:
        """The learner goes elsewhere."""
        self._searching = None

    def _look_for(self, condition: Condition, search: Search, branch: Branch) -> None:
        """Look through what is recorded, a slice at a time; then run on."""
        if search is not self._searching or branch is not self.branch:
            return
        if search.advance():
            later(self, 0.001, lambda: self._look_for(condition, search, branch))
            return
        self._searching = None
        unknown = condition.unknown(branch.session.launch.source)
        if search.found is not None:
            branch.session.go_to_step(search.found)
        elif unknown:
            self.warn(f"the script has no {unknown}: nothing to run on for")
        else:
            self._run_on_to(condition, search, branch)
        self.show()

    def _run_on_to(self, condition: Condition, search: Search, branch: Branch) -> None:
        session, timeline = branch.session, branch.timeline
        looked_at, origin = search.last, session.cursor

        def find() -> int | None:
            nonlocal looked_at
            first = next(
                (
                    step
                    for step in range(looked_at + 1, session.tip + 1)
                    if condition.holds(timeline, step)
                ),
                None,
            )
            looked_at = session.tip
            return first

        def missed() -> None:
            session.cursor = origin
            self.warn(search.problem or "it held at no step of the run")

        session.run_until(find, missed)


def _sized(size: int) -> str:
    """A number of bytes as people write it."""
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, size >> 10)} kB"
