"""The lesson screen's keys for its panes, and the choice of keys for the key line."""

from tutor.session.session import Activity, Session
from tutor.ui.features.feature import Key
from tutor.ui.panes import KEYS

PANE_KEYS = (
    *(Key(key, f"pane('{name}')", name, f"The {name} pane") for name, key in KEYS.items()),
    Key("tab", "turn(1)", "pane", "The next pane"),
    Key("shift+tab", "turn(-1)", "pane", "The previous pane"),
    Key("enter", "zoom", "zoom", "Enlarge this pane, or show all again"),
    Key("ctrl+r,f5", "reopen", "reopen", "Read the file again and start over"),
    Key("escape", "unzoom", "all panes", "Show all panes again"),
    Key("q", "leave", "leave", "Leave the pane, statement or script"),
)

_PLAYING = ("do('toggle_play')", "do('back')", "speed(1)", "speed(-1)")
_RUNNING = ("do('toggle_play')", "do('back')")
_TENSORS = ("numbers", "slice", "difference")
"""Keys of the tensors pane, which work while it has the focus."""
_ENDED = ("do('back')", *_TENSORS, "do('previous_iteration')", "edit", "inside", "why", "audit",
          "branches", "go", "do('first')", "reopen")  # fmt: skip
_WAITING = ("do('step')", "do('back')", *_TENSORS, "do('next_iteration')", "inside",
            "do('toggle_play')", "do('run_to_end')", "edit", "go", "why", "audit",
            "branches")  # fmt: skip
_INSIDE = ("do('step')", "do('back')", "outside", "why", "audit", "detail", "open",
           "do('first')", "do('last')")  # fmt: skip
_RECORDED = ("do('step')", "do('back')", *_TENSORS, "do('next_iteration')", "do('toggle_play')",
             "event", "go", "branches", "do('first')", "do('last')",
             "do('previous_iteration')")  # fmt: skip
_ALWAYS = ("zoom", "turn(1)", "leave", "app.help")

STARTING = ("leave", "app.help")
"""The actions that work before the engine is ready."""


def shown_actions(session: Session, is_inside: bool, is_recording: bool) -> tuple[str, ...]:
    """Return the actions for the key line, the most important first.

    Args:
        is_inside: Whether the learner is inside a statement.
        is_recording: Whether a recording is shown, which cannot run.
    """
    if is_recording:
        return (*_RECORDED, *_ALWAYS)
    if is_inside:
        return (*_INSIDE, *_ALWAYS)
    match session.activity:
        case Activity.STARTING:
            return STARTING
        case Activity.PLAYING:
            return (*_PLAYING, *_ALWAYS)
        case Activity.RUNNING if session.worker.running_for > 0.2 or session.rushing:
            return (*_RUNNING, *_ALWAYS)
        case Activity.ENDED if session.cursor == session.tip and not _can_retry(session):
            return (*_ENDED, *_ALWAYS)
        case _:
            return (*_WAITING, *_ALWAYS)


def _can_retry(session: Session) -> bool:
    """Return whether the run ended because its worker died, and another one may continue it."""
    ended = session.ended
    return ended is not None and ended.outcome == "died" and session.can_go_on
