"""The terminal before and around the app: whether it can show it, and what its signals mean."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from tutor.engine.client import Engine
from tutor.session.request import Request

GLYPHS = "╭─│·→█▄⠿"
"""Some of what is drawn: an encoding without them gets ASCII."""

_GRACE = 0.5
"""Seconds that leaving may take once the terminal is gone."""


def obstacle() -> str | None:
    """Why there can be no screen here, in one line; None if there can."""
    # Served as a web page, the screen is drawn by the browser.
    if os.environ.get("TEXTUAL_DRIVER"):
        return None
    # Textual reads keys from stdin and draws on stderr.
    for stream, name in ((sys.__stdin__, "input"), (sys.__stderr__, "screen (stderr)")):
        if stream is None or not stream.isatty():
            return (
                f"tutor: its {name} is no terminal; run it in one, or use `tutor run` for a table"
            )
    if os.environ.get("TERM") == "dumb":
        return (
            "tutor: this terminal (TERM=dumb) cannot place a cursor; "
            "try TERM=xterm-256color, or use `tutor run`"
        )
    return None


def lacks_unicode() -> bool:
    """Whether what is drawn could not be encoded for this terminal."""
    encoding = sys.__stderr__.encoding if sys.__stderr__ else "utf-8"
    try:
        GLYPHS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def show(engine: Engine, target: str | None = None, request: Request | None = None) -> int:
    """Show the menu, or the script at `target`, until the learner leaves; the exit status.

    The engine is started by the app, and closed here whatever happened to that.
    """
    if problem := obstacle():
        print(problem, file=sys.stderr)
        return 2
    # Halves the delay of a key press just after a repaint. Textual reads it when it is imported.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from tutor.ui.app import TutorApp

    try:
        app = TutorApp(engine, target, request or Request())
    except _unreadable() as error:
        print(f"tutor: {error}", file=sys.stderr)
        return 2
    app.ascii = lacks_unicode()
    try:
        app.run()
    finally:
        engine.close()
    return app.return_code or 0


def _unreadable() -> tuple[type[Exception], ...]:
    """Needed only when something was raised; the menu does not wait for the imports."""
    from tutor.history.recording.file import RecordingError
    from tutor.script.lesson import LessonError

    return LessonError, RecordingError


def leave_on_signals(leave: Callable[[], None]) -> None:
    """Call `leave` when the terminal hangs up or somebody ends the process."""
    loop = asyncio.get_running_loop()

    def hung_up() -> None:
        # Nobody reads what leaving writes any more, so it may block.
        watchdog = threading.Timer(_GRACE, os._exit, (128 + signal.SIGHUP,))
        watchdog.daemon = True
        watchdog.start()
        leave()

    with suppress(NotImplementedError, RuntimeError):
        loop.add_signal_handler(signal.SIGHUP, hung_up)
        loop.add_signal_handler(signal.SIGTERM, leave)
