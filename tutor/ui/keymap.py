"""Which keys the key line shows, and when."""

from tutor.session.session import Doing, Session

_MOVING = ("do('toggle_play')", "do('back')", "speed(1)", "speed(-1)")
_RUNNING = ("do('toggle_play')", "do('back')")
_PANE = ("numbers", "slice", "difference")
"""Keys of the pane of tensors, which matter while it has the keyboard."""
_ENDED = ("do('back')", *_PANE, "do('previous_iteration')", "edit", "inside", "why", "audit",
          "branches", "go", "do('first')", "reopen")  # fmt: skip
_WAITING = ("do('step')", "do('back')", *_PANE, "do('next_iteration')", "inside",
            "do('toggle_play')", "do('run_to_end')", "edit", "go", "why", "audit",
            "branches")  # fmt: skip
_INSIDE = ("do('step')", "do('back')", "outside", "why", "audit", "detail", "open",
           "do('first')", "do('last')")  # fmt: skip
_RECORDED = ("do('step')", "do('back')", *_PANE, "do('next_iteration')", "do('toggle_play')",
             "event", "go", "branches", "do('first')", "do('last')",
             "do('previous_iteration')")  # fmt: skip
_ALWAYS = ("zoom", "turn(1)", "leave", "app.help")

STARTING = ("leave", "app.help")
"""What works before the engine does."""


def keys_for(
    session: Session, is_inside: bool = False, is_recording: bool = False
) -> tuple[str, ...]:
    """The actions that matter now, the most important first.

    Args:
        is_inside: Whether the learner is inside a statement.
        is_recording: Whether it is a recording that is walked, which runs nothing.
    """
    if is_recording:
        return (*_RECORDED, *_ALWAYS)
    if is_inside:
        return (*_INSIDE, *_ALWAYS)
    match session.doing:
        case Doing.STARTING:
            return STARTING
        case Doing.PLAYING:
            return (*_MOVING, *_ALWAYS)
        case Doing.RUNNING if session.worker.stuck_for > 0.2 or session.rushing:
            return (*_RUNNING, *_ALWAYS)
        case Doing.ENDED if session.cursor == session.tip and not _can_go_on(session):
            return (*_ENDED, *_ALWAYS)
        case _:
            return (*_WAITING, *_ALWAYS)


def _can_go_on(session: Session) -> bool:
    """Whether the run is over because its worker died: another one may take its place."""
    ended = session.ended
    return ended is not None and ended.outcome == "died" and session.can_go_on
