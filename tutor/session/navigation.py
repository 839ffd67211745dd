"""Go to a place in a run: a step, an iteration, or the first step where a condition holds."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tutor.history.timeline import Timeline
from tutor.insight.search import Condition, ConditionError, Search
from tutor.session.interfaces import Later
from tutor.session.session import Session

_PAUSE = 0.001
"""Seconds between two slices of a search, in which keys are handled."""


@dataclass(frozen=True)
class Destination:
    """A step, or an iteration of the loop that the learner looks at."""

    number: int
    is_iteration: bool = False


def parse(text: str) -> Destination | Condition:
    """Return the place or the condition that the learner typed.

    Raises:
        ConditionError: it is neither.
    """
    found = re.fullmatch(r"\s*(i?)\s*(\d{1,9})\s*", text.lower())
    if found:
        return Destination(int(found[2]), bool(found[1]))
    try:
        return Condition(text)
    except ConditionError as error:
        word = text.strip()
        no_step = f"no step is called {word!r}; " if re.fullmatch(r"\w+", word) else ""
        raise ConditionError(f"{no_step}{error}") from None


def go_to(session: Session, place: Destination) -> str:
    """Go to a step or an iteration, running on until it is recorded.

    Returns:
        One line if the run ended before it; "" otherwise.
    """
    if place.is_iteration:
        session.go_to_iteration(place.number)
    else:
        session.go_to_step(place.number)
    frame = session.moment.frame
    reached: int | None = session.cursor
    if place.is_iteration:
        reached = frame.iteration if frame else None
    if session.ended is not None and reached != place.number:
        return f"no {'iteration' if place.is_iteration else 'step'} {place.number} was recorded"
    return ""


class Finder:
    """Finds the first step where a condition holds: in what is recorded, then by running on.

    Args:
        later: Calls back in the caller's thread.
        warn: Shows one line to the learner.
        refresh: Redraws the screen.
    """

    def __init__(
        self, later: Later, warn: Callable[[str], None], refresh: Callable[[], None]
    ) -> None:
        self._later = later
        self._warn = warn
        self._refresh = refresh
        self._search: Search | None = None

    def find(self, condition: Condition, session: Session) -> None:
        """Go to the first step where `condition` holds."""
        timeline = session.timeline
        self._search = condition.search(timeline, 1, len(timeline))
        self._go_on(condition, self._search, session)

    def stop(self) -> None:
        """End the search: the learner went elsewhere."""
        self._search = None

    def _go_on(self, condition: Condition, search: Search, session: Session) -> None:
        """Search a slice of what is recorded; after the last slice, run on."""
        if search is not self._search:
            return
        if search.advance():
            self._later(_PAUSE, lambda: self._go_on(condition, search, session))
            return
        self._search = None
        unknown = condition.unknown_name(session.launch.source)
        if search.found is not None:
            session.go_to_step(search.found)
        elif unknown:
            self._warn(f"the script has no {unknown}: nothing to run on for")
        else:
            self._run_on(condition, search, session)
        self._refresh()

    def _run_on(self, condition: Condition, search: Search, session: Session) -> None:
        origin = session.cursor

        def missed() -> None:
            session.cursor = origin
            self._warn(search.problem or "it held at no step of the run")

        session.run_until(_first_new(condition, session.timeline, search.last), missed)


def _first_new(condition: Condition, timeline: Timeline, searched: int) -> Callable[[], int | None]:
    """Return a function that finds the first step where a condition holds, among those recorded
    since its last call.

    Args:
        searched: The last step that was searched already.
    """

    def find() -> int | None:
        nonlocal searched
        new = range(searched + 1, len(timeline) + 1)
        searched = len(timeline)
        return next((step for step in new if condition.holds(timeline, step)), None)

    return find
