"""Start the app in this terminal."""

import os
import sys
from contextlib import suppress

from tutor.engine.client import Engine
from tutor.session.request import Request
from tutor.ui.terminal.checks import lacks_unicode, obstacle


def show(
    engine: Engine,
    target: str | None = None,
    request: Request | None = None,
    is_unfinished: bool = False,
) -> int:
    """Show the menu, or the script at `target`, until the learner leaves; return the exit status.

    The app starts the engine, and this function closes it in every case.
    """
    if problem := obstacle():
        print(problem, file=sys.stderr)
        return 2
    # Halves the delay of a key press just after a repaint. Textual reads it when it is imported.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from tutor.ui.app import TutorApp

    try:
        app = TutorApp(engine, target, request or Request(), is_unfinished)
    except _unreadable() as error:
        print(f"tutor: {error}", file=sys.stderr)
        return 2
    app.ascii = lacks_unicode()
    try:
        app.run()
    except Exception as error:
        app.fail(error)
        return_code = 1
    else:
        return_code = app.return_code or 0
    finally:
        engine.close()
    if app.farewell:
        with suppress(OSError):  # the terminal may be gone
            print(f"tutor: {app.farewell}", file=sys.stderr)
    return return_code


def _unreadable() -> tuple[type[Exception], ...]:
    """Return the errors of a target that cannot be read.

    They are imported only when something was raised: the menu does not wait for them.
    """
    from tutor.history.recording.file import RecordingError
    from tutor.script.lesson import LessonError

    return LessonError, RecordingError
