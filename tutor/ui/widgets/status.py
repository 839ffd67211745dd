"""The status line: where the learner is, and what the run is doing."""

from rich.cells import cell_len
from textual.strip import Strip
from textual.widget import Widget

from tutor.session.replays.replay import replaying
from tutor.session.session import Activity, Session
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, strip

_BRIEF = 0.2
"""Seconds from which on a running statement is shown; shorter ones would only flicker."""

_NAME = 28
"""Cells of a run's name at most."""

_SLOW = 0.5
"""Seconds from which on the time of a running statement is shown."""


def describe(
    session: Session,
    name: str,
    palette: Palette,
    notice: str = "",
    inside: str = "",
    is_past: bool = False,
    branch: str = "",
) -> list[Styled]:
    """Return where the learner is, then `notice` or else what the run is doing.

    Args:
        name: The file name of the script.
        inside: The place inside the statement, such as `operation 3 of 9`; "" outside.
        is_past: Whether that statement ended the run by raising.
        branch: The run's name; "" if there is only one run.
    """
    runs = _where(session, palette, branch)
    if inside:
        return [*runs, *_inside(session, palette, notice, inside, is_past)]
    ended = session.ended
    failed = ended is not None and ended.outcome != "finished" and not session.playing
    if notice:
        runs.append((notice, palette.warning))
    elif ended is not None and failed and session.cursor < session.tip:
        runs.append((f"recorded; the run ended in line {ended.line}", palette.error))
    elif ended is not None and failed:
        # The line is short: leave out the folder.
        message = ended.message.replace(session.launch.path, name)
        if ended.outcome == "died" and session.can_go_on:
            message += "; → tries again"
        runs.append((f" {message or f'{name}: {ended.outcome}'} ", palette.error))
    else:
        runs.append(_doing(session, palette))
    return runs


def _inside(
    session: Session, palette: Palette, notice: str, inside: str, is_past: bool
) -> list[Styled]:
    """Return the place inside the statement, then the notice or a statement that is running."""
    bar: Styled = (" │ ", palette.border)
    raised = session.ended.line if session.ended is not None and is_past else 0
    place = f"inside line {raised}, which raised: {inside}" if raised else f"inside: {inside}"
    runs: list[Styled] = [(place, palette.accent)]
    if notice:
        runs += [bar, (notice, palette.warning)]
    elif session.worker.busy and session.worker.running_for >= _BRIEF:
        runs += [bar, _doing(session, palette)]
    return runs


def _where(session: Session, palette: Palette, branch: str) -> list[Styled]:
    """Return the step, the iteration, the phase and the line, each followed by a bar."""
    frame = session.moment.frame
    bar: Styled = (" │ ", palette.border)
    of = f" of {session.tip:,}" if session.tip else ""
    runs: list[Styled] = [(f" {_shortened(branch)}:", palette.accent)] if branch else []
    runs += [(f" step {session.cursor:,}{of}", palette.strong), bar]
    if frame is not None:
        if frame.iteration is not None:
            runs += [(f"iteration {frame.iteration:,}", palette.text), bar]
        style = palette.phases.get(frame.phase, palette.text)
        runs += [(frame.phase, style), bar, (f"line {frame.line}", palette.text), bar]
        if frame.raised:
            runs += [(f"✗ {frame.raised.partition(':')[0]}", palette.error), bar]
    return runs


def _shortened(name: str) -> str:
    """Return the end of a long name: the new value distinguishes runs with the same edit."""
    return name if cell_len(name) <= _NAME else "…" + name[1 - _NAME :]


def _doing(session: Session, palette: Palette) -> Styled:
    """Return what the run is doing."""
    line = session.worker.line
    long = f" for {session.worker.running_for:.1f} s" if session.worker.running_for >= _SLOW else ""
    where = f" · line {line}{long}" if long else ""
    plural = "" if session.speed == 1 else "s"
    match session.activity:
        case Activity.STARTING:
            return ("starting the engine…", palette.warning)
        case Activity.REPLAYING if session.worker.tip >= session.tip and any(
            edit.step == session.tip for edit in session.launch.edits
        ):
            return (f"making the change{long}: b and x drop it", palette.accent)
        case Activity.REPLAYING:
            return (replaying(session.worker.replayed, session.tip), palette.accent)
        case Activity.PLAYING:
            return (f"playing at {session.speed} step{plural}/s{where}", palette.accent)
        case Activity.RUNNING if session.rushing:
            return (f"running on{where}", palette.accent)
        case Activity.RUNNING if session.worker.running_for >= _BRIEF:
            return (f"running line {line}{long}", palette.accent)
        case Activity.PAUSED if session.worker.frozen:
            return (f"paused inside line {line}", palette.warning)
        case Activity.PAUSED if session.worker.breakpoint is not None:
            reason = f"breakpoint() in line {session.worker.breakpoint.line}"
            return (f"{reason}: paused before line {line}", palette.warning)
        case Activity.PAUSED if session.is_full:
            return (
                f"{session.timeline.budget.cost >> 20} MB of steps recorded: r goes on",
                palette.warning,
            )
        case Activity.PAUSED if session.cursor < session.tip:
            return (f"recorded; paused before line {line}", palette.warning)
        case Activity.PAUSED:
            return (f"paused before line {line}", palette.warning)
        case Activity.ENDED:
            message = session.ended.message if session.ended else ""
            return (message or "finished: every step is recorded", palette.strong)
        case _ if session.cursor < session.tip:
            return (f"recorded; the run waits before line {line}", palette.muted)
        case _:
            return (f"waiting before line {line}", palette.muted)


class StatusLine(Widget):
    """Shows the text that `describe` returns; repainted only when it changes."""

    DEFAULT_CSS = "StatusLine { height: 1; }"

    def __init__(self, palette: Palette) -> None:
        super().__init__(id="status")
        self.palette = palette
        self.runs: list[Styled] = []

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.runs).strip()

    def show(self, runs: list[Styled]) -> None:
        if runs != self.runs:
            self.runs = runs
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip(self._fitted(), self.size.width, self.palette.text)

    def _fitted(self) -> list[Styled]:
        """Return the parts that fit: the place gives way, never what the run is doing."""
        runs = list(self.runs)
        while len(runs) > 3 and sum(cell_len(text) for text, _ in runs) > self.size.width:
            # Drop the last part of the place with its bar: the line first, then the phase.
            del runs[-3:-1]
        return runs
