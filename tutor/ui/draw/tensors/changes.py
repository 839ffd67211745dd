"""What a step did, in a few words at the end of its line."""

from tutor.history.timeline import Moment
from tutor.schema.frame import GRAD
from tutor.ui.draw.text.numbers import change

_CHANGE = 24
"""Cells that a changed value takes at least."""


def by_interest(moment: Moment) -> list[str]:
    """The names that this step gave a value, what it was about first."""
    views = {name: view for name, view in moment.changed.items() if view is not None}
    # A gradient that appears is what a backward pass is about; a loop's counter comes last.
    return sorted(views, key=lambda name: (not name.endswith(GRAD), views[name].dtype == "int"))


def draw_changes(moment: Moment, width: int) -> str:
    """As many of the changes as fit into `width` cells, and how many more there are."""
    names = by_interest(moment)
    count = min(len(names), max(1, width // _CHANGE))
    told = [change(n, moment.view(n), moment.before(n), width // count - 2) for n in names[:count]]
    more = len(names) - count
    return "  ".join(told) + (f" and {more} more" if more else "")
