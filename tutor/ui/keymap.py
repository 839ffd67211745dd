"""The keys of the lesson screen, and which of them to show when."""

from textual.binding import Binding, BindingType

from tutor.session.session import Doing, Session
from tutor.ui.panes import KEYS

_ROWS = (
    ("right,space,l", "do('step')", "step", "One step forward; at the newest, run the next one"),
    ("left,h", "do('back')", "back", "One step back"),
    (
        "right_square_bracket",
        "do('next_iteration')",
        "iteration",
        "To the next iteration, or cell where there is no loop",
    ),
    ("left_square_bracket", "do('previous_iteration')", "iteration", "An iteration back"),
    ("right_curly_bracket", "do('next_cell')", "cell", "To the next cell"),
    ("left_curly_bracket", "do('previous_cell')", "cell", "A cell back"),
    ("i", "inside", "inside", "Inside this statement, operation by operation"),
    ("o", "outside", "out", "Out of the statement again"),
    ("e", "edit", "edit", "Change a value or a setting here: forks the run"),
    ("b", "branches", "runs", "The runs: look at another, rename it, drop it"),
    ("s", "save", "save", "Save all runs to a file"),
    ("n", "change(True)", "next change", "To the next step that changes the picked value"),
    ("N", "change(False)", "who wrote", "To the last step that changed the picked value"),
    ("a", "audit", "audit", "Hold a gradient against finite differences"),
    ("w", "why", "why", "Why this number: what made it"),
    ("home", "do('first')", "first", "To the first recorded step"),
    ("end", "do('last')", "last", "To the last recorded step"),
    ("g", "go", "go to", "Go to a step, an iteration, or to where loss < 0.1 first holds"),
    ("exclamation_mark", "event", "event", "To the next event: a jump, a NaN, an output …"),
    ("E", "events", "events", "The list of events"),
    ("p", "do('toggle_play')", "play/pause", "Play, or pause whatever moves"),
    ("plus,equals_sign", "speed(1)", "faster", "Play faster"),
    ("minus", "speed(-1)", "slower", "Play slower"),
    ("r", "do('run_to_end')", "run", "Run to the end"),
    *((key, f"pane('{name}')", name, f"The {name} pane") for name, key in KEYS.items()),
    ("tab", "turn(1)", "pane", "The next pane"),
    ("shift+tab", "turn(-1)", "pane", "The previous pane"),
    ("enter", "zoom", "zoom", "This pane alone on the screen, or all again"),
    ("ctrl+r,f5", "reopen", "reopen", "Read the file again and start anew"),
    ("escape", "unzoom", "all panes", "Back from a pane alone to all of them"),
    ("q", "leave", "leave", "Leave a zoomed pane, a statement, or the script"),
)

BINDINGS: list[BindingType] = [
    # What is typed right behind the key that asks where to go belongs to the answer.
    Binding(keys, action, word, tooltip=told, priority=action in ("go", "edit"))
    for keys, action, word, told in _ROWS
]

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
